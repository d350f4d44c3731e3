"""Move a report that is about the police to oversight, and back.

What it is of goes into its sealed content, and comes from there. Who had it sees it no longer.
"""

from typing import Any

from chalicelib.aws.writes import TransactItem
from chalicelib.domain.catalogue.model import Catalogue
from chalicelib.domain.reports.events import NoticeKind
from chalicelib.domain.reports.measures import Moving, return_request
from chalicelib.domain.reports.report import Content, Report, Returning, for_oversight, returned
from chalicelib.domain.second_person import Request, TwoPersonStep
from chalicelib.domain.watch import OVERSIGHT_PART
from chalicelib.kernel import errors
from chalicelib.kernel.outbox import notify
from chalicelib.services.casework.casework import write_step
from chalicelib.services.casework.readings import request_at
from chalicelib.services.notices.colleagues import on_requests
from chalicelib.services.officers import OfficerActor
from chalicelib.services.reports.scope import Desk, require_not_expiring
from chalicelib.services.reports.sealed_rows import key_of, open_content, seal_content
from chalicelib.services.second_person import Requests
from chalicelib.store.audit.rows import Action, of_report
from chalicelib.store.reports.reports import Reports
from chalicelib.store.reports.rows import Head


def move_to_oversight(report_id: str, wanted: Moving, *, desk: Desk, catalogue: Catalogue) -> None:
    """Move a report to oversight, who are notified, and take what leads others to it.

    Raises NotFound, Conflict: `not_read` for who has not opened it, with a record in the audit;
    `oversight_not_offered`, `expiring`.
    """

    def move(head: Head, requests: Requests) -> None:
        report = head.report
        if report.concerns_police:
            return
        if not desk.actor.has_opened(report_id):
            desk.actor.log(of_report(report_id), Action.CLOSE_UNREAD)
            raise errors.Conflict("not_read")
        if not catalogue.offers_oversight:
            raise errors.Conflict("oversight_not_offered")
        require_not_expiring(head)
        after, content = for_oversight(report, _content(report, desk.actor))
        fields = {"category": {"old": report.category, "new": after.category}}
        detail = {"oversight": "moved", "fields": fields, **({"muted": False} if head.mute else {})}
        record = requests.actor.log_item(
            requests.subject or of_report(report_id), Action.MOVE, detail, {"reason": wanted.reason}
        )
        unlinked = desk.reports.duplicates.discount(
            report.duplicate_of, report.id, report.received_at
        )
        case = desk.reports.with_media(report_id, consistent=True)
        unseen = desk.reports.media.without_sketches(report_id, case.media if case else ())
        _pass_on(head, after, content, desk, [record, *unlinked, *unseen])

    on_requests(report_id, move, desk=desk)


def ask_to_return(report_id: str, wanted: Moving, *, desk: Desk) -> Report:
    """Ask to return a report to its station, and return it. Repeated, change nothing.

    Raises NotFound, also for a report that oversight does not have; Conflict `expiring`.
    """

    def ask(head: Head, requests: Requests) -> Report:
        report = _of_oversight(head, desk.actor)
        if report.returning:
            return report
        returning = Returning(by=desk.actor.by, at=desk.actor.now)
        step, detail = TwoPersonStep.OVERSIGHT_RETURN, {"oversight": "return_asked"}
        also = requests.propose(step, Action.CHANGE, detail, wanted.reason)
        return _write(head, returning, desk.reports, desk.actor, also)

    return on_requests(report_id, ask, desk=desk)


def return_report(report_id: str, tag: str, *, desk: Desk) -> None:
    """Return a report to its station, whose officers are notified, as another has asked.

    Raises NotFound, also for a report that oversight does not have; Stale, Forbidden from
    `require_second_person`; Conflict (`nothing_to_confirm`, `expiring`).
    """

    def approve(head: Head, requests: Requests) -> None:
        report = _of_oversight(head, desk.actor)
        request = _asked(head, desk)
        if request is None:
            raise errors.Conflict("nothing_to_confirm")
        request = request_at(tag, head, return_request, desk) or request
        detail = {"oversight": "returned", "asked_by": next(iter(request.involved))}
        also = requests.approve(request, tag, Action.CHANGE, detail)
        content = _content(report, desk.actor)
        if content.reported_as is None:
            raise errors.NotFound
        unlinked = desk.reports.duplicates.discount(
            report.duplicate_of, report.id, report.received_at
        )
        after, content = returned(report, content, content.reported_as)
        _pass_on(head, after, content, desk, [*also, *unlinked])

    on_requests(report_id, approve, desk=desk)


def keep_in_oversight(report_id: str, wanted: Moving, *, desk: Desk) -> None:
    """End a request to return a report, and notify who asked. Repeated, change nothing.

    Raises NotFound, also for a report that oversight does not have; Conflict `expiring`.
    """

    def decline(head: Head, requests: Requests) -> None:
        request = _asked(head, desk)
        if request:
            detail = {"oversight": "return_declined", "asked_by": next(iter(request.involved))}
            also = requests.decline(request, Action.CHANGE, detail, wanted.reason)
            _write(head, None, desk.reports, desk.actor, also)

    on_requests(report_id, decline, desk=desk)


def _asked(head: Head, desk: Desk) -> Request | None:
    return return_request(_of_oversight(head, desk.actor), head.positions)


def _of_oversight(head: Head, actor: OfficerActor) -> Report:
    if not head.report.concerns_police:
        actor.log(of_report(head.report.id), Action.DENIED)
        raise errors.NotFound
    require_not_expiring(head)
    return head.report


def _content(report: Report, actor: OfficerActor) -> Content:
    return open_content(report, actor.open(report, {"part": OVERSIGHT_PART}))


def _pass_on(
    head: Head, after: Report, content: Content, desk: Desk, also: list[TransactItem]
) -> None:
    """Write a report that others have now, and notify them. Its clocks run on, or begin."""
    report, now = head.report, desk.actor.now
    sealed = seal_content(report.id, key_of(report), content)
    changed: dict[str, Any] = {"sealed": sealed, "version": report.version + 1}
    if after.deadline is None:
        changed["deadline"] = desk.reports.deadline_now(after, now)
    # Also beside a pending one, which may be on its way to who had it.
    task = notify(now, after.lane)
    notice = desk.reports.event(report.id, NoticeKind.REPORT, now=now, task=task)
    write_step(head, after.model_copy(update=changed), desk, [*also, notice])


def _write(
    head: Head,
    returning: Returning | None,
    reports: Reports,
    actor: OfficerActor,
    also: list[TransactItem],
) -> Report:
    changed = {"returning": returning, "version": head.report.version + 1}
    after = head.report.model_copy(update=changed)
    reports.change(head, after, task=head.task, now=actor.now, also=also)
    return after
