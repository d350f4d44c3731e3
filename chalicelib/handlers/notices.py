"""The functions that publish notices and count reports, from the reports table's stream.

Each lane has its own, so that no flood of other notices delays a critical one.
"""

from collections.abc import Collection
from typing import Any

from chalice.app import Blueprint, DynamoDBEvent

from chalicelib import flood_wiring, wiring
from chalicelib.domain.outbox import Lane
from chalicelib.handlers import events
from chalicelib.handlers.events import StreamRecord
from chalicelib.services.statistics import count_changed
from chalicelib.store.keys import Key

bp = Blueprint(__name__)

# The ARN is a placeholder, which infra/app.yaml replaces. Filters are added there.
_STREAM = "arn:aws:dynamodb:us-east-1:000000000000:table/reports/stream/placeholder"


@bp.on_dynamodb_record(stream_arn=_STREAM, batch_size=100)
def publish_critical(event: DynamoDBEvent) -> dict[str, Any]:
    """Publish the pending critical notices of changed items.

    Lambda repeats what fails. The sweep publishes notices that the stream did not deliver.
    """
    records = events.stream_records(event.to_dict().get("Records") or ())
    return _failures(records, _publish(records, Lane.CRITICAL))


@bp.on_dynamodb_record(stream_arn=_STREAM, batch_size=100)
def publish_notices(event: DynamoDBEvent) -> dict[str, Any]:
    """Publish all other pending notices of changed items, count changed reports, and note that
    they changed.

    Lambda repeats what fails. The sweep publishes notices that the stream did not deliver.
    """
    records = events.stream_records(event.to_dict().get("Records") or ())
    unsent = _publish(records, Lane.NORMAL)
    changed = [record.key for record in records]
    uncounted = count_changed(
        changed,
        outbox=wiring.outbox(),
        statistics=wiring.statistics(),
        arrivals=flood_wiring.load_counters(),
        changes_seen=lambda places: wiring.pulse_rows().beat(places, wiring.clock.now()),
    )
    return _failures(records, unsent | uncounted)


def _publish(records: Collection[StreamRecord], lane: Lane) -> frozenset[Key]:
    """Publish what has a notice in `lane`, by the images. Return the keys to try again."""
    pending = [record.key for record in records if record.lane == lane]
    return wiring.publisher().publish(pending, lanes=(lane,), now=wiring.clock.now()).retry


def _failures(records: Collection[StreamRecord], failed: Collection[Key]) -> dict[str, Any]:
    # Lambda repeats the batch from the first of these numbers on. Repeating the others changes
    # nothing.
    numbers = [record.number for record in records if record.key in failed]
    return {"batchItemFailures": [{"itemIdentifier": number} for number in numbers]}
