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
from chalicelib.domain.reports import Medium
from chalicelib.store import keys
from chalicelib.store.reports import NOT_EXPIRING, TASK_FIELDS, Case, Reports
from chalicelib.store.table import ConditionFailed

if TYPE_CHECKING:
    from chalicelib.media.objects import Objects

log = logging.getLogger(__name__)

_TRIES = 8


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
    for _ in range(_TRIES):
        try:
            case = reports.view(report_id, consistent=True)
        except errors.Gone:
            case = None
        medium = (
            next((each for each in case.media if each.media_id == media_id), None) if case else None
        )
        if case is None or medium is None or case.head.get("expiring"):
            log.info("verdict_without_row")
            return False
        if not advances(medium.state, state):
            return False
        try:
            reports.table.transact(_actions(case, medium, state, found, reports, now))
        except ConditionFailed:
            continue  # another medium of the report was settled at the same moment
        return True
    raise errors.Unavailable


def _actions(
    case: Case,
    medium: Medium,
    state: MediaState,
    found: dict[str, Any],
    reports: Reports,
    now: datetime,
) -> list[dict[str, Any]]:
    report, pk = case.report, keys.report(case.report.id)
    settle = reports.table.update_action(
        pk,
        keys.media(medium.media_id),
        put={name: value for name, value in found.items() if value is not None},
        remove=TASK_FIELDS,
        equal={"state": medium.state.value},
    )
    ready = state is MediaState.READY
    settled = report.media_settled + 1
    last = settled >= report.media_total
    head: dict[str, Any] = {
        "media_settled": settled,
        "media_ready": report.media_ready + (1 if ready else 0),
    }
    if ready and report.thumb is None:
        head["thumb"] = medium.media_id
    remove: list[str] = []
    telling, pending = _notify(case, last, reports, now)
    if pending:
        head["media_event"] = pending
    elif "media_event" in case.head:
        remove.append("media_event")
    count = reports.table.update_action(
        pk,
        keys.HEAD,
        put=head,
        remove=remove,
        equal={
            "media_settled": case.head.get("media_settled"),
            "media_event": case.head.get("media_event"),
            **NOT_EXPIRING,
        },
    )
    return [settle, count, *telling]


def _notify(
    case: Case, last: bool, reports: Reports, now: datetime
) -> tuple[list[dict[str, Any]], str | None]:
    """The actions that owe the notice, and the key of an event that still waits for the other
    media.
    """
    report, waiting = case.report, case.head.get("media_event")
    if not last:
        if waiting:
            return [], waiting
        entry = random_id(10)
        task = outbox.notify_later(now, outbox.MEDIA_PATIENCE)
        return [
            reports.event_action(report.id, NoticeKind.MEDIA, now=now, entry_id=entry, task=task)
        ], keys.event(now, entry)
    # The last one: told now. An event that still waits is taken back, and if it has been told
    # meanwhile this one tells of the rest.
    told = reports.event_action(
        report.id, NoticeKind.MEDIA, now=now, entry_id=random_id(10), task=outbox.notify(now)
    )
    return [
        told,
        *([reports.table.delete_action(keys.report(report.id), waiting)] if waiting else []),
    ], None
