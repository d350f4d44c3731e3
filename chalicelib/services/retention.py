"""What is kept how long, and what is kept from deletion. Deletion takes objects in all their
versions first, then rows; a tombstone stays.

Each step can be repeated, and the task to expire stays until the last one is done.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib import errors
from chalicelib.domain import times
from chalicelib.domain.holds import Hold, NewHold
from chalicelib.domain.officers import Officer
from chalicelib.domain.outbox import OutboxTask, TaskKind
from chalicelib.domain.reports import Status
from chalicelib.domain.workflow import WITHDRAWN_RETENTION, retention
from chalicelib.store.audit import Action, Audit
from chalicelib.store.outbox import Outbox
from chalicelib.store.reports import Case, Reports
from chalicelib.store.table import ConditionFailed, Row

if TYPE_CHECKING:
    from chalicelib.media.objects import Objects

log = logging.getLogger(__name__)

TOMBSTONE_LIFE = timedelta(days=365)
_TRIES = 5


def expire_report(
    row: Row, now: datetime, *, outbox: Outbox, reports: Reports, objects: "Objects"
) -> None:
    """Delete a report whose time has come (`row` is its HEAD, read with the task). Under a legal
    hold it is put off to the hold's end.
    """
    held_until = row.get("held_until")
    if held_until and times.parse(held_until) > now:
        outbox.complete(row, then=OutboxTask(TaskKind.EXPIRE, times.parse(held_until)))
        return
    report_id = row["id"]
    try:
        reports.mark_expiring(row)
    except ConditionFailed:
        return  # reopened, or held, at this moment: the next sweep looks again
    objects.delete_all(f"originals/{report_id}/")
    objects.delete_all(f"derived/{report_id}/")
    reports.bury(report_id, now=now, until=now + TOMBSTONE_LIFE)
    log.info("report_expired")


def place_hold(
    officer: Officer, case: Case, wanted: NewHold, *, reports: Reports, audit: Audit, now: datetime
) -> Hold:
    """Ask for a legal hold. It holds once a second officer approves it.

    Raises Invalid (an end that is past, or too far), Conflict (`already_held`, `expiring`).
    """
    wrong = wanted.wrong_end(now)
    if wrong:
        raise errors.Invalid(errors.FieldError("until", wrong))

    def place(case: Case) -> Hold:
        if case.head.get("expiring"):
            raise errors.Conflict("expiring")
        existing = case.hold
        if existing and existing.until > now:
            raise errors.Conflict("already_held")
        hold = Hold(by=officer.username, reason=wanted.reason, until=wanted.until, asked_at=now)
        detail = {"asked": True, "reason": hold.reason, "until": times.render(hold.until)}
        recorded = audit.report_action(
            case.report.id, by=officer.username, action=Action.HOLD, now=now, detail=detail
        )
        _write(case, hold, None, reports, recorded)
        return hold

    return _settled(case, reports, place)


def approve_hold(
    officer: Officer, case: Case, *, reports: Reports, audit: Audit, now: datetime
) -> Hold:
    """Approve a hold that somebody else asked for. Raises Forbidden `self_approval`, Conflict
    (`no_hold`, `expiring`).
    """

    def approve(case: Case) -> Hold:
        hold = case.hold
        if hold is None or hold.until <= now:
            raise errors.Conflict("no_hold")
        if hold.approved_by:
            return hold
        if hold.by == officer.username:
            audit.about_report(
                case.report.id,
                by=officer.username,
                action=Action.DENIED,
                now=now,
                detail={"hold": "own"},
            )
            raise errors.Forbidden("self_approval")
        approved = hold.model_copy(update={"approved_by": officer.username, "approved_at": now})
        detail = {"approved": True, "asked_by": hold.by, "until": times.render(hold.until)}
        recorded = audit.report_action(
            case.report.id, by=officer.username, action=Action.HOLD, now=now, detail=detail
        )
        _write(case, approved, hold.until, reports, recorded)
        return approved

    return _settled(case, reports, approve)


def lift_hold(
    officer: Officer, case: Case, *, reports: Reports, audit: Audit, now: datetime
) -> None:
    """End a hold, or take back one that was asked for. Repeated, it changes nothing."""

    def lift(case: Case) -> None:
        if case.hold is None:
            return
        recorded = audit.report_action(
            case.report.id,
            by=officer.username,
            action=Action.HOLD,
            now=now,
            detail={"lifted": True},
        )
        _write(case, None, None, reports, recorded)

    _settled(case, reports, lift)


def _write(
    case: Case,
    hold: Hold | None,
    held_until: datetime | None,
    reports: Reports,
    recorded: dict[str, object],
) -> None:
    """Keep the hold with its record. Without one, a report that is done with goes when it would
    have gone.
    """
    due = None
    if hold is None and case.report.closed_at and case.head.get("task") == TaskKind.EXPIRE:
        withdrawn = case.report.status is Status.WITHDRAWN
        due = case.report.closed_at + (
            WITHDRAWN_RETENTION if withdrawn else retention(case.report.disposition)
        )
    reports.keep_hold(case, hold, held_until, expire_at=due, also=[recorded])


def _settled[Done](case: Case, reports: Reports, step: Callable[[Case], Done]) -> Done:
    """The step on the report as it is: one that has changed at the same moment (a notice was struck
    off, say) is read again.
    """
    for _ in range(_TRIES):
        try:
            return step(case)
        except ConditionFailed:
            fresh = reports.case(case.report.id)
            if fresh is None:
                raise errors.NotFound from None
            case = fresh
    raise errors.Unavailable
