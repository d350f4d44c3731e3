"""The audit table's stream, which is sealed, and the hour, which has its digest."""

import logging
from typing import Any

from chalice.app import Blueprint, CloudWatchEvent, DynamoDBEvent, Rate

from chalicelib import wiring
from chalicelib.domain.seals import SealedRow
from chalicelib.services import audit_seals

bp = Blueprint(__name__)
log = logging.getLogger(__name__)


# The stream's name here is a placeholder: infra/app.yaml names the real one.
@bp.on_dynamodb_record(
    stream_arn="arn:aws:dynamodb:us-east-1:000000000000:table/audit/stream/placeholder",
    batch_size=1000,
)
def seal_audit(event: DynamoDBEvent) -> dict[str, Any]:
    """Put each row under seal as it was written. One that is written over is sealed again, and so
    shows.
    """
    # A removal leaves no image: rows end after two years, and one that is gone before is missed by
    # its seal.
    records = [
        record["dynamodb"]
        for record in event.to_dict().get("Records") or ()
        if "NewImage" in record["dynamodb"]
    ]
    rows = [
        SealedRow(*(record["NewImage"].get(name, {}).get("S", "") for name in SealedRow._fields))
        for record in records
    ]
    if rows:
        audit_seals.seal_rows(
            records[0]["SequenceNumber"], rows, seals=wiring.seals(), now=wiring.clock.now()
        )
    return {"batchItemFailures": []}


@bp.schedule(Rate(1, unit=Rate.HOURS))
def digest_audit(event: CloudWatchEvent) -> dict[str, Any]:
    """Write the digests of the hours that are over."""
    done = {"digests": audit_seals.write_digests(seals=wiring.seals(), now=wiring.clock.now())}
    log.info("digested", extra=done)
    return done
