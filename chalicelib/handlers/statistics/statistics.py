"""Officers' routes of the dashboard and the map."""

from datetime import timedelta
from typing import Literal

from pydantic import Field

from chalicelib import wiring
from chalicelib.domain.catalogue.codes import CategoryCode
from chalicelib.domain.officers.model import CASEWORKERS
from chalicelib.handlers.flood.load_level import LoadLevelView
from chalicelib.http.requests import Call
from chalicelib.http.responses import Response
from chalicelib.http.routes import Access, Routes
from chalicelib.http.shapes import Category, District, Minute, Shape, Station
from chalicelib.kernel.models import Query
from chalicelib.kernel.times import Day, day_in_city, require_period
from chalicelib.services.statistics.counters import view_map, view_statistics

routes = Routes("Casework", Access.OFFICER, roles=CASEWORKERS)

_LONGEST = timedelta(days=366)
_USUAL_DAYS = 30


class Period(Query):
    """The period of the statistics: days in the city, both included."""

    since: Day | None = Field(
        default=None, description="First day, included. By default the period has 30 days."
    )
    until: Day | None = Field(default=None, description="Last day, included. The default is today.")


class DayCount(Shape):
    day: Day
    count: int


class FirstAcknowledgement(Shape):
    """Seconds from receipt to acknowledgement, accurate to within 25 %.

    `count` is the number of acknowledged reports.
    """

    count: int
    median_s: float | None
    p90_s: float | None


class UnacknowledgedReport(Shape):
    id: str
    reference: str
    category: Category
    received_at: Minute


class HelpedCount(Shape):
    """How many reporters said that it helped, and how many that it did not."""

    yes: int
    no: int


class StatisticsView(Shape):
    """Counts of the reports that were received in the period.

    Days are those of the city, and `today` is the present one.

    `by_category` counts by category and status. `open_by_age` counts open reports by category and
    age, `reopened` by category those that their reporters reopened. `helped` has, by category, what
    reporters answered when their reports were closed: in calendar months that have passed and lie
    wholly in the period, each only from five answers on.
    """

    since: Day
    until: Day
    today: Day
    by_category: dict[str, dict[str, int]]
    by_status: dict[str, int]
    by_day: list[DayCount]
    by_disposition: dict[str, int]
    open_by_age: dict[str, dict[Literal["today", "this_week", "older"], int]]
    reopened: dict[str, int]
    helped: dict[str, HelpedCount]
    first_acknowledgement: FirstAcknowledgement
    oldest_unacknowledged: UnacknowledgedReport | None
    load_level: LoadLevelView


@routes.get("/v1/officer/stats", query=Period, returns=StatisticsView)
def get_statistics(call: Call) -> Response:
    """Get statistics for the dashboard.

    Counts the reports in the officer's scope that were received from `since` to `until`, at most
    366 days apart. Also returns how long reports waited to be acknowledged, and the report that has
    waited longest, and the load level of now. A change appears in the counts after a few seconds.
    """
    until = call.query.until or day_in_city(call.now)
    since = call.query.since or until - timedelta(days=_USUAL_DAYS - 1)
    require_period(since, until, longest=_LONGEST)
    view = view_statistics(
        since,
        until,
        actor=call.actor,
        statistics=wiring.statistics(),
        listing=wiring.listing(),
        catalogue=wiring.whole_catalogue(),
    )
    state = wiring.live_catalogue().load(wiring.clock.wall_clock())
    view["load_level"] = LoadLevelView.at(state, call.now)
    return Response(StatisticsView.model_validate(view))


# The counters of a day have a row for each category, district and shard.
_LONGEST_MAP = timedelta(days=31)
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
    require_period(since, until, longest=_LONGEST_MAP)
    counts = view_map(
        since, until, call.query.category, actor=call.actor, statistics=wiring.statistics()
    )
    view = {"since": str(since), "until": str(until), "districts": counts}
    return Response(MapView.model_validate(view))
