"""Upkeep of bulletins: expiry, retention, and verdicts on their pictures.

Readers stop seeing a bulletin at its time; this removes the rows and objects afterwards. Objects
are deleted before rows, and the HEAD, which has the task, goes last. So the next sweep can continue
after a failure; every step can be repeated.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.aws.table import ConditionFailed
from chalicelib.aws.writes import TransactItem
from chalicelib.domain.bulletins import lifecycle as rules
from chalicelib.domain.bulletins.lifecycle import Stage, next_stage
from chalicelib.domain.bulletins.model import Bulletin, BulletinState, Ending, Step
from chalicelib.domain.notices.notice import role_group
from chalicelib.domain.officers.model import Role
from chalicelib.domain.reports.events import NoticeKind
from chalicelib.domain.reports.media import MediaState
from chalicelib.domain.reports.report import Medium
from chalicelib.domain.second_person import TwoPersonStep
from chalicelib.kernel.outbox import OutboxTask, TaskKind
from chalicelib.services.officers import CLOCK, Actor
from chalicelib.store.audit.rows import Action, Audit, of_bulletin
from chalicelib.store.bulletins.bulletins import VERDICT, Bulletins, Dossier
from chalicelib.store.notices.announcements import Announcements
from chalicelib.store.reports.outbox import Outbox, PendingTask

if TYPE_CHECKING:
    from chalicelib.aws.bucket import MediaBucket


log = logging.getLogger(__name__)


def expire_bulletin(
    pending: PendingTask,
    *,
    outbox: Outbox,
    bulletins: Bulletins,
    audit: Audit,
    bucket: "MediaBucket",
    now: datetime,
) -> None:
    """Do everything that is due with a bulletin by now, each stage with an audit record.

    Changes nothing when the bulletin was renewed or ended in the meantime. Raises Unavailable; the
    task then stays due.
    """
    bulletin = bulletins.get(pending.owner.id)
    due = next_stage(bulletin) if bulletin else None
    if due is None or due.at > now:
        outbox.complete(pending, then=OutboxTask(TaskKind.EXPIRE, due.at) if due else None)
        return
    places = _Places(bulletins, audit, bucket)
    try:
        while bulletin and (due := next_stage(bulletin)) and due.at <= now:
            channel = bulletin.content.channel
            bulletin = _STAGES[due.stage](bulletin, due.stage, places, now)
            log.info("bulletin_stage", extra={"stage": due.stage.value, "channel": channel})
    except ConditionFailed:
        return  # Another change has also set the right task.


class _Places(NamedTuple):
    bulletins: Bulletins
    audit: Audit
    bucket: "MediaBucket"


def _withdraw(bulletin: Bulletin, stage: Stage, places: _Places, now: datetime) -> Bulletin:
    after = rules.ended(bulletin, Step.WITHDRAW, Ending(), by=CLOCK, now=now)
    return _replace(bulletin, after, stage, places, now)


def _expire(bulletin: Bulletin, stage: Stage, places: _Places, now: datetime) -> Bulletin:
    after = bulletin.model_copy(update={"state": BulletinState.EXPIRED})
    return _replace(bulletin, after, stage, places, now)


def _close(bulletin: Bulletin, stage: Stage, places: _Places, now: datetime) -> Bulletin:
    after = bulletin.model_copy(update={"closed_at": now})
    return _replace(bulletin, after, stage, places, now)


def _delete_pictures(bulletin: Bulletin, stage: Stage, places: _Places, now: datetime) -> Bulletin:
    places.bucket.delete_media_of(bulletin.id)
    places.bulletins.delete_pictures(bulletin.id)
    after = bulletin.model_copy(update={"pictures_deleted_at": now})
    return _replace(bulletin, after, stage, places, now)


def _delete(bulletin: Bulletin, stage: Stage, places: _Places, now: datetime) -> None:
    # None should be left. But once the rows are gone, nothing shows whose an object is.
    places.bucket.delete_media_of(bulletin.id)
    places.bulletins.delete(bulletin, _record(bulletin, stage, places, now))


_STAGES: dict[Stage, Callable[[Bulletin, Stage, _Places, datetime], Bulletin | None]] = {
    Stage.WITHDRAW: _withdraw,
    Stage.EXPIRE: _expire,
    Stage.CLOSE: _close,
    Stage.DELETE_PICTURES: _delete_pictures,
    Stage.DELETE: _delete,
}


def _replace(
    before: Bulletin, after: Bulletin, stage: Stage, places: _Places, now: datetime
) -> Bulletin:
    """Write what the clock has changed, with its audit record. Raises ConditionFailed."""
    record = _record(after, stage, places, now)
    return places.bulletins.replace(before, after, record, by=CLOCK, now=now)


def _record(bulletin: Bulletin, stage: Stage, places: _Places, now: datetime) -> TransactItem:
    detail = {"step": stage.value, "version": bulletin.version, "state": bulletin.state}
    clock = Actor.clock(places.audit, now)
    return clock.log_item(of_bulletin(bulletin.id), Action.CHANGE, detail)


class BulletinMedia:
    """Makes a new version of the bulletin, because a verdict changes what officers approve.

    The new version leaves out a rejected picture. With one that an approval has left out, it waits
    for an approval, and that is notified.
    """

    def __init__(self, bulletins: Bulletins, announcements: Announcements) -> None:
        self._bulletins, self._announcements = bulletins, announcements

    def read(self, owner_id: str) -> Dossier | None:
        return self._bulletins.dossier(owner_id)

    def settle(self, owner: Dossier, medium: Medium, settled: Medium, now: datetime) -> None:
        before, bulletins = owner.bulletin, self._bulletins
        is_ready = settled.state is MediaState.READY
        after = rules.with_verdict(before, medium.media_id, is_ready=is_ready, now=now)
        settle = bulletins.media.settle_item(before.id, medium, settled, now)
        waits = after.is_pending(now) and not before.is_pending(now)
        notices = [self._notice(after, now)] if waits else []
        bulletins.replace(before, after, settle, *notices, by=VERDICT, now=now)

    def notices_of_delay(self, owner_id: str, medium: Medium, now: datetime) -> list[TransactItem]:
        """Return none: the officer who approves the bulletin sees that a picture waits."""
        return []

    def _notice(self, after: Bulletin, now: datetime) -> TransactItem:
        """Return the write that notifies the officer who approved without the picture, and
        supervisors: who else may approve is in a table that is not read for a verdict.
        """
        return self._announcements.item(
            NoticeKind.APPROVAL,
            entry_id=f"{after.id}-{after.version}",
            to=[after.approved_by] if after.approved_by else [],
            groups=[role_group(Role.SUPERVISOR)],
            path=f"/v1/officer/bulletins/{after.id}",
            step=TwoPersonStep.BULLETIN,
            now=now,
        )
