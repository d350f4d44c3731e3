"""Officers' routes of bursts: critical reports without a proof, many at once."""

from typing import Literal, Self

from chalicelib import wiring
from chalicelib.domain.casework.bursts import Burst, NewEnding
from chalicelib.domain.officers.model import CASEWORKERS
from chalicelib.domain.reports.report import Disposition
from chalicelib.http.requests import Call, Header
from chalicelib.http.responses import Response
from chalicelib.http.routes import Access, Routes
from chalicelib.http.shapes import Category, Shape, Timestamp
from chalicelib.services.casework import bursts

routes = Routes("Casework", Access.OFFICER, roles=CASEWORKERS)


class EndingView(Shape):
    """A closing of the reports that a burst had at `at`. It takes effect when a second officer has
    approved it; `tag` is what the approval takes.
    """

    disposition: Literal[Disposition.UNFOUNDED, Disposition.MALICIOUS]
    with_unread: bool
    by: str
    at: Timestamp
    approved_by: str | None
    tag: str


class BurstView(Shape):
    """Reports of one category that were received in the hour from `since`. `is_exact` is false when
    there are more than `count`.
    """

    id: str
    category: Category
    since: Timestamp
    until: Timestamp
    count: int
    is_exact: bool

    @classmethod
    def fields_of(cls, found: Burst) -> dict[str, object]:
        burst = found.id
        return {
            "id": burst.render(),
            "category": burst.category,
            "since": burst.hour,
            "until": burst.until,
            "count": found.total,
            "is_exact": found.is_exact,
        }


class OpenBurstView(BurstView):
    """A burst with the closing that somebody has asked for; null while there is none."""

    ending: EndingView | None

    @classmethod
    def opened(cls, found: bursts.OpenBurst) -> Self:
        ending = found.ending and EndingView.of(found.ending, tag=found.tag)
        return cls.model_validate({**cls.fields_of(found.burst), "ending": ending})


class BurstList(Shape):
    items: list[BurstView]


class EndedView(Shape):
    """`ended` counts the reports that this call has closed. Call again until `is_complete`."""

    ended: int
    is_complete: bool


_BURST = "/v1/officer/bursts/{burst_id}"


@routes.get("/v1/officer/bursts", returns=BurstList)
def list_bursts(call: Call) -> Response:
    """List bursts.

    A burst is what came in one category and hour without the proof of work that it should have,
    beyond the first of each source. These reports are in no list by attention. Their list is
    `GET /v1/officer/reports?burst={id}`. The oldest burst comes first.
    """
    found = bursts.list_bursts(actor=call.actor, stores=wiring.burst_stores())
    items = [BurstView.model_validate(BurstView.fields_of(each)) for each in found]
    return Response(BurstList(items=items))


@routes.get(_BURST, returns=OpenBurstView)
def read_burst(call: Call) -> Response:
    """Read a burst, and the closing that somebody has asked for."""
    found = bursts.read_burst(call.path["burst_id"], actor=call.actor, stores=wiring.burst_stores())
    return Response(OpenBurstView.opened(found))


@routes.post(_BURST + "/ending", body=NewEnding, returns=OpenBurstView, raises=("already_asked",))
def propose_ending(call: Call) -> Response:
    """Ask to close the reports of a burst.

    It is about those that the burst has now in your scope, but for those to which somebody has
    added something since, unless `with_unread` says otherwise. It takes effect when a second
    officer has approved it. Repeating the call changes nothing.
    """
    found = bursts.propose_ending(
        call.path["burst_id"], call.body, actor=call.actor, stores=wiring.burst_stores()
    )
    return Response(OpenBurstView.opened(found))


@routes.post(
    _BURST + "/ending/approve",
    headers=(Header.TAG,),
    returns={200: EndedView},
    raises=("no_ending",),
)
def approve_ending(call: Call) -> Response:
    """Approve the closing of a burst.

    Another officer must have asked for it (otherwise 403 `self_approval`). Read the burst, and send
    the `tag` of its `ending` as `If-Match`. Each call closes some of the reports: call again until
    `is_complete` is true. What an officer has chosen meanwhile, or what has a proof by now, stays.
    """
    ended = bursts.end_burst(
        call.path["burst_id"], call.tag, desk=wiring.desk(call.actor), stores=wiring.burst_stores()
    )
    return Response(EndedView.model_validate(ended._asdict()))


@routes.delete(_BURST + "/ending", raises=("approved",))
def drop_ending(call: Call) -> Response:
    """Decline the closing of a burst.

    The officer who asked for it takes it back so; any other officer declines it so, and the first
    is notified. Without a closing, the call changes nothing.
    """
    bursts.drop_ending(call.path["burst_id"], actor=call.actor, stores=wiring.burst_stores())
    return Response()


@routes.post("/v1/officer/reports/{report_id}/lift-out", returns={204: None})
def lift_out(call: Call) -> Response:
    """Lift a report out of a burst.

    From now on it is treated as one that came with a proof of work, and officers are notified of
    it. It goes on record. Repeating the call changes nothing.
    """
    bursts.lift_out(call.path["report_id"], desk=wiring.desk(call.actor))
    return Response()
