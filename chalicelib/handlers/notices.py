"""The function that publishes notices and counts reports, from the reports table's stream."""

from typing import Any

from chalice.app import Blueprint, DynamoDBEvent

from chalicelib import wiring
from chalicelib.handlers import events
from chalicelib.services.statistics import count_changed

bp = Blueprint(__name__)


# The ARN is a placeholder, which infra/app.yaml replaces. A filter is added there.
@bp.on_dynamodb_record(
    stream_arn="arn:aws:dynamodb:us-east-1:000000000000:table/reports/stream/placeholder",
    batch_size=100,
)
def publish_notices(event: DynamoDBEvent) -> dict[str, Any]:
    """Publish the pending notices of changed items, and count changed reports.

    Lambda repeats what fails. The sweep publishes notices that the stream did not deliver.
    """
    seen = events.stream_keys(event.to_dict().get("Records") or ())
    changed = [(pk, sk) for _, pk, sk in seen]
    unsent = wiring.publisher().publish(changed, now=wiring.clock.now())
    uncounted = count_changed(changed, outbox=wiring.outbox(), statistics=wiring.statistics())
    # Lambda repeats the batch from the first of these numbers on. Repeating the others changes
    # nothing.
    failed = [number for number, pk, sk in seen if (pk, sk) in unsent or (pk, sk) in uncounted]
    return {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}
