"""The functions that sweep pending tasks every minute: one for each lane, so that none waits for
another.

Alarms read what they log: the fields of `Swept`, how many critical reports wait too long, and the
load level.
"""

import logging
from typing import Any

from chalice.app import Blueprint, CloudWatchEvent, Rate

from chalicelib import flood_wiring, wiring
from chalicelib.domain.outbox import Lane
from chalicelib.services import sweep
from chalicelib.services.acknowledgement import count_unacknowledged

bp = Blueprint(__name__)
log = logging.getLogger(__name__)

# A sweep stops this long before Lambda would end it in the middle of a task.
_LAST_SECONDS_MS = 10_000
_EVERY_MINUTE = Rate(1, unit=Rate.MINUTES)


@bp.schedule(_EVERY_MINUTE)
def sweep_critical(event: CloudWatchEvent) -> dict[str, Any]:
    """Publish the critical notices that are due, and escalate."""
    done = _sweep_notices(Lane.CRITICAL, event)
    waiting = count_unacknowledged(wiring.outbox(), now=wiring.clock.now())
    log.info("counted", extra={"unacknowledged": waiting})
    return done


@bp.schedule(_EVERY_MINUTE)
def sweep_normal(event: CloudWatchEvent) -> dict[str, Any]:
    """Publish all other notices that are due."""
    return _sweep_notices(Lane.NORMAL, event)


@bp.schedule(_EVERY_MINUTE)
def sweep_upkeep(event: CloudWatchEvent) -> dict[str, Any]:
    """Evaluate the load level, and send all tasks that are no notices, and due, to the queue of
    upkeep.
    """
    level = flood_wiring.load_watch().evaluate(wiring.clock.now())
    if level is not None:
        log.info("load_evaluated", extra={"load_level": level.value})
    return _logged(
        sweep.sweep_upkeep(
            wiring.outboxes(),
            queue=wiring.upkeep_queue(),
            now=wiring.clock.now(),
            time_is_left=lambda: _time_is_left(event),
        )
    )


def _sweep_notices(lane: Lane, event: CloudWatchEvent) -> dict[str, Any]:
    return _logged(
        sweep.sweep_notices(
            lane,
            wiring.outbox(),
            publisher=wiring.publisher(),
            now=wiring.clock.now(),
            time_is_left=lambda: _time_is_left(event),
        )
    )


def _logged(done: sweep.Swept) -> dict[str, Any]:
    log.info("swept", extra=done._asdict())
    return done._asdict()


def _time_is_left(event: CloudWatchEvent) -> bool:
    remaining = getattr(event.context, "get_remaining_time_in_millis", None)
    return remaining is None or remaining() > _LAST_SECONDS_MS
