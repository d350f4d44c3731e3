"""Results of redactions: record what was made, and see that each is made in the end."""

import logging
from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib import errors
from chalicelib.domain import outbox as tasks
from chalicelib.domain.ids import OwnerKind
from chalicelib.domain.media import derived_key
from chalicelib.domain.outbox import OutboxTask, TaskKind
from chalicelib.domain.redactions import RedactionManifest, RedactionState
from chalicelib.domain.reports import Medium, Status
from chalicelib.services.conflicts import retry_on_conflict
from chalicelib.services.media_results import MediaOwners
from chalicelib.store.outbox import Outbox, PendingTask
from chalicelib.store.redactions import settle_redaction
from chalicelib.store.report_rows import Case
from chalicelib.store.table import Table

if TYPE_CHECKING:
    from chalicelib.media.bucket import MediaBucket
    from chalicelib.media.queue import UploadsQueue

log = logging.getLogger(__name__)


def record_redaction(
    report_id: str,
    media_id: str,
    *,
    owners: MediaOwners,
    table: Table,
    bucket: "MediaBucket",
) -> bool:
    """Record the manifest of a medium's redaction, and return True.

    Return False when there is none, or when the redaction was settled, replaced or removed; none
    of this is an error. Raises Unavailable.
    """
    manifest = _read_manifest(report_id, media_id, bucket)
    if manifest is None:
        return False
    return _settle(report_id, media_id, manifest, owners, table)


def see_to_redaction(
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
    report_id: str,
    media_id: str,
    manifest: RedactionManifest,
    owners: MediaOwners,
    table: Table,
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
