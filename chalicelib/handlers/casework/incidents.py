"""Officers' routes of incidents: reports that an officer takes to be of one event."""

from typing import Annotated, Self

from pydantic import Field

from chalicelib import wiring
from chalicelib.domain.casework.query import Limit, ReportQuery
from chalicelib.domain.officers.model import CASEWORKERS
from chalicelib.handlers.casework.lists import ListedReportView
from chalicelib.handlers.casework.report_views import InIncidentView
from chalicelib.http.requests import Call
from chalicelib.http.responses import Response
from chalicelib.http.routes import Access, Routes
from chalicelib.http.shapes import District, Minute, Shape
from chalicelib.kernel import errors
from chalicelib.kernel.models import Input, Query
from chalicelib.services.casework import incidents
from chalicelib.services.casework.incidents import OpenIncident

routes = Routes("Casework", Access.OFFICER, roles=CASEWORKERS)


class NewIncident(Input):
    """A report, with which those that are like it are taken in."""

    like: Annotated[str, Field(min_length=1, max_length=40)]


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


class IncidentQuery(Query):
    limit: Limit = 20


_INCIDENT = "/v1/officer/incidents/{incident_id}"


@routes.post(
    "/v1/officer/incidents",
    body=NewIncident,
    returns={201: InIncidentView},
    raises=(
        errors.NotFound,
        errors.Conflict("illegal_transition", legal=""),
        errors.Conflict("expiring"),
    ),
)
def create_incident(call: Call) -> Response:
    """Take reports into an incident.

    Takes in a report and up to 500 open ones that are like it, and like those. Each has the same
    category and urgency, and a critical one is alike in its place and in its text or a picture.
    What is in an incident stays there; if the report itself is, the others join it. Who took what
    in is in the history of each report. Lists then show what needs the same next as one row.
    """
    made = incidents.create_incident(
        call.body.like, desk=wiring.desk(call.actor), stores=wiring.incident_stores()
    )
    return Response(InIncidentView.model_validate(made))


@routes.get(_INCIDENT, query=IncidentQuery, returns=IncidentView, raises=(errors.NotFound,))
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


@routes.delete(
    _INCIDENT + "/reports/{report_id}", raises=(errors.NotFound, errors.Conflict("expiring"))
)
def leave_incident(call: Call) -> Response:
    """Take a report out of an incident.

    It is in lists again as it was before. Who took it out is in its history. Repeating the call
    changes nothing.
    """
    incidents.leave_incident(
        call.path["incident_id"], call.path["report_id"], desk=wiring.desk(call.actor)
    )
    return Response()
