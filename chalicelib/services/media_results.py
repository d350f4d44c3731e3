"""Recording what became of an upload: the medium's row moves on, the report counts it, and officers
are pending word of it.
"""

import logging
from datetime import datetime
from typing import TYPE_CHECKING, Any

from chalicelib import errors
from chalicelib.domain import outbox
from chalicelib.domain.ids import random_id
from chalicelib.domain.media import Manifest, MediaState, RejectReason, advances, derived_key
from chalicelib.domain.notices import NoticeKind
from chalicelib.services.conflicts import retry_on_conflict
from chalicelib.store import keys
from chalicelib.store.report_rows import Case
from chalicelib.store.reports import Reports
from chalicelib.store.writes import TransactItem

if TYPE_CHECKING:
    from chalicelib.media.objects import Objects

log = logging.getLogger(__name__)


def read_manifest(report_id: str, media_id: str, *, objects: "Objects") -> Manifest | None:
    """The verdict that `make_thumbnails` has written; None while there is none."""
    try:
        return Manifest.model_validate_json(
            objects.read(derived_key(report_id, media_id, "manifest.json"))
        )
    except errors.NotFound:
        return None


def record_verdict(
    report_id: str, media_id: str, manifest: Manifest, *, reports: Reports, now: datetime
) -> bool:
    """Take a manifest over into the medium's row. False when the row is unknown or has its verdict
    already: both are no fault.

    Officers are told when the last declared medium has its verdict, or a minute after the first,
    whichever comes first.
    """
    return _settle(report_id, media_id, manifest.state, verdict_fields(manifest), reports, now)


def verdict_fields(manifest: Manifest) -> dict[str, Any]:
    """A manifest as the attributes of a medium's row."""
    return {
        "state": manifest.state.value,
        "reason": manifest.reason.value if manifest.reason else None,
        "content_type": manifest.content_type,
        "size": manifest.size,
        "checksum": manifest.checksum.model_dump() if manifest.checksum else None,
        "version_id": manifest.version_id,
        "sequencer": manifest.sequencer,
        "width": manifest.width,
        "height": manifest.height,
        "duration_s": manifest.duration_s,
        "codec": manifest.codec,
        "hint": manifest.hint.model_dump(mode="json", exclude_none=True) if manifest.hint else None,
    }


def reject_upload(
    report_id: str,
    media_id: str,
    reason: RejectReason,
    *,
    reports: Reports,
    now: datetime,
    version_id: str | None = None,
) -> bool:
    """Give a verdict where none came. With `version_id` there is an original, which officers may
    open all the same.
    """
    found = {"state": MediaState.REJECTED.value, "reason": reason.value, "version_id": version_id}
    return _settle(report_id, media_id, MediaState.REJECTED, found, reports, now)


def _settle(
    report_id: str,
    media_id: str,
    state: MediaState,
    found: dict[str, Any],
    reports: Reports,
    now: datetime,
) -> bool:
    def step() -> bool:
        try:
            case = reports.view(report_id, consistent=True)
        except errors.Gone:
            case = None
        medium = case.medium(media_id) if case else None
        if case is None or medium is None or case.head.is_expiring:
            log.info("verdict_without_row")
            return False
        if not advances(medium.state, state):
            return False
        notices, media_event = _media_notice(case, reports, now)
        reports.settle_medium(case, medium, found, media_event=media_event, also=notices)
        return True

    return retry_on_conflict(step)


def _media_notice(
    case: Case, reports: Reports, now: datetime
) -> tuple[list[TransactItem], str | None]:
    """Return the items of the notice, and the key of an event that still waits for other media."""
    report, waiting = case.report, case.head.media_event
    is_last = report.media_settled + 1 >= report.media_total
    if not is_last and waiting:
        return [], waiting
    entry_id = random_id(10)
    if not is_last:
        task = outbox.notify_later(now, outbox.MEDIA_PATIENCE)
        event = reports.event(report.id, NoticeKind.MEDIA, now=now, entry_id=entry_id, task=task)
        return [event], keys.event(now, entry_id)
    # The last one notifies at once. An event that still waits is taken back; if its notice has
    # gone out meanwhile, this one says the rest.
    event = reports.event(
        report.id, NoticeKind.MEDIA, now=now, entry_id=entry_id, task=outbox.notify(now)
    )
    return [event, *([reports.remove_event(report.id, waiting)] if waiting else [])], None
