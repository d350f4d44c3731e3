"""Legal holds and mutes of a report.

One officer asks for a hold and another approves it. It is lifted in the same way, unless that is
declined. Until the hold ends, the report is not deleted. The messages and media of a muted report
are stored, but officers are not notified of them.
"""

from datetime import datetime

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
from chalicelib.domain.reports.report import Report
from chalicelib.domain.reports.workflow import expiry
from chalicelib.domain.second_person import TwoPersonStep
from chalicelib.kernel import errors, times
from chalicelib.kernel.outbox import TaskKind
from chalicelib.services.notices.colleagues import on_requests
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
from chalicelib.services.reports.scope import Desk, on_head, require_not_expiring
from chalicelib.services.second_person import Requests, require_read
from chalicelib.store.audit.rows import Action, about
from chalicelib.store.reports.masks import release_held
from chalicelib.store.reports.rows import Head


def place_hold(report_id: str, wanted: NewHold, *, desk: Desk) -> OpenHold:
    """Ask for a legal hold, and notify officers. It takes effect when a second one approves it.

    Raises Invalid (the end is in the past or too far away), Conflict (`already_held`, `expiring`).
    """

    def place(head: Head, requests: Requests) -> OpenHold:
        wanted.require_end(desk.actor.now)
        require_not_expiring(head)
        if _hold_of(head, desk.actor):
            raise errors.Conflict("already_held")
        hold = Hold(
            by=desk.actor.by,
            sealed_reason=seal_hold_reason(head.report, wanted.reason),
            until=wanted.until,
            asked_at=desk.actor.now,
        )
        detail = {"asked": True, "until": times.render(hold.until)}
        also = requests.propose(TwoPersonStep.HOLD, Action.HOLD, detail, wanted.reason)
        _write(head, hold, also, desk)
        return OpenHold(hold, wanted.reason)

    return on_requests(report_id, place, desk=desk)


def approve_hold(report_id: str, tag: str, *, desk: Desk) -> OpenHold:
    """Approve a hold that another officer asked for. Repeated, change nothing.

    The response shows the reason, so the report is opened, with an audit record.

    Raises Stale, Forbidden from `require_second_person`; Conflict (`no_hold`, `expiring`).
    """

    def approve(head: Head, requests: Requests) -> tuple[Report, Hold]:
        hold = _hold_of(head, desk.actor)
        if hold is None:
            raise errors.Conflict("no_hold")
        request = hold.request(report_id)
        if hold.approved_by:
            require_read(request, tag, desk.actor)
            return head.report, hold
        require_not_expiring(head)
        detail = {"approved": True, "asked_by": hold.by, "until": times.render(hold.until)}
        also = requests.approve(request, tag, Action.HOLD, detail)
        approved = hold.model_copy(
            update={"approved_by": desk.actor.by, "approved_at": desk.actor.now}
        )
        _write(head, approved, also, desk)
        return head.report, approved

    report, hold = on_requests(report_id, approve, desk=desk)
    return open_hold(report, hold, desk.actor.open(report, detail={"part": "hold"}))


def lift_hold(report_id: str, wanted: NewLift, *, desk: Desk) -> OpenLift | None:
    """Ask to lift a hold, and notify officers. It ends when a second officer approves that.

    A hold that is not approved yet keeps nothing: end it at once, notify the officer who asked for
    it if that is another one, and return None. None also when there is no hold, or its end has
    passed. Repeated, change nothing, and return the first request.

    Raises Conflict (`expiring`; `hold_approved`: only a request was to be ended).
    """

    def lift(head: Head, requests: Requests) -> OpenLift | None:
        hold, report = _hold_of(head, desk.actor), head.report
        if hold is None:
            return None
        if wanted.only_request and hold.approved_by:
            raise errors.Conflict("hold_approved")
        if hold.lift:
            return open_lift(report, hold.lift, desk.actor.open(report, detail={"part": "hold"}))
        require_not_expiring(head)
        if hold.approved_by is None:
            request, detail = hold.request(report_id), {"ended": True, "asked_by": hold.by}
            _write(head, None, requests.decline(request, Action.HOLD, detail, wanted.reason), desk)
            return None
        sealed = seal_lift_reason(report, wanted.reason)
        asked = Lift(by=desk.actor.by, sealed_reason=sealed, asked_at=desk.actor.now)
        step, detail = TwoPersonStep.HOLD_LIFT, {"lift_asked": True}
        also = requests.propose(step, Action.HOLD, detail, wanted.reason)
        _write(head, hold.model_copy(update={"lift": asked}), also, desk)
        return OpenLift(asked, wanted.reason)

    return on_requests(report_id, lift, desk=desk)


def approve_lift(report_id: str, tag: str, *, desk: Desk) -> None:
    """End a hold that another officer asked to lift. Without a hold, change nothing.

    Raises Stale, Forbidden from `require_second_person`; Conflict (`no_lift`, `expiring`).
    """

    def approve(head: Head, requests: Requests) -> None:
        hold = _hold_of(head, desk.actor)
        if hold is None:
            return
        if hold.lift is None:
            raise errors.Conflict("no_lift")
        require_not_expiring(head)
        request, detail = hold.lift.request(report_id), {"lifted": True, "asked_by": hold.lift.by}
        _write(head, None, requests.approve(request, tag, Action.HOLD, detail), desk)

    on_requests(report_id, approve, desk=desk)


def decline_lift(report_id: str, refusal: LiftRefusal, *, desk: Desk) -> None:
    """End a request to lift a hold: the hold stays. Notify the officer who asked, if that is
    another one. Repeated by the same officer, change nothing.

    It keeps what is held, so it takes no second person: who asked takes it back so.

    Raises Conflict (`no_hold`: there is none that would stay; `no_lift`, `expiring`).
    """

    def decline(head: Head, requests: Requests) -> None:
        hold = _hold_of(head, desk.actor)
        if hold is None:
            raise errors.Conflict("no_hold")
        if hold.lift is None:
            if hold.lift_ended_by == desk.actor.by:
                return
            raise errors.Conflict("no_lift")
        require_not_expiring(head)
        request = hold.lift.request(report_id)
        detail = {"lift_declined": True, "asked_by": hold.lift.by}
        also = requests.decline(request, Action.HOLD, detail, refusal.reason)
        _write(head, hold.without_lift(desk.actor.by), also, desk)

    on_requests(report_id, decline, desk=desk)


def _hold_of(head: Head, actor: OfficerActor) -> Hold | None:
    """Return the hold of a report, approved or not, if its end has not passed."""
    hold = head.hold
    return None if hold is None or hold.is_over(actor.now) else hold


def _write(head: Head, hold: Hold | None, also: list[TransactItem], desk: Desk) -> None:
    """Write the hold (None: end it) with its audit record and notice.

    Without a hold, a closed report is due for deletion at its own end again, and what masks hide
    goes, which the hold alone has kept.
    """
    reports = desk.reports
    if hold is None:
        also = [*also, *release_held(reports.table, head, desk.actor.now)]
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


def mute_report(report_id: str, wanted: NewMute, *, desk: Desk) -> OpenMute:
    """Mute a report, with an audit record. Repeated, change nothing, and return the first mute,
    opened with an audit record.

    Raises NotFound, Conflict `expiring`.
    """

    def step(head: Head) -> OpenMute:
        if head.mute:
            return open_mute(head.report, head.mute, desk.actor.open(head.report, {"part": "mute"}))
        require_not_expiring(head)
        sealed = seal_mute_reason(head.report, wanted.reason)
        mute = Mute(by=desk.actor.by, at=desk.actor.now, sealed_reason=sealed)
        words = {"reason": wanted.reason}
        record = desk.actor.log_item(about(head.report), Action.CHANGE, {"muted": True}, words)
        desk.reports.keep_mute(head, mute, also=[record])
        return OpenMute(mute, wanted.reason)

    return on_head(report_id, step, desk=desk)


def end_mute(report_id: str, *, desk: Desk) -> None:
    """End the mute of a report, with an audit record. Without one, change nothing.

    Raises NotFound, Conflict `expiring`.
    """

    def step(head: Head) -> None:
        if head.mute is None:
            return
        require_not_expiring(head)
        record = desk.actor.log_item(about(head.report), Action.CHANGE, {"muted": False})
        desk.reports.keep_mute(head, None, also=[record])

    on_head(report_id, step, desk=desk)
