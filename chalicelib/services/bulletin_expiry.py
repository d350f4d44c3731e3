"""What the clock does with bulletins: expiry, and retention after the end.

Readers stop seeing a bulletin at its time; this removes the rows and objects afterwards. Objects
are deleted before rows, and the HEAD, which has the task, goes last. So the next sweep can continue
after a failure; every step can be repeated.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.bulletins import Bulletin, BulletinState
from chalicelib.domain.bulletins import lifecycle as rules
from chalicelib.domain.bulletins.endings import Ending
from chalicelib.domain.bulletins.model import Step
from chalicelib.domain.bulletins.retention import Stage, next_stage
from chalicelib.domain.outbox import OutboxTask, TaskKind
from chalicelib.services.actor import CLOCK, Actor
from chalicelib.store.audit import Action, Audit, of_bulletin
from chalicelib.store.bulletins import Bulletins
from chalicelib.store.outbox import Outbox, PendingTask
from chalicelib.store.table import ConditionFailed
from chalicelib.store.writes import TransactItem

if TYPE_CHECKING:
    from chalicelib.media.bucket import MediaBucket

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
