"""Reporters' routes of their report: read, write, withdraw, reopen, and prove it."""

from enum import StrEnum
from typing import Self, TypedDict

from pydantic import Field

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.domain.reports.closing import Feedback, may_answer, may_reopen
from chalicelib.domain.reports.entries import (
    MAX_POSITIONS_PER_REPORT,
    MESSAGE_EVERY,
    MESSAGES_AT_ONCE,
    POSITION_EVERY,
    POSITIONS_AT_ONCE,
    NewMessage,
    NewPosition,
    Sender,
)
from chalicelib.domain.reports.masks import Mask, MaskPart, MaskReason
from chalicelib.domain.reports.measures import Referral
from chalicelib.domain.reports.media import MediaState
from chalicelib.domain.reports.outlines import expires_at
from chalicelib.domain.reports.report import REPORTER_STATUS, Report, ReporterStatus, Status
from chalicelib.handlers.reports.ledger import ProofView
from chalicelib.handlers.reports.views import (
    AddedPosition,
    VerdictView,
    preview_url,
    sender_of,
    thumbnail_url,
)
from chalicelib.http.requests import Call, Header
from chalicelib.http.responses import Response, conditional, rate_limit, to_json
from chalicelib.http.routes import Access, Routes
from chalicelib.http.shapes import (
    AgencyName,
    Category,
    Emergency,
    EntryQuery,
    MessagePage,
    MessageView,
    Shape,
    Timestamp,
)
from chalicelib.kernel import errors
from chalicelib.kernel.ids import Identity
from chalicelib.kernel.languages import label, text, wording
from chalicelib.services.reports import own_report
from chalicelib.services.reports.entries import EntryCursors, refuse_own_receipt
from chalicelib.services.reports.proofs import prove_report
from chalicelib.store.reports.reports import Reports
from chalicelib.store.reports.rows import Case, Head
from chalicelib.store.reports.search_entries import is_opened


class PassedOnState(StrEnum):
    """How far what was passed on is, as its reporter reads it."""

    PASSED_ON = "passed_on"
    ACCEPTED = "accepted"
    DONE = "done"

    @classmethod
    def of(cls, referral: Referral) -> Self:
        said = referral.sent.state.value if referral.sent else ""
        return cls(said if said in list(cls) else cls.PASSED_ON)


class PassedOn(Shape):
    """To whom a report was passed on, and when. `text` says so in the language of the request.

    `state` is `passed_on`, unless the agency says more: `accepted`, and `done` when it has
    dealt with it.
    """

    agency: AgencyName
    agency_label: str
    at: Timestamp
    text: str
    state: PassedOnState

    @classmethod
    def in_language(cls, referral: Referral, language: str) -> Self:
        name = label("agency", referral.agency, language)
        state = PassedOnState.of(referral)
        return cls.model_validate(
            {
                "agency": referral.agency,
                "agency_label": name,
                "at": referral.approved_at,
                "text": text(f"report.{state}", language, agency=name),
                "state": state,
            }
        )


class OwnMask(Shape):
    """A passage that was replaced by a mark, and when. `text` says why in the language of the
    request.

    `part` is where: the `text`, the `address`, a `detail` or a `message`. `name` is that of the
    detail, or the `id` of the message.
    """

    part: MaskPart
    name: str | None
    reason: MaskReason
    at: Timestamp
    text: str

    @classmethod
    def in_language(cls, mask: Mask, language: str) -> Self:
        wording = text(f"mask.{mask.reason}", language)
        return cls.model_validate({**vars(mask), "at": mask.approved_at, "text": wording})


routes = Routes("Reports", Access.RECEIPT)

# The reporter's app should poll often only while media are processed.
_POLL_SOON_S, _POLL_LATER_S, _POLL_RARELY_S = 2, 30, 300


class _Known(TypedDict):
    identity: Identity
    reports: Reports


class OwnMedium(VerdictView):
    """A medium of your report. One `from` officers is a picture that they sent you, and has a
    `preview_url`.
    """

    from_: Sender = Field(serialization_alias="from")
    thumbnail_url: str | None = None
    preview_url: str | None = None


class Outcome(Shape):
    """The result of a report, for the reporter.

    `reason` is what the officer wrote for the reporter. If the report is a lead on a bulletin,
    `bulletin` is the outcome of that bulletin.
    """

    text: str
    reason: str | None = None
    bulletin: str | None = None


class OwnReport(Shape):
    """Your own report.

    After the closing or the withdrawal, the report can be deleted from `kept_until` on. A message
    or new media on a closed report can move this time, and so can officers, by another end.
    `passed_on` says to which other agencies the report was passed on, and when. `masks` says where
    officers have replaced words about another person by a mark, and why.
    `messages` has the latest ones, at most 50, oldest first. With `messages_cursor`, `GET
    /v1/reports/{report_id}/messages` returns those before; null when there are none.
    `positions_left` is how many more positions are accepted. `may_reopen` says whether
    `POST /v1/reports/{report_id}/reopen` is possible. `question` is what to ask the person now, for
    `POST /v1/reports/{report_id}/feedback`; null when there is nothing to ask. `push` is whether a
    phone gets pushes (`PUT /v1/reports/{report_id}/push`). `read_by` says who reads a report about
    the police; null for any other.
    """

    id: str
    reference: str
    category: Category
    status: ReporterStatus
    received_at: Timestamp
    read_by: str | None
    text: str | None
    media: list[OwnMedium]
    messages: list[MessageView]
    messages_cursor: str | None
    outcome: Outcome | None
    passed_on: list[PassedOn]
    masks: list[OwnMask]
    kept_until: Timestamp | None
    positions_left: int
    may_reopen: bool
    question: str | None
    push: bool
    drill: bool
    emergency: Emergency
    poll_after_s: int


@routes.get("/v1/reports/mine", returns={200: OwnReport, 304: None})
def read_report_by_receipt(call: Call) -> Response:
    """Read your own report by its receipt.

    Returns the same as `GET /v1/reports/{report_id}`. Use this when you have only the receipt, for
    example on paper. A wrong receipt is 404.
    """
    return _reporter_view(call)


@routes.get("/v1/reports/{report_id}", returns={200: OwnReport, 304: None})
def read_report(call: Call) -> Response:
    """Read your own report.

    Returns its status, its text, its messages and the state of its media. Request it again after
    `poll_after_s` seconds, with the `ETag` of this response as `If-None-Match`.
    """
    return _reporter_view(call)


@routes.get("/v1/reports/{report_id}/messages", query=EntryQuery, returns=MessagePage)
def read_messages(call: Call) -> Response:
    """Read earlier messages.

    Returns a page of the conversation, oldest first. Your report has the latest messages; send its
    `messages_cursor` as `cursor` for those before, and then `next_cursor`. A cursor is good for a
    day.
    """
    head = own_head(call)
    page = own_report.read_messages(
        head, call.receipt, call.query.cursor, cursors=_cursors(call, head.report.id), **_known()
    )
    return Response(MessagePage.model_validate(page))


@routes.post(
    "/v1/reports/{report_id}/messages",
    body=NewMessage,
    headers=(Header.OPTIONAL_KEY,),
    returns=MessageView,
    paced=True,
    raises=(errors.KeyReused, "withdrawn"),
)
def write_message(call: Call) -> Response:
    """Write to the officers.

    Officers are notified, and see the message with the report. On a closed report, it puts the
    deletion off to 30 days after it, but for no longer than a year after the closing: `kept_until`
    of the report says until when.

    Send an `Idempotency-Key`: without one, a repeated call creates a second message.
    """
    head = own_head(call)
    refuse_own_receipt(call.body.text, call.receipt)
    limited = _is_limited(head)
    message, replayed = own_report.write_message(
        head,
        call.body.text,
        wiring.identity().entry(
            head.report.id, call.idempotency_key, call.body.text, receipt=call.receipt
        ),
        reports=wiring.reports(),
        now=call.now,
        limited=limited,
    )
    until, at_once, every = head.report.paced_until, MESSAGES_AT_ONCE, MESSAGE_EVERY
    left = rate_limit(until, call.now, at_once, every) if limited and not replayed else {}
    return Response(MessageView.model_validate(message), headers=left, replayed=replayed)


def _is_limited(head: Head) -> bool:
    category = wiring.catalogue().category(head.report.category)
    return wiring.settings().limits and not category.never_limited


@routes.delete("/v1/reports/{report_id}")
def withdraw_report(call: Call) -> Response:
    """Withdraw a report.

    The contact and the token for pushes are deleted at once, and the report after 30 days, if
    officers do not hold it. Until then they see that it was withdrawn. Repeating the call changes
    nothing.
    """
    own_report.withdraw_report(
        own_head(call),
        call.receipt,
        reports=wiring.reports(),
        contacts=wiring.contacts(),
        now=call.now,
    )
    return Response()


def own_media_case(call: Call) -> Case:
    """Return the report of the caller's receipt with its media, read consistently.

    Raises Unauthenticated without a receipt, NotFound, Gone.
    """
    return own_report.own_media(*_named(call), **_known())


def own_head(call: Call) -> Head:
    """Return the HEAD alone of the caller's report, read consistently. Raises as above."""
    return own_report.own_head(*_named(call), **_known())


def _named(call: Call) -> tuple[str, str | None]:
    return call.receipt, call.path.get("report_id")


def _known() -> "_Known":
    return {"identity": wiring.identity(), "reports": wiring.reports()}


def _cursors(call: Call, report_id: str) -> EntryCursors:
    # The reporter has no name; an officer's name has no such form.
    return EntryCursors(wiring.cursors, f"report {report_id}", call.now)


def _reporter_view(call: Call) -> Response:
    case, opened = own_report.read_own_report(*_named(call), **_known())
    report = case.report.for_reporter()
    media = (*case.media, *(each for each in case.sent if each.state is MediaState.READY))
    view = OwnReport.of(
        report,
        category=(opened.reported_as or report).category,
        read_by=text("oversight.read_by", call.language) if report.concerns_police else None,
        text=opened.text,
        status=REPORTER_STATUS[report.status],
        media=[
            OwnMedium.in_language(medium, call.language, from_=sender_of(medium))
            for medium in media
        ],
        messages=opened.messages,
        messages_cursor=None,
        outcome=_with_bulletin(
            _outcome(report, case.head, opened.reason, call.language), report, call.language
        ),
        passed_on=[
            PassedOn.in_language(each, call.language) for each in case.head.referrals.passed_on
        ],
        masks=[
            OwnMask.in_language(each, call.language)
            for each in case.head.masks.approved
            if each.part is not MaskPart.NOTE
        ],
        kept_until=expires_at(report),
        positions_left=max(0, MAX_POSITIONS_PER_REPORT - case.head.positions),
        may_reopen=may_reopen(report),
        question=_question(report, case, call.language),
        push=case.head.gets_pushes,
        drill=report.is_drill,
        emergency=Emergency.in_language(wiring.catalogue().emergency.number, call.language),
        poll_after_s=_poll_after(case),
    )
    # The ETag does not cover what differs in each response: signed URLs, and the cursor.
    fields = view.model_dump(mode="json", by_alias=True)
    response = conditional(to_json(fields), call, {"Vary": "Authorization, Accept-Language"})
    if response.status == 304 or not (media or case.earlier_messages):
        return response
    cursors = _cursors(call, report.id)
    fields["messages_cursor"] = cursors.issue(case.earlier_messages, report.id, keys.MESSAGES)
    if report.status is not Status.WITHDRAWN:
        for medium, shown in zip(media, fields["media"], strict=True):
            shown["thumbnail_url"] = thumbnail_url(report.id, medium)
            if sender_of(medium) is Sender.OFFICER:
                shown["preview_url"] = preview_url(report.id, medium)
    return Response(
        fields,
        headers={name: value for name, value in response.headers.items() if name != "Content-Type"},
    )


def _outcome(report: Report, head: Head, reason: str | None, language: str) -> Outcome | None:
    """Return the outcome of a closed report, or of a duplicate, which may still be open. Of one
    that was ended in its burst, and that nobody has opened, nobody has looked into anything.
    """
    if report.status is Status.CLOSED:
        code = "burst" if report.in_burst and not is_opened(head) else report.disposition
        return Outcome(text=text(f"outcome.{code}", language), reason=reason)
    if report.duplicate_of and report.status is not Status.WITHDRAWN:
        return Outcome(text=text("outcome.duplicate", language))
    return None


def _question(report: Report, case: Case, language: str) -> str | None:
    asks = may_answer(report, answered=case.head.answered)
    return text("feedback.question", language) if asks else None


def _with_bulletin(outcome: Outcome | None, report: Report, language: str) -> Outcome | None:
    """Return the outcome of a lead with that of its bulletin, if the bulletin is resolved."""
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
    raises=(errors.KeyReused, "withdrawn", "not_closed", "already_reopened"),
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
    done = own_report.reopen_report(head, text, ids, reports=wiring.reports(), now=call.now)
    message = MessageView.model_validate(done.message)
    status = REPORTER_STATUS[done.report.status]
    view = ReopenedReport(id=done.report.id, status=status, message=message)
    return Response(view, replayed=done.replayed)


class Answered(Shape):
    """What to show the person who has answered."""

    text: str


@routes.post(
    "/v1/reports/{report_id}/feedback",
    body=Feedback,
    returns=Answered,
    raises=("withdrawn", "not_closed", "already_answered"),
)
def give_feedback(call: Call) -> Response:
    """Say whether it helped.

    The `question` of a closed report, to be answered once. The answer is counted by day and
    category, and is not kept with the report: neither officers nor a later call can see it. 409
    `already_answered` means that an answer was counted, perhaps by this call before.
    """
    helped = call.body.helped
    own_report.answer(own_head(call), helped=helped, reports=wiring.reports(), now=call.now)
    return Response(Answered(text=text("feedback.thanks", call.language)))


@routes.post(
    "/v1/reports/{report_id}/positions",
    body=NewPosition,
    headers=(Header.OPTIONAL_KEY,),
    returns=AddedPosition,
    paced=True,
    raises=(
        errors.KeyReused,
        "withdrawn",
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
    limited = _is_limited(head)
    said = sent.model_dump_json(exclude_none=True)
    ids = wiring.identity().entry(head.report.id, call.idempotency_key, said, receipt=call.receipt)
    added = own_report.add_position(
        head, sent, ids, reports=wiring.reports(), now=call.now, limited=limited
    )
    until, at_once, every = head.positions_paced_until, POSITIONS_AT_ONCE, POSITION_EVERY
    left = rate_limit(until, call.now, at_once, every) if limited and not added.replayed else {}
    view = AddedPosition.model_validate(added)
    return Response(view, headers=left, replayed=added.replayed)


@routes.get("/v1/reports/{report_id}/proof", returns=ProofView)
def get_proof(call: Call) -> Response:
    """Get the proof that your report was filed.

    Returns the inputs of all leaves of the report, their audit paths and the signed heads. The
    first leaves are in a head up to two hours after the report was created; until then nothing can
    be proved. The proof can be had for a year after the report was deleted, too.
    """
    proof = prove_report(
        call.receipt,
        call.path["report_id"],
        identity=wiring.identity(),
        reports=wiring.reports(),
        heads=wiring.ledger_heads(),
        now=call.now,
    )
    return Response(ProofView.of_proof(proof))
