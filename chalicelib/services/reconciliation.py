"""Reconciliation of uploads that have no verdict: their event was lost, the processing failed, or
nothing was uploaded.

Only the last is ever held against an upload. What came is tried again until it has a verdict.
"""

import logging
from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.domain import outbox as tasks
from chalicelib.domain.derived import RejectReason
from chalicelib.domain.media import MediaState, original_key
from chalicelib.domain.outbox import OutboxTask, TaskKind
from chalicelib.domain.verdicts import Verdict
from chalicelib.services.media_results import MediaOwners, read_manifest, record_verdict
from chalicelib.store.outbox import Outbox, PendingTask

if TYPE_CHECKING:
    from chalicelib.media.bucket import MediaBucket
    from chalicelib.media.objects import Version
    from chalicelib.media.queue import UploadsQueue

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
    if not record_verdict(owner_id, medium.media_id, verdict, owners=owners, now=now):
        # The write of a verdict also removes the task. Without a verdict, only the task is left.
        outbox.complete(pending)


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
