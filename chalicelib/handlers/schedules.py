"""What time brings: the sweep of what is owed, every minute."""

import logging
from typing import Any

from chalice.app import Blueprint, CloudWatchEvent, Rate

from chalicelib import wiring
from chalicelib.services.sweeping import sweep

bp = Blueprint(__name__)
log = logging.getLogger(__name__)


@bp.schedule(Rate(1, unit=Rate.MINUTES))
def sweep_duties(event: CloudWatchEvent) -> dict[str, Any]:
    """Do what is overdue. The stream is the fast path, this is the guarantee."""
    done = sweep(
        duties=wiring.duties(),
        reports=wiring.reports(),
        objects=wiring.objects(),
        uploads=wiring.uploads_queue(),
        topic=wiring.topic(),
        public_url=wiring.settings().public_url,
        now=wiring.now(),
    )
    log.info("swept", extra=done)
    return done
