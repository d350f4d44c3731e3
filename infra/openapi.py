"""Write what is made from the routes: the index of routes and the OpenAPI document.

`make openapi` writes both files; `--check` compares instead, and says what to do.
"""

import argparse
import json
import sys
from pathlib import Path

from chalicelib.handlers import index
from chalicelib.handlers.docs import DOCUMENT
from chalicelib.handlers.openapi import document

# Every module of views, in the order in which their routes are registered.
MODULES = (
    "catalogue",
    "areas",
    "reports",
    "own_report",
    "own_positions",
    "own_closing",
    "own_push",
    "own_media",
    "proofs",
    "ledger",
    "me",
    "lists",
    "entry",
    "casework",
    "history",
    "duplicates",
    "originals",
    "redactions",
    "messages",
    "positions",
    "sent_files",
    "holds",
    "referrals",
    "colleagues",
    "forms",
    "mutes",
    "pulse",
    "followers",
    "statistics",
    "search",
    "map",
    "exports",
    "load_level",
    "subscriptions",
    "shifts",
    "officers",
    "bulletins",
    "bulletin_pages",
    "publishing",
    "catalogue_admin",
    "docs",
    "root",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check",
        action="store_true",
        help="only compare; fail when a file is not what would be written",
    )
    only_compare = parser.parse_args().check
    for path, fresh in rendered().items():
        if not only_compare:
            path.write_text(fresh, encoding="utf-8")
        elif not is_fresh(path, fresh):
            sys.exit(
                f"{path.name} is not what the routes declare: run `make openapi` and commit it"
            )


def rendered() -> dict[Path, str]:
    """Return both files as they are kept: one value a line, so that a change of a route shows as
    a change of its lines.
    """
    declared = list(index.declared(MODULES))
    routes = [json.dumps(route._asdict()) for route, _ in declared]
    described = document([operation for _, operation in declared])
    return {
        index.FILE: "[\n " + ",\n ".join(routes) + "\n]\n",
        DOCUMENT: json.dumps(described, ensure_ascii=False, indent=1) + "\n",
    }


def is_fresh(path: Path, fresh: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == fresh


if __name__ == "__main__":
    main()
