"""Mute a report: its messages and media are kept, but officers are not notified of them."""

from chalicelib.domain.mutes import Mute, NewMute
from chalicelib.services.actor import OfficerActor
from chalicelib.services.casework import head_in_scope, require_not_expiring
from chalicelib.services.conflicts import retry_on_conflict
from chalicelib.services.sealed_reasons import OpenMute, open_mute, seal_mute_reason
from chalicelib.store.audit import Action, about
from chalicelib.store.reports import Reports


def mute_report(
    report_id: str, wanted: NewMute, *, actor: OfficerActor, reports: Reports
) -> OpenMute:
    """Mute a report, with an audit record. Repeated, change nothing, and return the first mute,
    opened with an audit record.

    Raises NotFound, Conflict `expiring`.
    """

    def step() -> OpenMute:
        head = head_in_scope(report_id, actor=actor, reports=reports)
        if head.mute:
            return open_mute(head.report, head.mute, actor.open(head.report, {"part": "mute"}))
        require_not_expiring(head)
        sealed = seal_mute_reason(head.report, wanted.reason)
        mute = Mute(by=actor.by, at=actor.now, sealed_reason=sealed)
        words = {"reason": wanted.reason}
        record = actor.log_item(about(head.report), Action.CHANGE, {"muted": True}, words)
        reports.keep_mute(head, mute, also=[record])
        return OpenMute(mute, wanted.reason)

    return retry_on_conflict(step)


def end_mute(report_id: str, *, actor: OfficerActor, reports: Reports) -> None:
    """End the mute of a report, with an audit record. Without one, change nothing.

    Raises NotFound, Conflict `expiring`.
    """

    def step() -> None:
        head = head_in_scope(report_id, actor=actor, reports=reports)
        if head.mute is None:
            return
        require_not_expiring(head)
        record = actor.log_item(about(head.report), Action.CHANGE, {"muted": False})
        reports.keep_mute(head, None, also=[record])

    retry_on_conflict(step)
