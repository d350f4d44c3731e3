"""Read a report inside the scope of an officer."""

from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.aws.table import retry_on_conflict
from chalicelib.domain.reports.report import DRILL, Status
from chalicelib.kernel import errors
from chalicelib.kernel.ids import is_report_id, on_record
from chalicelib.services.officers import OfficerActor
from chalicelib.store.audit.rows import Action, of_report
from chalicelib.store.reports.reports import Reports
from chalicelib.store.reports.rows import Head, ReadCase


@dataclass(frozen=True, slots=True)
class Desk:
    """An officer at work on reports: who acts and when (`actor`), and the store of reports. A
    machine may open `openings` in an hour, and do `steps` on them.
    """

    actor: OfficerActor
    reports: Reports
    openings: int = 0
    steps: int = 0


def case_in_scope(report_id: str, *, desk: Desk) -> ReadCase:
    """Return the case of a report inside the officer's scope.

    Raises NotFound when it is unknown or out of scope, with a denial in the audit.
    """
    case = desk.reports.case(report_id) if is_report_id(report_id) else None
    if case is None or not _is_visible(case.head, report_id, desk.actor):
        if case is None:
            _log_unknown(report_id, desk.actor)
        raise errors.NotFound
    return case


def head_in_scope(report_id: str, *, desk: Desk) -> Head:
    """Return only the HEAD of a report, with the same checks as `case_in_scope`."""
    head = visible_head(report_id, desk)
    if head is None:
        raise errors.NotFound
    return head


def on_head[Done](report_id: str, step: Callable[[Head], Done], *, desk: Desk) -> Done:
    """Return the result of a step on a report in the officer's scope.

    When the report is changed in between, it is read again, and the step repeated.
    """
    return retry_on_conflict(lambda: step(head_in_scope(report_id, desk=desk)))


def require_not_expiring(head: Head) -> None:
    """Raise Conflict `expiring` when the deletion of the report has begun."""
    if head.is_expiring:
        raise errors.Conflict("expiring")


def require_not_withdrawn(head: Head) -> None:
    """Raise Conflict `withdrawn` when its reporter has withdrawn the report, and `expiring`."""
    require_not_expiring(head)
    if head.report.status is Status.WITHDRAWN:
        raise errors.Conflict("withdrawn")


def visible_head(report_id: str, desk: Desk) -> Head | None:
    """Return the HEAD of a report inside the officer's scope; else None, and write a denial."""
    head = desk.reports.head(report_id) if is_report_id(report_id) else None
    if head is None:
        _log_unknown(report_id, desk.actor)
        return None
    return head if _is_visible(head, report_id, desk.actor) else None


def _is_visible(head: Head, report_id: str, actor: OfficerActor) -> bool:
    """Return whether the officer may see this report. If not, write a denial to the audit."""
    row = head.row
    is_drill = row.get("source") == DRILL
    if head.is_deleted or not actor.officer.sees(
        row["category"], row["district"], is_drill=is_drill
    ):
        actor.log(of_report(report_id), Action.DENIED)
        return False
    return True


def _log_unknown(report_id: str, actor: OfficerActor) -> None:
    # The id is the caller's input, so it must not choose the partition of the audit row.
    actor.log_own(Action.DENIED, {"report": on_record(report_id)})
