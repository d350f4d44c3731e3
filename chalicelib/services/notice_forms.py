"""The notices that pending tasks become."""

from datetime import datetime

from chalicelib.domain import times
from chalicelib.domain.addressees import officer_address
from chalicelib.domain.bursts import Digest
from chalicelib.domain.ids import event_id
from chalicelib.domain.notice_links import NoticeLinks
from chalicelib.domain.notices import ADDED, Notice
from chalicelib.domain.report_outlines import ReportOutline
from chalicelib.store.outbox import PendingTask


def of_report(
    pending: PendingTask,
    report: ReportOutline,
    to: tuple[str, ...],
    links: NoticeLinks,
    now: datetime,
) -> Notice:
    """Return the notice of a report's task, for `to`."""
    task = f"{pending.task.kind}/{times.render(pending.task.due_at)}"
    return Notice(
        event_id=event_id(*pending.key, task),
        kind=pending.notice_kind,
        report_id=report.id,
        reference=report.reference,
        category=report.category,
        district=report.district,
        urgency=report.urgency,
        at=now,
        url=links.to(f"/v1/officer/reports/{report.id}"),
        to=to,
        drill=report.is_drill,
        shadow=report.shadow,
        category_labels=report.category_labels,
        matter=pending.matter,
        following=tuple(map(officer_address, report.followers))
        if pending.notice_kind in ADDED
        else (),
    )


def of_announcement(pending: PendingTask, links: NoticeLinks, now: datetime) -> Notice:
    announcement = pending.announcement
    return Notice(
        event_id=event_id(*pending.key, times.render(pending.task.due_at)),
        kind=announcement.kind,
        at=now,
        url=links.to(announcement.path),
        to=announcement.to,
        matter=announcement,
    )


def of_digest(
    pending: PendingTask, digest: Digest, to: tuple[str, ...], links: NoticeLinks, now: datetime
) -> Notice:
    """Return the notice of a digest that is closed, for `to`."""
    filters = f"category={digest.category}&district={digest.district}"
    return Notice(
        event_id=event_id(*pending.key, f"{times.render(pending.task.due_at)}/{digest.count}"),
        kind=digest.kind,
        category=digest.category,
        district=digest.district,
        urgency=digest.urgency,
        at=now,
        url=links.to(f"/v1/officer/reports?{filters}"),
        to=to,
        count=digest.count,
        report_ids=digest.named,
        category_labels=digest.category_labels,
    )
