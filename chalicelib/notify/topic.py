"""The SNS topic of notices. Subscriptions filter notices by their message attributes."""

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.notices import Notice

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sns.type_defs import (
        MessageAttributeValueTypeDef,
        PublishBatchRequestEntryTypeDef,
    )

log = logging.getLogger(__name__)

# SNS's own limits of a batch: messages, and the bytes of all together
# (https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html). Names of fields count too.
_BATCH = 10
_BATCH_BYTES = 240_000
# SNS suspends an e-mail subscription that gets more than 10 messages within a second, and its
# officer hears nothing until they confirm again
# (https://docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html).
_BETWEEN_BATCHES_S = 1.0


class Topic:
    """A topic. `pause` waits some seconds."""

    def __init__(self, client: "SNSClient", arn: str, pause: Callable[[float], None]) -> None:
        self._client = client
        self._arn = arn
        self._pause = pause

    def publish(self, notices: Sequence[Notice]) -> frozenset[str]:
        """Publish notices, at most ten a second, and return the `event_id`s of those that SNS
        accepted.

        Raises nothing: the caller must publish the others again.
        """
        accepted: set[str] = set()
        for number, batch in enumerate(_batches(_entries(notices))):
            if number:
                self._pause(_BETWEEN_BATCHES_S)
            try:
                response = self._client.publish_batch(
                    TopicArn=self._arn,
                    PublishBatchRequestEntries=batch,
                )
            except (ClientError, BotoCoreError) as error:
                log.warning(
                    "publish_failed", extra={"error": type(error).__name__, "count": len(batch)}
                )
                continue
            accepted |= {entry["Id"] for entry in response["Successful"] if "Id" in entry}
            if failed := response.get("Failed"):
                log.warning(
                    "publish_failed", extra={"error": failed[0]["Code"], "count": len(failed)}
                )
        return frozenset(accepted)


def _batches(
    entries: "Iterator[PublishBatchRequestEntryTypeDef]",
) -> "Iterator[list[PublishBatchRequestEntryTypeDef]]":
    batch: list[PublishBatchRequestEntryTypeDef] = []
    size = 0
    for entry in entries:
        bytes_more = len(json.dumps(entry).encode())
        if batch and (len(batch) == _BATCH or size + bytes_more > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += bytes_more
    if batch:
        yield batch


def _entries(notices: Sequence[Notice]) -> "Iterator[PublishBatchRequestEntryTypeDef]":
    for notice in notices:
        try:
            yield _entry(notice)
        except Exception as error:
            # One bad notice must not block the others.
            log.warning("notice_unreadable", extra={"error": type(error).__name__})


def _entry(notice: Notice) -> "PublishBatchRequestEntryTypeDef":
    forms = {
        "default": json.dumps(notice.body(), ensure_ascii=False, separators=(",", ":")),
        "email": notice.email(),
        "sms": notice.short(),
    }
    attributes = {name: _attribute(value) for name, value in notice.attributes().items()}
    return {
        "Id": notice.event_id,
        "Message": json.dumps(forms, ensure_ascii=False),
        "MessageStructure": "json",
        "Subject": notice.subject(),
        "MessageAttributes": attributes,
    }


def _attribute(value: str | int | tuple[str, ...]) -> "MessageAttributeValueTypeDef":
    if isinstance(value, tuple):
        return {"DataType": "String.Array", "StringValue": json.dumps(value)}
    return {
        "DataType": "Number" if isinstance(value, int) else "String",
        "StringValue": str(value),
    }
