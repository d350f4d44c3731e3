"""Uploads without a verdict: the event was lost, the processing died, or nothing ever came. Every
medium gets a verdict.
"""

import logging
from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.domain import outbox as tasks
from chalicelib.domain import times
from chalicelib.domain.media import RejectReason, original_key
from chalicelib.domain.outbox import OutboxTask, TaskKind
from chalicelib.media.grants import abort_multipart
from chalicelib.services.media_results import read_manifest, record_verdict, reject_upload
from chalicelib.store.outbox import Outbox
from chalicelib.store.reports import Reports
from chalicelib.store.table import Row

if TYPE_CHECKING:
    from chalicelib.media.objects import Objects
    from chalicelib.media.queue import UploadsQueue

log = logging.getLogger(__name__)

# How often an upload that is there is put before make_thumbnails again, before it counts as one
# that cannot be processed.
_ATTEMPTS = 3


def reconcile_upload(
    row: Row,
    *,
    outbox: Outbox,
    reports: Reports,
    objects: "Objects",
    uploads: "UploadsQueue",
    now: datetime,
) -> None:
    """Find out what became of one medium (`row`, read with its task), and give the verdict that is
    due.
    """
    report_id, media_id = row["pk"].removeprefix("REPORT#"), row["media_id"]
    manifest = read_manifest(report_id, media_id, objects=objects)
    if manifest:
        _done(record_verdict(report_id, media_id, manifest, reports=reports, now=now), row, outbox)
        return
    key = original_key(report_id, media_id)
    first = objects.first_version(key)
    if first is None:
        give_up_at = times.parse(row["created_at"]) + tasks.UPLOAD_PATIENCE
        if now >= give_up_at:
            log.info("upload_not_received")
            if row.get("upload_id"):
                abort_multipart(
                    s3=objects.s3, bucket=objects.bucket, key=key, upload_id=row["upload_id"]
                )
            _done(
                reject_upload(
                    report_id, media_id, RejectReason.NOT_RECEIVED, reports=reports, now=now
                ),
                row,
                outbox,
            )
        else:
            outbox.complete(row, then=OutboxTask(TaskKind.RECONCILE, give_up_at))
        return
    attempts = row.get("attempts", 0)
    if attempts >= _ATTEMPTS:
        log.warning("upload_unprocessable")
        rejected = reject_upload(
            report_id,
            media_id,
            RejectReason.UNPROCESSABLE,
            reports=reports,
            now=now,
            version_id=first.version_id,
        )
        _done(rejected, row, outbox)
        return
    uploads.requeue(objects.bucket, key, first.version_id)
    outbox.complete(
        row,
        then=OutboxTask(TaskKind.RECONCILE, now + tasks.UPLOAD_CHECK),
        put={"attempts": attempts + 1},
    )


def _done(recorded: bool, row: Row, outbox: Outbox) -> None:
    """A verdict takes its task along. Where it was not recorded the report is gone, and nobody is
    pending one any more.
    """
    if not recorded:
        outbox.complete(row)
