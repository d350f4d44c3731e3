"""Writes the OpenAPI document that is served: `make openapi`. `--check` compares instead, and says
what to do.
"""

import argparse
import json
import sys
from pathlib import Path

import app  # noqa: F401  (registering the blueprints declares the operations)
from chalicelib.handlers.docs import DOCUMENT
from chalicelib.handlers.http import OPERATIONS
from chalicelib.handlers.openapi import document


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check",
        action="store_true",
        help="only compare; fail when the file is not what would be written",
    )
    fresh = rendered()
    if parser.parse_args().check:
        if not is_fresh(DOCUMENT, fresh):
            sys.exit(
                f"{DOCUMENT.name} is not what the routes declare: run `make openapi` and commit it"
            )
    else:
        DOCUMENT.write_text(fresh, encoding="utf-8")


def rendered() -> str:
    """The document as it is kept: one value a line, so that a change of a route shows as a change
    of its lines.
    """
    return json.dumps(document(OPERATIONS), ensure_ascii=False, indent=1) + "\n"


def is_fresh(path: Path, fresh: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == fresh


if __name__ == "__main__":
    main()
