"""The function that pushes to reporters' phones, every half hour."""

import logging
from typing import Any

from chalice.app import Blueprint, CloudWatchEvent, Rate

from chalicelib import push_wiring, wiring
from chalicelib.services.push_rounds import push_what_is_due

bp = Blueprint(__name__)
log = logging.getLogger(__name__)

# A round stops this long before Lambda would end it.
_LAST_SECONDS_MS = 10_000


@bp.schedule(Rate(30, unit=Rate.MINUTES))
def push_to_phones(event: CloudWatchEvent) -> dict[str, Any]:
    """Push to the phones of reporters who have something to read.

    What a round leaves is done by the next one.
    """
    remaining = getattr(event.context, "get_remaining_time_in_millis", None)
    done = push_what_is_due(
        push_wiring.push_round(),
        now=wiring.clock.now(),
        time_is_left=lambda: remaining is None or remaining() > _LAST_SECONDS_MS,
    )
    log.info("phones_pushed", extra=done)
    return done
