"""Open a whole report: for an officer all that was sealed, for its reporter what is theirs."""

from typing import NamedTuple

from chalicelib.domain.messages import Message, Note
from chalicelib.domain.positions import Position
from chalicelib.domain.reports import Content, Medium, Report, Status
from chalicelib.domain.sealing import PrivateKey
from chalicelib.services.sealed_reasons import (
    OpenDeclined,
    OpenHold,
    OpenMute,
    OpenReferral,
    open_declined,
    open_hold,
    open_mute,
    open_reason,
    open_referral,
)
from chalicelib.services.sealed_rows import (
    open_content,
    open_media,
    open_messages,
    open_notes,
    open_positions,
)
from chalicelib.store.report_rows import ReadCase


class OpenCase(NamedTuple):
    """A case with everything that was sealed in it, but the contact.

    `reason` is that of the outcome. `media` have their hints. `referrals` are what was passed on,
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

    @property
    def report(self) -> Report:
        return self.case.report

    def without_reporters_words(self) -> "OpenCase":
        """Return the case without what the reporter sent."""
        return self._replace(content=Content(), media=(), messages=(), positions=(), sent=())


class OwnReport(NamedTuple):
    """What a reporter sees of what was sealed. `reason` is that of the outcome of a closed report.

    The reason of a legal hold, the hints of media and the notes are not for reporters.
    """

    text: str | None
    reason: str | None
    messages: tuple[Message, ...]


def open_own(case: ReadCase, private: PrivateKey) -> OwnReport:
    """Return what the reporter sees of a case, and open nothing else. Raises as `open_case`."""
    report = case.report
    return OwnReport(
        text=open_content(report, private).text,
        reason=open_reason(report, private) if report.status is Status.CLOSED else None,
        messages=open_messages(report.id, case.messages, private),
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
    )
