"""The function that goes out, from its queue: to destinations of events, and to agencies."""

import logging
from collections.abc import Mapping
from typing import Any

from chalice.app import Blueprint, SQSEvent

from chalicelib import wiring
from chalicelib.aws import events, keys
from chalicelib.aws.queues import read_deliveries
from chalicelib.handlers.service.scheduled import time_is_left
from chalicelib.services.casework.errands import run_errands
from chalicelib.services.notices.deliveries import deliver

bp = Blueprint(__name__)
log = logging.getLogger(__name__)

# An errand may look, and then send: each has ten seconds for the name, and twenty for the rest at
# worst, of which the handshake is half.
ONE_MORE_MS = 60_000


# The queue's name is a placeholder, which infra/app.yaml replaces.
@bp.on_sqs_message(queue="events", batch_size=1)
def deliver_events(event: SQSEvent) -> dict[str, Any]:
    """Deliver the events, or do the errands to an agency, that a message names. What fails stays
    due, and is sent again.

    Alarms read what is logged: how many are `dead`, and how many `failed`.
    """

    def handle(record: Mapping[str, Any]) -> None:
        due, now = read_deliveries(record["body"]), wiring.clock.now()

        def left() -> bool:
            return time_is_left(event, ONE_MORE_MS)

        if due[0][0].startswith(keys.agency("")):
            done = run_errands(due, messenger=wiring.messenger(), now=now, time_is_left=left)
        else:
            done = deliver(due, courier=wiring.courier(), now=now, time_is_left=left)
        log.info("events_delivered", extra=dict(done))

    return events.each_record(event.to_dict(), handle)
