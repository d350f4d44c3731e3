"""Bursts of notices: counters for each minute, and the digests that gather further notices.

Both are in the reports table, to use its stream and outbox. DynamoDB deletes old counters.
"""

from datetime import datetime, timedelta

from chalicelib.domain.bursts import DIGEST_MAX_IDS, minute_of
from chalicelib.domain.notices import Notice, NoticeKind
from chalicelib.domain.outbox import OutboxTask, TaskKind
from chalicelib.domain.reports import Urgency
from chalicelib.store import keys
from chalicelib.store.outbox import PendingTask
from chalicelib.store.table import ConditionFailed, Table
from chalicelib.store.tasks import task_fields
from chalicelib.store.writes import Delete, TransactItem, Update

_COUNTER_LIFE = timedelta(days=1)
DIGEST_SK = "EVENT#digest"


class Bursts:
    def __init__(self, table: Table) -> None:
        self._table = table

    def count(self, what: str, now: datetime) -> int:
        """Count a notice about `what`, and return how many there were in this minute."""
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
        """Return the write that adds a report's notice to the digest of its category, district and
        urgency.

        These three are all by which a subscription can filter. With `named`, the digest names the
        report; this write fails when it names enough reports. Otherwise the digest only counts the
        notice, because a longer list would make every write more expensive.
        """
        category, district = str(notice.category), str(notice.district)
        urgency = Urgency(str(notice.urgency))
        pk = keys.digest(category, district, urgency)
        # Due now, but only the sweep sends digests, so notices until the next sweep are included.
        pending = task_fields(pk, DIGEST_SK, OutboxTask(TaskKind.NOTIFY, now))
        fixed = {
            "kind": NoticeKind.DIGEST.value,
            "category": category,
            "district": district,
            "urgency": urgency.value,
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

    def clear(self, pending: PendingTask) -> bool:
        """Delete a digest that was sent.

        Return False when a notice was added in the meantime: the digest will be sent again.
        """
        try:
            self._table.delete(Delete(*pending.key, equal={"count": pending.digest.count}))
        except ConditionFailed:
            return False
        return True
