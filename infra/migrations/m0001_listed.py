"""Form 1 of a report's HEAD: `listed` has a copy of what lists show, for the indexes.

A HEAD of form 0 is from before the first release: it has no `listed`, and the code of today changes
no such row.
"""

from chalicelib.domain.reports import LISTED
from chalicelib.store import keys
from chalicelib.store.heads import FORM, listed_of
from chalicelib.store.table import Row
from chalicelib.store.writes import Update
from infra.migrations import Migration


def change(row: Row) -> Update | None:
    """Return what makes a HEAD one of form 1. What is left of a deleted report has nothing that
    lists show.
    """
    if row.get("form") or not keys.is_report(row["pk"]):
        return None
    listed = None if "deleted_at" in row else listed_of(row)
    same = {name: row.get(name) for name in ("form", "deleted_at", *LISTED)}
    return Update(row["pk"], row["sk"], put={"listed": listed, "form": FORM}, equal=same)


MIGRATION = Migration(
    "0001", "copy what lists show of a report into one map", "ReportsTableName", change, keys.HEAD
)
