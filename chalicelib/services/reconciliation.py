"""Uploads without a verdict: the event was lost, the processing died, or nothing ever came.

Every medium gets a verdict.
"""

import logging
from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.domain import outbox as tasks
from chalicelib.domain.media import RejectReason, original_key
from chalicelib.domain.outbox import OutboxTask, TaskKind
from chalicelib.domain.verdicts import Verdict
from chalicelib.services.media_results import MediaOwners, read_manifest, record_verdict
from chalicelib.store.outbox import Outbox, PendingTask

if TYPE_CHECKING:
    from chalicelib.media.bucket import MediaBucket
    from chalicelib.media.queue import UploadsQueue

log = logging.getLogger(__name__)

# How often an upload that is there is sent through make_thumbnails again, before it counts as one
# that cannot be processed.
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
    """Find out what became of one medium, and give it the verdict that is due.

    Raises Unavailable: to be repeated.
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
        again = OutboxTask(TaskKind.RECONCILE, now + tasks.UPLOAD_CHECK)
        outbox.complete(pending, then=again, put={"attempts": pending.attempts + 1})
        return
    else:
        log.warning("upload_unprocessable")
        verdict = Verdict.rejected(RejectReason.UNPROCESSABLE, first.version_id)
    if not record_verdict(owner_id, medium.media_id, verdict, owners=owners, now=now):
        # A verdict removes the task with it. Where there is none to give, the owner is gone.
        outbox.complete(pending)
