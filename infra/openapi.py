"""Write what is made from the routes: the index of routes and the OpenAPI documents.

python -m infra.openapi                 into git: the index and the residents' document
python -m infra.openapi --check         compare these instead, and say what to do
python -m infra.openapi --into FOLDER   both documents, for the tools that read them
"""

import argparse
import json
import sys
from pathlib import Path

from chalicelib.http import index
from chalicelib.http.docs import DOCUMENTS
from chalicelib.http.openapi.document import document_of, written
from chalicelib.kernel.config import Api

CONTRACT = Path(__file__).parents[1] / DOCUMENTS[Api.RESIDENTS]
"""The residents' document in git: its address is public, and a change of it shows in a diff."""

# Every module of views, in the order in which their routes are registered.
MODULES = (
    "handlers.catalogue.catalogue",
    "handlers.reports.reports",
    "handlers.reports.own_report",
    "handlers.notices.own_push",
    "handlers.reports.own_media",
    "handlers.reports.ledger",
    "handlers.officers",
    "handlers.casework.lists",
    "handlers.reports.entry",
    "handlers.casework.casework",
    "handlers.casework.history",
    "handlers.casework.duplicates",
    "handlers.media.files",
    "handlers.casework.messages",
    "handlers.casework.holds",
    "handlers.casework.dates",
    "handlers.casework.oversight",
    "handlers.casework.bursts",
    "handlers.casework.incidents",
    "handlers.casework.steps",
    "handlers.casework.referrals",
    "handlers.casework.masks",
    "handlers.casework.subject_requests",
    "handlers.catalogue.forms",
    "handlers.statistics.statistics",
    "handlers.statistics.exports",
    "handlers.statistics.openings",
    "handlers.flood.load_level",
    "handlers.notices.subscriptions",
    "handlers.notices.destinations",
    "handlers.administration.shifts",
    "handlers.administration.officers",
    "handlers.bulletins.public",
    "handlers.bulletins.publishing",
    "handlers.catalogue.admin",
    "http.docs",
    "http.pages",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check",
        action="store_true",
        help="only compare; fail when a file is not what would be written",
    )
    parser.add_argument("--into", type=Path, help="the folder to write both documents into")
    arguments = parser.parse_args()
    if arguments.into:
        write_documents(arguments.into)
        return
    for path, fresh in rendered().items():
        if not arguments.check:
            path.write_text(fresh, encoding="utf-8")
        elif not is_fresh(path, fresh):
            sys.exit(
                f"{path.name} is not what the routes declare: run `make openapi` and commit it"
            )


def rendered() -> dict[Path, str]:
    """Return what is kept in git: the index, one route a line, and the residents' document."""
    declared = list(index.declared(MODULES))
    routes = [json.dumps(route._asdict()) for route, _ in declared]
    operations = [operation for _, operation in declared]
    return {
        index.FILE: "[\n " + ",\n ".join(routes) + "\n]\n",
        CONTRACT: written(document_of(operations, Api.RESIDENTS)),
    }


def write_documents(folder: Path) -> None:
    """Write both documents, as the routes are and of the city that is set, into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for api, name in DOCUMENTS.items():
        content = written(document_of(index.operations(), api))
        (folder / name).write_text(content, encoding="utf-8")


def is_fresh(path: Path, fresh: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == fresh


if __name__ == "__main__":
    main()
