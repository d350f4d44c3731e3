"""Referrals: one officer proposes to pass a report on, another approves or declines it.

The officer who approves, and later officers in scope, read as a whole what the agency gets. Each
such read is an opening, with an audit record.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from chalicelib.domain.casework.open311 import Words
from chalicelib.domain.casework.requests import NewReferral
from chalicelib.domain.reports.measures import (
    MOST_PASSED_ON,
    DeclinedReferral,
    Part,
    Referral,
    Sent,
    SentState,
)
from chalicelib.domain.reports.media import MediaState, refusal
from chalicelib.domain.reports.report import Content, Medium, Report, Status
from chalicelib.domain.second_person import TwoPersonStep
from chalicelib.kernel import errors
from chalicelib.kernel.ids import Identity
from chalicelib.kernel.languages import DEFAULT, label
from chalicelib.kernel.sealing import PrivateKey, Wrapper
from chalicelib.services.casework.errands import new_errand
from chalicelib.services.notices.colleagues import on_requests
from chalicelib.services.notices.pushes import push_items
from chalicelib.services.officers import OfficerActor
from chalicelib.services.reports.entries import refuse_receipt
from chalicelib.services.reports.open_cases import (
    OpenReferral,
    open_referral,
    seal_declined_reason,
    seal_referral_reason,
    seal_referral_words,
)
from chalicelib.services.reports.scope import (
    Desk,
    head_in_scope,
    require_not_expiring,
    require_not_withdrawn,
)
from chalicelib.services.reports.sealed_rows import open_content
from chalicelib.services.second_person import Requests, tag_of
from chalicelib.store.audit.rows import Action, about
from chalicelib.store.casework.errands import Errand, Errands
from chalicelib.store.casework.rows import keep_referrals
from chalicelib.store.reports.reports import Reports
from chalicelib.store.reports.rows import Head


class Bundle(NamedTuple):
    """What an agency gets of a report. `content` has what is included, and nothing else. `media`
    are those whose cleaned pictures are included, redacted if they have a redaction. `tag` is what
    this officer approves it with.
    """

    opened: OpenReferral
    report: Report
    content: Content
    media: tuple[Medium, ...]
    tag: str


def propose_referral(
    report_id: str, wanted: NewReferral, *, desk: Desk, identity: Identity
) -> OpenReferral:
    """Propose to refer a report to an agency, and notify officers. It takes effect when a second
    one approves it.

    Repeated by the same officer, change nothing, and return the first proposal, opened with an
    audit record. Raises NotFound, Invalid (a medium that is unknown or not ready, not what the
    agency receives, or the report's receipt in the words), Conflict (`withdrawn`, `expiring`,
    `referral_pending`, `too_many_referrals`, `redaction_not_ready`).
    """
    wanted.require_fit()

    def step(head: Head, requests: Requests) -> OpenReferral:
        require_not_withdrawn(head)
        report, known = head.report, head.referrals
        if wanted.words and (report.is_drill or report.shadow or report.concerns_police):
            raise errors.Invalid(errors.FieldError("agency", "not_for_agency"))
        refuse_receipt(wanted.words or "", report_id, identity, "words")
        number = known.last + 1
        chosen = _chosen(wanted, report_id, desk.reports)
        proposed = Referral(
            number=number,
            agency=wanted.agency,
            by=desk.actor.by,
            at=desk.actor.now,
            sealed_reason=seal_referral_reason(report, number, wanted.reason),
            include=wanted.parts,
            media_ids=tuple(medium.media_id for medium in chosen),
            redactions=_redactions_of(chosen),
            sealed_words=seal_referral_words(report, number, wanted.words),
        )
        if known.pending:
            if not proposed.is_same(known.pending):
                raise errors.Conflict("referral_pending")
            key = _open(report, known.pending, desk.actor)
            found = open_referral(report, known.pending, key)
            if found.words != wanted.words:
                raise errors.Conflict("referral_pending")
            return found
        if len(known.passed_on) >= MOST_PASSED_ON:
            raise errors.Conflict("too_many_referrals")
        detail = _recorded("proposed", proposed)
        also = requests.propose(TwoPersonStep.REFERRAL, Action.CHANGE, detail, wanted.reason)
        keep_referrals(desk.reports.table, head, known.with_proposal(proposed), also=also)
        return OpenReferral(proposed, wanted.reason, wanted.words)

    return on_requests(report_id, step, desk=desk)


def read_referral(report_id: str, number: int | None, *, desk: Desk) -> Bundle:
    """Return the bundle of the referral with this number, or of the latest one.

    Raises NotFound, Conflict (`no_referral`; `withdrawn`: what the reporter took back is passed on
    no more; `redaction_not_ready`, `redaction_changed`).
    """
    head = head_in_scope(report_id, desk=desk)
    referral = head.referrals.numbered(number)
    if referral is None:
        raise errors.Conflict("no_referral")
    return _bundle(head, referral, desk)


def approve_referral(
    report_id: str, tag: str, *, desk: Desk, errands: Errands, key: Wrapper
) -> Bundle:
    """Approve the proposal with this tag, which another officer has made. Return its
    bundle. Repeated, change nothing. To an agency that is sent it, it leaves by itself, sealed to
    `key` until then.

    Raises NotFound, Conflict (`no_referral`, `withdrawn`, `expiring`, `redaction_not_ready`,
    `redaction_changed`), and Stale, Forbidden from `require_second_person`.
    """

    def step(head: Head, requests: Requests) -> tuple[Head, Referral]:
        known = head.referrals
        for each in known.passed_on:
            if tag == tag_of(each.request(head.report), desk.actor):
                return head, each
        pending = known.pending
        if pending is None:
            raise errors.Conflict("no_referral")
        require_not_withdrawn(head)
        detail = _recorded("approved", pending) | {"asked_by": pending.by}
        records = requests.approve(pending.request(head.report), tag, Action.CHANGE, detail)
        media = _passed_on(pending, report_id, desk.reports)
        approved = pending.model_copy(
            update={
                "approved_by": desk.actor.by,
                "approved_at": desk.actor.now,
                "redactions": _redactions_of(media),
            }
        )
        also = [*records, *push_items(head, reports=desk.reports, now=desk.actor.now)]
        if pending.sealed_words:
            errand = _errand(head, pending, desk, key)
            sent = Sent(reference=errand.reference, at=desk.actor.now)
            approved = approved.model_copy(update={"sent": sent})
            also.append(errands.item(pending.agency, errand))
        keep_referrals(desk.reports.table, head, known.approved(approved), also=also)
        return head, approved

    head, approved = on_requests(report_id, step, desk=desk)
    return _bundle(head, approved, desk)


def _errand(head: Head, referral: Referral, desk: Desk, key: Wrapper) -> Errand:
    """Return the errand to the agency of a referral: words, a district, and a place if two
    officers have agreed on it. Never what the reporter wrote, also of a place.
    """
    report = head.report
    private = _open(report, referral, desk.actor)
    place = open_content(report, private).place if Part.PLACE in referral.include else None
    words = Words(
        words=open_referral(report, referral, private).words or "",
        district=label("district", report.district, DEFAULT),
        **({name: round(place[name], 5) for name in ("lat", "lon")} if place else {}),
    )
    return new_errand(
        report.id, referral.number, referral.agency, words, key=key, now=desk.actor.now
    )


def decline_referral(report_id: str, number: int, reason: str, *, desk: Desk) -> None:
    """Decline the proposal with this number, and notify the officer who has made it. Repeated by
    the same officer, change nothing.

    Raises NotFound, Stale (another proposal waits), Forbidden (`not_your_step`: one takes one's own
    back), Conflict (`no_referral`, `passed_on`, `withdrawn`, `expiring`).
    """

    def step(head: Head, requests: Requests) -> None:
        report, known = head.report, head.referrals
        pending, existing = known.pending, known.numbered(number)
        if existing and existing.approved_by:
            raise errors.Conflict("passed_on")
        if known.was_declined(number, desk.actor.by):
            return
        if pending is None:
            raise errors.Conflict("no_referral")
        if existing is None:
            raise errors.Stale
        if pending.by == desk.actor.by:
            raise errors.Forbidden("not_your_step")
        require_not_withdrawn(head)
        declined = DeclinedReferral(
            referral=pending,
            by=desk.actor.by,
            at=desk.actor.now,
            sealed_reason=seal_declined_reason(report, number, reason),
        )
        detail = _recorded("declined", pending) | {"asked_by": pending.by}
        also = requests.decline(pending.request(report), Action.CHANGE, detail, reason)
        keep_referrals(desk.reports.table, head, known.with_declined(declined), also=also)

    on_requests(report_id, step, desk=desk)


def withdraw_referral(report_id: str, *, desk: Desk) -> None:
    """Take back one's own proposal that nobody has approved, with an audit record. Repeated, or
    without one, change nothing.

    Raises NotFound, Forbidden (`not_your_step`: another officer declines it), Conflict (`expiring`;
    `passed_on`: it was approved).
    """

    def step(head: Head, requests: Requests) -> None:
        pending = head.referrals.pending
        if pending is None:
            if head.referrals.is_latest_passed_on:
                raise errors.Conflict("passed_on")
            return
        request, detail = pending.request(head.report), _recorded("withdrawn", pending)
        also = requests.withdraw(request, Action.CHANGE, detail)
        require_not_expiring(head)
        keep_referrals(desk.reports.table, head, head.referrals.without_proposal(), also=also)

    on_requests(report_id, step, desk=desk)


def hand_over_referral(report_id: str, number: int, *, desk: Desk) -> None:
    """Note that officers have handed over by hand what an agency was to be sent, with an audit
    record. Repeated, change nothing.

    Raises NotFound, Conflict (`no_referral`; `passed_on`: the agency has it, or gets it otherwise;
    `expiring`).
    """

    def step(head: Head, requests: Requests) -> None:
        found = next((each for each in head.referrals.passed_on if each.number == number), None)
        if found is None:
            raise errors.Conflict("no_referral")
        sent = found.sent
        if sent and sent.state is SentState.HANDED_OVER:
            return
        if sent is None or not sent.state.is_for_officers:
            raise errors.Conflict("passed_on")
        require_not_expiring(head)
        state = {"state": SentState.HANDED_OVER, "at": desk.actor.now}
        detail = _recorded(SentState.HANDED_OVER.value, found)
        record = desk.actor.log_item(about(head.report), Action.CHANGE, detail)
        after = head.referrals.with_sent(number, sent.model_copy(update=state))
        keep_referrals(desk.reports.table, head, after, also=[record])

    on_requests(report_id, step, desk=desk)


def _chosen(wanted: NewReferral, report_id: str, reports: Reports) -> tuple[Medium, ...]:
    """Return the media whose pictures are included.

    Raises Invalid for one that is not ready, Conflict for one that may not be passed on.
    """
    if Part.MEDIA not in wanted.parts:
        return ()
    ready = _ready(report_id, reports)
    if set(wanted.media_ids) - {medium.media_id for medium in ready}:
        raise errors.Invalid(errors.FieldError("media_ids", "unknown_value"))
    return _checked(
        (each for each in ready if not wanted.media_ids or each.media_id in wanted.media_ids), {}
    )


def _passed_on(referral: Referral, report_id: str, reports: Reports) -> tuple[Medium, ...]:
    """Return the media of a referral as they are passed on. Raises Conflict when one may not be."""
    if not referral.media_ids:
        return ()
    included = (each for each in _ready(report_id, reports) if each.media_id in referral.media_ids)
    return _checked(included, referral.redactions or {})


def _checked(media: Iterable[Medium], agreed: Mapping[str, str]) -> tuple[Medium, ...]:
    """Return these media.

    Raises Conflict for one whose redaction has no picture, or that would show more than with the
    redaction that was agreed on.
    """
    found = tuple(media)
    for medium in found:
        code = refusal(medium.redaction, agreed.get(medium.media_id))
        if code:
            raise errors.Conflict(code)
    return found


def _redactions_of(media: Iterable[Medium]) -> dict[str, str] | None:
    return {each.media_id: each.redaction.id for each in media if each.redaction} or None


def _ready(report_id: str, reports: Reports) -> list[Medium]:
    """Return the media of a report that have cleaned pictures. Raises NotFound, Gone."""
    case = reports.with_media(report_id, consistent=True)
    if case is None:
        raise errors.NotFound
    return [medium for medium in case.media if medium.state is MediaState.READY]


def _bundle(head: Head, referral: Referral, desk: Desk) -> Bundle:
    report = head.report
    if report.status is Status.WITHDRAWN:
        raise errors.Conflict("withdrawn")
    media = _passed_on(referral, report.id, desk.reports)
    key = _open(report, referral, desk.actor)
    return Bundle(
        open_referral(report, referral, key),
        report,
        _included(open_content(report, key), referral.include),
        media,
        tag_of(referral.request(report), desk.actor),
    )


def _open(report: Report, referral: Referral, actor: OfficerActor) -> PrivateKey:
    return actor.open(report, {"part": "referral", "agency": referral.agency})


# Which members of a content belong to which part.
_MEMBERS = {
    Part.TEXT: ("text",),
    Part.PLACE: ("location", "place"),
    Part.OCCURRED_AT: ("occurred_at",),
    Part.DETAILS: ("details", "details_version"),
}


def _included(content: Content, parts: Collection[Part]) -> Content:
    """Return the content with these parts alone."""
    names = [name for part in parts for name in _MEMBERS.get(part, ())]
    return Content(**{name: getattr(content, name) for name in names})


def _recorded(step: str, referral: Referral) -> dict[str, Any]:
    """Return the details of an audit record."""
    return {
        "referral": step,
        "number": referral.number,
        "agency": referral.agency,
        "include": list(referral.include),
        "media_ids": list(referral.media_ids),
    }
