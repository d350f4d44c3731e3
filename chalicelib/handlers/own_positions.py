"""Reporters' route of positions: a later or moving place of their report."""

from chalicelib import errors, wiring
from chalicelib.domain.positions import MAX_POSITIONS_PER_REPORT, NewPosition
from chalicelib.handlers.own_report import own_head
from chalicelib.handlers.position_views import AddedPosition
from chalicelib.handlers.requests import Call, Header
from chalicelib.handlers.responses import Response
from chalicelib.handlers.routes import Access, Routes
from chalicelib.services import positions
from chalicelib.services.receipts import refuse_own_receipt

routes = Routes("Reports", Access.RECEIPT)


@routes.post(
    "/v1/reports/{report_id}/positions",
    body=NewPosition,
    headers=(Header.OPTIONAL_KEY,),
    returns=AddedPosition,
    raises=(
        errors.Conflict("key_reused"),
        errors.Conflict("withdrawn"),
        errors.Conflict("too_many_positions", limit=str(MAX_POSITIONS_PER_REPORT)),
    ),
)
def add_position(call: Call) -> Response:
    """Add a later place.

    For what moves, or is found later: the place is added to the report, whose own place and
    district stay. A report takes 200 positions. Officers are notified of the positions and messages
    of a report at most once a minute. On a closed report, a position puts the deletion off, as a
    message does.

    Send an `Idempotency-Key`: without one, a repeated call adds the position again.
    """
    head, sent = own_head(call), call.body
    if sent.address:
        refuse_own_receipt(sent.address, call.receipt, "address")
    category = wiring.catalogue().category(head.report.category)
    said = sent.model_dump_json(exclude_none=True)
    ids = wiring.identity().entry(head.report.id, call.idempotency_key, said, receipt=call.receipt)
    added = positions.add_position(
        head,
        sent,
        ids,
        reports=wiring.reports(),
        now=call.now,
        limited=wiring.settings().limits and not category.never_limited,
    )
    return Response(AddedPosition.model_validate(added))
