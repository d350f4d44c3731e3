"""Assignment of reports: colleagues to choose from, followers, and return to the queue.

The open reports that an officer may not have any more are given back. A follower is notified of
what happens to a report also when off duty.
"""

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.aws import keys
from chalicelib.aws.keys import read_task
from chalicelib.aws.table import retry_on_conflict
from chalicelib.domain.casework.requests import ColleagueQuery
from chalicelib.domain.notices.bursts import ALONE_PER_CATEGORY
from chalicelib.domain.officers.model import Officer, may_be_assigned
from chalicelib.domain.reports import workflow
from chalicelib.domain.reports.attention import is_attended
from chalicelib.domain.reports.outlines import ReportOutline
from chalicelib.domain.reports.report import OPEN_STATUSES
from chalicelib.kernel import errors
from chalicelib.kernel.outbox import RETURN_AGAIN, OutboxTask, TaskKind
from chalicelib.kernel.paging import Cursors
from chalicelib.services.officers import Actor, OfficerActor
from chalicelib.services.reports.scope import Desk, head_in_scope, require_not_expiring
from chalicelib.store.audit.rows import Action, about, of_report
from chalicelib.store.casework.rows import keep_followers
from chalicelib.store.officers.rows import Officers

if TYPE_CHECKING:
    from chalicelib.store.reports.attention import Assignments
    from chalicelib.store.reports.outbox import Outbox, PendingTask


# How many reports one run of the task takes back.
AT_ONCE = 100


def return_reports(
    pending: "PendingTask",
    *,
    assignments: "Assignments",
    outbox: "Outbox",
    officers: Officers,
    actor: Actor,
) -> None:
    """Return the open reports that an officer may not have any more to the queue, each with an
    audit record. Each waits again for somebody to attend to it.

    The task is done once more after some minutes, for what the index did not know yet. An officer
    who is active again keeps what is left. Raises Unavailable; repeated, it goes on.
    """
    username = pending.owner.id
    officer = officers.get(username)
    if officer is None:
        outbox.remove(pending)
        return
    found = assignments.open_of(username, partial(may_be_assigned, officer))
    for report_id in found[:AT_ONCE]:
        is_one_of_many = len(found) > ALONE_PER_CATEGORY
        take_back(report_id, username, assignments, outbox, actor, is_one_of_many=is_one_of_many)
    if len(found) > AT_ONCE:
        outbox.complete(pending, then=OutboxTask(TaskKind.RETURN, actor.now))
    elif pending.attempts == 0:
        again = OutboxTask(TaskKind.RETURN, actor.now + RETURN_AGAIN)
        outbox.complete(pending, then=again, put={"attempts": 1})
    else:
        outbox.remove(pending)


def take_back(
    report_id: str,
    username: str,
    assignments: "Assignments",
    outbox: "Outbox",
    actor: Actor,
    *,
    is_one_of_many: bool = False,
) -> None:
    """Let an open report be assigned to nobody, if it is assigned to this officer."""
    key = keys.report(report_id), keys.HEAD

    def step() -> None:
        head = outbox.row(key)
        report = ReportOutline.of_head(head)
        if head is None or report is None or report.expiring:
            return
        if report.assignee != username or report.status not in OPEN_STATUSES:
            return
        attended = is_attended(report, anew=True)
        task = task_again(
            report, read_task(head), actor.now, attended=attended, gathered=is_one_of_many
        )
        detail = {"step": "returned", "fields": {"assignee": {"old": username, "new": None}}}
        record = actor.log_item(of_report(report_id), Action.CHANGE, detail)
        assignments.take_back(head, task, attended=attended, now=actor.now, also=[record])

    retry_on_conflict(step)


def task_again(
    report: ReportOutline,
    present: OutboxTask | None,
    now: datetime,
    *,
    attended: bool,
    gathered: bool,
) -> OutboxTask | None:
    """Return the task of an open report which officers attend to from now on, or do not. With
    `gathered`, it is one of many at once, whose notices are one digest.
    """
    if attended is report.attended:
        return present
    task = workflow.task_after(report.model_copy(update={"attended": attended}), present, now)
    return task.gathered() if task and gathered else task


MOST_FOLLOWERS = 50


def follow_report(report_id: str, *, desk: Desk) -> None:
    """Let the officer follow a report, with an audit record. Repeated, change nothing.

    Raises NotFound, Conflict (`too_many_followers`, `expiring`).
    """
    _set_following(report_id, desk=desk, follows=True)


def unfollow_report(report_id: str, *, desk: Desk) -> None:
    """End that, with an audit record. Repeated, change nothing.

    Raises NotFound, Conflict `expiring`.
    """
    _set_following(report_id, desk=desk, follows=False)


def _set_following(report_id: str, *, desk: Desk, follows: bool) -> None:
    def step() -> None:
        head = head_in_scope(report_id, desk=desk)
        report = head.report
        if (desk.actor.by in report.followers) is follows:
            return
        require_not_expiring(head)
        others = [each for each in report.followers if each != desk.actor.by]
        if follows and len(others) >= MOST_FOLLOWERS:
            raise errors.Conflict("too_many_followers")
        record = desk.actor.log_item(about(report), Action.CHANGE, {"followed": follows})
        after = [*others, desk.actor.by] if follows else others
        keep_followers(desk.reports.table, head, after, also=[record])

    retry_on_conflict(step)


class ColleaguePage(NamedTuple):
    items: tuple[Officer, ...]
    next_cursor: str | None


def list_colleagues(
    query: ColleagueQuery, *, actor: OfficerActor, officers: Officers, cursors: Cursors
) -> ColleaguePage:
    """Return a page of the active officers with this scope, by username, and write an audit record.

    What is outside of the caller's own scope gives an empty page, and a denial in the audit. Raises
    Malformed `bad_cursor`, with a denial too.
    """
    filters = {"category": query.category, "district": query.district}
    detail = {"list": "colleagues", **filters}
    try:
        after = cursors.read(query.cursor, reader=actor.by, filters=filters, now=actor.now)
    except errors.Malformed:
        actor.log_own(Action.DENIED, detail | {"cursor": "bad"})
        raise
    if not actor.officer.sees(query.category, query.district):
        actor.log_own(Action.DENIED, detail)
        return ColleaguePage((), None)
    page = officers.directory_page(after)
    found = tuple(
        each for each in page.officers if may_be_assigned(each, query.category, query.district)
    )
    actor.log_own(Action.LIST, detail | {"after": after, "count": len(found)})
    if page.position is None:
        return ColleaguePage(found, None)
    cursor = cursors.issue(page.position, reader=actor.by, filters=filters, now=actor.now)
    return ColleaguePage(found, cursor)
