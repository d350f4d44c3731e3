"""Reporters' routes of a closed report: reopen it."""

from chalicelib import errors, wiring
from chalicelib.domain.messages import NewMessage
from chalicelib.domain.reports import REPORTER_STATUS, ReporterStatus
from chalicelib.handlers.own_report import own_head
from chalicelib.handlers.requests import Call, Header
from chalicelib.handlers.responses import Response
from chalicelib.handlers.routes import Access, Routes
from chalicelib.handlers.shapes import MessageView, Shape
from chalicelib.services import reopening
from chalicelib.services.receipts import refuse_own_receipt

routes = Routes("Reports", Access.RECEIPT)


class ReopenedReport(Shape):
    """A report that was reopened, with the message that says why."""

    id: str
    status: ReporterStatus
    message: MessageView


@routes.post(
    "/v1/reports/{report_id}/reopen",
    body=NewMessage,
    headers=(Header.OPTIONAL_KEY,),
    returns=ReopenedReport,
    raises=tuple(
        errors.Conflict(code)
        for code in ("key_reused", "withdrawn", "not_closed", "already_reopened")
    ),
)
def reopen_report(call: Call) -> Response:
    """Reopen your closed report.

    Possible once, until the report is deleted. The text is a message to the officers, who are
    notified. What ended the report, its outcome and `kept_until`, is gone until officers close it
    again.

    Send an `Idempotency-Key`: with one, a repeated call returns the same; without one, it is 409
    `already_reopened`.
    """
    head, text = own_head(call), call.body.text
    refuse_own_receipt(text, call.receipt)
    # A message under the same key is another call.
    ids = wiring.identity().entry(
        head.report.id, call.idempotency_key, f"reopen/{text}", receipt=call.receipt
    )
    done = reopening.reopen_report(head, text, ids, reports=wiring.reports(), now=call.now)
    message = MessageView.model_validate(done.message)
    status = REPORTER_STATUS[done.report.status]
    return Response(ReopenedReport(id=done.report.id, status=status, message=message))
