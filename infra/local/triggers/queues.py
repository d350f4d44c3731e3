"""The trigger of a queue."""

import logging
import threading
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import boto3

from infra.local import template
from infra.local.triggers.functions import Function, failures_of, new_context

# A failed message is tried again after its visibility timeout, and a batch gathered for its window,
# as in the cloud; but here a minute of it lasts a second.
HASTE = 60

_log = logging.getLogger(__name__)


class QueueConsumer:
    """One event source mapping of a queue. What the function reports as failed, or all if it fails
    itself, stays in the queue: SQS hides it for `retry_after_s` (its visibility timeout, shortened:
    see HASTE) and moves it to the dead letters after its tries.
    """

    def __init__(
        self,
        mapping: Mapping[str, Any],
        function: Function,
        environment: Mapping[str, str],
        retry_after_s: int | None = None,
    ) -> None:
        queue = template.environment_name_of(mapping["Queue"]["Fn::Sub"])
        self._url, self._arn = environment[f"{queue}_URL"], environment[f"{queue}_ARN"]
        self._region = environment["AWS_REGION"]
        self._batch = mapping["BatchSize"]
        self._function = function
        self._sqs = boto3.client("sqs")
        self._receiving = threading.Lock()
        attributes = self._sqs.get_queue_attributes(
            QueueUrl=self._url, AttributeNames=["VisibilityTimeout"]
        )["Attributes"]
        self._retry_after_s = (
            int(attributes["VisibilityTimeout"]) // HASTE
            if retry_after_s is None
            else retry_after_s
        )

    def work(self) -> bool:
        """Handle one batch. Return whether there was one."""
        with self._receiving:
            response = self._sqs.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=self._batch,
                MessageSystemAttributeNames=["All"],
            )
        messages = response.get("Messages", [])
        if not messages:
            return False
        failed = self._invoke(messages)
        for message in messages:
            if message["MessageId"] in failed:
                self._sqs.change_message_visibility(
                    QueueUrl=self._url,
                    ReceiptHandle=message["ReceiptHandle"],
                    VisibilityTimeout=self._retry_after_s,
                )
            else:
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return True

    def _invoke(self, messages: Sequence[Any]) -> Collection[str]:
        """Return the ids of the messages that failed."""
        everything = {message["MessageId"] for message in messages}
        event = {"Records": [self._record(message) for message in messages]}
        try:
            response = self._function(event, new_context())
        except Exception:
            _log.exception("The function of the queue %s failed", self._arn.rpartition(":")[2])
            return everything
        try:
            failed = failures_of(response)
        except (AttributeError, KeyError, TypeError):
            return everything
        # A name that is not in the batch makes Lambda take the whole batch as failed.
        return failed if failed <= everything else everything

    def _record(self, message: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message.get("Attributes", {}),
            "messageAttributes": {},
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": self._arn,
            "awsRegion": self._region,
        }
