"""Rows of destinations and of what is delivered to them, in the reports table. docs/adr/0080.

DESTINATIONS           ROW               all destinations; the publisher reads it with each batch
                       SECRET#<name>     `sealed_secrets`: the latest secrets of one, the newest
                                         first, each with the key that opens it
DESTINATION#<name>     <at>#<event>      a delivery: its event, its state, and its task while it is
                                         waiting. One that a reader fetches has none
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from chalicelib.aws import keys
from chalicelib.aws.keys import Key, task_fields
from chalicelib.aws.table import Row, Table
from chalicelib.aws.writes import Delete, Put, TransactItem, Update
from chalicelib.domain.notices.destinations import KEPT, DeliveryState, Destination, Event, Terms
from chalicelib.domain.notices.notice import Notice
from chalicelib.kernel import times
from chalicelib.kernel.models import Record
from chalicelib.kernel.outbox import Lane, OutboxTask, TaskKind
from chalicelib.store.reports.outbox import PendingTask

log = logging.getLogger(__name__)

KEY: Key = (keys.DESTINATIONS, "ROW")
FIELDS = ("destinations",)


class AllDestinations(NamedTuple):
    """All destinations by name, and how often they were written."""

    by_name: Mapping[str, Destination]
    revision: int


class SealedSecret(Record):
    """A secret, sealed to a key of its own, which is wrapped. `until`: until then it signs too."""

    sealed: bytes
    wrapped: bytes
    wrapping: str
    until: datetime | None = None


class Delivery(Record):
    """What is kept of a delivery. `answer` is the status of the last answer, or why there was none.
    `since` is when it began to be tried.
    """

    event: Event
    since: datetime
    state: DeliveryState = DeliveryState.WAITING
    attempts: int = 0
    answer: str | None = None
    tried_at: datetime | None = None


def destinations_in(rows: Mapping[Key, Row], unread: Collection[Key]) -> list[Destination] | None:
    """Return the destinations among the rows of a batch; None if the row could not be read."""
    if KEY in unread:
        return None
    try:
        return list(_all(rows.get(KEY)).by_name.values())
    except ValueError:
        log.error("destinations_unreadable")  # notices must not wait for it
        return None


def deliveries_of(notice: Notice, to: Sequence[Destination], now: datetime) -> list[Put]:
    """Return the deliveries of a notice's event, one for each destination that wants it. They are
    written at once: `SETTLED_AFTER` is counted from `now`.
    """
    event = Event.of(notice)
    if event is None:
        return []
    wanted = [(each.name, each.terms) for each in to if each.terms and each.terms.want(event)]
    return [_delivery(name, terms, event, now) for name, terms in wanted]


def _delivery(name: str, terms: Terms, event: Event, now: datetime) -> Put:
    pk, sk = keys.destination(name), f"{times.render(now)}#{event.id}"
    state, task = DeliveryState.KEPT, {}
    if not terms.reader:
        state = DeliveryState.WAITING
        task = task_fields(pk, sk, OutboxTask(TaskKind.DELIVER, now, lane=event.lane))
    row = Delivery(event=event, since=now, state=state).model_dump(mode="json", exclude_none=True)
    return Put({"pk": pk, "sk": sk, "expires_ttl": int((now + KEPT).timestamp()), **row, **task})


class Destinations:
    """Every method raises Unavailable."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def read(self) -> AllDestinations:
        """Return all destinations, read consistently."""
        return _all(self.table.get(*KEY, consistent=True))

    def replace(
        self,
        before: AllDestinations,
        changed: Mapping[str, Destination | None],
        also: Sequence[TransactItem],
    ) -> None:
        """Write some destinations (None: delete it, and its secrets), with `also` in one
        transaction.

        Raises ConditionFailed when any was written since `before` was read.
        """
        found = {**before.by_name, **changed}
        kept = {
            name: each.model_dump(mode="json", exclude_none=True)
            for name, each in found.items()
            if each
        }
        pk, sk = KEY
        row = {"pk": pk, "sk": sk, "destinations": kept, "revision": before.revision + 1}
        put = Put(row, equal={"revision": before.revision or None})
        gone = [Delete(*keys.secret_of(name)) for name, each in changed.items() if each is None]
        self.table.transact([self.table.item(put), *map(self.table.item, gone), *also])

    def secrets(self, name: str) -> list[SealedSecret]:
        """Return the secrets of a destination, the newest first."""
        row = self.table.get(*keys.secret_of(name), consistent=True)
        return [SealedSecret.model_validate(each) for each in (row or {}).get("sealed_secrets", ())]

    def secrets_item(self, name: str, secrets: Sequence[SealedSecret]) -> TransactItem:
        """Return the write that keeps these secrets of a destination, and no others."""
        pk, sk = keys.secret_of(name)
        return self.table.item(
            Put({"pk": pk, "sk": sk, "sealed_secrets": [vars(each) for each in secrets]})
        )


def _all(row: Row | None) -> AllDestinations:
    found: dict[str, Any] = row or {}
    by_name = found.get("destinations", {})
    return AllDestinations(
        {name: Destination.model_validate(by_name[name]) for name in sorted(by_name)},
        int(found.get("revision", 0)),
    )


class DeliveryRows:
    """Every method raises Unavailable."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def waiting(self, key: Key) -> tuple[PendingTask, Delivery] | None:
        """Return a delivery that is waiting, with its task, read consistently."""
        row = self._table.get(*key, consistent=True)
        pending = PendingTask.of(row)
        return (pending, Delivery.model_validate(row)) if row and pending else None

    def page(
        self, name: str, *, below: str | None, limit: int
    ) -> tuple[list[tuple[str, Delivery]], bool]:
        """Return the latest deliveries to a destination, below a sort key, each with its own; and
        whether there are more.
        """
        rows, more = self._table.query(
            keys.destination(name), below=below, forward=False, limit=limit
        )
        return [(row["sk"], Delivery.model_validate(row)) for row in rows], more

    def log(
        self, name: str, *, above: str, until: str, limit: int
    ) -> tuple[list[tuple[str, Delivery]], bool]:
        """Return the oldest deliveries of a destination above a sort key, or above a time, and
        before the time `until`, each with its own key, read consistently; and whether there are
        more.
        """
        first = f"{above} "  # a blank is before all that can follow
        if first > until:
            return [], False
        rows, more = self._table.query(
            keys.destination(name), between=(first, until), limit=limit, consistent=True
        )
        return [(row["sk"], Delivery.model_validate(row)) for row in rows], more

    def send_again(self, name: str, sk: str, lane: Lane, now: datetime) -> None:
        """Let a delivery wait again. Raises ConditionFailed unless it is dead."""
        pk = keys.destination(name)
        task = OutboxTask(TaskKind.DELIVER, now, lane=lane)
        put = {
            "state": DeliveryState.WAITING,
            "attempts": 0,
            "since": now,
            **task_fields(pk, sk, task),
        }
        self._table.update(Update(pk, sk, put=put, equal={"state": DeliveryState.DEAD}))
