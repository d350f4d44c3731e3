"""Legal holds. One officer asks for a hold and another approves it. It is lifted in the same way,
unless that is declined.

Until the hold ends, the report is not deleted.

Mute a report: its messages and media are kept, but officers are not notified of them.
"""

from collections.abc import Callable
from datetime import datetime

from chalicelib.aws.table import ConditionFailed, retry_on_conflict
from chalicelib.aws.writes import TransactItem
from chalicelib.domain.reports.measures import (
    Hold,
    Lift,
    LiftRefusal,
    Mute,
    NewHold,
    NewLift,
    NewMute,
)
from chalicelib.domain.reports.outlines import expires_at
from chalicelib.domain.reports.workflow import expiry
from chalicelib.domain.second_person import TwoPersonStep
from chalicelib.kernel import errors, times
from chalicelib.kernel.outbox import TaskKind
from chalicelib.services.notices.colleagues import notify_declined, notify_second_person
from chalicelib.services.officers import OfficerActor
from chalicelib.services.reports.open_cases import (
    OpenHold,
    OpenLift,
    OpenMute,
    open_hold,
    open_lift,
    open_mute,
    seal_hold_reason,
    seal_lift_reason,
    seal_mute_reason,
)
from chalicelib.services.reports.scope import head_in_scope, require_not_expiring
from chalicelib.services.second_person import require_read, require_second_person
from chalicelib.store.audit.rows import Action, about, of_report
from chalicelib.store.reports.reports import Reports
from chalicelib.store.reports.rows import Head


def place_hold(head: Head, wanted: NewHold, *, actor: OfficerActor, reports: Reports) -> OpenHold:
    """Ask for a legal hold, and notify officers. It takes effect when a second one approves it.

    Raises Invalid (the end is in the past or too far away), Conflict (`already_held`, `expiring`).
    """
    wanted.require_end(actor.now)

    def place(head: Head) -> OpenHold:
        require_not_expiring(head)
        existing = head.hold
        if existing and not existing.is_over(actor.now):
            raise errors.Conflict("already_held")
        hold = Hold(
            by=actor.by,
            sealed_reason=seal_hold_reason(head.report, wanted.reason),
            until=wanted.until,
            asked_at=actor.now,
        )
        detail = {"asked": True, "until": times.render(hold.until)}
        record = actor.log_item(
            about(head.report), Action.HOLD, detail, words={"reason": wanted.reason}
        )
        notice = notify_second_person(
            head.report.id, TwoPersonStep.HOLD, actor=actor, reports=reports
        )
        _write(head, hold, [record, notice], reports)
        return OpenHold(hold, wanted.reason)

    return _on_current(head, reports, place)


def approve_hold(head: Head, tag: str, *, actor: OfficerActor, reports: Reports) -> OpenHold:
    """Approve a hold that another officer asked for. Repeated, change nothing.

    The response shows the reason, so the report is opened, with an audit record.

    Raises Stale, Forbidden from `require_second_person`; Conflict (`no_hold`, `expiring`).
    """

    def approve(head: Head) -> Hold:
        hold = head.hold
        if hold is None or hold.is_over(actor.now):
            raise errors.Conflict("no_hold")
        request, subject = hold.request(head.report.id), of_report(head.report.id)
        if hold.approved_by:
            require_read(request, tag, actor)
            return hold
        require_not_expiring(head)
        require_second_person(request, tag, actor=actor, subject=subject)
        approved = hold.model_copy(update={"approved_by": actor.by, "approved_at": actor.now})
        detail = {"approved": True, "asked_by": hold.by, "until": times.render(hold.until)}
        _write(head, approved, [actor.log_item(about(head.report), Action.HOLD, detail)], reports)
        return approved

    hold = _on_current(head, reports, approve)
    key = actor.open(head.report, detail={"part": "hold"})
    return open_hold(head.report, hold, key)


def lift_hold(
    head: Head, wanted: NewLift, *, actor: OfficerActor, reports: Reports
) -> OpenLift | None:
    """Ask to lift a hold, and notify officers. It ends when a second officer approves that.

    A hold that is not approved yet keeps nothing: end it at once, notify the officer who asked for
    it if that is another one, and return None. None also when there is no hold, or its end has
    passed. Repeated, change nothing, and return the first request.

    Raises Conflict (`expiring`; `hold_approved`: only a request was to be ended).
    """

    def lift(head: Head) -> Lift | OpenLift | None:
        hold = head.hold
        if hold is None or hold.is_over(actor.now):
            return None
        if wanted.only_request and hold.approved_by:
            raise errors.Conflict("hold_approved")
        if hold.lift:
            return hold.lift
        require_not_expiring(head)
        words = {"reason": wanted.reason}
        if hold.approved_by is None:
            detail = {"ended": True, "asked_by": hold.by}
            record = actor.log_item(about(head.report), Action.HOLD, detail, words)
            declined = notify_declined(
                head.report.id, TwoPersonStep.HOLD, hold.by, actor=actor, reports=reports
            )
            _write(head, None, [record, *declined], reports)
            return None
        sealed = seal_lift_reason(head.report, wanted.reason)
        asked = Lift(by=actor.by, sealed_reason=sealed, asked_at=actor.now)
        record = actor.log_item(about(head.report), Action.HOLD, {"lift_asked": True}, words)
        step = TwoPersonStep.HOLD_LIFT
        notice = notify_second_person(head.report.id, step, actor=actor, reports=reports)
        _write(head, hold.model_copy(update={"lift": asked}), [record, notice], reports)
        return OpenLift(asked, wanted.reason)

    found = _on_current(head, reports, lift)
    if not isinstance(found, Lift):
        return found
    key = actor.open(head.report, detail={"part": "hold"})
    return open_lift(head.report, found, key)


def approve_lift(head: Head, tag: str, *, actor: OfficerActor, reports: Reports) -> None:
    """End a hold that another officer asked to lift. Without a hold, change nothing.

    Raises Stale, Forbidden from `require_second_person`; Conflict (`no_lift`, `expiring`).
    """

    def approve(head: Head) -> None:
        hold = head.hold
        if hold is None or hold.is_over(actor.now):
            return
        if hold.lift is None:
            raise errors.Conflict("no_lift")
        require_not_expiring(head)
        request, subject = hold.lift.request(head.report.id), of_report(head.report.id)
        require_second_person(request, tag, actor=actor, subject=subject)
        detail = {"lifted": True, "asked_by": hold.lift.by}
        record = actor.log_item(about(head.report), Action.HOLD, detail)
        _write(head, None, [record], reports)

    _on_current(head, reports, approve)


def decline_lift(
    head: Head, refusal: LiftRefusal, *, actor: OfficerActor, reports: Reports
) -> None:
    """End a request to lift a hold: the hold stays. Notify whoever asked, if that is another
    officer. Repeated by the same officer, change nothing.

    It keeps what is held, so it takes no second person: whoever asked takes it back so.

    Raises Conflict (`no_hold`: there is none that would stay; `no_lift`, `expiring`).
    """

    def decline(head: Head) -> None:
        hold = head.hold
        if hold is None or hold.is_over(actor.now):
            raise errors.Conflict("no_hold")
        if hold.lift is None:
            if hold.lift_ended_by == actor.by:
                return
            raise errors.Conflict("no_lift")
        require_not_expiring(head)
        detail = {"lift_declined": True, "asked_by": hold.lift.by}
        words = {"reason": refusal.reason}
        record = actor.log_item(about(head.report), Action.HOLD, detail, words)
        step, by = TwoPersonStep.HOLD_LIFT, hold.lift.by
        declined = notify_declined(head.report.id, step, by, actor=actor, reports=reports)
        _write(head, hold.without_lift(actor.by), [record, *declined], reports)

    _on_current(head, reports, decline)


def _write(head: Head, hold: Hold | None, also: list[TransactItem], reports: Reports) -> None:
    """Write the hold (None: end it) with its audit record and notice.

    Without a hold, a closed report is due for deletion at its own end again.
    """
    reports.keep_hold(
        head,
        hold,
        hold.until if hold and hold.approved_by else None,
        expire_at=None if hold else _due_end(head),
        also=also,
    )


def _due_end(head: Head) -> datetime | None:
    """Return when the task to delete a report is due without a hold; None when it has none."""
    task, end = head.task, expires_at(head.report)
    is_due = task is not None and task.kind is TaskKind.EXPIRE
    return expiry(task, end).due_at if is_due and end else None


def _on_current[Done](head: Head, reports: Reports, step: Callable[[Head], Done]) -> Done:
    """Return the result of `step`. When the report has changed, read it again and repeat it."""
    current = head

    def attempt() -> Done:
        nonlocal current
        try:
            return step(current)
        except ConditionFailed:
            fresh = reports.head(head.report.id)
            if fresh is None or fresh.is_deleted:
                raise errors.NotFound from None
            current = fresh
            raise

    return retry_on_conflict(attempt)


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
