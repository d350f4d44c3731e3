"""What time brings: the sweep of what is pending, every minute."""

import logging
from typing import Any

from chalice.app import Blueprint, CloudWatchEvent, Rate

from chalicelib import wiring
from chalicelib.domain.outbox import TaskKind
from chalicelib.services.bulletin_sweep import sweep_bulletins
from chalicelib.services.reconciliation import reconcile_upload
from chalicelib.services.retention import expire_report
from chalicelib.services.subscriptions import sync_subscriptions
from chalicelib.services.sweep import sweep
from chalicelib.store import keys
from chalicelib.store.table import Row

bp = Blueprint(__name__)
log = logging.getLogger(__name__)

# Time to end in order, before Lambda ends it.
_LAST_SECONDS_MS = 10_000


@bp.schedule(Rate(1, unit=Rate.MINUTES))
def sweep_tasks(event: CloudWatchEvent) -> dict[str, Any]:
    """Do what is overdue. The stream is the fast path, this is the guarantee."""
    remaining = getattr(event.context, "get_remaining_time_in_millis", None)
    done = sweep(
        publisher=wiring.publisher(),
        work={TaskKind.RECONCILE: _reconcile, TaskKind.EXPIRE: _expire},
        now=wiring.now(),
        time_is_left=lambda: remaining is None or remaining() > _LAST_SECONDS_MS,
    )
    log.info("swept", extra=done)
    _sweep_bulletins()
    return done


def _sweep_bulletins() -> None:
    swept = sweep_bulletins(
        bulletins=wiring.bulletins(),
        audit=wiring.audit(),
        objects=wiring.objects(),
        uploads=wiring.uploads_queue(),
        now=wiring.now(),
    )
    log.info("swept_bulletins", extra=swept)


def _reconcile(row: Row, now: Any) -> None:
    if keys.is_officer(row["pk"]):
        sync_subscriptions(
            keys.name_of(row["pk"]),
            officers=wiring.officers(),
            subscriptions=wiring.subscriptions(),
            topic=wiring.topic_subscriptions(),
        )
        return
    reconcile_upload(
        row,
        outbox=wiring.outbox(),
        reports=wiring.reports(),
        objects=wiring.objects(),
        uploads=wiring.uploads_queue(),
        now=now,
    )


def _expire(row: Row, now: Any) -> None:
    expire_report(
        row, now, outbox=wiring.outbox(), reports=wiring.reports(), objects=wiring.objects()
    )
