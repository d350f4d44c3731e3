"""Officers' work on one report: open it, change it, confirm, reveal the contact, look back.

Nothing is shown before it is on record.
"""

from collections.abc import Callable
from dataclasses import dataclass

from chalicelib import errors
from chalicelib.domain import outbox, workflow
from chalicelib.domain.ids import is_report_id, random_id
from chalicelib.domain.notices import NoticeKind
from chalicelib.domain.officers import CASEWORKERS, Role
from chalicelib.domain.outbox import TaskKind
from chalicelib.domain.reports import Contact, Report, Status
from chalicelib.domain.workflow import Change
from chalicelib.services.actor import OfficerActor
from chalicelib.services.conflicts import retry_on_conflict
from chalicelib.store.audit import Action, RecordedEntry, of_report
from chalicelib.store.officers import Officers
from chalicelib.store.report_rows import Case, Head
from chalicelib.store.reports import Reports
from chalicelib.store.writes import TransactItem

# How far links between duplicates are followed. Each leads to an original, which cannot become a
# duplicate: so one step is enough.
_LONGEST_CHAIN = 2


@dataclass(frozen=True, slots=True)
class OpenedCase:
    """A case as an officer may see it. `restricted`: it was withdrawn, so what the reporter sent
    is not shown.
    """

    case: Case
    restricted: bool


def open_report(
    report_id: str, *, reason: str | None, actor: OfficerActor, reports: Reports
) -> OpenedCase:
    """Return a report inside the officer's scope.

    One that was withdrawn is shown whole to a supervisor with a reason, and to nobody else. Raises
    NotFound for an unknown one as for one out of scope, Forbidden for a reason without the role:
    each with a denial on record.
    """
    case = case_in_scope(report_id, actor=actor, reports=reports)
    restricted = case.report.status is Status.WITHDRAWN
    detail = {"reason": reason} if reason else None
    if restricted and reason:
        if not actor.officer.has_role(Role.SUPERVISOR):
            actor.log(of_report(report_id), Action.DENIED, detail)
            raise errors.Forbidden
        restricted = False
    actor.log(of_report(report_id), Action.OPEN, detail)
    return OpenedCase(case, restricted)


def change_report(
    report_id: str,
    change: Change,
    version: int,
    *,
    actor: OfficerActor,
    reports: Reports,
    officers: Officers,
) -> Report:
    """Change the report as it was in `version`, and return it as it is then.

    Raises NotFound, Stale, Conflict (`illegal_transition`, `expiring`), Invalid. An assignee or
    original that the officer cannot see is an unknown one.
    """

    def step() -> Report:
        head = head_in_scope(report_id, actor=actor, reports=reports)
        require_not_expiring(head)
        before = head.report
        if before.version != version:
            raise errors.Stale
        after = workflow.change(before, change, by=actor.by, now=actor.now)
        if change.assignee:
            _check_assignee(change.assignee, after, actor, officers)
        if after.duplicate_of and after.duplicate_of != before.duplicate_of:
            original = _find_original(after.duplicate_of, before, actor, reports)
            after = after.model_copy(update={"duplicate_of": original})
        also: list[TransactItem] = []
        if after.duplicate_of != before.duplicate_of:
            also += _counted_links(head, after.duplicate_of, reports)
        if workflow.concerns_others(before, after) and not _has_notice(head):
            also.append(_new_notice(report_id, actor, reports))
        _write(head, after, {"version": after.version}, actor, reports, Action.CHANGE, also)
        return after

    return retry_on_conflict(step)


def confirm_malicious(report_id: str, *, actor: OfficerActor, reports: Reports) -> Report:
    """Let a proposed disposition take effect, and return the report.

    The version stays: this completes the step that proposed it. Raises NotFound, Conflict
    (`nothing_to_confirm`, `expiring`), Forbidden `self_approval` for who proposed it, with a
    denial on record.
    """

    def step() -> Report:
        head = head_in_scope(report_id, actor=actor, reports=reports)
        require_not_expiring(head)
        try:
            after = workflow.confirm(head.report, by=actor.by)
        except errors.Forbidden:
            actor.log(of_report(report_id), Action.DENIED, {"step": "confirm"})
            raise
        _write(head, after, {}, actor, reports, Action.CONFIRM, [])
        return after

    return retry_on_conflict(step)


def reveal_contact(
    report_id: str, *, read_reason: Callable[[], str], actor: OfficerActor, reports: Reports
) -> Contact | None:
    """Return how to reach the reporter, for a reason that goes on record first.

    None when the reporter left nothing, or took it back. Raises NotFound, and what `read_reason`
    raises (Invalid) where no good one was given: a denial on record as well.
    """
    head_in_scope(report_id, actor=actor, reports=reports)
    try:
        reason = read_reason()
    except errors.Invalid:
        actor.log(of_report(report_id), Action.DENIED, {"contact": "without a reason"})
        raise
    actor.log(of_report(report_id), Action.CONTACT, {"reason": reason})
    return reports.contact(report_id)


def read_history(report_id: str, *, actor: OfficerActor, reports: Reports) -> list[RecordedEntry]:
    """Return the audit of a report, oldest first, this very read included."""
    head_in_scope(report_id, actor=actor, reports=reports)
    actor.log(of_report(report_id), Action.OPEN, {"part": "history"})
    return actor.audit.history(of_report(report_id))


def case_in_scope(report_id: str, *, actor: OfficerActor, reports: Reports) -> Case:
    """Return a report inside the officer's scope with all that belongs to it.

    Raises NotFound otherwise, with a denial on record.
    """
    case = reports.case(report_id) if is_report_id(report_id) else None
    if case is None or not _is_visible(case.head, report_id, actor):
        if case is None:
            _log_unknown(report_id, actor)
        raise errors.NotFound
    return case


def head_in_scope(report_id: str, *, actor: OfficerActor, reports: Reports) -> Head:
    """Return the HEAD alone, as `case_in_scope`."""
    head = _visible_head(report_id, actor, reports)
    if head is None:
        raise errors.NotFound
    return head


def require_not_expiring(head: Head) -> None:
    """Raise Conflict `expiring`: nothing is written to a report whose deletion has begun."""
    if head.is_expiring:
        raise errors.Conflict("expiring")


def _visible_head(report_id: str, actor: OfficerActor, reports: Reports) -> Head | None:
    """Return the HEAD of a report that the officer may see; else None, with a denial on record."""
    head = reports.head(report_id) if is_report_id(report_id) else None
    if head is None:
        _log_unknown(report_id, actor)
        return None
    return head if _is_visible(head, report_id, actor) else None


def _is_visible(head: Head, report_id: str, actor: OfficerActor) -> bool:
    if head.is_deleted or not actor.officer.sees(head.row["category"], head.row["district"]):
        actor.log(of_report(report_id), Action.DENIED)
        return False
    return True


def _log_unknown(report_id: str, actor: OfficerActor) -> None:
    # Any id can be asked for: it goes on the officer's record, not into a partition that a
    # stranger names.
    actor.log_own(Action.DENIED, {"report": report_id[:40]})


def _write(
    head: Head,
    after: Report,
    detail: dict[str, object],
    actor: OfficerActor,
    reports: Reports,
    action: Action,
    also: list[TransactItem],
) -> None:
    """Write `after` with its record. Raises ConditionFailed when another write came in between."""
    detail = {**detail, "fields": workflow.differences(head.report, after)}
    record = actor.log_item(of_report(after.id), action, detail)
    task = workflow.task_after(after, head.task, actor.now)
    reports.change(head, after, task=task, now=actor.now, also=[record, *also])


def _has_notice(head: Head) -> bool:
    """Return whether the first notice is still pending: it will show the report as it is then."""
    return head.task is not None and head.task.kind is TaskKind.NOTIFY


def _new_notice(report_id: str, actor: OfficerActor, reports: Reports) -> TransactItem:
    """Return the item that notifies those who did not hear of it, or not as what it is now."""
    return reports.event(
        report_id,
        NoticeKind.REPORT,
        now=actor.now,
        entry_id=random_id(10),
        task=outbox.notify(actor.now),
    )


def _check_assignee(username: str, report: Report, actor: OfficerActor, officers: Officers) -> None:
    """Raise Invalid unless this is an active officer who works on reports and sees this one."""
    assignee = actor.officer if username == actor.by else officers.get(username)
    if (
        assignee is None
        or not assignee.active
        or not assignee.has_role(*CASEWORKERS)
        or not assignee.sees(report.category, report.district)
    ):
        raise errors.Invalid(errors.FieldError("assignee", "unknown_value"))


def _counted_links(head: Head, original: str | None, reports: Reports) -> list[TransactItem]:
    """Return the items that count the link where it leads now, and no more where it led.

    Raises Invalid when others point at the report itself: they would point at a duplicate.
    """
    if original and head.duplicates > 0:
        raise errors.Invalid(errors.FieldError("duplicate_of", "has_duplicates"))
    items = [reports.count_duplicate(original)] if original else []
    before = head.report.duplicate_of
    left = reports.head(before) if before else None
    if before and left and not left.is_expiring and not left.is_deleted:
        items.append(reports.discount_duplicate(before))
    return items


def _find_original(report_id: str, duplicate: Report, actor: OfficerActor, reports: Reports) -> str:
    """Return the id of the report at the end of the links that begin with `report_id`.

    Raises Invalid for one that is unknown or out of scope, with a denial on record, and when the
    end is the duplicate itself.
    """
    for _ in range(_LONGEST_CHAIN):
        head = _visible_head(report_id, actor, reports)
        if head is None:
            raise errors.Invalid(errors.FieldError("duplicate_of", "unknown_value"))
        if report_id == duplicate.id:
            raise errors.Invalid(errors.FieldError("duplicate_of", "circular"))
        if head.report.duplicate_of is None:
            return report_id
        report_id = head.report.duplicate_of
    raise errors.Invalid(errors.FieldError("duplicate_of", "unknown_value"))
