"""Open a whole report: for an officer all that is sealed, for its reporter what is theirs.

The reasons that officers give (of an outcome, a hold, a mute, a referral) are values of the HEAD,
sealed as `sealed_rows` says.
"""

from typing import NamedTuple

from chalicelib.domain.reports.entries import Message, Note, Position
from chalicelib.domain.reports.measures import DeclinedReferral, Hold, Lift, Mute, Referral
from chalicelib.domain.reports.report import Content, Medium, Report, ReportedAs, Status
from chalicelib.kernel.sealing import PrivateKey, seal
from chalicelib.services.reports.sealed_rows import (
    head_info,
    key_of,
    open_content,
    open_media,
    open_messages,
    open_notes,
    open_positions,
)
from chalicelib.store.reports.rows import ReadCase

_OUTCOME, _HOLD, _LIFT, _MUTE, _REFERRAL = "reason", "hold", "lift", "mute", "referral"


class OpenLift(NamedTuple):
    """A request to lift a hold, with its reason."""

    lift: Lift
    reason: str


class OpenHold(NamedTuple):
    """A legal hold with its reason. `lift` is a request to lift it; None when nobody has asked."""

    hold: Hold
    reason: str
    lift: OpenLift | None = None


class OpenMute(NamedTuple):
    """A mute with its reason."""

    mute: Mute
    reason: str


class OpenReferral(NamedTuple):
    """A referral with its reason, an officer's words for the agency, and its notes."""

    referral: Referral
    reason: str
    words: str | None = None
    notes: str | None = None


class OpenDeclined(NamedTuple):
    """A referral that was declined, with its reason and that of the officer who declined it."""

    declined: DeclinedReferral
    referral: OpenReferral
    reason: str


def seal_reason(report: Report, reason: str) -> bytes:
    """Seal the reason of an outcome. Raises Unreadable."""
    return seal(key_of(report), reason.encode(), head_info(report.id, _OUTCOME))


def open_reason(report: Report, private: PrivateKey) -> str | None:
    """Return the reason of an outcome; None when there is none. Raises Unreadable."""
    if report.sealed_reason is None:
        return None
    return private.open(report.sealed_reason, head_info(report.id, _OUTCOME)).decode()


def open_proposed_reason(report: Report, private: PrivateKey) -> str | None:
    """Return the reason of an end that waits for a second officer; None when there is none. Raises
    Unreadable.
    """
    if report.proposal is None or report.proposal.sealed_reason is None:
        return None
    return private.open(report.proposal.sealed_reason, head_info(report.id, _OUTCOME)).decode()


def seal_hold_reason(report: Report, reason: str) -> bytes:
    return seal(key_of(report), reason.encode(), head_info(report.id, _HOLD))


def seal_lift_reason(report: Report, reason: str) -> bytes:
    return seal(key_of(report), reason.encode(), head_info(report.id, _LIFT))


def open_hold(report: Report, hold: Hold, private: PrivateKey) -> OpenHold:
    """Return a legal hold with its reasons. Raises Unreadable."""
    reason = private.open(hold.sealed_reason, head_info(report.id, _HOLD)).decode()
    return OpenHold(hold, reason, open_lift(report, hold.lift, private) if hold.lift else None)


def open_lift(report: Report, lift: Lift, private: PrivateKey) -> OpenLift:
    """Return a request to lift a hold, with its reason. Raises Unreadable."""
    return OpenLift(lift, private.open(lift.sealed_reason, head_info(report.id, _LIFT)).decode())


def seal_mute_reason(report: Report, reason: str) -> bytes:
    return seal(key_of(report), reason.encode(), head_info(report.id, _MUTE))


def open_mute(report: Report, mute: Mute, private: PrivateKey) -> OpenMute:
    """Return a mute with its reason. Raises Unreadable."""
    return OpenMute(mute, private.open(mute.sealed_reason, head_info(report.id, _MUTE)).decode())


def seal_referral_reason(report: Report, number: int, reason: str) -> bytes:
    return seal(key_of(report), reason.encode(), _referral(report.id, number))


def seal_referral_words(report: Report, number: int, words: str | None) -> bytes | None:
    if words is None:
        return None
    return seal(key_of(report), words.encode(), _referral(report.id, number, "words"))


def notes_info(report_id: str, number: int) -> bytes:
    """Return the `info` of what an agency says of a referral."""
    return _referral(report_id, number, "notes")


def open_referral(report: Report, referral: Referral, private: PrivateKey) -> OpenReferral:
    """Return a referral with its reason. Raises Unreadable."""

    def opened(sealed: bytes, *part: str) -> str:
        return private.open(sealed, _referral(report.id, referral.number, *part)).decode()

    words, sent = referral.sealed_words, referral.sent
    return OpenReferral(
        referral,
        opened(referral.sealed_reason),
        opened(words, "words") if words else None,
        opened(sent.sealed_notes, "notes") if sent and sent.sealed_notes else None,
    )


def seal_declined_reason(report: Report, number: int, reason: str) -> bytes:
    return seal(key_of(report), reason.encode(), _declined(report.id, number))


def open_declined(report: Report, declined: DeclinedReferral, private: PrivateKey) -> OpenDeclined:
    """Return a referral that was declined, with both reasons. Raises Unreadable."""
    referral = declined.referral
    reason = private.open(declined.sealed_reason, _declined(report.id, referral.number)).decode()
    return OpenDeclined(declined, open_referral(report, referral, private), reason)


def _referral(report_id: str, number: int, *part: str) -> bytes:
    return head_info(report_id, "/".join((_REFERRAL, str(number), *part)))


def _declined(report_id: str, number: int) -> bytes:
    return _referral(report_id, number, "declined")


class OpenCase(NamedTuple):
    """A case with everything that was sealed in it, but the contact.

    `reason` is that of the outcome, `proposed_reason` that of an end that waits. `media` have their
    hints. `referrals` are what was passed on,
    and then what waits for approval; `declined` is the latest that was declined. `sent` are the
    files that officers sent.
    """

    case: ReadCase
    content: Content
    reason: str | None
    hold: OpenHold | None
    mute: OpenMute | None
    referrals: tuple[OpenReferral, ...]
    declined: OpenDeclined | None
    media: tuple[Medium, ...]
    messages: tuple[Message, ...]
    notes: tuple[Note, ...]
    positions: tuple[Position, ...] = ()
    sent: tuple[Medium, ...] = ()
    proposed_reason: str | None = None

    @property
    def report(self) -> Report:
        return self.case.report

    def without_reporters_words(self) -> "OpenCase":
        """Return the case without what the reporter sent."""
        return self._replace(content=Content(), media=(), messages=(), positions=(), sent=())


class OwnReport(NamedTuple):
    """The texts of a report for its reporter. `reason` is that of the outcome of a closed one,
    `reported_as` is of one about the police.

    The reason of a legal hold, the hints of media and the notes are not for reporters.
    """

    text: str | None
    reason: str | None
    messages: tuple[Message, ...]
    reported_as: ReportedAs | None = None


def open_own(case: ReadCase, private: PrivateKey) -> OwnReport:
    """Return a case as its reporter sees it, and open nothing else. Raises as `open_case`."""
    report = case.report
    content = open_content(report, private)
    return OwnReport(
        text=content.text,
        reason=open_reason(report, private)
        if report.for_reporter().status is Status.CLOSED
        else None,
        messages=open_messages(report.id, case.messages, private),
        reported_as=content.reported_as,
    )


def open_case(case: ReadCase, private: PrivateKey) -> OpenCase:
    """Return the case with its texts. Raises Unreadable when those of the report itself were
    altered. An altered message, note or position is there, without what it says.
    """
    report, declined = case.report, case.head.referrals.declined
    return OpenCase(
        case=case,
        content=open_content(report, private),
        reason=open_reason(report, private),
        hold=open_hold(report, case.hold, private) if case.hold else None,
        mute=open_mute(report, case.head.mute, private) if case.head.mute else None,
        referrals=tuple(open_referral(report, each, private) for each in case.head.referrals.all()),
        declined=open_declined(report, declined, private) if declined else None,
        media=open_media(report.id, case.media, private),
        messages=open_messages(report.id, case.messages, private),
        notes=open_notes(report.id, case.notes, private),
        positions=open_positions(report.id, case.positions, private),
        sent=case.sent,
        proposed_reason=open_proposed_reason(report, private),
    )
