"""Officers' route of a step on many reports, and what such a call says of each."""

from collections.abc import Callable
from datetime import timedelta

from pydantic import Field

from chalicelib import wiring
from chalicelib.domain.casework.steps import ChosenSteps
from chalicelib.domain.officers.model import CASEWORKERS
from chalicelib.http.requests import Call, Header
from chalicelib.http.responses import Response
from chalicelib.http.routes import Access, Routes
from chalicelib.http.shapes import Shape
from chalicelib.services.casework import steps

routes = Routes("Casework", Access.OFFICER, roles=CASEWORKERS)

# API Gateway waits for 29 s. The last batch that begins in this time ends before.
_TIME = timedelta(seconds=15)


class LeftView(Shape):
    """A report that is not as the call wants it, and the code why."""

    id: str = Field(validation_alias="report_id")
    code: str = Field(validation_alias="why")


class DoneView(Shape):
    done: int
    left: list[LeftView]


class SteppedView(DoneView):
    """What a step has done. Of the reports that are done, the end of `waiting` waits for a second
    officer to confirm it.
    """

    waiting: int


def time_is_left() -> Callable[[], bool]:
    """Return whether a call may begin another batch."""
    until = wiring.clock.wall_clock() + _TIME
    return lambda: wiring.clock.wall_clock() < until


@routes.post(
    "/v1/officer/reports/steps",
    body=ChosenSteps,
    headers=(Header.OPTIONAL_KEY,),
    returns={200: SteppedView},
)
def step_on_chosen(call: Call) -> Response:
    """Take a step on many reports.

    As `POST /v1/officer/incidents/{incident_id}/steps`, on up to 500 reports that you name, each by
    the `version` that a list shows: one that was changed since is left as `stale_version`. Repeat
    the call with those that are left as `unavailable`.
    """
    done = steps.step_on_chosen(
        call.body,
        idempotency_key=call.idempotency_key,
        desk=wiring.desk(call.actor),
        stores=wiring.step_stores(),
        time_is_left=time_is_left(),
    )
    return Response(SteppedView.model_validate(done))
