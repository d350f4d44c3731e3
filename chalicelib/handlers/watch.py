"""The functions that seal the audit, close the ledger, and compare AWS's record.

One reads the audit table's stream; the others run every hour.
"""

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from chalice.app import Blueprint, CloudWatchEvent, DynamoDBEvent, Rate

from chalicelib import wiring
from chalicelib.domain.audit.seals import SealedRow
from chalicelib.services.audit import ledger, seals
from chalicelib.services.watch import openings, watch
from chalicelib.services.watch.acts import record_acts

bp = Blueprint(__name__)
log = logging.getLogger(__name__)


# The ARN is a placeholder, which infra/app.yaml replaces.
@bp.on_dynamodb_record(
    stream_arn="arn:aws:dynamodb:us-east-1:000000000000:table/audit/stream/placeholder",
    batch_size=1000,
)
def seal_audit(event: DynamoDBEvent) -> dict[str, Any]:
    """Seal each row as it was written, count it for the watch, and list it by its officer.

    A row that is overwritten is sealed again, so that the change can be found. Neither of the first
    two waits for the other to succeed. Lambda repeats what fails.
    """
    # A deletion has no new image. Rows expire after two years; the check of the seals finds a row
    # that was deleted before.
    records = [
        record["dynamodb"]
        for record in event.to_dict().get("Records") or ()
        if "NewImage" in record["dynamodb"]
    ]
    images = [record["NewImage"] for record in records]
    rows = [SealedRow(*_texts(image, SealedRow._fields)) for image in images]
    try:
        if rows:
            seals.seal_rows(
                records[0]["SequenceNumber"], rows, seals=wiring.seals(), now=wiring.clock.now()
            )
    finally:
        watched = [watch.WatchedRow(*_texts(image, watch.WatchedRow._fields)) for image in images]
        watch.count_rows(
            watched,
            counters=wiring.watch_counters(),
            announcements=wiring.announcements(),
            officers=wiring.officers(),
            now=wiring.clock.now(),
        )
    record_acts(watched, wiring.act_rows())
    return {"batchItemFailures": []}


def _texts(image: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    """Return attributes of an item of the stream, which are texts."""
    return [str(image.get(name, {}).get("S", "")) for name in names]


@bp.schedule(Rate(1, unit=Rate.HOURS))
def digest_audit(event: CloudWatchEvent) -> dict[str, Any]:
    """Write the audit's digest of each hour that has ended, and close the hour of the ledger."""
    now, key = wiring.clock.now(), wiring.signing_key()
    done = {"digests": seals.write_digests(seals=wiring.seals(), sign=key.sign, now=now)}
    closed = ledger.close_hours(
        rows=wiring.leaf_rows(), heads=wiring.ledger_heads(), seals=wiring.seals(), key=key, now=now
    )
    # An alarm misses this line when either fails.
    done["hours"] = closed
    log.info("digested", extra=done)
    return done


@bp.schedule(Rate(1, unit=Rate.HOURS))
def compare_openings(event: CloudWatchEvent) -> dict[str, Any]:
    """Compare AWS's record of the keys with the audit, for each hour that is complete."""
    settings = wiring.settings()
    watched = openings.Watched(
        openings.Holder(settings.officers_role, settings.officers_function),
        openings.Holder(settings.signer_role, settings.signer_function),
        (settings.content_key, settings.contact_key, settings.ledger_key),
    )
    done = openings.compare_hours(
        watched,
        record=wiring.aws_record(),
        seals=wiring.seals(),
        announcements=wiring.announcements(),
        now=wiring.clock.now(),
    )
    log.info("compared", extra=done)
    return done
