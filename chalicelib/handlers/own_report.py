"""The reporter's routes: read and write with the receipt, withdraw."""

from chalicelib import errors, wiring
from chalicelib.domain.ids import random_id
from chalicelib.domain.languages import text, wording
from chalicelib.domain.messages import NewMessage
from chalicelib.domain.reports import REPORTER_STATUS, Report, ReporterStatus, Status
from chalicelib.handlers.media_views import VerdictView
from chalicelib.handlers.pictures import thumbnail_url
from chalicelib.handlers.requests import Call, Header
from chalicelib.handlers.responses import Response, conditional, to_json
from chalicelib.handlers.routes import Access, Routes
from chalicelib.handlers.shapes import Category, Emergency, MessageView, Shape, Timestamp
from chalicelib.services import own_report
from chalicelib.store.report_rows import Case

routes = Routes("Reports", Access.RECEIPT)

# While media are processed a reporter's app may ask often; afterwards there is little to see.
_POLL_SOON_S, _POLL_LATER_S, _POLL_RARELY_S = 2, 30, 300


class OwnMedium(VerdictView):
    thumbnail_url: str | None = None


class Outcome(Shape):
    """What came of it, in coarse words, and what the officer wrote for the reporter. `bulletin`:
    how the bulletin ended that the report is a lead on.
    """

    text: str
    reason: str | None = None
    bulletin: str | None = None


class OwnReport(Shape):
    id: str
    reference: str
    category: Category
    status: ReporterStatus
    received_at: Timestamp
    text: str | None
    media: list[OwnMedium]
    messages: list[MessageView]
    outcome: Outcome | None
    emergency: Emergency
    poll_after_s: int


@routes.get("/v1/reports/mine", returns={200: OwnReport, 304: None})
def read_report_by_receipt(call: Call) -> Response:
    """Read one's report by the receipt alone.

    The same as with the id, for whoever has only the receipt: typed from paper, say. Wrong ones
    are 404, like unknown ids.
    """
    return _reporter_view(own_case(call), call)


@routes.get("/v1/reports/{report_id}", returns={200: OwnReport, 304: None})
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
    returns=MessageView,
    raises=(errors.Conflict("key_reused"), errors.Conflict("withdrawn")),
)
def write_message(call: Call) -> Response:
    """Write to the officers.

    Officers are notified, and see it beside the report. Send an `Idempotency-Key`, or a repeated
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
    return Response(MessageView.model_validate(message))


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
    view = OwnReport.of(
        report,
        status=REPORTER_STATUS[report.status],
        media=[OwnMedium.in_language(medium, call.language) for medium in case.media],
        messages=case.messages,
        outcome=_with_bulletin(_outcome(report, call.language), report, call.language),
        emergency=Emergency.in_language(wiring.catalogue().emergency.number, call.language),
        poll_after_s=_poll_after(case),
    )
    # The tag is of what is said, before the signed URLs, which differ each time.
    fields = view.model_dump(mode="json", by_alias=True)
    response = conditional(to_json(fields), call, {"Vary": "Authorization, Accept-Language"})
    if response.status == 304:
        return response
    for medium, shown in zip(case.media, fields["media"], strict=True):
        shown["thumbnail_url"] = thumbnail_url(report.id, medium)
    return Response(
        fields,
        headers={name: value for name, value in response.headers.items() if name != "Content-Type"},
    )


def _outcome(report: Report, language: str) -> Outcome | None:
    """Return what came of a closed report, and of a duplicate as soon as it is known to be one."""
    if report.status is Status.CLOSED:
        # As long as a label waits for a second officer, no more is said than that the report is
        # closed.
        disposition = report.disposition or "malicious"
        return Outcome(text=text(f"outcome.{disposition}", language), reason=report.reason)
    if report.duplicate_of and report.status is not Status.WITHDRAWN:
        return Outcome(text=text("outcome.duplicate", language))
    return None


def _with_bulletin(outcome: Outcome | None, report: Report, language: str) -> Outcome | None:
    """Add how the bulletin ended that a lead is on, whatever came of the lead itself."""
    ended = wiring.bulletins().outcome(report.bulletin_id) if report.bulletin_id else None
    if ended is None:
        return outcome
    _, ending = wording(ended, language)
    return Outcome(
        text=outcome.text if outcome else ending,
        reason=outcome.reason if outcome else None,
        bulletin=ending,
    )


def _poll_after(case: Case) -> int:
    if case.report.status in (Status.CLOSED, Status.WITHDRAWN):
        return _POLL_RARELY_S
    if any(not medium.state.is_verdict for medium in case.media):
        return _POLL_SOON_S
    return _POLL_LATER_S
