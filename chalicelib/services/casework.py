"""Officers' work on one report: open it, take steps, confirm, reveal the contact, look back.
Nothing is shown before it is on record.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib import errors
from chalicelib.domain import outbox, workflow
from chalicelib.domain.catalogue import Catalogue
from chalicelib.domain.ids import Identity, is_report_id, random_id
from chalicelib.domain.notices import NoticeKind
from chalicelib.domain.officers import CASEWORKERS, Officer, Role
from chalicelib.domain.outbox import TaskKind
from chalicelib.domain.reports import Contact, OfficerSubmission, Report, Status
from chalicelib.domain.workflow import Change
from chalicelib.services import intake
from chalicelib.store.audit import Action, Audit
from chalicelib.store.officers import Officers
from chalicelib.store.reports import Case, Reports, read_task
from chalicelib.store.table import ConditionFailed, Row

_TRIES = 5
# How far links between duplicates are followed. Each leads to an original, which cannot become a
# duplicate: so one step is enough.
_LONGEST_CHAIN = 2


@dataclass(frozen=True, slots=True)
class Opened:
    """A report as an officer may see it. `restricted`: it was withdrawn, so what the reporter said is
    not shown.
    """

    case: Case
    restricted: bool


def open_report(
    officer: Officer,
    report_id: str,
    *,
    reason: str | None,
    reports: Reports,
    audit: Audit,
    now: datetime,
) -> Opened:
    """A report inside the officer's scope. One that was withdrawn is opened wholly only for a
    supervisor with a reason.

    Raises NotFound for an unknown one as for one out of scope, Forbidden for a reason without the
    role: each with a denial on record.
    """
    case = case_in_scope(officer, report_id, reports=reports, audit=audit, now=now)
    restricted = case.report.status is Status.WITHDRAWN
    if restricted and reason:
        if not officer.has_role(Role.SUPERVISOR):
            audit.about_report(
                report_id,
                by=officer.username,
                action=Action.DENIED,
                now=now,
                detail={"reason": reason},
            )
            raise errors.Forbidden
        restricted = False
    audit.about_report(
        report_id,
        by=officer.username,
        action=Action.OPEN,
        now=now,
        detail={"reason": reason} if reason else None,
    )
    return Opened(case, restricted)


def enter_report(
    officer: Officer,
    submission: OfficerSubmission,
    *,
    idempotency_key: str,
    identity: Identity,
    reports: Reports,
    bulletins: intake.BulletinLookup,
    catalogue: Catalogue,
    audit: Audit,
    now: datetime,
) -> intake.CreatedReport:
    """File what a caller reports, with the officer on record. Raises as `intake.submit_report`."""
    detail = {"entered_by": submission.source}

    def record(report_id: str) -> dict[str, Any]:
        return audit.report_action(
            report_id, by=officer.username, action=Action.OPEN, now=now, detail=detail
        )

    filed = intake.submit_report(
        submission,
        idempotency_key=idempotency_key,
        identity=identity,
        reports=reports,
        bulletins=bulletins,
        catalogue=catalogue,
        now=now,
        source=submission.source,
        record=record,
    )
    if filed.replayed:
        audit.about_report(
            filed.report.id,
            by=officer.username,
            action=Action.OPEN,
            now=now,
            detail=detail | {"replayed": True},
        )
    return filed


def change_report(
    officer: Officer,
    report_id: str,
    wanted: Change,
    *,
    version: int,
    reports: Reports,
    officers: Officers,
    audit: Audit,
    now: datetime,
) -> Report:
    """Take a step on the report as it was in `version`; answers the report as it is then.

    Raises NotFound, Stale, Conflict (`illegal_transition`, `expiring`), Invalid. An assignee or
    original that the officer cannot see is an unknown one.
    """
    for _ in range(_TRIES):
        head = head_in_scope(officer, report_id, reports=reports, audit=audit, now=now)
        require_not_expiring(head)
        before = Report.model_validate(head)
        if before.version != version:
            raise errors.Stale
        after = workflow.change(before, wanted, by=officer.username, now=now)
        also = []
        if wanted.assignee:
            _check_assignee(wanted.assignee, after, officer, officers)
        if after.duplicate_of and after.duplicate_of != before.duplicate_of:
            original = _find_original(after.duplicate_of, before, officer, reports, audit, now)
            after = after.model_copy(update={"duplicate_of": original})
        if after.duplicate_of != before.duplicate_of:
            also += _relink(head, after.duplicate_of, reports)
        if workflow.concerns_others(before, after) and head.get("task") != TaskKind.NOTIFY:
            # They were not told of it, or not as what it is now. (While its first notice is still
            # pending, that one will say it.)
            also.append(
                reports.event_action(
                    report_id,
                    NoticeKind.REPORT,
                    now=now,
                    entry_id=random_id(10),
                    task=outbox.notify(now),
                )
            )
        record = audit.report_action(
            report_id,
            by=officer.username,
            action=Action.CHANGE,
            now=now,
            detail={"version": after.version, "fields": workflow.differences(before, after)},
        )
        try:
            reports.change(
                head,
                after,
                task=workflow.task_after(after, read_task(head), now),
                now=now,
                also=[record, *also],
            )
        except ConditionFailed:
            # a message, a notice or another link came in between; or another officer, and then this
            # one is stale
            continue
        return after
    raise errors.Unavailable


def confirm_malicious(
    officer: Officer, report_id: str, *, reports: Reports, audit: Audit, now: datetime
) -> Report:
    """Let a proposed disposition stand. The version stays: this completes the step that proposed
    it.

    Raises NotFound, Conflict (`nothing_to_confirm`, `expiring`), Forbidden `self_approval` for who
    proposed it, with a denial on record.
    """
    for _ in range(_TRIES):
        head = head_in_scope(officer, report_id, reports=reports, audit=audit, now=now)
        require_not_expiring(head)
        before = Report.model_validate(head)
        try:
            after = workflow.confirm(before, by=officer.username)
        except errors.Forbidden:
            audit.about_report(
                report_id,
                by=officer.username,
                action=Action.DENIED,
                now=now,
                detail={"step": "confirm"},
            )
            raise
        record = audit.report_action(
            report_id,
            by=officer.username,
            action=Action.CONFIRM,
            now=now,
            detail={"fields": workflow.differences(before, after)},
        )
        try:
            reports.change(
                head,
                after,
                task=workflow.task_after(after, read_task(head), now),
                now=now,
                also=[record],
            )
        except ConditionFailed:
            continue
        return after
    raise errors.Unavailable


def reveal_contact(
    officer: Officer,
    report_id: str,
    *,
    read_reason: Callable[[], str],
    reports: Reports,
    audit: Audit,
    now: datetime,
) -> Contact | None:
    """How to reach the reporter, for a reason that goes on record first. None when they left
    nothing, or took it back.

    Raises NotFound, and what `read_reason` raises (Invalid) where no good one was given: a denial
    as well.
    """
    head_in_scope(officer, report_id, reports=reports, audit=audit, now=now)
    try:
        reason = read_reason()
    except errors.Invalid:
        audit.about_report(
            report_id,
            by=officer.username,
            action=Action.DENIED,
            now=now,
            detail={"contact": "without a reason"},
        )
        raise
    audit.about_report(
        report_id, by=officer.username, action=Action.CONTACT, now=now, detail={"reason": reason}
    )
    return reports.contact(report_id)


def read_history(
    officer: Officer, report_id: str, *, reports: Reports, audit: Audit, now: datetime
) -> list[Row]:
    """Who did and saw what, oldest first; this very look included."""
    head_in_scope(officer, report_id, reports=reports, audit=audit, now=now)
    audit.about_report(
        report_id, by=officer.username, action=Action.OPEN, now=now, detail={"part": "history"}
    )
    return audit.history(report_id)


def case_in_scope(
    officer: Officer, report_id: str, *, reports: Reports, audit: Audit, now: datetime
) -> Case:
    """A report inside the officer's scope with what hangs on it; raises NotFound otherwise, with a
    denial on record.
    """
    case = reports.case(report_id) if is_report_id(report_id) else None
    if (
        not _visible(case.head if case else None, officer, report_id, audit=audit, now=now)
        or case is None
    ):
        raise errors.NotFound
    return case


def head_in_scope(
    officer: Officer, report_id: str, *, reports: Reports, audit: Audit, now: datetime
) -> Row:
    """The HEAD alone, as `case_in_scope`."""
    head = reports.head(report_id) if is_report_id(report_id) else None
    if not _visible(head, officer, report_id, audit=audit, now=now) or head is None:
        raise errors.NotFound
    return head


def require_not_expiring(head: Mapping[str, Any]) -> None:
    """Nothing is written to a report whose deletion has begun: raises Conflict `expiring`."""
    if head.get("expiring"):
        raise errors.Conflict("expiring")


def _visible(
    head: Mapping[str, Any] | None, officer: Officer, report_id: str, *, audit: Audit, now: datetime
) -> bool:
    """Is there such a report, and may the officer see it? If not, the denial is on record."""
    if head is None:
        # Any id can be asked for: it goes on the officer's record, not into a partition that a
        # stranger names.
        audit.about_officer(
            by=officer.username, action=Action.DENIED, now=now, detail={"report": report_id[:40]}
        )
        return False
    if head.get("deleted_at") or not officer.sees(head["category"], head["district"]):
        audit.about_report(report_id, by=officer.username, action=Action.DENIED, now=now)
        return False
    return True


def _check_assignee(username: str, report: Report, officer: Officer, officers: Officers) -> None:
    """Raises Invalid unless this is an active officer who works on reports and sees this one."""
    assignee = officer if username == officer.username else officers.get(username)
    if (
        assignee is None
        or not assignee.active
        or not assignee.has_role(*CASEWORKERS)
        or not assignee.sees(report.category, report.district)
    ):
        raise errors.Invalid(errors.FieldError("assignee", "unknown_value"))


def _relink(head: Row, original: str | None, reports: Reports) -> list[dict[str, Any]]:
    """The actions that count the link of `head` where it leads now, and no more where it led.

    Raises Invalid when others point at `head` itself: they would point at a duplicate.
    """
    if original and head.get("duplicates", 0) > 0:
        raise errors.Invalid(errors.FieldError("duplicate_of", "has_duplicates"))
    actions = [reports.linked(original)] if original else []
    left = reports.head(head["duplicate_of"]) if head.get("duplicate_of") else None
    if left and not left.get("expiring") and not left.get("deleted_at"):
        actions.append(reports.unlinked(left["id"]))
    return actions


def _find_original(
    report_id: str,
    duplicate: Report,
    officer: Officer,
    reports: Reports,
    audit: Audit,
    now: datetime,
) -> str:
    """The id of the report at the end of the links that begin with `report_id`. Raises Invalid for
    one that is unknown or out of scope, with a denial on record, and when the end is the duplicate
    itself.
    """
    for _ in range(_LONGEST_CHAIN):
        head = reports.head(report_id) if is_report_id(report_id) else None
        if not _visible(head, officer, report_id, audit=audit, now=now) or head is None:
            raise errors.Invalid(errors.FieldError("duplicate_of", "unknown_value"))
        if head["id"] == duplicate.id:
            raise errors.Invalid(errors.FieldError("duplicate_of", "circular"))
        if "duplicate_of" not in head:
            return report_id
        report_id = head["duplicate_of"]
    raise errors.Invalid(errors.FieldError("duplicate_of", "unknown_value"))
