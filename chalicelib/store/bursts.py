"""Counters of a minute's notices, and the digests that gather what did not go alone. They live
among the reports, whose stream and task index carry them; a counter is left to DynamoDB's expiry.
"""

from datetime import datetime, timedelta

from chalicelib.domain.bursts import DIGEST_MAX_IDS, minute_of
from chalicelib.domain.notices import Notice, NoticeKind
from chalicelib.domain.outbox import OutboxTask, TaskKind
from chalicelib.store.outbox import task_fields
from chalicelib.store.table import ConditionFailed, Row, Table
from chalicelib.store.writes import Delete, TransactItem, Update

_COUNTER_LIFE = timedelta(days=1)
DIGEST_SK = "EVENT#digest"


class Bursts:
    def __init__(self, table: Table) -> None:
        self._table = table

    def count(self, what: str, now: datetime) -> int:
        """How many notices of `what` there have been this minute, this one included."""
        row = self._table.update(
            Update(
                f"BURST#{what}#{minute_of(now)}",
                "COUNT",
                put={"expires_ttl": int((now + _COUNTER_LIFE).timestamp())},
                add={"count": 1},
                upsert=True,
            )
        )
        return int(row["count"])

    def gather(self, notice: Notice, now: datetime, *, named: bool) -> TransactItem:
        """The action that adds a notice to the digest of its category, district and urgency: all a
        subscription can tell apart.

        One that is not `named` only counts: a list that grew with the burst would cost its whole
        size with every write. The action with a name fails when there are enough.
        """
        pk = f"DIGEST#{notice.category}#{notice.district}#{notice.urgency}"
        # Due at once, but told by the sweep alone: what comes until then goes with it.
        pending = task_fields(pk, DIGEST_SK, OutboxTask(TaskKind.NOTIFY, now))
        fixed = {
            "kind": NoticeKind.DIGEST.value,
            "category": notice.category,
            "district": notice.district,
            "urgency": notice.urgency.value,
        }
        return self._table.item(
            Update(
                pk,
                DIGEST_SK,
                put=fixed,
                put_once=pending,
                add={"count": 1},
                append={"report_ids": [notice.report_id]} if named else {},
                room={"report_ids": DIGEST_MAX_IDS} if named else {},
                upsert=True,
            )
        )

    def clear(self, digest: Row) -> bool:
        """A digest was sent. False when it has grown meanwhile: it is sent again, with what came
        since.
        """
        try:
            self._table.delete(Delete(digest["pk"], digest["sk"], equal={"count": digest["count"]}))
        except ConditionFailed:
            return False
        return True


def is_digest(row: Row) -> bool:
    return bool(row["sk"] == DIGEST_SK)
