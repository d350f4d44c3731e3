"""Officers' routes to link reports of one event, and close them together."""

from typing import Annotated, Self

from pydantic import Field

from chalicelib import wiring
from chalicelib.domain.officers.model import CASEWORKERS
from chalicelib.domain.reports.workflow import Reason
from chalicelib.http.requests import Call
from chalicelib.http.responses import Response
from chalicelib.http.routes import Access, Routes
from chalicelib.http.shapes import Shape
from chalicelib.kernel.models import Input, NotNull, left_out
from chalicelib.services.casework import duplicates
from chalicelib.services.casework.duplicates import AT_ONCE_MAX, Outcome, Skip

routes = Routes("Casework", Access.OFFICER, roles=CASEWORKERS)

_PATH = "/v1/officer/reports/{report_id}/duplicates"


class Links(Input):
    """The reports to link to one original."""

    report_ids: tuple[Annotated[str, Field(min_length=1, max_length=40)], ...] = Field(
        min_length=1, max_length=AT_ONCE_MAX, strict=False
    )


class Closing(Input):
    """The reason with which duplicates are closed. Their reporters can read it.

    Those with something unread of their reporters stay open, but with `skip_unread: false`; and
    those that you have never opened, but with `skip_unopened: false`. A second officer confirms
    these.
    """

    reason: Reason
    skip_unread: bool = True
    skip_unopened: bool = True


class OutcomeView(Shape):
    """The outcome of one report. `done` is false when it was skipped; `why` is then a code."""

    id: str
    done: bool
    why: Annotated[str | None, NotNull()] = left_out()


class Outcomes(Shape):
    results: list[OutcomeView]

    @classmethod
    def of_all(cls, outcomes: list[Outcome]) -> Self:
        views = [
            OutcomeView(id=each.report_id, done=each.why is None, why=each.why) for each in outcomes
        ]
        return cls(results=views)


@routes.post(_PATH, body=Links, returns={200: Outcomes}, logged=True)
def link_duplicates(call: Call) -> Response:
    """Link reports to their original.

    Up to 25 reports become duplicates of this one, each by a step of its own, as by PATCH with
    `duplicate_of`. A report that cannot be linked is skipped, and `why` is the code of the error
    that PATCH would return. Repeat the call for what was skipped as `stale_version` or
    `unavailable`.
    """
    outcomes = duplicates.link_duplicates(
        call.path["report_id"],
        call.body.report_ids,
        desk=wiring.desk(call.actor),
        officers=wiring.officers(),
    )
    return Response(Outcomes.of_all(outcomes))


@routes.post(_PATH + "/close", body=Closing, returns={200: Outcomes}, logged=True)
def close_duplicates(call: Call) -> Response:
    """Close the duplicates of a report.

    Up to 25 open duplicates in your scope are closed with the disposition `duplicate` and this
    reason, each by a step of its own. A report that cannot be closed is skipped, and `why` is the
    code of the error that PATCH would return. Repeat the call until `results` is empty, or has only
    what cannot be closed.

    A report stays open with `why: new_message` when its reporter has written
    something that no officer has read by a step or reply, or writes meanwhile; with `not_read` when
    you have never opened it; with `takes_two` when it is critical: close it by PATCH.
    """
    outcomes = duplicates.close_duplicates(
        call.path["report_id"],
        call.body.reason,
        skip=Skip(call.body.skip_unread, call.body.skip_unopened),
        desk=wiring.desk(call.actor),
        officers=wiring.officers(),
    )
    return Response(Outcomes.of_all(outcomes))
