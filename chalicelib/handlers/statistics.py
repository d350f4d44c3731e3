"""The dashboard."""

from datetime import timedelta
from typing import Literal

from chalicelib import errors, wiring
from chalicelib.domain.models import Query
from chalicelib.domain.officers import CASEWORKERS
from chalicelib.domain.times import Day
from chalicelib.handlers.requests import Call
from chalicelib.handlers.responses import Response
from chalicelib.handlers.routes import Access, Routes
from chalicelib.handlers.shapes import Category, Shape, Timestamp
from chalicelib.services.statistics import view_statistics

routes = Routes("Casework", Access.OFFICER, roles=CASEWORKERS)

_LONGEST = timedelta(days=366)
_USUAL = timedelta(days=30)


class Period(Query):
    """Days, both included, as YYYY-MM-DD; without them, the last 30."""

    since: Day | None = None
    until: Day | None = None


class DayCount(Shape):
    day: Day
    count: int


class FirstAcknowledgement(Shape):
    """How soon officers acknowledged reports, in seconds, right to within a quarter."""

    count: int
    median_s: float | None
    p90_s: float | None


class UnacknowledgedReport(Shape):
    id: str
    reference: str
    category: Category
    received_at: Timestamp


class StatisticsView(Shape):
    """Counts of reports received in the period, by day in UTC: by category and status, by status,
    by disposition, and by category and age of those that are open.
    """

    since: Day
    until: Day
    by_category: dict[str, dict[str, int]]
    by_status: dict[str, int]
    by_day: list[DayCount]
    by_disposition: dict[str, int]
    open_by_age: dict[str, dict[Literal["today", "this_week", "older"], int]]
    first_acknowledgement: FirstAcknowledgement
    oldest_unacknowledged: UnacknowledgedReport | None


@routes.get("/v1/officer/stats", query=Period, returns=StatisticsView)
def get_statistics(call: Call) -> Response:
    """Count what is waiting, and how soon it is taken up.

    Only what is inside the caller's scope counts.

    The counts follow the reports within seconds.
    """
    until = call.query.until or call.now.date()
    since = call.query.since or until - _USUAL
    if since > until:
        raise errors.Invalid(errors.FieldError("since", "after_until"))
    if until - since > _LONGEST:
        raise errors.Invalid(
            errors.FieldError("since", "period_too_long", (("days", str(_LONGEST.days)),))
        )
    view = view_statistics(
        since,
        until,
        actor=call.actor,
        statistics=wiring.statistics(),
        listing=wiring.listing(),
        catalogue=wiring.catalogue(),
    )
    return Response(StatisticsView.model_validate(view))
