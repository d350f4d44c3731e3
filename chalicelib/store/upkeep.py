"""The queue of upkeep: keys of rows whose task is due, some to a message.

It bounds how much upkeep is done side by side, so that a flood of it takes nothing from requests.
A message that is lost or comes twice does no harm: the tasks themselves are in the tables.
"""

import json
from collections.abc import Sequence
from itertools import batched
from typing import TYPE_CHECKING

from chalicelib import errors
from chalicelib.aws_errors import unavailable
from chalicelib.store.keys import Key

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
        for messages in batched(bodies, _MESSAGES_PER_CALL):
            with unavailable():
                response = self._client.send_message_batch(
                    QueueUrl=self._url,
                    Entries=[
                        {"Id": str(number), "MessageBody": body}
                        for number, body in enumerate(messages)
                    ],
                )
            if response.get("Failed"):
                raise errors.Unavailable


def read_message(body: str) -> tuple[str, list[Key]]:
    """Return the outbox and the keys of a message. Raises ValueError or KeyError for another."""
    message = json.loads(body)
    return message["outbox"], [(pk, sk) for pk, sk in message["keys"]]
