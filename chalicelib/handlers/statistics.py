"""The dashboard."""

from datetime import date, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict

from chalicelib import errors, wiring
from chalicelib.domain.officers import CASEWORKERS
from chalicelib.handlers import schemas
from chalicelib.handlers.requests import Call
from chalicelib.handlers.responses import Response
from chalicelib.handlers.routes import Access, Routes
from chalicelib.services.statistics import view_statistics

routes = Routes("Casework", Access.OFFICER, roles=CASEWORKERS)

_LONGEST = timedelta(days=366)
_USUAL = timedelta(days=30)


class Period(BaseModel):
    """Days, both included, as YYYY-MM-DD; without them, the last 30."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    since: date | None = None
    until: date | None = None


class StatisticsView(schemas.Shape):
    """Counts of reports received in the period, by day in UTC. Times to first acknowledgement are
    in seconds, right to within a quarter.
    """

    model_config = schemas.shown(
        {
            "since": "2026-10-25",
            "until": "2026-11-24",
            "by_category": {"missing_elderly": {"new": 2, "closed": 31}},
            "by_status": {"new": 2, "closed": 31},
            "by_day": [{"day": "2026-11-24", "count": 33}],
            "by_disposition": {"resolved": 29, "duplicate": 2},
            "open_by_age": {"missing_elderly": {"today": 2}},
            "first_acknowledgement": {"count": 31, "median_s": 190.7, "p90_s": 727.6},
            "oldest_unacknowledged": {
                "id": "5KX0A9V3W2M8Q7R1TBC4DEFGHJ",
                "reference": "7Q4M-0V2K",
                "category": "missing_elderly",
                "received_at": "2026-11-24T08:12:44.120Z",
            },
        }
    )

    since: str
    until: str
    by_category: dict[str, dict[str, int]]
    by_status: dict[str, int]
    by_day: list[dict[str, Any]]
    by_disposition: dict[str, int]
    open_by_age: dict[str, dict[str, int]]
    first_acknowledgement: dict[str, Any]
    oldest_unacknowledged: dict[str, Any] | None


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
    return Response(StatisticsView(**view))
