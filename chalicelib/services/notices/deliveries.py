"""Deliveries of events to receivers. What is due comes from a queue (`sweep_events`).

Each is tried for 24 hours, with growing pauses, and then dead. A receiver may get an event twice,
under the same id. docs/adr/0080 says why a slow one delays no other.
"""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from standardwebhooks import Webhook

from chalicelib.aws import keys
from chalicelib.aws.keys import Key
from chalicelib.aws.kms import ContentKeys
from chalicelib.domain.notices.destinations import (
    TRIED_FOR,
    CloudEvent,
    DeliveryState,
    Destination,
    Event,
    Terms,
    pause_after,
)
from chalicelib.kernel import times
from chalicelib.kernel.outbox import OutboxTask, TaskKind
from chalicelib.kernel.sealing import WrappedKey
from chalicelib.services.notices.destinations import info_of
from chalicelib.store.notices.destinations import Delivery, DeliveryRows, Destinations, SealedSecret
from chalicelib.store.notices.receivers import Answer, EventBus, Receivers
from chalicelib.store.reports.outbox import Outbox, PendingTask
from chalicelib.store.reports.reports import Reports

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/cloudevents+json"
_UNTRIED = "untried"


@dataclass(frozen=True, slots=True)
class Secrets:
    """Opens the secrets of destinations, and keeps them in this process's memory."""

    rows: Destinations
    keys: ContentKeys
    _open: dict[bytes, str] = field(default_factory=dict)

    def of(self, name: str, now: datetime) -> list[str]:
        """Return the secrets that sign what goes there now. Raises Unavailable."""
        kept = [each for each in self.rows.secrets(name) if not each.until or now < each.until]
        for each in kept:
            if each.sealed not in self._open:
                self._open[each.sealed] = self.opened(each, info_of(name))
        return [self._open[each.sealed] for each in kept]

    def opened(self, secret: SealedSecret, info: bytes) -> str:
        """Open a text that was sealed with `info`, and keep nothing of it. Raises Unavailable."""
        wrapped = WrappedKey(secret.wrapped, secret.wrapping)
        # No officer opens it, so no audit row names this opening.
        return self.keys.unwrap(wrapped, "event").open(secret.sealed, info).decode()


@dataclass(frozen=True, slots=True)
class Courier:
    """The collaborators of a delivery. `source` is what events say they come from; `wall_clock` is
    the time that receivers compare with theirs.
    """

    outbox: Outbox
    rows: DeliveryRows
    destinations: Destinations
    secrets: Secrets
    reports: Reports
    receivers: Receivers
    bus: EventBus
    source: str
    wall_clock: Callable[[], datetime]


def deliver(
    due: Sequence[Key], *, courier: Courier, now: datetime, time_is_left: Callable[[], bool]
) -> Counter[str]:
    """Deliver what is due of these, which are all of one destination, in their order: see `walk`.

    What the receiver does not answer puts off the rest, untried.
    """
    known, unanswered = courier.destinations.read().by_name, None

    def take(pending: PendingTask, delivery: Delivery) -> str | None:
        nonlocal unanswered
        event, name = delivery.event, pending.key[0].partition("#")[2]
        terms = _terms_for(event, known.get(name), pending.key)
        if terms is None or courier.reports.about_police([keys.report(event.report_id)]):
            courier.outbox.remove(pending)
            return None
        answer = unanswered or _send(event, name, terms, courier, now)
        if not answer.accepts and not answer.is_of_this_event:
            unanswered = Answer(None, _UNTRIED)
        return _record(pending, delivery, answer, courier, now)

    return walk(due, courier.rows.waiting, take, now=now, time_is_left=time_is_left)


def walk[Row](
    due: Sequence[Key],
    read: Callable[[Key], tuple[PendingTask, Row] | None],
    take: Callable[[PendingTask, Row], str | None],
    *,
    now: datetime,
    time_is_left: Callable[[], bool],
) -> Counter[str]:
    """Take what is still due of these rows, in their order, while time is left.

    Return how many came to which state, and how many `failed`: they stay due, and are sent again.
    """
    done: Counter[str] = Counter()
    for key in due:
        if not time_is_left():
            log.warning("deliveries_unfinished")
            break
        try:
            found = read(key)
            if found and found[0].task.due_at <= now and (state := take(*found)):
                done[state] += 1
        except Exception as error:
            # One bad row must not block the others.
            done["failed"] += 1
            log.warning("delivery_failed", extra={"error": type(error).__name__})
    return done


def _terms_for(event: Event, destination: Destination | None, key: Key) -> Terms | None:
    """Return the terms by which an event goes to a destination as it is now. None for what was for
    one of its name that was ended, or is beyond terms that have changed since.
    """
    terms = destination and destination.terms
    if not destination or not terms or terms.reader or not terms.want(event):
        return None
    written = times.parse(key[1].partition("#")[0])
    return terms if destination.since is None or written >= destination.since else None


def _send(event: Event, name: str, terms: Terms, courier: Courier, now: datetime) -> Answer:
    sent = CloudEvent.of(event, terms.shows, courier.source)
    if terms.url is None:
        return courier.bus.put(sent)
    body, at = sent.model_dump_json(), courier.wall_clock()
    signatures = [
        Webhook(secret).sign(event.id, at, body) for secret in courier.secrets.of(name, now)
    ]
    headers = {
        "Content-Type": CONTENT_TYPE,
        "webhook-id": event.id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
    return courier.receivers.post(terms.url, body.encode(), headers)


def _record(
    pending: PendingTask, delivery: Delivery, answer: Answer, courier: Courier, now: datetime
) -> DeliveryState:
    """Write how a delivery went, and when it is tried again."""
    ends, task = delivery.since + TRIED_FOR, None
    if answer.accepts:
        state = DeliveryState.DELIVERED
    elif now >= ends:
        state = DeliveryState.DEAD
    else:
        state = DeliveryState.WAITING
        again = min(now + pause_after(delivery.attempts), ends)
        task = OutboxTask(TaskKind.DELIVER, again, lane=pending.task.lane)
    put = {
        "state": state,
        "attempts": delivery.attempts + 1,
        "answer": str(answer.status or answer.problem),
        "tried_at": now,
    }
    courier.outbox.complete(pending, then=task, put=put)
    return state
