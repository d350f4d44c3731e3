"""The deletion of a report's rows: it begins with a mark, and ends with a tombstone."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.store import keys
from chalicelib.store.duplicates import Duplicates
from chalicelib.store.table import Table
from chalicelib.store.tasks import same_task
from chalicelib.store.writes import Delete, TransactItem, Update

if TYPE_CHECKING:
    from chalicelib.store.outbox import PendingTask

# The attributes that decide when a report is deleted.
DECIDING = (
    "status", "closed_at", "decided_at", "disposition", "put_off_until", "held_until", "unread",
    "unread_media", "duplicate_of", "expiring",
)  # fmt: skip


class Deletion:
    def __init__(self, table: Table, duplicates: Duplicates) -> None:
        self._table = table
        self._duplicates = duplicates

    def begin(self, pending: "PendingTask", *, also: Sequence[TransactItem] = ()) -> None:
        """Mark a report as expiring, with `also` in one transaction. Its original, if it has one,
        has one duplicate less.

        From now on, every other write to it fails. Raises ConditionFailed when what decides its end
        has changed since `pending` was read, or when it was marked before.
        """
        row = pending.row
        equal = same_task(row) | {name: row.get(name) for name in DECIDING}
        mark = self._table.item(Update(*pending.key, put={"expiring": True}, equal=equal))
        discounted = self._duplicates.discount(row.get("duplicate_of"))
        self._table.transact([mark, *discounted, *also])

    def finish(self, report_id: str, *, now: datetime, until: datetime) -> None:
        """Delete every row of a report, and leave a tombstone in place of its HEAD.

        The tombstone has the id and the time of the deletion. DynamoDB deletes it at `until`.
        """
        pk = keys.report(report_id)
        rows, _ = self._table.query(pk, consistent=True, attributes=("pk", "sk"))
        for row in rows:
            if row["sk"] != keys.HEAD:
                self._table.delete(Delete(pk, row["sk"]))
        end = {"id": report_id, "deleted_at": now, "expires_ttl": int(until.timestamp())}
        self._table.put({"pk": pk, "sk": keys.HEAD, **end})
