"""The queues of upkeep, of uploads, and of events.

Upkeep goes through a queue, some keys of due rows to a message, so that a flood of it takes nothing
from requests. A message that is lost or comes twice does no harm: the tasks are in the tables. An
upload whose S3 event was lost is sent again through the queue of uploads.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import batched
from typing import TYPE_CHECKING, Any

from chalicelib.aws.errors import unavailable
from chalicelib.aws.keys import Key
from chalicelib.kernel import errors, times
from chalicelib.kernel.files import is_critical

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


# One message is done well within its function's time, even if each task asks S3 several times.
_KEYS_PER_MESSAGE = 25
# SQS's own limit of a batch.
_MESSAGES_PER_CALL = 10


class UpkeepQueue:
    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def is_idle(self) -> bool:
        """Return whether no message waits, as far as SQS knows. Raises Unavailable.

        Those in work do not count: of a function that ended without a word, one comes back after
        minutes only.
        """
        with unavailable():
            found = self._client.get_queue_attributes(
                QueueUrl=self._url, AttributeNames=["ApproximateNumberOfMessages"]
            )
        return int(found["Attributes"]["ApproximateNumberOfMessages"]) == 0

    def send(self, outbox: str, keys: Sequence[Key]) -> None:
        """Send keys of rows of an outbox. Raises Unavailable when SQS did not take all of them."""
        bodies = (
            json.dumps({"outbox": outbox, "keys": some})
            for some in batched(keys, _KEYS_PER_MESSAGE)
        )
        _send(self._client, self._url, ({"MessageBody": body} for body in bodies))


def read_message(body: str) -> tuple[str, list[Key]]:
    """Return the outbox and the keys of a message. Raises ValueError or KeyError for another."""
    message = json.loads(body)
    return message["outbox"], [(pk, sk) for pk, sk in message["keys"]]


class EventsQueue:
    """A FIFO queue: of one group, SQS gives out one message at a time."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def send(self, group: str, due: Sequence[tuple[Key, datetime | None]]) -> None:
        """Send keys of deliveries of one group, each with the time that it is due.

        The same, sent again within five minutes, is taken once. Raises Unavailable when SQS did not
        take all of them.
        """
        bodies = (
            json.dumps({"deliveries": [(*key, at and times.render(at)) for key, at in some]})
            for some in batched(due, _KEYS_PER_MESSAGE)
        )
        messages = (
            {
                "MessageBody": body,
                "MessageGroupId": group,
                "MessageDeduplicationId": hashlib.sha256(body.encode()).hexdigest(),
            }
            for body in bodies
        )
        _send(self._client, self._url, messages)


def read_deliveries(body: str) -> list[Key]:
    """Return the keys of a message. Raises ValueError or KeyError for another."""
    return [(pk, sk) for pk, sk, _ in json.loads(body)["deliveries"]]


def _send(client: "SQSClient", url: str, messages: Iterable[dict[str, str]]) -> None:
    for some in batched(messages, _MESSAGES_PER_CALL):
        entries: Any = [{"Id": str(number), **each} for number, each in enumerate(some)]
        with unavailable():
            response = client.send_message_batch(QueueUrl=url, Entries=entries)
        if response.get("Failed"):
            raise errors.Unavailable


class UploadsQueue:
    """Two queues: that at `critical_url` has the media of critical reports."""

    def __init__(self, client: "SQSClient", url: str, critical_url: str) -> None:
        self._client = client
        self._url = url
        self._critical_url = critical_url

    def requeue(self, bucket: str, key: str, version_id: str) -> None:
        """Send the event of S3 for a created object to the same queue. Raises Unavailable."""
        _, _, media_id, *_ = key.split("/")
        url = self._critical_url if is_critical(media_id) else self._url
        event = {
            "detail-type": "Object Created",
            "detail": {
                "bucket": {"name": bucket},
                "object": {"key": key, "version-id": version_id},
            },
        }
        with unavailable():
            self._client.send_message(QueueUrl=url, MessageBody=json.dumps(event))
