"""Removal of objects that nobody may see: uploads after the first one, and pictures of a report
that was withdrawn.

A signed form cannot be revoked. So what it adds after the verdict is deleted when it has expired.
"""

import logging
from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.domain import outbox as tasks
from chalicelib.domain.derived import RejectReason
from chalicelib.domain.ids import OwnerKind
from chalicelib.domain.media import derived_prefix, original_key
from chalicelib.domain.outbox import OutboxTask, TaskKind
from chalicelib.domain.verdicts import Verdict
from chalicelib.services.media_results import MediaOwners, read_manifest, record_verdict
from chalicelib.store.outbox import Outbox, PendingTask
from chalicelib.store.report_rows import Case
from chalicelib.store.search_entries import SearchEntries

if TYPE_CHECKING:
    from chalicelib.media.bucket import MediaBucket

log = logging.getLogger(__name__)


def remove_later_uploads(pending: PendingTask, *, outbox: Outbox, bucket: "MediaBucket") -> None:
    """Delete every version of an original but the recorded one, and abort its open uploads.

    Without a recorded version, delete all. Raises Unavailable; the task then stays due.
    """
    medium = pending.medium
    key = original_key(pending.owner.id, medium.media_id)
    removed = bucket.delete_others(key, medium.version_id) + bucket.abort_uploads(key)
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
    """Delete everything that was derived from the media of a withdrawn report, and what it is found
    by.

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
        record_verdict(report_id, medium.media_id, verdict, owners=owners, now=now)
