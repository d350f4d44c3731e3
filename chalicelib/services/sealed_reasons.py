"""Seal and open the reasons that officers give: of an outcome, a hold, a mute, a referral.

They are values of a report's HEAD, sealed as `sealed_rows` says.
"""

from typing import NamedTuple

from chalicelib.domain.holds import Hold, Lift
from chalicelib.domain.mutes import Mute
from chalicelib.domain.referrals import DeclinedReferral, Referral
from chalicelib.domain.reports import Report
from chalicelib.domain.sealing import PrivateKey, seal
from chalicelib.services.sealed_rows import head_info, key_of

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
    """A referral with its reason."""

    referral: Referral
    reason: str


class OpenDeclined(NamedTuple):
    """A referral that was declined, with its reason and that of whoever declined it."""

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


def open_referral(report: Report, referral: Referral, private: PrivateKey) -> OpenReferral:
    """Return a referral with its reason. Raises Unreadable."""
    sealed = referral.sealed_reason
    reason = private.open(sealed, _referral(report.id, referral.number)).decode()
    return OpenReferral(referral, reason)


def seal_declined_reason(report: Report, number: int, reason: str) -> bytes:
    return seal(key_of(report), reason.encode(), _declined(report.id, number))


def open_declined(report: Report, declined: DeclinedReferral, private: PrivateKey) -> OpenDeclined:
    """Return a referral that was declined, with both reasons. Raises Unreadable."""
    referral = declined.referral
    reason = private.open(declined.sealed_reason, _declined(report.id, referral.number)).decode()
    return OpenDeclined(declined, open_referral(report, referral, private), reason)


def _referral(report_id: str, number: int) -> bytes:
    return head_info(report_id, f"{_REFERRAL}/{number}")


def _declined(report_id: str, number: int) -> bytes:
    return head_info(report_id, f"{_REFERRAL}/{number}/declined")
