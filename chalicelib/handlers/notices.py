"""The fast path of notices, and the counting: the reports table's stream."""

from typing import Any

from chalice.app import Blueprint, DynamoDBEvent

from chalicelib import wiring
from chalicelib.handlers import events
from chalicelib.services.notifications import publish_pending
from chalicelib.services.statistics import count_changed
from chalicelib.store import keys

bp = Blueprint(__name__)


# The stream's name here is a placeholder: infra/app.yaml names the real one, with its filter.
@bp.on_dynamodb_record(
    stream_arn="arn:aws:dynamodb:us-east-1:000000000000:table/reports/stream/placeholder",
    batch_size=100,
)
def publish_notices(event: DynamoDBEvent) -> dict[str, Any]:
    """Tell officers what the changed items owe, and count the reports. What fails comes again; the
    sweep is there for what never comes.
    """
    seen = events.stream_keys(event.to_dict().get("Records") or ())
    unsent = publish_pending(
        [(pk, sk) for _, pk, sk in seen], publisher=wiring.publisher(), now=wiring.now()
    )
    heads = [pk for _, pk, sk in seen if sk == keys.HEAD]
    uncounted = count_changed(heads, outbox=wiring.outbox(), statistics=wiring.statistics())
    # A stream starts again at the first number that is given back; doing the others again changes
    # nothing.
    failed = [
        number
        for number, pk, sk in seen
        if (pk, sk) in unsent or (sk == keys.HEAD and pk in uncounted)
    ]
    return {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}
