"""What officers see of reports that another report names: no text, and nothing to open."""

from collections.abc import Iterable
from typing import NamedTuple

from chalicelib.domain.reports import OPEN_STATUSES, Status
from chalicelib.store import keys
from chalicelib.store.table import Table

_READ_FIELDS = (
    "pk", "id", "reference", "category", "district", "status", "version", "duplicate_of",
    "unread", "messages", "expiring", "deleted_at",
)  # fmt: skip


class Outline(NamedTuple):
    """One report among others."""

    id: str
    reference: str
    category: str
    district: str
    status: Status
    version: int
    duplicate_of: str | None
    unread: int
    messages: int

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES


def read_outlines(
    table: Table, report_ids: Iterable[str], *, consistent: bool = False
) -> dict[str, Outline]:
    """Return the reports with these ids that exist and are not being deleted.

    Each hundred is one call. Raises Unavailable.
    """
    rows = table.get_all(
        ((keys.report(each), keys.HEAD) for each in report_ids),
        consistent=consistent,
        attributes=_READ_FIELDS,
    )
    return {
        row["id"]: Outline(
            row["id"],
            row["reference"],
            row["category"],
            row["district"],
            Status(row["status"]),
            row["version"],
            row.get("duplicate_of"),
            row.get("unread", 0),
            row.get("messages", 0),
        )
        for row in rows.values()
        if "deleted_at" not in row and "expiring" not in row
    }
