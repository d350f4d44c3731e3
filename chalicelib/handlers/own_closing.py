"""Reporters' routes of a closed report: reopen it, say whether it helped."""

from chalicelib import errors, wiring
from chalicelib.domain.feedback import Feedback
from chalicelib.domain.languages import text
from chalicelib.domain.messages import NewMessage
from chalicelib.domain.reports import REPORTER_STATUS, ReporterStatus
from chalicelib.handlers.own_report import own_head
from chalicelib.handlers.requests import Call, Header
from chalicelib.handlers.responses import Response
from chalicelib.handlers.routes import Access, Routes
from chalicelib.handlers.shapes import MessageView, Shape
from chalicelib.services import feedback, reopening
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


class Answered(Shape):
    """What to show the person who has answered."""

    text: str


@routes.post(
    "/v1/reports/{report_id}/feedback",
    body=Feedback,
    returns=Answered,
    raises=tuple(errors.Conflict(code) for code in ("withdrawn", "not_closed", "already_answered")),
)
def give_feedback(call: Call) -> Response:
    """Say whether it helped.

    The `question` of a closed report, to be answered once. The answer is counted by day and
    category, and is not kept with the report: neither officers nor a later call can see it. 409
    `already_answered` means that an answer was counted, perhaps by this call before.
    """
    helped = call.body.helped
    feedback.answer(own_head(call), helped=helped, reports=wiring.reports(), now=call.now)
    return Response(Answered(text=text("feedback.thanks", call.language)))
