"""Events of queues, streams and schedules in their own shapes, and what a batch returns. Nothing
here comes from the API.
"""

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

log = logging.getLogger(__name__)


class StoredObject(NamedTuple):
    """An object that S3 says was created. The uploader's address was left behind on the way."""

    bucket: str
    key: str
    version_id: str | None
    sequencer: str | None


def each_record(
    event: Mapping[str, Any], take: Callable[[Mapping[str, Any]], None]
) -> dict[str, list[dict[str, str]]]:
    """Take every record of an SQS batch by itself; answers those that failed, and only those come
    again.
    """
    failed = []
    for record in event.get("Records") or ():
        try:
            take(record)
        except Exception as error:
            # The kind alone: a message could hold a key or a text.
            log.warning("record_failed", extra={"error": type(error).__name__})
            failed.append({"itemIdentifier": str(record.get("messageId", ""))})
    return {"batchItemFailures": failed}


def read_stored_object(body: str) -> StoredObject | None:
    """Return the object of an EventBridge "Object Created" event; None for anything else that is no
    fault (a test event, another kind).

    Raises ValueError or KeyError for what is broken, or was wrapped on the way: a person looks at
    it among the dead letters. EventBridge does not encode keys, unlike S3's own notifications.
    """
    event = json.loads(body)
    if not isinstance(event, dict):
        raise ValueError("not an event")
    if event.get("Event") == "s3:TestEvent" or event["detail-type"] != "Object Created":
        log.info("event_passed_over")
        return None
    stored = event["detail"]["object"]
    return StoredObject(
        bucket=event["detail"]["bucket"]["name"],
        key=stored["key"],
        version_id=stored.get("version-id"),
        sequencer=stored.get("sequencer"),
    )


def stream_keys(records: Iterable[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    """Return sequence number, pk and sk of every record that leaves an item behind."""
    return [
        (
            record["dynamodb"]["SequenceNumber"],
            record["dynamodb"]["Keys"]["pk"]["S"],
            record["dynamodb"]["Keys"]["sk"]["S"],
        )
        for record in records
        if record.get("eventName") != "REMOVE"
    ]
