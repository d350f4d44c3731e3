"""The route that opens an original. No other response has its address."""

from datetime import timedelta

from chalicelib import errors, wiring
from chalicelib.domain.officers import CASEWORKERS
from chalicelib.handlers.casework import Reasoned
from chalicelib.handlers.pictures import original_url
from chalicelib.handlers.requests import Call
from chalicelib.handlers.responses import Response
from chalicelib.handlers.routes import Access, Routes
from chalicelib.handlers.shapes import Shape, Timestamp
from chalicelib.services import originals

routes = Routes("Casework", Access.OFFICER, roles=CASEWORKERS)


class OpenedOriginal(Shape):
    """The address of an original. It works until `expires_at`."""

    url: str
    expires_at: Timestamp


@routes.post(
    "/v1/officer/reports/{report_id}/media/{media_id}/original",
    body=Reasoned,
    returns={200: OpenedOriginal},
    raises=(errors.NotFound, errors.Conflict("no_original"), errors.Conflict("expiring")),
)
def open_original(call: Call) -> Response:
    """Open an original.

    Returns an address of the file as it was uploaded, unchanged: it can show more than its preview,
    and can contain metadata about the sender. Requires a reason, which is recorded in the audit
    before the address is returned.

    A video that browsers play opens in place, and its address works for 15 minutes. Any other file
    is for download, and its address works for 60 seconds.

    If the reporter has withdrawn the report, only a supervisor can open its originals, and the
    other supervisors are notified. 409
    `no_original` means that no file has arrived, or that it is still being checked.
    """
    report_id = call.path["report_id"]
    medium = originals.open_original(
        report_id,
        call.path["media_id"],
        read_reason=call.body.reason,
        actor=call.actor,
        reports=wiring.reports(),
    )
    signed_at = wiring.clock.wall_clock()
    url, life_s = original_url(report_id, medium)
    return Response(OpenedOriginal(url=url, expires_at=signed_at + timedelta(seconds=life_s)))
