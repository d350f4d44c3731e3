"""Digests, which gather the notices of a burst, and the counters of bursts.

Both are in the reports table: digests to use its outbox, counters to be read with the tasks of a
batch. One row counts how many notices of each category went alone in a minute, and as SMS in an
hour; DynamoDB deletes old ones.

`DIGEST#<lane>#<kind>#<category>#<district>#<urgency>#<page>`: lane, kind and the three by which a
subscription can filter. A further page takes what comes while the one before is being sent, or is
full. One of a category that is only tried ends with `#shadow`, one of a burst with `#burst`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from chalicelib.aws import keys
from chalicelib.aws.keys import Key, task_fields
from chalicelib.aws.table import ConditionFailed, Row, Table
from chalicelib.aws.writes import Delete, TransactItem, Update
from chalicelib.domain.audit.seals import hour_of
from chalicelib.domain.catalogue.model import Urgency
from chalicelib.domain.notices.bursts import (
    Allowance,
    Digest,
    kind_of_digest,
    minute_of,
    most_named,
)
from chalicelib.domain.notices.notice import Notice
from chalicelib.kernel import errors
from chalicelib.kernel.outbox import Lane, OutboxTask, TaskKind
from chalicelib.store.reports.outbox import PendingTask

_LIFE = timedelta(days=1)
_SK = "COUNT"


class Bursts:
    def __init__(self, table: Table) -> None:
        self._table = table

    @staticmethod
    def keys_at(now: datetime) -> tuple[Key, Key]:
        """Return the keys of the two rows that `allowance` reads."""
        return (keys.burst(minute_of(now)), _SK), (keys.burst(hour_of(now)), _SK)

    @classmethod
    def allowance(cls, rows: Mapping[Key, Row], now: datetime, room: int) -> Allowance:
        """Return the remaining allowance at `now`. A missing row has counted nothing. `room`: so
        many notices go without a wait.
        """
        minute, hour = cls.keys_at(now)
        return Allowance(_counts(rows.get(minute, {})), _counts(rows.get(hour, {})), room)

    def count(
        self, now: datetime, *, alone: Iterable[str] = (), sms: Iterable[str] = ()
    ) -> list[TransactItem]:
        """Return the writes that add one to each of these counters."""
        wanted = zip(self.keys_at(now), (alone, sms), strict=True)
        return [
            self._table.item(
                Update(
                    *key,
                    put={"expires_ttl": int((now + _LIFE).timestamp())},
                    add=added,
                    upsert=True,
                )
            )
            for key, names in wanted
            if (added := dict.fromkeys(names, 1))
        ]


def _counts(row: Mapping[str, Any]) -> dict[str, int]:
    return {name: int(value) for name, value in row.items() if name not in ("pk", "sk")}


SK = "EVENT#digest"
_MOST_PAGES = 100
# A sweep does what is due at the moment when it begins.
_AFTER_THIS_SWEEP = timedelta(milliseconds=1)
# For how long a digest that names enough reports is believed to do so still. A write that fails
# costs as much as one that succeeds.
_BELIEVED = timedelta(seconds=5)


class Digests:
    def __init__(self, table: Table) -> None:
        self._table = table
        self._named_enough: dict[str, datetime] = {}

    def gather(
        self,
        notices: Sequence[Notice],
        lane: Lane,
        items: Callable[[], Sequence[TransactItem]],
        now: datetime,
    ) -> None:
        """Add notices that are alike to their digest, with `items` in one transaction. Each try has
        them anew: events have the time of their write.

        Raises ConditionFailed when the condition of one of `items` fails: its position is that
        among these. Raises Unavailable.
        """
        names_all = notices[0].urgency is Urgency.CRITICAL and not notices[0].of_burst
        for page in range(_MOST_PAGES):
            pk = _key(notices[0], lane, page)
            for named in (False, True) if self._names_enough(pk, now) else (True, False):
                gather = self._gather(notices, lane, pk, now, named=named)
                try:
                    self._table.transact([gather, *items()])
                except ConditionFailed as failed:
                    if failed.position:
                        raise ConditionFailed(failed.item, failed.position - 1) from None
                    if _is_closed(failed.item) or names_all:
                        break  # to the next page
                    if named:  # from now on it only counts
                        self._named_enough[pk] = now
                    continue
                return
        raise errors.Unavailable  # SNS takes nothing since an hour: the tasks stay

    def close(self, pending: PendingTask) -> Digest:
        """Let nothing more be added to a digest, and return it as it will stay.

        Raises ConditionFailed when it is there no more: a later one may have its key. Raises
        Unavailable.
        """
        same = {"task_at": pending.row["task_at"]}
        close = Update(*pending.key, put={"closed": True}, equal=same)
        return Digest.model_validate(self._table.update(close))

    def remove(self, pending: PendingTask, also: Sequence[TransactItem]) -> None:
        """Delete a digest that was sent, with `also` in one transaction. When another sweep has
        deleted it, do nothing. Raises Unavailable.
        """
        same = {"task_at": pending.row["task_at"], "closed": True}
        with suppress(ConditionFailed):
            self._table.transact([self._table.item(Delete(*pending.key, equal=same)), *also])

    def _names_enough(self, pk: str, now: datetime) -> bool:
        seen = self._named_enough.get(pk)
        return seen is not None and abs(now - seen) < _BELIEVED

    def _gather(
        self, notices: Sequence[Notice], lane: Lane, pk: str, now: datetime, *, named: bool
    ) -> TransactItem:
        """Return the write that adds notices to a page.

        With `named`, the digest names their reports; the write fails when it names enough of them.
        Otherwise it only counts, because a longer list would make every write more expensive; the
        write fails when there is no digest yet.
        """
        filters = _filters(notices[0])
        kind = kind_of_digest(notices[0].kind).value
        fixed: Row = dict(zip(("category", "district", "urgency"), filters, strict=True))
        if notices[0].shadow:
            fixed["shadow"] = True
        if notices[0].of_burst:
            fixed["of_burst"] = True
        if labels := notices[0].category_labels:
            fixed["category_labels"] = labels
        # Only the sweep sends digests, so notices until the next sweep are included. The sweep that
        # gathers them is not that one: it would send a digest for each of its pages.
        task = OutboxTask(TaskKind.NOTIFY, now + _AFTER_THIS_SWEEP, lane=lane)
        pending = task_fields(pk, SK, task)
        room = most_named(Urgency(filters[2]), of_burst=notices[0].of_burst)
        following = {address for each in notices for address in each.following}
        return self._table.item(
            Update(
                pk,
                SK,
                put={"kind": kind, **fixed},
                put_once=pending,
                add={"count": len(notices)},
                gather={"following": following} if following else {},
                append={"report_ids": [each.report_id for each in notices]} if named else {},
                room={"report_ids": room} if named else {},
                equal={"closed": None} if named else {"closed": None, "kind": kind},
                upsert=True,
            )
        )


def _key(notice: Notice, lane: Lane, page: int) -> str:
    marks = ["shadow"] * notice.shadow + ["burst"] * notice.of_burst
    return keys.digest(lane, kind_of_digest(notice.kind), *_filters(notice), str(page), *marks)


def _filters(notice: Notice) -> tuple[str, str, str]:
    return str(notice.category), str(notice.district), str(notice.urgency)


def _is_closed(row: Mapping[str, object] | None) -> bool:
    return bool(row and row.get("closed"))
