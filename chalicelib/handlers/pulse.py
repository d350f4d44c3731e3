"""Officers' route of the pulse: what a console asks every few seconds."""

import logging

from pydantic import Field

from chalicelib import errors, wiring
from chalicelib.domain.models import Query
from chalicelib.domain.officers import CASEWORKERS
from chalicelib.handlers.requests import Call
from chalicelib.handlers.responses import Response
from chalicelib.handlers.routes import Access, Routes
from chalicelib.handlers.shapes import Minute, Shape
from chalicelib.services.looking import look_at
from chalicelib.services.pulse import take_pulse
from chalicelib.store.looking import Onlooker

log = logging.getLogger(__name__)

routes = Routes("Casework", Access.OFFICER, roles=CASEWORKERS)


class PulseQuery(Query):
    looking_at: str | None = Field(
        default=None,
        max_length=64,
        description="The id of the report that you have open. Others who have it open then see it.",
    )


class OnlookerView(Shape):
    """An officer who has the same report open."""

    username: str
    name: str


class PulseCounts(Shape):
    """Counts of the reports in the officer's scope, without drills.

    `critical` and `overdue` are those that nobody has acknowledged; `overdue` leaves out critical
    ones. `needs_action` counts what the filter `needs_action` lists.
    """

    critical: int
    overdue: int
    unread: int
    new: int
    open: int
    needs_action: int


class PulseView(Shape):
    """`complete` is false when there are more reports than were counted: the counts are then the
    least that there are. `mark` differs from the one before when a report in the scope has changed.
    `unread` has the ids of up to 50 reports with something unread. `also_looking` are the others
    who had the report `looking_at` open in the last 30 seconds; null when that is not known.
    """

    counts: PulseCounts
    complete: bool
    newest_change: Minute | None
    mark: str
    unread: list[str]
    also_looking: list[OnlookerView] | None


@routes.get("/v1/officer/pulse", query=PulseQuery, returns=PulseView)
def get_pulse(call: Call) -> Response:
    """Get the pulse of your scope: counts, and whether anything has changed.

    A console may ask every few seconds, and read a list again when `mark` has changed. The response
    has nothing of what reports say. Your first call in each hour is on record.
    """
    pulse = take_pulse(
        actor=call.actor,
        listing=wiring.listing(),
        rows=wiring.pulse_rows(),
        catalogue=wiring.whole_catalogue(),
    )
    others = _others(call)
    return Response(PulseView.model_validate(pulse._asdict() | {"also_looking": others}))


def _others(call: Call) -> tuple[Onlooker, ...] | None:
    """Return who else has the report open; None when it is not known. The counts of what is
    critical must not wait for that.
    """
    if not call.query.looking_at:
        return ()
    try:
        return look_at(
            call.query.looking_at,
            actor=call.actor,
            reports=wiring.reports(),
            looking=wiring.looking(),
        )
    except errors.Unavailable:
        log.warning("onlookers_unknown")
        return None
