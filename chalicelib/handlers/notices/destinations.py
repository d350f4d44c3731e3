"""Admins' routes of destinations: where events go, and what arrived there; and their readers'."""

from typing import Annotated, Self

from pydantic import Field

from chalicelib import wiring
from chalicelib.domain.catalogue.model import Urgency
from chalicelib.domain.notices.destinations import (
    READERS,
    CloudEvent,
    DeliveryState,
    Destination,
    EventDetail,
    EventKind,
    NewDestination,
    Terms,
)
from chalicelib.domain.officers.model import Role
from chalicelib.domain.officers.proposals import VALID_FOR
from chalicelib.http.requests import Call, Header
from chalicelib.http.responses import Response
from chalicelib.http.routes import Access, Routes
from chalicelib.http.shapes import Category, District, Shape, Tag, Timestamp
from chalicelib.kernel import errors
from chalicelib.kernel.ids import ID_PATTERN
from chalicelib.kernel.models import Input, NotNull, Query, left_out
from chalicelib.kernel.paging import Limit
from chalicelib.services.notices import destinations
from chalicelib.services.notices.destinations import DestinationDesk, Kept
from chalicelib.services.second_person import tag_of
from chalicelib.store.notices.destinations import Delivery

routes = Routes("Notices", Access.OFFICER, roles=(Role.ADMIN,))


class TermsView(Shape):
    """Where events go, one of `url`, `reader` and `bus`, and which. Empty lists mean all. `shows`
    is what an event says beyond ids, kind and urgency.
    """

    url: str | None
    reader: str | None
    bus: bool
    categories: list[Category]
    districts: list[District]
    kinds: list[EventKind]
    min_urgency: Urgency
    shows: list[EventDetail]


class ProposedTermsView(Shape):
    """Terms that wait for another admin than `by`, until `expires_at`. `tag` is what the approval
    takes: it is there when one destination is read, and not in the list.
    """

    by: str
    at: Timestamp
    expires_at: Timestamp
    terms: TermsView
    tag: Tag = left_out()


Secret = Annotated[Annotated[str, Field(pattern="^whsec_[A-Za-z0-9+/]{43}=$")] | None, NotNull()]


class DestinationView(Shape):
    """A destination of events. `terms` are null until two admins agree on some. `secret`, which
    signs what is sent to a `url` by Standard Webhooks, is there when it is new, and never again.
    """

    name: str
    terms: TermsView | None
    proposed_by: str | None
    approved_by: str | None
    approved_at: Timestamp | None
    proposal: ProposedTermsView | None
    secret: Secret = left_out()

    @classmethod
    def seen(cls, found: Destination, tag: str | None = None, secret: str | None = None) -> Self:
        proposal = found.proposal and ProposedTermsView.of(
            found.proposal, expires_at=found.proposal.at + VALID_FOR, tag=tag
        )
        return cls.of(found, proposal=proposal, secret=secret)


class DestinationList(Shape):
    items: list[DestinationView]


@routes.get("/v1/admin/destinations", returns=DestinationList)
def list_destinations(call: Call) -> Response:
    """List the destinations of events.

    Sorted by name, each with what is proposed for it.
    """
    found = destinations.list_destinations(desk=_desk(call))
    return Response(DestinationList(items=[DestinationView.seen(each) for each in found]))


@routes.get("/v1/admin/destinations/{name}", returns=DestinationView, raises=(errors.NotFound,))
def read_destination(call: Call) -> Response:
    """Read a destination of events.

    To approve what is proposed for it, send its `tag` as `If-Match`.
    """
    found = destinations.read_destination(call.path["name"], desk=_desk(call))
    proposal = found.proposal
    tag = tag_of(found.request(proposal), call.actor) if proposal else None
    return Response(DestinationView.seen(found, tag))


@routes.put(
    "/v1/admin/destinations/{name}",
    body=NewDestination,
    returns={200: DestinationView, 202: DestinationView},
    raises=(errors.Conflict("no_more_destinations"),),
)
def propose_destination(call: Call) -> Response:
    """Propose a destination of events.

    An event says that something happened to a report: its ids, kind and urgency, and what `shows`
    grants. It has no text, place, name or number, and there is none about reports to oversight.
    Send all fields: they replace those of before. The response is 202, and the terms take effect
    when another admin approves them within 7 days; 200 when the destination has them already.

    Give one of three: `url`, an HTTPS address that everybody can reach, and events are sent to no
    other; `reader`, the username of the one officer who reads them at `GET /v1/officer/events`,
    within their scope, and of no other destination; or `bus`, the stage's bus of EventBridge, if it
    has one. Which of the three it is stays so until the destination is ended.
    """
    found = destinations.propose_destination(call.path["name"], call.body, desk=_desk(call))
    return Response(DestinationView.seen(found), status=202 if found.proposal else 200)


@routes.post(
    "/v1/admin/destinations/{name}/approve",
    headers=(Header.TAG,),
    returns={200: DestinationView},
    raises=(errors.NotFound, errors.Conflict("no_proposal")),
)
def approve_destination(call: Call) -> Response:
    """Approve what is proposed for a destination.

    Approves the proposal whose `tag` is in `If-Match`, which takes effect at once. For a new
    destination with a `url` the response has the `secret` that its events are signed with. It is
    shown only here: give it to those who run the receiver. The admin who made the proposal cannot
    approve it (403 `self_approval`).
    """
    return _shown(destinations.approve_destination(call.path["name"], call.tag, desk=_desk(call)))


@routes.post(
    "/v1/admin/destinations/{name}/secret",
    returns={200: DestinationView},
    raises=(errors.NotFound, errors.Conflict("no_proposal")),
)
def replace_secret(call: Call) -> Response:
    """Replace the secret of a destination.

    The response shows the new one. For 24 hours events have a signature of each, the new one first.
    Without a `url` nothing is signed: 404.
    """
    return _shown(destinations.replace_secret(call.path["name"], desk=_desk(call)))


@routes.delete("/v1/admin/destinations/{name}")
def end_destination(call: Call) -> Response:
    """End a destination of events.

    What waits is not sent, and what is proposed for it ends, too. One admin does that alone.
    Repeating the call changes nothing.
    """
    destinations.end_destination(call.path["name"], desk=_desk(call))
    return Response()


class DeliveryView(Shape):
    """An event that goes to a destination, as it is sent. `answer` is the status of the last
    answer, or a word for why there was none, such as `timeout` or `forbidden_address`. `attempts`
    counts how often it was due, also when it was put off `untried`, since the receiver had just not
    answered another one. `kept`: its reader fetches it. `dead`: it was given up after 24 hours.
    """

    event: CloudEvent
    state: DeliveryState
    attempts: int
    answer: str | None
    tried_at: Timestamp | None

    @classmethod
    def sent(cls, found: Delivery, terms: Terms | None) -> Self:
        shows = terms.shows if terms else ()
        event = CloudEvent.of(found.event, shows, wiring.source_of_events())
        return cls.of(found, event=event)


class DeliveryPage(Shape):
    """Deliveries of the last 30 days, the latest first. `next_cursor` leads to those before."""

    items: list[DeliveryView]
    next_cursor: str | None


class DeliveriesQuery(Query):
    cursor: str | None = Field(
        default=None, description="The `next_cursor` of the page before this one."
    )


@routes.get(
    "/v1/admin/destinations/{name}/deliveries",
    query=DeliveriesQuery,
    returns=DeliveryPage,
    raises=(errors.NotFound, errors.Malformed("bad_cursor")),
)
def list_deliveries(call: Call) -> Response:
    """List what was sent to a destination.

    The response has the events of the last 30 days, the latest first, and how each was answered.
    """
    page = destinations.list_deliveries(
        call.path["name"], call.query.cursor, desk=_desk(call), cursors=wiring.cursors()
    )
    items = [DeliveryView.sent(each, page.terms) for each in page.deliveries]
    return Response(DeliveryPage(items=items, next_cursor=page.next_cursor))


class EventsAgain(Input):
    """The events to send again, by their ids; without any, all that were given up."""

    ids: tuple[Annotated[str, Field(pattern=f"^{ID_PATTERN.pattern}$")], ...] = Field(
        default=(), max_length=100, strict=False
    )


class SentAgain(Shape):
    """How many events are sent again, and whether more were given up."""

    count: int
    more: bool


@routes.post(
    "/v1/admin/destinations/{name}/redeliver",
    body=EventsAgain,
    returns={200: SentAgain},
    raises=(errors.NotFound,),
)
def redeliver(call: Call) -> Response:
    """Send events again that were given up.

    Takes up to 200 at once, the latest first. Each is tried for another 24 hours.
    """
    count, more = destinations.send_again(call.path["name"], call.body.ids, desk=_desk(call))
    return Response(SentAgain(count=count, more=more))


class EventsQuery(Query):
    after: str | None = Field(
        default=None,
        description="The `next_cursor` of an earlier page. Without it, the log of 30 days begins.",
    )
    limit: Limit = 20


class EventPage(Shape):
    """Events in the order of the log. `next_cursor` leads to what comes after them, also later, for
    30 days, and as often as you like. `more`: there is some already.
    """

    items: list[CloudEvent]
    next_cursor: str
    more: bool


@routes.get(
    "/v1/officer/events",
    query=EventsQuery,
    returns=EventPage,
    roles=READERS,
    raises=(errors.NotFound("no_events_for_you"), errors.Malformed("bad_cursor")),
)
def read_events(call: Call) -> Response:
    """Read the events of which you are the reader.

    Two admins choose an officer as the `reader` of a destination, who fetches its events in place
    of being sent them. They are of the last 30 days, in your scope, the oldest first, and about 30
    seconds old at least: so none can come later that belongs before what you have read. Keep
    `next_cursor` when you have worked on a page. A page may be empty, and still have `more`.
    """
    page = destinations.read_events(
        call.query.after,
        call.query.limit,
        desk=_desk(call),
        cursors=wiring.cursors(),
        source=wiring.source_of_events(),
    )
    return Response(
        EventPage(items=list(page.events), next_cursor=page.next_cursor, more=page.more)
    )


def _shown(kept: Kept) -> Response:
    return Response(DestinationView.seen(kept.destination, secret=kept.secret))


def _desk(call: Call) -> DestinationDesk:
    return wiring.destination_desk(call.actor)
