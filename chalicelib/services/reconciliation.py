"""Reconciliation of uploads that have no verdict, so that every medium gets one.

The event was lost, the processing failed, or nothing was uploaded.
"""

import logging
from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.domain import outbox as tasks
from chalicelib.domain.derived import RejectReason
from chalicelib.domain.media import original_key
from chalicelib.domain.outbox import OutboxTask, TaskKind
from chalicelib.domain.verdicts import Verdict
from chalicelib.services.media_results import MediaOwners, read_manifest, record_verdict
from chalicelib.store.outbox import Outbox, PendingTask

if TYPE_CHECKING:
    from chalicelib.media.bucket import MediaBucket
    from chalicelib.media.queue import UploadsQueue

log = logging.getLogger(__name__)

# How often an existing upload is sent to make_thumbnails again before it is rejected.
_ATTEMPTS = 3


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
    reject it. Raises Unavailable; the task then stays due.
    """
    owner_id, medium = pending.owner.id, pending.medium
    key = original_key(owner_id, medium.media_id)
    manifest = read_manifest(owner_id, medium.media_id, bucket=bucket)
    first = None if manifest else bucket.first_version(key)
    give_up_at = medium.created_at + tasks.UPLOAD_PATIENCE
    if manifest:
        verdict = Verdict.of(manifest)
    elif first is None and now < give_up_at:
        outbox.complete(pending, then=OutboxTask(TaskKind.RECONCILE, give_up_at))
        return
    elif first is None:
        log.info("upload_not_received")
        if medium.upload_id:
            bucket.abort_multipart(key, medium.upload_id)
        verdict = Verdict.rejected(RejectReason.NOT_RECEIVED)
    elif pending.attempts < _ATTEMPTS:
        uploads.requeue(bucket.name, key, first.version_id)
        check = OutboxTask(TaskKind.RECONCILE, now + tasks.UPLOAD_CHECK)
        outbox.complete(pending, then=check, put={"attempts": pending.attempts + 1})
        return
    else:
        log.warning("upload_unprocessable")
        verdict = Verdict.rejected(RejectReason.UNPROCESSABLE, first.version_id)
    if not record_verdict(owner_id, medium.media_id, verdict, owners=owners, now=now):
        # The write of a verdict also removes the task. Without a verdict, only the task is left.
        outbox.complete(pending)
