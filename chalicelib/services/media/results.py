"""Record the results of processing: verdicts on media, and redactions.

A report as the owner of media counts its verdicts and notifies officers. A redaction is requested
until it is made.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from chalicelib.aws import keys
from chalicelib.aws.table import Table, retry_on_conflict
from chalicelib.aws.writes import TransactItem
from chalicelib.domain.media import Verdict, differ
from chalicelib.domain.reports.events import NoticeKind
from chalicelib.domain.reports.media import (
    Manifest,
    MediaState,
    RedactionManifest,
    RedactionState,
    is_sent,
)
from chalicelib.domain.reports.report import Medium, Status
from chalicelib.kernel import errors, outbox
from chalicelib.kernel import outbox as tasks
from chalicelib.kernel.files import DerivedName, derived_key
from chalicelib.kernel.ids import OwnerKind, owner_of, random_id
from chalicelib.kernel.outbox import OutboxTask, TaskKind
from chalicelib.services.notices.pushes import push_items
from chalicelib.services.reports.ledger import leaves_of_verdict
from chalicelib.store.media.rows import settle_file, settle_redaction
from chalicelib.store.reports.outbox import Outbox, PendingTask
from chalicelib.store.reports.reports import Reports
from chalicelib.store.reports.rows import Case

if TYPE_CHECKING:
    from chalicelib.aws.bucket import MediaBucket
    from chalicelib.aws.queues import UploadsQueue


log = logging.getLogger(__name__)


class WithMedia(Protocol):
    """A report or a bulletin with its media, as one query reads it."""

    def medium(self, media_id: str) -> Medium | None: ...


class MediaOwner[Whole: WithMedia](Protocol):
    """Reports or bulletins as owners of media. This is all in which the two differ."""

    def read(self, owner_id: str) -> Whole | None:
        """Return the owner with its media; None when it is deleted or expiring."""

    def settle(self, owner: Whole, medium: Medium, settled: Medium, now: datetime) -> None:
        """Write a medium's verdict and everything that follows from it, in one transaction.

        `medium` is as it was read, `settled` has the verdict. Raises ConditionFailed when the owner
        or the medium has changed since it was read.
        """

    def notices_of_delay(
        self, owner_id: str, medium: Medium, now: datetime
    ) -> Sequence[TransactItem]:
        """Return the writes that notify officers of a medium whose verdict is delayed."""


type MediaOwners = Mapping[OwnerKind, MediaOwner[Any]]


def read_manifest(
    owner_id: str, media_id: str, *, bucket: "MediaBucket", early: bool = False
) -> Manifest | None:
    """Return the manifest that `make_thumbnails` has written, of the original or, with `early`, of
    the reduced picture; None while there is none.
    """
    name: DerivedName = "early/manifest.json" if early else "manifest.json"
    try:
        return Manifest.model_validate_json(bucket.read(derived_key(owner_id, media_id, name)))
    except errors.NotFound:
        return None


def record_verdict(
    owner_id: str,
    media_id: str,
    verdict: Verdict,
    *,
    owners: MediaOwners,
    bucket: "MediaBucket",
    now: datetime,
) -> bool:
    """Write the verdict on a medium, and return True. An original takes the place of its reduced
    picture; that the two differ is kept.

    Return False when the medium is unknown or has a verdict already; neither is an error. Raises
    Unavailable.
    """
    media_owner = owners[owner_of(owner_id).kind]

    def step() -> bool:
        owner = media_owner.read(owner_id)
        medium = owner.medium(media_id) if owner else None
        if owner is None or medium is None:
            log.info("verdict_without_row")
            return False
        if not verdict.settles(medium):
            return False
        settled = verdict.applied_to(medium, now)
        if medium.is_early and settled.state is MediaState.READY:
            early = read_manifest(owner_id, media_id, bucket=bucket, early=True)
            differs = differ(early.edges if early else None, verdict.edges)
            settled = settled.model_copy(update={"differs": differs})
        media_owner.settle(owner, medium, settled, now)
        return True

    return retry_on_conflict(step)


def record_early(report_id: str, media_id: str, *, reports: Reports, bucket: "MediaBucket") -> bool:
    """Record the pictures of a reduced picture, and return True.

    Return False when it was rejected or recorded, or is of no use any more: the original is there,
    or the report was withdrawn. None of this is an error. Raises Unavailable.
    """
    manifest = read_manifest(report_id, media_id, bucket=bucket, early=True)
    if manifest is None or manifest.state is not MediaState.READY:
        return False

    def step() -> bool:
        case = ReportMedia(reports).read(report_id)
        medium = case.medium(media_id) if case else None
        if case is None or medium is None or case.report.status is Status.WITHDRAWN:
            return False
        if medium.state is MediaState.READY or medium.reduced_version:
            return False
        reports.add_early(case, medium, manifest)
        return True

    return retry_on_conflict(step)


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


def record_redaction(
    report_id: str, media_id: str, *, owners: MediaOwners, table: Table, bucket: "MediaBucket"
) -> bool:
    """Record the manifest of a medium's redaction, and return True.

    Return False when there is none, or when the redaction was settled, replaced or removed; none
    of this is an error. Raises Unavailable.
    """
    manifest = _read_manifest(report_id, media_id, bucket)
    if manifest is None:
        return False
    return _settle(report_id, media_id, manifest, owners, table)


def request_redaction(
    pending: PendingTask,
    *,
    outbox: Outbox,
    owners: MediaOwners,
    bucket: "MediaBucket",
    uploads: "UploadsQueue",
    now: datetime,
) -> None:
    """Take the next step of a medium's redaction: send its preview to `make_thumbnails`, record
    what was made, or delete what was made for an earlier one.

    It is sent again until something is made.

    Raises Unavailable; the task then stays due.
    """
    report_id, media_id = pending.owner.id, pending.media_id
    case: Case | None = owners[OwnerKind.REPORT].read(report_id)
    medium = case.medium(media_id) if case else None
    if case is None or medium is None or case.report.status is Status.WITHDRAWN:
        outbox.remove(pending)  # What was made goes with all that was made of the report.
        return
    redaction = medium.redaction
    if redaction and redaction.state is RedactionState.PROCESSING:
        manifest = _read_manifest(report_id, media_id, bucket)
        if manifest is None or manifest.id != redaction.id:
            _send(pending, medium, outbox, bucket, uploads, now)
            return
        _settle(report_id, media_id, manifest, owners, outbox.table)
        outbox.complete(pending, then=OutboxTask(TaskKind.REDACT, now + tasks.PURGE_AGAIN))
        return
    _remove_others(pending, medium, outbox, bucket, now)


def _send(
    pending: PendingTask,
    medium: Medium,
    outbox: Outbox,
    bucket: "MediaBucket",
    uploads: "UploadsQueue",
    now: datetime,
) -> None:
    key = derived_key(pending.owner.id, medium.media_id, "preview.jpg")
    uploads.requeue(bucket.name, key, medium.preview_version or "")
    attempts = pending.attempts
    if attempts > 1:
        log.warning("redaction_delayed", extra={"delayed": attempts - 1})
    check = tasks.next_try(TaskKind.REDACT, now, first=tasks.REDACTION_CHECK, attempts=attempts)
    outbox.complete(pending, then=check, put={"attempts": attempts + 1})


def _remove_others(
    pending: PendingTask, medium: Medium, outbox: Outbox, bucket: "MediaBucket", now: datetime
) -> None:
    """Delete every redacted picture but the recorded one; without a redaction, all.

    `make_thumbnails` may have begun before a redaction was removed. So after the removal this is
    done once more, when it can no longer run.
    """
    where = pending.owner.id, medium.media_id
    redaction = medium.redaction
    bucket.delete_others(
        derived_key(*where, "redacted.jpg"), redaction.version if redaction else None
    )
    if redaction is None:
        bucket.delete_key(derived_key(*where, "redacted/manifest.json"))
    if redaction is None and pending.attempts == 0:
        again = OutboxTask(TaskKind.REDACT, now + tasks.PURGE_AGAIN)
        outbox.complete(pending, then=again, put={"attempts": 1})
        return
    outbox.remove(pending)


def _settle(
    report_id: str, media_id: str, manifest: RedactionManifest, owners: MediaOwners, table: Table
) -> bool:
    def step() -> bool:
        case: Case | None = owners[OwnerKind.REPORT].read(report_id)
        medium = case.medium(media_id) if case else None
        if case is None or medium is None or case.report.status is Status.WITHDRAWN:
            return False
        waiting = medium.redaction
        if (
            waiting is None
            or waiting.id != manifest.id
            or waiting.state is not RedactionState.PROCESSING
        ):
            return False
        settle_redaction(table, case, medium, waiting.settled(manifest.version))
        return True

    return retry_on_conflict(step)


def _read_manifest(
    report_id: str, media_id: str, bucket: "MediaBucket"
) -> RedactionManifest | None:
    try:
        return RedactionManifest.model_validate_json(
            bucket.read(derived_key(report_id, media_id, "redacted/manifest.json"))
        )
    except errors.NotFound:
        return None
