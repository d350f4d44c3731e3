"""Exports that wait for a second person, and which reports they are of.

EXPORT#<id>   REQUEST   by, at, report_ids, places, approved_by, expires_ttl
"""

from datetime import datetime

from chalicelib.domain import times
from chalicelib.domain.exports import PendingExport
from chalicelib.store import keys
from chalicelib.store.table import Table
from chalicelib.store.writes import Put, TransactItem, Update

_REQUEST = "REQUEST"


class ExportRequests:
    """Every method raises Unavailable when DynamoDB fails."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def item(self, pending: PendingExport) -> TransactItem:
        """Return the write of a new request."""
        row = {
            "pk": keys.export(pending.id),
            "sk": _REQUEST,
            **pending.model_dump(exclude_none=True),
            "expires_ttl": int(pending.ends_at.timestamp()),
        }
        return self.table.item(Put(row, if_absent=True))

    def get(self, export_id: str, now: datetime) -> PendingExport | None:
        """Return a request; None when there is none, or when its time is over."""
        row = self.table.get(keys.export(export_id), _REQUEST, consistent=True)
        pending = PendingExport.model_validate(row) if row else None
        return pending if pending and now < pending.ends_at else None

    def approval(self, pending: PendingExport, by: str, now: datetime) -> TransactItem:
        """Return the write that approves a request. It fails when somebody has approved it."""
        put = {"approved_by": by, "approved_at": times.render(now)}
        equal = {"approved_by": None, "by": pending.by}
        return self.table.item(Update(keys.export(pending.id), _REQUEST, put=put, equal=equal))
