"""The function that delivers events to other systems, from its queue."""

import logging
from collections.abc import Mapping
from typing import Any

from chalice.app import Blueprint, SQSEvent

from chalicelib import wiring
from chalicelib.aws import events
from chalicelib.aws.queues import read_deliveries
from chalicelib.handlers.service.scheduled import time_is_left
from chalicelib.services.notices.deliveries import deliver

bp = Blueprint(__name__)
log = logging.getLogger(__name__)

# A receiver may take ten seconds, and its name as many before that.
ONE_MORE_MS = 30_000


# The queue's name is a placeholder, which infra/app.yaml replaces.
@bp.on_sqs_message(queue="events", batch_size=1)
def deliver_events(event: SQSEvent) -> dict[str, Any]:
    """Deliver the events that a message names. One that fails stays due, and is sent again.

    Alarms read what is logged: how many are `dead`, and how many `failed`.
    """

    def handle(record: Mapping[str, Any]) -> None:
        done = deliver(
            read_deliveries(record["body"]),
            courier=wiring.courier(),
            now=wiring.clock.now(),
            time_is_left=lambda: time_is_left(event, ONE_MORE_MS),
        )
        log.info("events_delivered", extra=dict(done))

    return events.each_record(event.to_dict(), handle)
