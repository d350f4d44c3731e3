"""The fast path of notices, and of the statistics: the reports table's stream."""

from typing import Any

from chalice.app import Blueprint, DynamoDBEvent

from chalicelib import wiring
from chalicelib.handlers import events
from chalicelib.services.statistics import count_changed

bp = Blueprint(__name__)


# The stream's name here is a placeholder: infra/app.yaml names the real one, with its filter.
@bp.on_dynamodb_record(
    stream_arn="arn:aws:dynamodb:us-east-1:000000000000:table/reports/stream/placeholder",
    batch_size=100,
)
def publish_notices(event: DynamoDBEvent) -> dict[str, Any]:
    """Publish the pending notices of the items that changed, and count the reports.

    What fails comes again; the sweep is there for what never comes.
    """
    seen = events.stream_keys(event.to_dict().get("Records") or ())
    changed = [(pk, sk) for _, pk, sk in seen]
    unsent = wiring.publisher().publish(changed, now=wiring.clock.now())
    uncounted = count_changed(changed, outbox=wiring.outbox(), statistics=wiring.statistics())
    # A stream starts again at the first number that is given back; doing the others again changes
    # nothing.
    failed = [number for number, pk, sk in seen if (pk, sk) in unsent or (pk, sk) in uncounted]
    return {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}
