"""Write the reference pages, docs/errors.md and docs/settings.md: `make docs`.

`--check` compares instead, and says what to do.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from infra.reference import errors, settings

DOCS = Path(__file__).parents[2] / "docs"


def main(arguments: Sequence[str], folder: Path = DOCS) -> None:
    """Write or compare the pages. Exits with the name of a page that is not up to date."""
    parser = argparse.ArgumentParser(prog="python -m infra.reference", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only compare; fail on a difference")
    only_compare = parser.parse_args(arguments).check
    for name, content in pages().items():
        path = folder / name
        if not only_compare:
            path.write_text(content, encoding="utf-8")
        elif not path.is_file() or path.read_text(encoding="utf-8") != content:
            sys.exit(f"docs/{name} is not up to date: run `make docs` and commit it")


def pages() -> dict[str, str]:
    """Return the content of each page, by the name of its file."""
    return {"errors.md": errors.page(), "settings.md": settings.page()}


if __name__ == "__main__":
    main(sys.argv[1:])
