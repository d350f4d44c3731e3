"""What time brings to bulletins: their end, and verdicts on their pictures."""

import logging
from datetime import datetime
from typing import TYPE_CHECKING, Any

from chalicelib.domain import outbox
from chalicelib.domain.bulletins import BulletinState
from chalicelib.domain.bulletins import lifecycle as rules
from chalicelib.domain.media import Manifest, MediaState, RejectReason, advances, original_key
from chalicelib.services.actor import CLOCK, Actor
from chalicelib.services.conflicts import retry_on_conflict
from chalicelib.services.media_results import read_manifest, verdict_fields
from chalicelib.store.audit import Action, Audit, of_bulletin
from chalicelib.store.bulletins import VERDICT, Bulletins, Due
from chalicelib.store.table import ConditionFailed

if TYPE_CHECKING:
    from chalicelib.media.objects import Objects
    from chalicelib.media.queue import UploadsQueue

log = logging.getLogger(__name__)

_PER_SWEEP = 100
# How often an uploaded picture is put before make_thumbnails again, before it counts as one that
# cannot be processed.
_ATTEMPTS = 3


def record_picture(
    bulletin_id: str, media_id: str, manifest: Manifest, *, bulletins: Bulletins, now: datetime
) -> bool:
    """Take a verdict over into a bulletin's picture. False when it is unknown or has its verdict:
    both are no fault.
    """
    return _settle(bulletin_id, media_id, manifest.state, verdict_fields(manifest), bulletins, now)


def sweep_bulletins(
    *,
    bulletins: Bulletins,
    audit: Audit,
    objects: "Objects",
    uploads: "UploadsQueue",
    now: datetime,
) -> dict[str, int]:
    """End what time has ended, and find out what became of pictures; answers how much was due and
    how much failed (it stays due).
    """
    found = bulletins.due(now, limit=_PER_SWEEP)
    failed = 0
    for due in found:
        try:
            if due.media_id:
                _look_for_picture(due, due.media_id, bulletins, objects, uploads, now)
            else:
                _expire(due, bulletins, audit, now)
        except Exception as error:  # one bad item must not hold up the others
            failed += 1
            log.warning("bulletin_task_failed", extra={"error": type(error).__name__})
    return {"due": len(found), "failed": failed}


def _settle(
    bulletin_id: str,
    media_id: str,
    state: MediaState,
    found: dict[str, Any],
    bulletins: Bulletins,
    now: datetime,
) -> bool:
    """A verdict changes what an approval would cover, so it makes a new version; a rejected picture
    is no longer shown by it.
    """

    def step() -> bool:
        dossier = bulletins.dossier(bulletin_id)
        medium = (
            next((each for each in dossier.pictures if each.media_id == media_id), None)
            if dossier
            else None
        )
        if dossier is None or medium is None or not advances(medium.state, state):
            return False
        before = dossier.bulletin
        shown = tuple(
            each for each in before.content.media if each != media_id or state is MediaState.READY
        )
        after = rules.written(before, before.content.model_copy(update={"media": shown}), by=None)
        settle = bulletins.settle_item(bulletin_id, medium, found)
        bulletins.replace(before, after, settle, by=VERDICT, now=now)
        return True

    return retry_on_conflict(step)


def _expire(due: Due, bulletins: Bulletins, audit: Audit, now: datetime) -> None:
    bulletin = bulletins.get(due.bulletin_id)
    if (
        bulletin is None
        or bulletin.state is not BulletinState.PUBLISHED
        or bulletin.state_at(now) is not BulletinState.EXPIRED
    ):
        bulletins.complete(due)
        return
    after = bulletin.model_copy(update={"state": BulletinState.EXPIRED})
    record = Actor.clock(audit, now).log_item(
        of_bulletin(bulletin.id), Action.CHANGE, {"step": "expire", "version": after.version}
    )
    try:
        bulletins.replace(bulletin, after, record, by=CLOCK, now=now)
    except ConditionFailed:
        return  # changed at this moment: what is due then says so
    log.info("bulletin_expired", extra={"channel": bulletin.content.channel})


def _look_for_picture(
    due: Due,
    media_id: str,
    bulletins: Bulletins,
    objects: "Objects",
    uploads: "UploadsQueue",
    now: datetime,
) -> None:
    dossier = bulletins.dossier(due.bulletin_id)
    medium = (
        next((each for each in dossier.pictures if each.media_id == media_id), None)
        if dossier
        else None
    )
    if medium is None or medium.state.is_verdict:
        bulletins.complete(due)
        return
    manifest = read_manifest(due.bulletin_id, media_id, objects=objects)
    if manifest:
        record_picture(due.bulletin_id, media_id, manifest, bulletins=bulletins, now=now)
        bulletins.complete(due)
        return
    key, attempts = original_key(due.bulletin_id, media_id), int(due.row.get("attempts", 0))
    first, give_up_at = objects.first_version(key), medium.created_at + outbox.UPLOAD_PATIENCE
    if first is None and now < give_up_at:
        bulletins.put_off(due, give_up_at, attempts=attempts)
    elif first is not None and attempts < _ATTEMPTS:
        uploads.requeue(objects.bucket, key, first.version_id)
        bulletins.put_off(due, now + outbox.UPLOAD_CHECK, attempts=attempts + 1)
    else:
        reason = RejectReason.UNPROCESSABLE if first else RejectReason.NOT_RECEIVED
        found = {
            "state": MediaState.REJECTED.value,
            "reason": reason.value,
            "version_id": first.version_id if first else None,
        }
        _settle(due.bulletin_id, media_id, MediaState.REJECTED, found, bulletins, now)
        bulletins.complete(due)
