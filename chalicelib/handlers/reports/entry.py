"""The route for officers who enter a report on a caller's behalf."""

from chalicelib import wiring
from chalicelib.domain.officers.model import CASEWORKERS
from chalicelib.domain.reports.report import OfficerSubmission
from chalicelib.handlers.reports.reports import CreatedReport, created_response
from chalicelib.http.requests import MAX_LONG_BODY, Call, Header
from chalicelib.http.responses import Response
from chalicelib.http.routes import Access, Routes
from chalicelib.kernel import errors
from chalicelib.services.reports import intake

routes = Routes("Casework", Access.OFFICER, roles=CASEWORKERS)


@routes.post(
    "/v1/officer/reports",
    body=OfficerSubmission,
    max_body=MAX_LONG_BODY,
    headers=(Header.KEY,),
    returns=CreatedReport,
    raises=(errors.KeyReused, "category_not_active", "oversight_not_offered", errors.Gone),
)
def enter_report(call: Call) -> Response:
    """Enter a report on a caller's behalf.

    Send the same fields as a resident, and `source`, which is `drill` for a drill. Give the receipt
    to the caller, because it is the only way to read the report. You can enter reports of all
    categories, also outside your scope, because an officer who answers the phone cannot choose the
    subject.

    Repeat the call with the same `Idempotency-Key` until a response arrives. 200 means that the
    report already exists.
    """
    created = intake.enter_report(
        call.body,
        wiring.report_ids(call.required_key, call.raw_body),
        actor=call.actor,
        intake=wiring.intake(),
    )
    return created_response(created, call)
