"""Destinations of events: one admin proposes what another approves, exactly that.

The approval shows the secret that signs events, once, and so does its replacement. To end a
destination is one admin's step: then less leaves. docs/adr/0080 follows an event there, or into the
log that its reader reads.
"""

import base64
import re
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from chalicelib.aws import keys
from chalicelib.aws.table import ConditionFailed, retry_on_conflict
from chalicelib.aws.writes import TransactItem
from chalicelib.domain.notices.destinations import (
    BOTH_SIGN,
    KEPT,
    MOST_DESTINATIONS,
    SETTLED_AFTER,
    CloudEvent,
    DeliveryState,
    Destination,
    NewDestination,
    ProposedTerms,
    Terms,
    reads_events,
)
from chalicelib.domain.officers.model import is_admin
from chalicelib.domain.officers.proposals import VALID_FOR
from chalicelib.domain.reports.events import NoticeKind
from chalicelib.domain.second_person import TwoPersonStep
from chalicelib.kernel import errors, times
from chalicelib.kernel.ids import on_record, random_id
from chalicelib.kernel.paging import Cursors
from chalicelib.kernel.sealing import KEY_BYTES, PrivateKey, Wrapper, row_info, seal
from chalicelib.services.officers import OfficerActor
from chalicelib.services.second_person import Requests
from chalicelib.store.audit.rows import Action
from chalicelib.store.notices.announcements import Announcements
from chalicelib.store.notices.destinations import (
    AllDestinations,
    Delivery,
    DeliveryRows,
    Destinations,
    SealedSecret,
)
from chalicelib.store.officers.rows import Officers
from chalicelib.store.reports.reports import Reports

PATH = "/v1/admin/destinations"
PAGE = 100
# One call sends so many again: each is a write.
AGAIN_AT_ONCE = 200

_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}", re.ASCII)
_PREFIX, _SECRET_BYTES = "whsec_", 32

type Found = list[tuple[str, Delivery]]
"""Deliveries, each with its own sort key."""


class Kept(NamedTuple):
    """A destination, and its secret where it is shown."""

    destination: Destination
    secret: str | None = None


class EventPage(NamedTuple):
    """Events of a log, in its order. The cursor leads to those after them, now or later."""

    events: Sequence[CloudEvent]
    next_cursor: str
    more: bool


class DeliveryPage(NamedTuple):
    """Deliveries, and the terms by which their events are shown."""

    deliveries: Sequence[Delivery]
    terms: Terms | None
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class DestinationDesk:
    """An admin at work on destinations, or a reader of one. `key` is what secrets are sealed to."""

    actor: OfficerActor
    rows: Destinations
    deliveries: DeliveryRows
    officers: Officers
    reports: Reports
    announcements: Announcements
    key: Wrapper
    has_bus: bool

    @property
    def requests(self) -> Requests:
        return Requests(self.actor, self)

    def awaits(self, step: TwoPersonStep) -> list[TransactItem]:
        return self._notice(NoticeKind.APPROVAL, step, _admins(self.officers) - {self.actor.by})

    def declined(self, step: TwoPersonStep, to: Collection[str]) -> list[TransactItem]:
        return self._notice(NoticeKind.DECLINED, step, to)

    def _notice(
        self, kind: NoticeKind, step: TwoPersonStep, to: Collection[str]
    ) -> list[TransactItem]:
        if not to:
            return []
        said: Mapping[str, Any] = {"entry_id": random_id(), "path": PATH, "now": self.actor.now}
        return [self.announcements.item(kind, to=to, step=step, **said)]


def list_destinations(*, desk: DestinationDesk) -> list[Destination]:
    """Return all destinations by name, with what is proposed for them."""
    desk.actor.log_own(Action.LIST, {"part": "destinations"})
    return [_as_of_now(each, desk) for each in desk.rows.read().by_name.values()]


def read_destination(name: str, *, desk: DestinationDesk) -> Destination:
    """Return a destination, and what is proposed for it. Raises NotFound, Unavailable."""
    found = _found(name, desk.rows.read(), desk)
    desk.actor.log_own(Action.OPEN, {"destination": name})
    return _as_of_now(found, desk)


def propose_destination(name: str, wanted: NewDestination, *, desk: DestinationDesk) -> Destination:
    """Propose the terms of a destination, in the place of any that wait. What it has already, or
    what waits already, is not written again.

    Raises Invalid (a bad name, nobody who may be the reader, no bus, or another way than that of
    before), Conflict `no_more_destinations`, Unavailable.
    """
    if not _NAME.fullmatch(name):
        raise errors.Invalid(errors.FieldError("name", "bad_destination_name"))
    terms = Terms.model_validate(wanted.model_dump(mode="json"))

    def propose() -> Destination:
        known = desk.rows.read()
        before = _as_of_now(known.by_name.get(name) or Destination(name=name), desk)
        if terms == before.terms or (before.proposal and before.proposal.terms == terms):
            return before
        _require_way(name, before, terms, known, desk)
        if name not in known.by_name and len(known.by_name) >= MOST_DESTINATIONS:
            raise errors.Conflict("no_more_destinations")
        proposal = ProposedTerms(
            version=known.revision + 1, by=desk.actor.by, at=desk.actor.now, terms=terms
        )
        after = before.model_copy(update={"proposal": proposal})
        detail = {"destination": name, "proposed": terms.model_dump(mode="json")}
        also = desk.requests.propose(TwoPersonStep.DESTINATION, Action.CHANGE, detail)
        desk.rows.replace(known, {name: after}, also)
        return after

    return retry_on_conflict(propose)


def approve_destination(name: str, tag: str, *, desk: DestinationDesk) -> Kept:
    """Approve exactly the proposal with this tag. Events go there from now on. The secret is shown
    if the destination is new.

    Raises Stale, Forbidden from `require_second_person`; Conflict `no_proposal`; NotFound;
    Unavailable.
    """

    def approve() -> Kept:
        known = desk.rows.read()
        before = _as_of_now(_found(name, known, desk), desk)
        proposal = before.proposal
        if proposal is None or proposal.by not in _admins(desk.officers):
            raise errors.Conflict("no_proposal")
        detail = {"destination": name, "approved": proposal.version, "proposed_by": proposal.by}
        also = desk.requests.approve(before.request(proposal), tag, Action.CHANGE, detail)
        after = before.approved(proposal, by=desk.actor.by, now=desk.actor.now)
        if before.terms or not proposal.terms.url:
            desk.rows.replace(known, {name: after}, also)
            return Kept(after)
        secret = new_secret()
        sealed = seal_secret(name, secret, desk.key)
        desk.rows.replace(known, {name: after}, [*also, desk.rows.secrets_item(name, [sealed])])
        return Kept(after, secret)

    return retry_on_conflict(approve)


def replace_secret(name: str, *, desk: DestinationDesk) -> Kept:
    """Give a destination a new secret, and show it. For `BOTH_SIGN` the one before signs, too.

    Raises NotFound (also where nothing is signed), Conflict `no_proposal` (nobody has approved it
    yet), Unavailable.
    """

    def put_new() -> Kept:
        known = desk.rows.read()
        found = _found(name, known, desk)
        if found.terms is None:
            raise errors.Conflict("no_proposal")
        if not found.terms.url:
            raise errors.NotFound
        secret = new_secret()
        before = desk.rows.secrets(name)[:1]
        until = desk.actor.now + BOTH_SIGN
        kept = [each.model_copy(update={"until": until}) for each in before]
        item = desk.rows.secrets_item(name, [seal_secret(name, secret, desk.key), *kept])
        record = desk.actor.log_own_item(Action.CHANGE, {"destination": name, "secret": "replaced"})
        desk.rows.replace(known, {name: found}, [item, record])
        return Kept(_as_of_now(found, desk), secret)

    return retry_on_conflict(put_new)


def end_destination(name: str, *, desk: DestinationDesk) -> None:
    """End a destination, and what is proposed for it. What waits is not delivered. Repeated, change
    nothing. Raises Unavailable.
    """

    def end() -> None:
        known = desk.rows.read()
        if name in known.by_name:
            record = desk.actor.log_own_item(Action.CHANGE, {"destination": name, "ended": True})
            desk.rows.replace(known, {name: None}, [record])

    retry_on_conflict(end)


def list_deliveries(
    name: str, cursor: str | None, *, desk: DestinationDesk, cursors: Cursors
) -> DeliveryPage:
    """Return a page of what was delivered in 30 days, the latest first.

    Raises NotFound, Malformed `bad_cursor`, Unavailable.
    """
    terms = _found(name, desk.rows.read(), desk).terms
    filters = {"deliveries": name}
    now, reader = desk.actor.now, desk.actor.by
    below = cursors.read(cursor, reader=reader, filters=filters, now=now)
    desk.actor.log_own(Action.LIST, {"destination": name, "part": "deliveries"})
    page = partial(desk.deliveries.page, name, limit=PAGE)
    found, more = _page(lambda at: page(below=at), below, PAGE, desk)
    after = cursors.issue(found[-1][0], reader=reader, filters=filters, now=now) if more else None
    return DeliveryPage([each for _, each in found], terms, after)


def read_events(
    cursor: str | None, limit: int, *, desk: DestinationDesk, cursors: Cursors, source: str
) -> EventPage:
    """Return the next page of the log whose reader this is: what happened in 30 days, the oldest
    first. What is not settled yet waits, so that nothing can come before what was read.

    Raises NotFound `no_events_for_you`, Malformed `bad_cursor`, Unavailable.
    """
    actor, now = desk.actor, desk.actor.now
    found = next((each for each in desk.rows.read().by_name.values() if _reads(actor, each)), None)
    if found is None or found.terms is None or found.since is None:
        actor.log_own(Action.DENIED, {"part": "events"})
        raise errors.NotFound("no_events_for_you")
    about = {"events": found.name, "since": found.since}
    begins = times.render(max(found.since, now - KEPT))
    after = max(cursors.read(cursor, reader=actor.by, filters=about, now=now) or "", begins)
    actor.log_own_hourly(Action.LIST, "events")
    until = times.render(now - SETTLED_AFTER)
    log = partial(desk.deliveries.log, found.name, until=until, limit=limit)
    rows, more = _page(lambda at: log(above=at or after), None, limit, desk)
    position = rows[-1][0] if more else max(after, until)
    seen = [each.event for _, each in rows]
    return EventPage(
        [
            CloudEvent.of(event, found.terms.shows, source)
            for event in seen
            if found.terms.want(event) and actor.officer.sees(event.category, event.district)
        ],
        cursors.issue(position, reader=actor.by, filters=about, now=now, life=KEPT),
        more,
    )


def send_again(name: str, event_ids: Collection[str], *, desk: DestinationDesk) -> tuple[int, bool]:
    """Let dead deliveries wait again: those of these events, or all, the latest first. Return how
    many, and whether there may be more. Raises NotFound, Unavailable.
    """
    _found(name, desk.rows.read(), desk)
    again_on_record = sorted(map(on_record, event_ids))
    desk.actor.log_own(Action.CHANGE, {"destination": name, "sent_again": again_on_record})
    again, below, more = 0, None, True
    while more:
        found, more = desk.deliveries.page(name, below=below, limit=PAGE)
        dead = [row for row in found if row[1].state is DeliveryState.DEAD]
        meant = [row for row in dead if not event_ids or row[1].event.id in event_ids]
        for sk, each in _seen(meant, desk):
            if again == AGAIN_AT_ONCE:
                return again, True
            again += _sent_again(name, sk, each, desk)
        below = found[-1][0] if found else None
    return again, False


def _page(
    read: Callable[[str | None], tuple[Found, bool]],
    at: str | None,
    limit: int,
    desk: DestinationDesk,
) -> tuple[Found, bool]:
    """Return a page without what is about a report that is oversight's by now. It is full all the
    same if there is enough: one that is cut short would say that there is such a report.
    """
    found: Found = []
    more = True
    while more and len(found) < limit:
        rows, more = read(at)
        found += _seen(rows, desk)
        at = rows[-1][0] if rows else at
    return found[:limit], more or len(found) > limit


def _seen(rows: Found, desk: DestinationDesk) -> Found:
    of = {sk: keys.report(each.event.report_id) for sk, each in rows}
    hidden = desk.reports.about_police(set(of.values()))
    return [(sk, each) for sk, each in rows if of[sk] not in hidden]


def _sent_again(name: str, sk: str, delivery: Delivery, desk: DestinationDesk) -> bool:
    try:
        desk.deliveries.send_again(name, sk, delivery.event.lane, desk.actor.now)
    except ConditionFailed:
        return False  # somebody else has
    return True


def new_secret() -> str:
    """Return a secret as Standard Webhooks writes it."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def seal_secret(name: str, secret: str, key: Wrapper) -> SealedSecret:
    """Seal the secret of a destination."""
    return seal_to(key, info_of(name), secret.encode())


def seal_to(key: Wrapper, info: bytes, plaintext: bytes) -> SealedSecret:
    """Seal to a key of its own, which only the function that delivers can have opened."""
    private = PrivateKey(secrets.token_bytes(KEY_BYTES))
    wrapped = key.wrapping_key().wrap(private)
    sealed = seal(private.public, plaintext, info)
    return SealedSecret(sealed=sealed, wrapped=wrapped.wrapped, wrapping=wrapped.arn)


def info_of(name: str) -> bytes:
    return row_info(*keys.secret_of(name), "secret")


def _found(name: str, known: AllDestinations, desk: DestinationDesk) -> Destination:
    if name not in known.by_name:
        said = name if _NAME.fullmatch(name) else "no name"
        desk.actor.log_own(Action.DENIED, {"destination": said})
        raise errors.NotFound
    return known.by_name[name]


def _reads(actor: OfficerActor, destination: Destination) -> bool:
    return destination.terms is not None and destination.terms.reader == actor.by


def _require_way(
    name: str, before: Destination, terms: Terms, known: AllDestinations, desk: DestinationDesk
) -> None:
    """Raise Invalid unless events can leave this way, and left so before."""
    if before.terms and before.terms.way != terms.way:
        raise errors.Invalid(errors.FieldError(terms.way, "keeps_its_way"))
    if terms.bus and not desk.has_bus:
        raise errors.Invalid(errors.FieldError("bus", "no_event_bus"))
    if not terms.reader:
        return
    others = [_as_of_now(each, desk) for each in known.by_name.values() if each.name != name]
    taken = {each.terms.reader for each in others if each.terms}
    taken |= {each.proposal.terms.reader for each in others if each.proposal}
    if terms.reader in taken or not reads_events(desk.officers.get(terms.reader)):
        raise errors.Invalid(errors.FieldError("reader", "cannot_read_events"))


def _as_of_now(destination: Destination, desk: DestinationDesk) -> Destination:
    """Return a destination without a proposal that is too old to be approved."""
    proposal = destination.proposal
    if proposal and desk.actor.now >= proposal.at + VALID_FOR:
        return destination.model_copy(update={"proposal": None})
    return destination


def _admins(officers: Officers) -> set[str]:
    return {each.username for each in officers.all() if is_admin(each)}
