"""Reports as owners of media: count a verdict, and notify officers."""

from datetime import datetime

from chalicelib import errors
from chalicelib.domain import outbox
from chalicelib.domain.ids import random_id
from chalicelib.domain.media import MediaState
from chalicelib.domain.notices import NoticeKind
from chalicelib.domain.reports import Medium, Status
from chalicelib.domain.sent_files import is_sent
from chalicelib.services.ledger_entries import leaves_of_verdict
from chalicelib.services.pushes import push_items
from chalicelib.store import keys
from chalicelib.store.report_rows import Case
from chalicelib.store.reports import Reports
from chalicelib.store.sent_files import settle_file
from chalicelib.store.writes import TransactItem


class ReportMedia:
    """Notifies officers once for several media, and of none that they sent themselves.

    The notice is due when the last medium has its verdict, but at most a minute after the first.
    """

    def __init__(self, reports: Reports) -> None:
        self._reports = reports

    def read(self, owner_id: str) -> Case | None:
        try:
            case = self._reports.with_media(owner_id, consistent=True)
        except errors.Gone:
            return None
        return None if case is None or case.head.is_expiring else case

    def settle(self, owner: Case, medium: Medium, settled: Medium, now: datetime) -> None:
        if is_sent(medium.media_id):
            is_ready = settled.state is MediaState.READY
            pushes = push_items(owner.head, reports=self._reports, now=now) if is_ready else []
            settle_file(self._reports, owner, medium, settled, now, also=pushes)
            return
        notices, media_event = self._notice(owner, now)
        self._reports.settle_medium(
            owner,
            medium,
            settled,
            media_event=media_event,
            now=now,
            leaves=leaves_of_verdict(settled, owner.head.recorded, now),
            also=notices,
        )

    def notices_of_delay(self, owner_id: str, medium: Medium, now: datetime) -> list[TransactItem]:
        """Return the write of one notice for all media of a call: their originals can be opened."""
        case = self.read(owner_id)
        if case is None or is_sent(medium.media_id):
            return []
        report, reports = case.report, self._reports
        task = outbox.notify_later(now, outbox.MEDIA_PATIENCE, report.lane)
        return [
            reports.event(
                report.id, NoticeKind.MEDIA, now=medium.created_at, entry_id="delayed", task=task
            )
        ]

    def _notice(self, case: Case, now: datetime) -> tuple[list[TransactItem], str | None]:
        """Return the writes of a notice, and the key of the event that waits for other media."""
        report, waiting, reports = case.report, case.head.media_event, self._reports
        if report.status is Status.WITHDRAWN or case.head.mute:
            return [], waiting
        is_last = report.media_settled + 1 >= report.media_total
        if not is_last and waiting:
            return [], waiting
        kind = NoticeKind.MEDIA
        if not is_last:
            entry_id, task = (
                random_id(10),
                outbox.notify_later(now, outbox.MEDIA_PATIENCE, report.lane),
            )
            event = reports.event(report.id, kind, now=now, entry_id=entry_id, task=task)
            return [event], keys.event(now, entry_id)
        # The last verdict notifies at once, in place of an event that still waits. If the notice of
        # that event has been published already, this one is about the other media.
        event = reports.event(report.id, kind, now=now, task=outbox.notify(now, report.lane))
        return [event, *([reports.remove_event(report.id, waiting)] if waiting else [])], None
