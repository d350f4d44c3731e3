"""Read the events of queues and streams, and return the failed records of a batch."""

import json
import logging
from base64 import b64decode
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from chalicelib.kernel.outbox import TaskKind

log = logging.getLogger(__name__)


class StoredObject(NamedTuple):
    """An object that S3 has created. EventBridge has removed the uploader's IP address."""

    bucket: str
    key: str
    version_id: str | None
    sequencer: str | None


def each_record(
    event: Mapping[str, Any], handle: Callable[[Mapping[str, Any]], None]
) -> dict[str, list[dict[str, str]]]:
    """Handle each record of an SQS batch, and return those that failed.

    SQS delivers only those again.
    """
    failed = []
    for record in event.get("Records") or ():
        try:
            handle(record)
        except Exception as error:
            # Only the type is logged, because a message may contain a key or a text.
            log.warning("record_failed", extra={"error": type(error).__name__})
            failed.append({"itemIdentifier": str(record.get("messageId", ""))})
    return {"batchItemFailures": failed}


def read_stored_object(body: str) -> StoredObject | None:
    """Return the object of an EventBridge event "Object Created"; None for another kind of event.

    Raises ValueError or KeyError when the body is malformed: the record becomes a dead letter, for
    an operator to check. EventBridge does not URL-encode keys, unlike S3's own notifications.
    """
    event = json.loads(body)
    if not isinstance(event, dict):
        raise ValueError("not an event")
    if event.get("Event") == "s3:TestEvent" or event["detail-type"] != "Object Created":
        log.info("event_ignored")
        return None
    stored = event["detail"]["object"]
    return StoredObject(
        bucket=event["detail"]["bucket"]["name"],
        key=stored["key"],
        version_id=stored.get("version-id"),
        sequencer=stored.get("sequencer"),
    )


class StreamRecord(NamedTuple):
    """A change of an item: its sequence number and its key.

    `lane` is that of the notice that it has to be sent at once; None when it has none. `unfiled`
    are the attributes that the ledger needs of a report that its row does not record yet.
    """

    number: str
    key: tuple[str, str]
    lane: str | None
    unfiled: Mapping[str, Any] | None


def stream_records(records: Iterable[Mapping[str, Any]]) -> list[StreamRecord]:
    """Return the changes, except those of deleted items."""
    return [
        StreamRecord(
            change["SequenceNumber"],
            (change["Keys"]["pk"]["S"], change["Keys"]["sk"]["S"]),
            _lane_of(image := change.get("NewImage", {})),
            _unfiled(image),
        )
        for record in records
        if record.get("eventName") != "REMOVE" and (change := record["dynamodb"])
    ]


def _lane_of(image: Mapping[str, Any]) -> str | None:
    """Return the lane of a notice that is not for later. Escalations are, when they are written."""
    at_once = image.get("task") == {"S": TaskKind.NOTIFY} and "not_before" not in image
    return image.get("lane", {}).get("S") if at_once else None


def _unfiled(image: Mapping[str, Any]) -> Mapping[str, Any] | None:
    if "commitments" not in image or "ledger_id" not in image:
        return None
    secret = {name: b64decode(image[name]["B"]) for name in ("ledger_id", "commitments")}
    return {**secret, "received_at": image["received_at"]["S"]}
