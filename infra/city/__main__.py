"""Check a city's folder: `python -m infra.city PATH`. Prints every mistake, and exits with 1."""

import argparse
import json
import sys
from pathlib import Path

from chalicelib.kernel.city import DEFAULT_FOLDER
from infra.city.areas import FILE, describe
from infra.city.check import problems


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=DEFAULT_FOLDER)
    folder = parser.parse_args().folder
    found = problems(folder)
    for problem in found:
        print(f"{folder}/{problem}" if problem.file else problem)
    if found:
        sys.exit(f"{len(found)} to correct in {folder}; docs/city.md describes the files.")
    areas = json.loads((folder / FILE).read_text(encoding="utf-8"))
    print(f"{folder} is a city that can be run. Check that it lies there: {describe(areas)}.")


if __name__ == "__main__":
    main()
