"""The fast path of notices: the reports table's stream."""

from typing import Any

from chalice.app import Blueprint, DynamoDBEvent

from chalicelib import wiring
from chalicelib.handlers import events
from chalicelib.services.noticing import publish_owed

bp = Blueprint(__name__)


# The stream's name here is a placeholder: infra/app.yaml names the real one, with its filter.
@bp.on_dynamodb_record(stream_arn="arn:aws:dynamodb:us-east-1:000000000000:table/reports/stream/placeholder", batch_size=100)
def publish_notices(event: DynamoDBEvent) -> dict[str, Any]:
    """Tell officers what the changed items owe. What fails comes again; the sweep is there for what never comes."""
    seen = events.stream_keys(event.to_dict().get("Records") or ())
    failed = publish_owed(
        [(pk, sk) for _, pk, sk in seen],
        duties=wiring.duties(),
        topic=wiring.topic(),
        public_url=wiring.settings().public_url,
        now=wiring.now(),
    )
    # A stream starts again at the first number that is given back.
    return {"batchItemFailures": [{"itemIdentifier": number} for number, pk, sk in seen if (pk, sk) in failed]}
