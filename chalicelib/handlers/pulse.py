"""Officers' route of the pulse: what a console asks every few seconds."""

from chalicelib import wiring
from chalicelib.domain.officers import CASEWORKERS
from chalicelib.handlers.requests import Call
from chalicelib.handlers.responses import Response
from chalicelib.handlers.routes import Access, Routes
from chalicelib.handlers.shapes import Minute, Shape
from chalicelib.services.pulse import take_pulse

routes = Routes("Casework", Access.OFFICER, roles=CASEWORKERS)


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
    `unread` has the ids of up to 50 reports with something unread.
    """

    counts: PulseCounts
    complete: bool
    newest_change: Minute | None
    mark: str
    unread: list[str]


@routes.get("/v1/officer/pulse", returns=PulseView)
def get_pulse(call: Call) -> Response:
    """Get the pulse of your scope: counts, and whether anything has changed.

    A console may ask every few seconds, and read a list again when `mark` has changed. The response
    has nothing of what reports say. Your first call in each hour is on record.
    """
    pulse = take_pulse(
        actor=call.actor,
        listing=wiring.listing(),
        rows=wiring.pulse_rows(),
        catalogue=wiring.catalogue(),
    )
    return Response(PulseView.model_validate(pulse))
