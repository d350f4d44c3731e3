"""Form 1 of a report's HEAD: `listed` has a copy of what lists show, for the indexes.

A HEAD of form 0 is from before the first release: it has no `listed`, and the code of today changes
no such row.
"""

from chalicelib.aws import keys
from chalicelib.aws.table import Row
from chalicelib.aws.writes import Update
from chalicelib.domain.reports.report import LISTED
from chalicelib.store.reports.heads import FORM, listed_of
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
