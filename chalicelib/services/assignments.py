"""The open reports of an officer who was deactivated: nobody holds them, so they are given back."""

from typing import TYPE_CHECKING

from chalicelib.domain import workflow
from chalicelib.domain.outbox import RETURN_AGAIN, OutboxTask, TaskKind
from chalicelib.domain.report_outlines import ReportOutline
from chalicelib.domain.reports import OPEN_STATUSES, Status
from chalicelib.services.conflicts import retry_on_conflict
from chalicelib.store import keys
from chalicelib.store.audit import Action, of_report
from chalicelib.store.tasks import read_task

if TYPE_CHECKING:
    from chalicelib.services.actor import Actor
    from chalicelib.store.assignments import Assignments
    from chalicelib.store.officers import Officers
    from chalicelib.store.outbox import Outbox, PendingTask

# How many reports one run of the task takes back.
AT_ONCE = 100


def return_reports(
    pending: "PendingTask",
    *,
    assignments: "Assignments",
    outbox: "Outbox",
    officers: "Officers",
    actor: "Actor",
) -> None:
    """Take the open reports of an officer who is not active back, each with an audit record.

    A new one waits again for somebody to acknowledge it. The task is done once more after some
    minutes, for what the index did not know yet. An officer who is active again keeps what is left.
    Raises Unavailable; repeated, it goes on.
    """
    username = pending.owner.id
    officer = officers.get(username)
    if officer is None or officer.active:
        outbox.remove(pending)
        return
    found = assignments.open_of(username)
    for report_id in found[:AT_ONCE]:
        _take_back(report_id, username, assignments, outbox, actor)
    if len(found) > AT_ONCE:
        outbox.complete(pending, then=OutboxTask(TaskKind.RETURN, actor.now))
    elif pending.attempts == 0:
        again = OutboxTask(TaskKind.RETURN, actor.now + RETURN_AGAIN)
        outbox.complete(pending, then=again, put={"attempts": 1})
    else:
        outbox.remove(pending)


def _take_back(
    report_id: str, username: str, assignments: "Assignments", outbox: "Outbox", actor: "Actor"
) -> None:
    key = keys.report(report_id), keys.HEAD

    def step() -> None:
        head = outbox.row(key)
        report = ReportOutline.of_head(head)
        if head is None or report is None or report.expiring:
            return
        if report.assignee != username or report.status not in OPEN_STATUSES:
            return
        task = read_task(head)
        waits = report.status is Status.NEW and not report.is_drill
        if waits:
            task = workflow.task_of_waiting(report, task, actor.now)
        detail = {"step": "returned", "fields": {"assignee": {"old": username, "new": None}}}
        record = actor.log_item(of_report(report_id), Action.CHANGE, detail)
        assignments.take_back(head, task, waits=waits, also=[record])

    retry_on_conflict(step)
