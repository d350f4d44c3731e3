"""The deletion of a report's rows: it begins with a mark, and ends with a tombstone."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.aws import keys
from chalicelib.aws.keys import same_task
from chalicelib.aws.table import Table
from chalicelib.aws.writes import Delete
from chalicelib.domain.audit.ledger import Event, Leaf, Recorded
from chalicelib.kernel import times
from chalicelib.store.audit.ledger import LeafWrites
from chalicelib.store.reports.duplicates import Duplicates
from chalicelib.store.reports.heads import tombstone, update_head
from chalicelib.store.reports.incidents import Counted, counting_items, same_counter
from chalicelib.store.reports.search_entries import FOUND_BY, removals_of

if TYPE_CHECKING:
    from chalicelib.store.reports.outbox import PendingTask

# The attributes that decide when a report is deleted.
DECIDING = (
    "status", "closed_at", "decided_at", "disposition", "put_off_until", "held_until", "unread",
    "unread_media", "duplicate_of", "expiring",
)  # fmt: skip


class Deletion:
    def __init__(self, table: Table, duplicates: Duplicates) -> None:
        self._table = table
        self._duplicates = duplicates

    def begin(self, pending: "PendingTask", leaves: Sequence[Leaf]) -> None:
        """Mark a report as expiring, and record `leaves` in the ledger. Its original, if it has
        one, has one duplicate less, and its incident one report less.

        From now on, every other write to it fails. Raises ConditionFailed when what decides its end
        has changed since `pending` was read, or when it was marked before.
        """
        row = pending.row
        equal = same_task(row) | {name: row.get(name) for name in DECIDING} | same_counter(row)
        recorded = LeafWrites.of(leaves, pending.recorded, self._table)
        put = {"expiring": True}
        mark = update_head(row["id"], put=put, append=recorded.append, equal=equal)
        discounted = self._duplicates.discount(
            row.get("duplicate_of"), row["id"], times.parse(row["received_at"])
        )
        uncounted = counting_items(self._table, Counted.of(row), None)
        self._table.transact([self._table.item(mark), *discounted, *uncounted, *recorded.items])

    def finish(
        self, report_id: str, *, now: datetime, until: datetime, apart: bool = False
    ) -> None:
        """Delete every row and search entry of a report, and write a tombstone for its HEAD.

        The tombstone has the id and the time of the deletion, and what the ledger has of the
        report. Of its evidence that is the leaves alone: a file's own hash would show anyone who
        has the same file that it was sent. DynamoDB deletes the tombstone at `until`.
        """
        pk = keys.report(report_id)
        rows, _ = self._table.query(
            pk,
            consistent=True,
            attributes=("pk", "sk", "ledger_id", "leaves", "listed_at", FOUND_BY),
        )
        end = tombstone(report_id, now=now, until=until, apart=apart)
        for row in rows:
            if row["sk"] != keys.HEAD:
                self._table.delete(Delete(pk, row["sk"]))
                continue
            for entry in removals_of(row):
                self._table.delete(entry)
            if "ledger_id" in row:
                recorded = Recorded.of_row(row)
                evidence = [each for each in recorded.leaves if each.event is Event.EVIDENCE]
                end |= {
                    "ledger_id": recorded.ledger_id,
                    "leaves": [each.as_row() for each in recorded.leaves if each not in evidence],
                    "evidence": [hashed for _, hashed in recorded.hashed(evidence)],
                }
        self._table.put(end)
