"""The reporter's routes: read and write with the receipt, withdraw."""

from chalicelib import errors, wiring
from chalicelib.domain import times
from chalicelib.domain.ids import random_id
from chalicelib.domain.languages import text, wording
from chalicelib.domain.messages import NewMessage
from chalicelib.domain.reports import REPORTER_STATUS, Medium, Report, Status
from chalicelib.handlers import schemas
from chalicelib.handlers.pictures import thumbnail_url
from chalicelib.handlers.requests import Call, Header
from chalicelib.handlers.responses import Response, conditional, to_json
from chalicelib.handlers.routes import Access, Routes
from chalicelib.services import own_report
from chalicelib.store.report_rows import Case

routes = Routes("Reports", Access.RECEIPT)

# While media are processed a reporter's app may ask often; afterwards there is little to see.
_POLL_SOON_S, _POLL_LATER_S, _POLL_RARELY_S = 2, 30, 300


@routes.get("/v1/reports/mine", returns={200: schemas.ReporterView, 304: None})
def read_report_by_receipt(call: Call) -> Response:
    """Read one's report by the receipt alone.

    The same as with the id, for whoever has only the receipt: typed from paper, say. Wrong ones
    are 404, like unknown ids.
    """
    return _reporter_view(own_case(call), call)


@routes.get("/v1/reports/{report_id}", returns={200: schemas.ReporterView, 304: None})
def read_report(call: Call) -> Response:
    """Read one's report.

    A coarse status, what was said, and how far the media are. Ask again after `poll_after_s`
    seconds, with `If-None-Match`.
    """
    return _reporter_view(own_case(call), call)


@routes.post(
    "/v1/reports/{report_id}/messages",
    body=NewMessage,
    headers=(Header.OPTIONAL_KEY,),
    returns=schemas.MessageView,
    raises=(errors.Conflict("key_reused"), errors.Conflict("withdrawn")),
)
def write_message(call: Call) -> Response:
    """Write to the officers.

    Officers are told, and see it beside the report. Send an `Idempotency-Key`, or a repeated
    call is a second message.
    """
    case = own_case(call, consistent=True)
    category = wiring.catalogue().category(case.report.category)
    message = own_report.write_message(
        case,
        call.body.text,
        _entry_id(case, call),
        reports=wiring.reports(),
        now=call.now,
        limited=wiring.settings().limits and not category.never_limited,
    )
    return Response(schemas.message(message))


@routes.delete("/v1/reports/{report_id}")
def withdraw_report(call: Call) -> Response:
    """Withdraw a report.

    Contact details are erased at once; the report is listed as withdrawn, and gone after 30
    days.
    """
    own_report.withdraw_report(
        own_case(call, consistent=True), reports=wiring.reports(), now=call.now
    )
    return Response()


def own_case(call: Call, *, consistent: bool = False) -> Case:
    """Return the report of the caller's receipt. Raises NotFound, Gone."""
    return own_report.open_own_report(
        call.receipt,
        call.path.get("report_id"),
        identity=wiring.identity(),
        reports=wiring.reports(),
        consistent=consistent,
    )


def _entry_id(case: Case, call: Call) -> str:
    if call.idempotency_key is None:
        return random_id()
    return wiring.identity().entry_id(case.report.id, call.idempotency_key)


def _reporter_view(case: Case, call: Call) -> Response:
    report = case.report
    view = schemas.ReporterView(
        id=report.id,
        reference=report.reference,
        category=report.category,
        status=REPORTER_STATUS[report.status],
        received_at=times.render(report.received_at),
        text=report.text,
        media=[_medium(medium, call.language) for medium in case.media],
        messages=[schemas.message(entry) for entry in case.messages],
        outcome=_with_bulletin(_outcome(report, call.language), report, call.language),
        emergency=schemas.emergency(wiring.catalogue().emergency.number, call.language),
        poll_after_s=_poll_after(case),
    )
    # The tag is of what is said, before the signed URLs, which differ each time.
    fields = view.model_dump(by_alias=True)
    response = conditional(to_json(fields), call, {"Vary": "Authorization, Accept-Language"})
    if response.status == 304:
        return response
    for medium, shown in zip(case.media, fields["media"], strict=True):
        shown["thumbnail_url"] = thumbnail_url(report.id, medium)
    return Response(
        fields,
        headers={name: value for name, value in response.headers.items() if name != "Content-Type"},
    )


def _outcome(report: Report, language: str) -> schemas.Outcome | None:
    """What came of a report that is closed. Whoever sent a duplicate is told as soon as it is
    known.
    """
    if report.status is Status.CLOSED:
        # As long as a label waits for a second officer, no more is said than that the report is
        # closed.
        disposition = report.disposition or "malicious"
        return schemas.Outcome(text=text(f"outcome.{disposition}", language), reason=report.reason)
    if report.duplicate_of and report.status is not Status.WITHDRAWN:
        return schemas.Outcome(text=text("outcome.duplicate", language))
    return None


def _with_bulletin(
    outcome: schemas.Outcome | None, report: Report, language: str
) -> schemas.Outcome | None:
    """Whoever sent a lead is told how the bulletin ended, whatever came of the lead itself."""
    ended = wiring.bulletins().outcome(report.bulletin_id) if report.bulletin_id else None
    if ended is None:
        return outcome
    _, told = wording(ended, language)
    return schemas.Outcome(
        text=outcome.text if outcome else told,
        reason=outcome.reason if outcome else None,
        bulletin=told,
    )


def _medium(medium: Medium, language: str) -> schemas.MediumView:
    return schemas.MediumView(
        media_id=medium.media_id,
        content_type=schemas.seen_type(medium),
        state=medium.state.value,
        reason=medium.reason.value if medium.reason else None,
        reason_text=text(f"reject.{medium.reason}", language) if medium.reason else None,
    )


def _poll_after(case: Case) -> int:
    if case.report.status in (Status.CLOSED, Status.WITHDRAWN):
        return _POLL_RARELY_S
    if any(not medium.state.is_verdict for medium in case.media):
        return _POLL_SOON_S
    return _POLL_LATER_S
