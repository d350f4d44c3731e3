"""The public routes of the ledger."""

from chalicelib import errors, wiring
from chalicelib.domain.seals import is_hour
from chalicelib.handlers.ledger_views import ClosedHourView, LedgerView, SignedHead
from chalicelib.handlers.requests import Call
from chalicelib.handlers.responses import Response, conditional, public_response
from chalicelib.handlers.routes import Routes
from chalicelib.services import ledger_hours

routes = Routes("Ledger")

_FOR_GOOD = "public, max-age=31536000, immutable"
# Lambda returns up to 6 MB. A longer hour, of more than 64,000 events, is loaded from S3.
_LONGEST = 4 * 1024 * 1024


@routes.get("/v1/ledger", returns={200: LedgerView, 304: None})
def get_ledger(call: Call) -> Response:
    """Get the latest head of the ledger.

    The ledger is a public log of commitments (RFC 9162). Each hour is closed with a signed head. It
    says nothing of any report to anybody who has not the receipt. Whoever keeps the heads can show
    that nothing was changed later.
    """
    heads = wiring.ledger_heads()
    last = ledger_hours.last_hour(heads, call.now)
    closed = heads.closed([last] if last else [])
    view = LedgerView(
        first=next(heads.hours(), None),
        latest=SignedHead.of_hour(closed[0]) if closed else None,
    )
    return public_response(view.model_dump(mode="json"), call, vary="")


@routes.get(
    "/v1/ledger/{hour}",
    returns={200: ClosedHourView, 302: None, 304: None},
    raises=(errors.NotFound,),
)
def get_ledger_hour(call: Call) -> Response:
    """Get a closed hour of the ledger, with all its leaves.

    It never changes: keep it. An hour that is not closed yet is 404; it is closed a few minutes
    after its end. A very long hour is a redirect (302) to where it can be loaded.
    """
    hour, heads = call.path["hour"], wiring.ledger_heads()
    stored = heads.hour(hour) if is_hour(hour) else None
    content = heads.read(stored) if stored else None
    if stored is None or content is None:
        raise errors.NotFound
    if len(content) > _LONGEST:
        return Response(None, 302, {"Location": heads.address(stored)})
    return conditional(content.decode(), call, {"Cache-Control": _FOR_GOOD})
