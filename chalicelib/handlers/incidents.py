"""The function that finds similar reports, every minute."""

import logging
from typing import Any

from chalice.app import Blueprint, CloudWatchEvent, Rate

from chalicelib import wiring
from chalicelib.services.incidents import record_sketches

bp = Blueprint(__name__)
log = logging.getLogger(__name__)

# A run stops this long before Lambda would end it.
_LAST_SECONDS_MS = 10_000


@bp.schedule(Rate(1, unit=Rate.MINUTES))
def suggest_incidents(event: CloudWatchEvent) -> dict[str, Any]:
    """Record the sketches of new reports, and find which are like each other.

    What a run leaves is done by the next one.
    """
    remaining = getattr(event.context, "get_remaining_time_in_millis", None)
    done = record_sketches(
        wiring.sketches(),
        now=wiring.clock.now(),
        time_is_left=lambda: remaining is None or remaining() > _LAST_SECONDS_MS,
    )
    log.info("sketches_recorded", extra=done)
    return done
