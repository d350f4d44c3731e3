"""Officers' routes of incidents: reports that an officer takes to be of one event."""

from typing import Annotated, Self

from pydantic import Field

from chalicelib import wiring
from chalicelib.domain.casework.query import ReportQuery
from chalicelib.domain.casework.steps import MemberSteps, ReportIds
from chalicelib.domain.catalogue.model import Urgency
from chalicelib.domain.officers.model import CASEWORKERS
from chalicelib.handlers.casework.listed import InIncidentView, ListedReportView
from chalicelib.handlers.casework.report_views import RelatedReport, SimilarReportView
from chalicelib.handlers.casework.steps import DoneView, LeftView, SteppedView, time_is_left
from chalicelib.http.addresses import base_of
from chalicelib.http.requests import Call, Header
from chalicelib.http.responses import Response
from chalicelib.http.routes import Access, Routes
from chalicelib.http.shapes import Category, District, Minute, Shape
from chalicelib.kernel import errors
from chalicelib.kernel.models import Input, Query
from chalicelib.kernel.paging import Limit
from chalicelib.services.casework import events, incidents
from chalicelib.services.casework.events import Event
from chalicelib.services.casework.incidents import OpenIncident

routes = Routes("Casework", Access.OFFICER, roles=CASEWORKERS)


class NewIncident(Input):
    """A report, with which those that are like it are taken in."""

    like: Annotated[str, Field(min_length=1, max_length=40)]


class Members(Input):
    """Reports of an incident, and the incident that they go into; null for a new one."""

    report_ids: ReportIds
    into: Annotated[str, Field(min_length=1, max_length=40)] | None = None


class NewMembers(Input):
    """The reports to take in; null for those that are like its own."""

    report_ids: ReportIds | None = None


class SplitView(InIncidentView):
    """The incident that reports were taken into, and those of them that were left."""

    left: list[LeftView]


class SimilarReports(Shape):
    """How many reports are like those of an incident, and the first 50 of them.

    `others` are up to 50 of `others_count` that are alike in one way, or within 1,200 m and two
    hours, and are taken in only when you name them. `compared` is false when one of the incident
    came more than three days ago: what is like that one is not known any more.
    """

    count: int
    items: list[RelatedReport]
    others_count: int
    others: list[RelatedReport]
    compared: bool


class PlaceCount(Shape):
    district: District
    count: int


class IncidentView(InIncidentView):
    """An incident, with the first page of its reports, the newest first.

    `count` and `districts` are of all its reports in your scope. `first_at`, `last_at` and
    `thumbnail_url`, a picture of one of them, are of the latest 500. To read on, send `next_cursor`
    to `GET /v1/officer/reports?incident={id}`, with the same `limit`.
    """

    first_at: Minute
    last_at: Minute
    districts: list[PlaceCount]
    thumbnail_url: str | None
    items: list[ListedReportView]
    next_cursor: str | None

    @classmethod
    def opened(cls, found: OpenIncident) -> Self:
        picture = found.picture and ListedReportView.listed(found.picture).thumbnail_url
        places = [PlaceCount(district=each, count=n) for each, n in found.districts.most_common()]
        items = [ListedReportView.listed(each) for each in found.items]
        shown = {"districts": places, "thumbnail_url": picture, "items": items}
        return cls.model_validate({**found._asdict(), **shown})


class EventView(Shape):
    """Open reports in no incident that may be of one event. To take them in, send its `like` to
    `POST /v1/officer/incidents`. `category` is that of most, of those in `categories`; `urgency`
    the highest. `items` are three of them, of the first 16 events: the first, and those of another
    category or district before more of its own. `why` says by what each was found, from any of
    them; it is empty at the first. `minutes_apart` is from the first.
    """

    like: str
    count: int = Field(validation_alias="total")
    category: Category
    categories: list[Category]
    urgency: Urgency
    districts: list[District]
    first_at: Minute
    last_at: Minute
    items: list[SimilarReportView]

    @classmethod
    def found(cls, event: Event) -> Self:
        items = [SimilarReportView.suggested(each) for each in event.items]
        return cls.model_validate({**event._asdict(), "items": items})


class Events(Shape):
    items: list[EventView]


class IncidentQuery(Query):
    limit: Limit = 20


_INCIDENT = "/v1/officer/incidents/{incident_id}"
_NAMED = 50


@routes.post(
    "/v1/officer/incidents",
    body=NewIncident,
    returns={201: InIncidentView},
    raises=(errors.NotFound, errors.Conflict("illegal_transition", legal=""), "expiring"),
)
def create_incident(call: Call) -> Response:
    """Take reports into an incident.

    Takes in a report and up to 500 open ones that are like it, and like those, or stand up to some
    500 m from the middle of them. Each has the same category or one that is kin to it. A critical
    one has the same, and is alike in its place and in its text or a picture.
    What is in an incident stays there; if the report itself is, the others join it. Who took what
    in is in the history of each report. Lists then show what needs the same next as one row.
    """
    made = incidents.create_incident(
        call.body.like,
        desk=wiring.desk(call.actor),
        stores=wiring.incident_stores(),
        time_is_left=time_is_left(),
    )
    return Response(InIncidentView.model_validate(made))


@routes.get("/v1/officer/incidents", returns=Events)
def find_events(call: Call) -> Response:
    """Find what could be an incident.

    Compares the latest 2,000 open reports in your scope that are in no incident, and returns where
    at least three are like each other, the largest first.
    """
    found = events.find_events(
        actor=call.actor, stores=wiring.incident_stores(), catalogue=wiring.whole_catalogue()
    )
    return Response(Events(items=[EventView.found(each) for each in found]))


@routes.get(_INCIDENT, query=IncidentQuery, returns=IncidentView)
def read_incident(call: Call) -> Response:
    """Read an incident."""
    incident_id = call.path["incident_id"]
    found = incidents.read_incident(
        incident_id,
        ReportQuery(incident=incident_id, limit=call.query.limit),
        actor=call.actor,
        stores=wiring.incident_stores(),
        cursors=wiring.cursors(),
    )
    return Response(IncidentView.opened(found))


@routes.get(_INCIDENT + "/similar", returns=SimilarReports)
def find_similar(call: Call) -> Response:
    """Find what could join an incident.

    Returns the reports that `POST …/reports` takes in when it names none, and others that may be
    of the event.
    """
    found = incidents.find_similar(
        call.path["incident_id"], desk=wiring.desk(call.actor), stores=wiring.incident_stores()
    )
    items, others = (
        [RelatedReport.model_validate(each) for each in some[:_NAMED]]
        for some in (found.found, found.others)
    )
    return Response(
        SimilarReports(
            count=len(found.found),
            items=items,
            others_count=len(found.others),
            others=others,
            compared=found.compared,
        )
    )


@routes.post(_INCIDENT + "/reports", body=NewMembers, returns={200: DoneView})
def join_incident(call: Call) -> Response:
    """Take more reports into an incident.

    Those that you name, or those that are like its own. What is in another incident is left
    (`in_incident`), and what there is no time for (`unavailable`): repeat the call.
    """
    done = incidents.join_incident(
        call.path["incident_id"],
        call.body.report_ids,
        desk=wiring.desk(call.actor),
        stores=wiring.incident_stores(),
        time_is_left=time_is_left(),
    )
    return Response(DoneView.model_validate(done))


@routes.post(_INCIDENT + "/split", body=Members, returns={201: SplitView})
def split_incident(call: Call) -> Response:
    """Split an incident.

    Takes reports of it into a new incident, of which the response has the id, or `into` another
    one. What there is no time for is left (`unavailable`): repeat the call, which goes on into the
    same one.
    """
    made = incidents.split_incident(
        call.path["incident_id"],
        call.body.report_ids,
        call.body.into,
        desk=wiring.desk(call.actor),
        stores=wiring.incident_stores(),
        time_is_left=time_is_left(),
    )
    address = f"{base_of(call)}/v1/officer/incidents/{made.id}"
    return Response(SplitView.model_validate(made), headers={"Location": address})


@routes.post(
    _INCIDENT + "/steps",
    body=MemberSteps,
    headers=(Header.OPTIONAL_KEY,),
    returns={200: SteppedView},
)
def take_steps(call: Call) -> Response:
    """Take a step on all reports of an incident.

    Each report of it in your scope, or each of those that you name, gets the step as by PATCH, by
    its version and with a record of its own, and its reporter the `message`, if there is one. Of up
    to 500 reports, what is done counts, also what was so already; each other one is `left` with the
    `code` of the error that PATCH would return. Repeat the call, with the same Idempotency-Key, for
    those in `report_ids` that it leaves as `unavailable` or `stale_version`: no step and no message
    is made twice.

    A report that you have never opened is left as `not_read`, but with `skip_unread: false`: then
    its end waits for a second officer. One with something unread is left as `new_message`, also
    with `skip_unread: false`: a step on many never counts as reading. Only a link may be set on it
    then. A critical report that you have never opened is left always, and so is an end that
    `takes_two`. A step on many reopens none, closes none anew, and hands none back
    (`illegal_transition`).
    """
    done = incidents.take_steps(
        call.path["incident_id"],
        call.body,
        idempotency_key=call.idempotency_key,
        desk=wiring.desk(call.actor),
        stores=wiring.incident_stores(),
        time_is_left=time_is_left(),
    )
    return Response(SteppedView.model_validate(done))


@routes.delete(_INCIDENT + "/reports/{report_id}", raises=("expiring",))
def leave_incident(call: Call) -> Response:
    """Take a report out of an incident.

    It is in lists again as it was before. Who took it out is in its history. Repeating the call
    changes nothing.
    """
    incidents.leave_incident(
        call.path["incident_id"], call.path["report_id"], desk=wiring.desk(call.actor)
    )
    return Response()
