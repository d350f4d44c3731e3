"""Expiry of bulletins.

Readers stop seeing a bulletin at its `expires_at`; this removes the rows afterwards.
"""

import logging
from datetime import datetime

from chalicelib.domain.bulletins import BulletinState
from chalicelib.services.actor import CLOCK, Actor
from chalicelib.store.audit import Action, Audit, of_bulletin
from chalicelib.store.bulletins import Bulletins
from chalicelib.store.outbox import Outbox, PendingTask
from chalicelib.store.table import ConditionFailed

log = logging.getLogger(__name__)


def expire_bulletin(
    pending: PendingTask, *, outbox: Outbox, bulletins: Bulletins, audit: Audit, now: datetime
) -> None:
    """Mark an expired bulletin as such, remove its public rows, and write an audit record.

    Changes nothing when the bulletin was renewed or ended in the meantime. Raises Unavailable.
    """
    bulletin = bulletins.get(pending.owner.id)
    if (
        bulletin is None
        or bulletin.state is not BulletinState.PUBLISHED
        or bulletin.state_at(now) is not BulletinState.EXPIRED
    ):
        outbox.complete(pending)
        return
    after = bulletin.model_copy(update={"state": BulletinState.EXPIRED})
    record = Actor.clock(audit, now).log_item(
        of_bulletin(bulletin.id), Action.CHANGE, {"step": "expire", "version": after.version}
    )
    try:
        bulletins.replace(bulletin, after, record, by=CLOCK, now=now)
    except ConditionFailed:
        return  # Another change has also set the right task.
    log.info("bulletin_expired", extra={"channel": bulletin.content.channel})
