"""Officers' route of the map."""

from datetime import timedelta

from pydantic import Field

from chalicelib import wiring
from chalicelib.domain.codes import CategoryCode
from chalicelib.domain.models import Query
from chalicelib.domain.officers import CASEWORKERS
from chalicelib.domain.periods import require_period
from chalicelib.domain.times import Day, day_in_city
from chalicelib.handlers.requests import Call
from chalicelib.handlers.responses import Response
from chalicelib.handlers.routes import Access, Routes
from chalicelib.handlers.shapes import District, Shape, Station
from chalicelib.services.map import view_map

routes = Routes("Casework", Access.OFFICER, roles=CASEWORKERS)

# The counters of a day have a row for each category, district and shard.
_LONGEST = timedelta(days=31)
_USUAL = timedelta(days=7)


class MapQuery(Query):
    """What to count: the reports of the days from `since` until today, in the city."""

    category: CategoryCode | None = Field(
        default=None, description="Only reports of this category."
    )
    since: Day | None = Field(
        default=None,
        description="First day, included, at most 31 days ago. The default is 7 days ago.",
    )


class StationCountView(Shape):
    """The reports whose place is in the area of a station. `open` of them are not closed."""

    station: Station
    count: int
    open: int


class DistrictCountView(Shape):
    """The reports of a district. `open` of them are not closed.

    A place outside of the areas of stations is in `count`, and in no station.
    """

    district: District
    count: int
    open: int
    stations: list[StationCountView]


class MapView(Shape):
    """Counts by area, the most reports first. Areas without a report are left out."""

    since: Day
    until: Day
    districts: list[DistrictCountView]


@routes.get("/v1/officer/map", query=MapQuery, returns=MapView)
def get_map(call: Call) -> Response:
    """Get counts of reports for a map.

    Counts the reports in the officer's scope that were received since a day, by district and by
    station. Drills are not counted. `GET /v1/areas` has the shapes and names of the areas; the
    districts `outside` and `unknown` have no shape. A change appears in the counts after a few
    seconds.
    """
    until = day_in_city(call.now)
    since = call.query.since or until - _USUAL
    require_period(since, until, longest=_LONGEST)
    counts = view_map(
        since,
        until,
        call.query.category,
        actor=call.actor,
        statistics=wiring.statistics(),
    )
    view = {"since": str(since), "until": str(until), "districts": counts}
    return Response(MapView.model_validate(view))
