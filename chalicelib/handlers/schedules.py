"""The function that sweeps pending tasks every minute."""

import logging
from datetime import datetime
from typing import Any

from chalice.app import Blueprint, CloudWatchEvent, Rate

from chalicelib import wiring
from chalicelib.domain.ids import OwnerKind
from chalicelib.domain.outbox import TaskKind
from chalicelib.services.acknowledgement import count_unacknowledged
from chalicelib.services.actor import Actor
from chalicelib.services.bulletin_expiry import expire_bulletin
from chalicelib.services.reconciliation import reconcile_upload
from chalicelib.services.removals import remove_later_uploads, remove_pictures
from chalicelib.services.retention import expire_report
from chalicelib.services.subscriptions import sync_subscriptions
from chalicelib.services.sweep import sweep
from chalicelib.store.outbox import Outbox, PendingTask

bp = Blueprint(__name__)
log = logging.getLogger(__name__)

# The sweep stops this long before Lambda would end it in the middle of a task.
_LAST_SECONDS_MS = 10_000


@bp.schedule(Rate(1, unit=Rate.MINUTES))
def sweep_tasks(event: CloudWatchEvent) -> dict[str, Any]:
    """Run all tasks that are due, also those that the stream did not deliver.

    Alarms read what is logged: the fields of `sweep`, and how many critical reports wait too long.
    """
    now = wiring.clock.now()
    remaining = getattr(event.context, "get_remaining_time_in_millis", None)
    done = sweep(
        (wiring.outbox(), wiring.bulletin_outbox()),
        publisher=wiring.publisher(),
        work={
            (TaskKind.RECONCILE, OwnerKind.REPORT): _reconcile_upload,
            (TaskKind.RECONCILE, OwnerKind.BULLETIN): _reconcile_upload,
            (TaskKind.PRUNE, OwnerKind.REPORT): _remove_later_uploads,
            (TaskKind.PRUNE, OwnerKind.BULLETIN): _remove_later_uploads,
            (TaskKind.PURGE, OwnerKind.REPORT): _remove_pictures,
            (TaskKind.RECONCILE, OwnerKind.OFFICER): _sync_subscriptions,
            (TaskKind.EXPIRE, OwnerKind.REPORT): _expire_report,
            (TaskKind.EXPIRE, OwnerKind.BULLETIN): _expire_bulletin,
        },
        now=now,
        time_is_left=lambda: remaining is None or remaining() > _LAST_SECONDS_MS,
    )
    log.info("swept", extra=done)
    waiting = count_unacknowledged(wiring.outbox(), now=now)
    log.info("counted", extra={"unacknowledged": waiting})
    return done


def _reconcile_upload(pending: PendingTask, outbox: Outbox, now: datetime) -> None:
    reconcile_upload(
        pending,
        outbox=outbox,
        owners=wiring.media_owners(),
        bucket=wiring.bucket(),
        uploads=wiring.uploads_queue(),
        now=now,
    )


def _remove_later_uploads(pending: PendingTask, outbox: Outbox, now: datetime) -> None:
    remove_later_uploads(pending, outbox=outbox, bucket=wiring.bucket())


def _remove_pictures(pending: PendingTask, outbox: Outbox, now: datetime) -> None:
    remove_pictures(
        pending, outbox=outbox, owners=wiring.media_owners(), bucket=wiring.bucket(), now=now
    )


def _sync_subscriptions(pending: PendingTask, outbox: Outbox, now: datetime) -> None:
    sync_subscriptions(
        pending.owner.id,
        officers=wiring.officers(),
        subscriptions=wiring.subscriptions(),
        topic=wiring.topic_subscriptions(),
        now=now,
    )


def _expire_report(pending: PendingTask, outbox: Outbox, now: datetime) -> None:
    expire_report(
        pending,
        outbox=outbox,
        reports=wiring.reports(),
        contacts=wiring.contacts(),
        bucket=wiring.bucket(),
        actor=Actor.clock(wiring.audit(), now),
    )


def _expire_bulletin(pending: PendingTask, outbox: Outbox, now: datetime) -> None:
    expire_bulletin(
        pending,
        outbox=outbox,
        bulletins=wiring.bulletins(),
        audit=wiring.audit(),
        bucket=wiring.bucket(),
        now=now,
    )
