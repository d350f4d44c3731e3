"""Try again uploads that have no verdict, and remove objects that nobody may see.

An upload has no verdict when its event was lost, the processing failed, or nothing was uploaded.
Only the last counts against it; the others are tried again until there is one.

Removed are uploads after the first one, and pictures of a report that was withdrawn. A signed form
cannot be revoked, so what it adds after the verdict is deleted when it has expired.
"""

import logging
from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.domain.media import Verdict
from chalicelib.domain.reports.media import MediaState
from chalicelib.kernel import outbox as tasks
from chalicelib.kernel.derived import RejectReason
from chalicelib.kernel.files import derived_prefix, original_key, reduced_key
from chalicelib.kernel.ids import OwnerKind
from chalicelib.kernel.outbox import OutboxTask, TaskKind
from chalicelib.services.media.results import MediaOwners, read_manifest, record_verdict
from chalicelib.store.reports.outbox import Outbox, PendingTask
from chalicelib.store.reports.rows import Case
from chalicelib.store.reports.search_entries import SearchEntries

if TYPE_CHECKING:
    from chalicelib.aws.bucket import MediaBucket, Version
    from chalicelib.aws.queues import UploadsQueue


log = logging.getLogger(__name__)


def reconcile_upload(
    pending: PendingTask,
    *,
    outbox: Outbox,
    owners: MediaOwners,
    bucket: "MediaBucket",
    uploads: "UploadsQueue",
    now: datetime,
) -> None:
    """Look for one upload and its manifest, and take the next step.

    Record the verdict of its manifest, send the upload to the queue again, wait longer for it, or
    reject it because it was not received. Raises Unavailable; the task then stays due.
    """
    owner_id, medium = pending.owner.id, pending.medium
    key = original_key(owner_id, medium.media_id)
    manifest = read_manifest(owner_id, medium.media_id, bucket=bucket)
    first = None if manifest else bucket.first_version(key)
    give_up_at = medium.created_at + tasks.UPLOAD_PATIENCE
    _look_for_reduced(pending, bucket, uploads)
    if manifest:
        verdict = Verdict.of(manifest)
    elif first:
        uploads.requeue(bucket.name, key, first.version_id)
        _wait(pending, first, outbox, owners, now)
        return
    elif now < give_up_at:
        outbox.complete(pending, then=OutboxTask(TaskKind.RECONCILE, give_up_at))
        return
    else:
        log.info("upload_not_received")
        if medium.upload_id:
            bucket.abort_multipart(key, medium.upload_id)
        verdict = Verdict.rejected(RejectReason.NOT_RECEIVED)
    if not record_verdict(
        owner_id, medium.media_id, verdict, owners=owners, bucket=bucket, now=now
    ):
        # The write of a verdict also removes the task. Without a verdict, only the task is left.
        outbox.complete(pending)


def _look_for_reduced(pending: PendingTask, bucket: "MediaBucket", uploads: "UploadsQueue") -> None:
    """Send a reduced picture of which no picture is recorded to the queue again."""
    medium = pending.medium
    if not medium.declared_reduced or medium.reduced_version:
        return
    key = reduced_key(pending.owner.id, medium.media_id)
    if first := bucket.first_version(key):
        uploads.requeue(bucket.name, key, first.version_id)


def _wait(
    pending: PendingTask, first: "Version", outbox: Outbox, owners: MediaOwners, now: datetime
) -> None:
    """Keep that the upload came and was sent again, and when to look for its verdict."""
    attempts, medium = pending.attempts, pending.medium
    if attempts:
        log.warning("media_delayed", extra={"delayed": attempts})
    becomes_late = attempts == 1
    owner = owners[pending.owner.kind]
    notices = owner.notices_of_delay(pending.owner.id, medium, now) if becomes_late else ()
    check = tasks.next_try(TaskKind.RECONCILE, now, first=tasks.UPLOAD_CHECK, attempts=attempts)
    # Officers can open the original meanwhile.
    came = {"state": MediaState.PROCESSING.value, "version_id": first.version_id}
    outbox.complete(pending, then=check, put={**came, "attempts": attempts + 1}, also=notices)


def remove_later_uploads(pending: PendingTask, *, outbox: Outbox, bucket: "MediaBucket") -> None:
    """Delete every version of an original but the recorded one, and abort its open uploads.

    Without a recorded version, delete all. Raises Unavailable; the task then stays due.
    """
    medium = pending.medium
    key = original_key(pending.owner.id, medium.media_id)
    removed = bucket.delete_others(key, medium.version_id) + bucket.abort_uploads(key)
    if medium.declared_reduced:
        reduced = reduced_key(pending.owner.id, medium.media_id)
        removed += bucket.delete_others(reduced, medium.reduced_version)
    if removed:
        log.info("later_uploads_removed", extra={"count": removed})
    outbox.complete(pending, put={"later_uploads": removed})


def remove_pictures(
    pending: PendingTask,
    *,
    outbox: Outbox,
    owners: MediaOwners,
    bucket: "MediaBucket",
    search_entries: SearchEntries,
    now: datetime,
) -> None:
    """Delete all files derived from the media of a withdrawn report, and its search entries.

    Media without a verdict get one, so that their uploads end too. `make_thumbnails` may have begun
    before the withdrawal, so the same task is done once more when it can no longer run. Raises
    Unavailable; the task then stays due.
    """
    report_id = pending.owner.id
    case: Case | None = owners[OwnerKind.REPORT].read(report_id)
    if case:
        search_entries.remove_withdrawn(case.head)
        _end_uploads(case, owners, bucket, now)
    removed = bucket.delete_all(derived_prefix(report_id))
    if removed:
        log.info("pictures_removed", extra={"count": removed})
    first = pending.attempts == 0
    again = OutboxTask(TaskKind.PURGE, now + tasks.PURGE_AGAIN) if first else None
    outbox.complete(pending, then=again, put={"attempts": pending.attempts + 1})


def _end_uploads(case: Case, owners: MediaOwners, bucket: "MediaBucket", now: datetime) -> None:
    report_id = case.report.id
    for medium in (*case.media, *case.sent):
        if medium.state.is_verdict:
            continue
        # What was examined before the withdrawal is kept as its manifest says.
        manifest = read_manifest(report_id, medium.media_id, bucket=bucket)
        verdict = Verdict.of(manifest) if manifest else Verdict.rejected(RejectReason.WITHDRAWN)
        record_verdict(report_id, medium.media_id, verdict, owners=owners, bucket=bucket, now=now)
