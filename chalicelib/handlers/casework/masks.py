"""Officers' routes of masks: propose, read, approve, decline, take back."""

from chalicelib import wiring
from chalicelib.domain.officers.model import CASEWORKERS
from chalicelib.domain.reports.masks import MaskRefusal, NewMask
from chalicelib.handlers.casework.report_views import MaskView
from chalicelib.http.requests import Call, Header
from chalicelib.http.responses import Response
from chalicelib.http.routes import Access, Routes
from chalicelib.http.shapes import Tag
from chalicelib.kernel import errors
from chalicelib.kernel.models import left_out
from chalicelib.services.casework import masks

routes = Routes("Casework", Access.OFFICER, roles=CASEWORKERS)

_PATH = "/v1/officer/reports/{report_id}/masks"
_ONE = _PATH + "/{number}"
_ENDED = ("withdrawn", "expiring")


class ReadMaskView(MaskView):
    """A mask that waits: its `passage`, and what stands `before` and `after` it, up to 200
    characters. `tag` is what an approval takes.
    """

    before: str
    passage: str
    after: str
    tag: Tag = left_out()


@routes.post(
    _PATH,
    body=NewMask,
    returns=MaskView,
    raises=(*_ENDED, "text_changed", "mask_overlaps", "too_many_masks"),
)
def propose_mask(call: Call) -> Response:
    """Propose to mask a passage.

    Of the report's text or address, of a detail, a message or a note, for the sake of a person who
    is written about. When a second officer has approved it, a mark of a fixed length stands in its
    place. 409 `text_changed` means that the passage does not stand where you said: open the report
    again. The words of the passage are not stored with the proposal. Repeating the call changes
    nothing.
    """
    found = masks.propose_mask(call.path["report_id"], call.body, desk=wiring.desk(call.actor))
    return Response(MaskView.model_validate(found))


@routes.get(_ONE, returns=ReadMaskView, raises=(*_ENDED, "no_mask", "text_changed"))
def read_mask(call: Call) -> Response:
    """Read the passage that is to be masked.

    Returns it with what stands around it: read it before you approve, and send its `tag` as
    `If-Match` then. Each call is an opening of the report, and is on record.
    """
    found = masks.read_mask(*_named(call), desk=wiring.desk(call.actor))
    return Response(
        ReadMaskView.of(
            found.mask, before=found.before, passage=found.passage, after=found.after, tag=found.tag
        )
    )


@routes.post(
    _ONE + "/approve",
    headers=(Header.TAG,),
    returns={200: MaskView},
    raises=(*_ENDED, "no_mask", "text_changed", "too_many_masks"),
)
def approve_mask(call: Call) -> Response:
    """Approve a mask.

    Another officer must have proposed it (otherwise 403 `self_approval`). Send the `tag` of the
    passage that you read as `If-Match`: 412 means that its text has changed since. Nobody can take
    it back: the passage is deleted, or stored under a legal hold alone until that ends. It is in
    the ledger, and the reporter reads where and why. Repeating the call changes nothing.
    """
    found = masks.approve_mask(*_named(call), call.tag, desk=wiring.desk(call.actor))
    return Response(MaskView.model_validate(found))


@routes.post(
    _ONE + "/decline",
    body=MaskRefusal,
    returns={204: None},
    raises=(*_ENDED, "no_mask", errors.Forbidden("not_your_step")),
)
def decline_mask(call: Call) -> Response:
    """Decline a mask.

    Ends a proposal of another officer, with a reason, which goes on record: the passage stays. The
    officer who proposed it is notified. They take it back with DELETE (otherwise 403
    `not_your_step`). Repeating the call changes nothing.
    """
    masks.decline_mask(*_named(call), call.body.reason, desk=wiring.desk(call.actor))
    return Response()


@routes.delete(_ONE, raises=("expiring", errors.Forbidden("not_your_step")))
def withdraw_mask(call: Call) -> Response:
    """Take a mask back that is not approved yet.

    Only the officer who proposed it can: any other officer declines it, with a reason (403
    `not_your_step`). Without such a proposal, the call changes nothing.
    """
    masks.withdraw_mask(*_named(call), desk=wiring.desk(call.actor))
    return Response()


def _named(call: Call) -> tuple[str, int]:
    """Return the report's id and the mask's number: 0, which no mask has, for what is none."""
    number = call.path["number"]
    return call.path["report_id"], int(number) if number.isascii() and number.isdigit() else 0
