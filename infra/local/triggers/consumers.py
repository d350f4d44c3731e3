"""Functions as Lambda calls them: for the messages of a queue, and at EventBridge's rates."""

import logging
import re
import threading
import time
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from pkgutil import resolve_name
from typing import Any

import boto3
from chalice.local import LambdaContext

from infra import template
from infra.local.console import serving

# A failed message is tried again after its visibility timeout, and a batch gathered for its window,
# as in the cloud; but here a minute of it lasts a second.
HASTE = 60

_log = logging.getLogger(__name__)

type Function = Callable[[Mapping[str, Any], LambdaContext], Any]


def function_at(path: str) -> Function:
    """Return the function at `package.module.name`, imported when first called, as a cold start
    would.
    """
    place = ":".join(path.rsplit(".", 1))
    return lambda event, context: resolve_name(place)(event, context)


def new_context() -> LambdaContext:
    """Return the second argument of a call."""
    return LambdaContext(function_name="local", memory_size=512, max_runtime_ms=60_000)


def failures_of(returned: Any) -> set[str]:
    """Return the identifiers that a function reports as failed
    (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html).

    Raises AttributeError, KeyError or TypeError for what is no such report.
    """
    return {
        failure["itemIdentifier"] for failure in (returned or {}).get("batchItemFailures") or []
    }


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
        response = self._sqs.receive_message(
            QueueUrl=self._url, MaxNumberOfMessages=self._batch, MessageSystemAttributeNames=["All"]
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


class Schedule:
    """A function that runs every `period_s` seconds from now on; each has a thread of its own, as
    Lambda runs them side by side. `clock` gives seconds that only grow.
    """

    def __init__(
        self,
        name: str,
        period_s: float,
        function: Function,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name, self._period_s, self._function = name, period_s, function
        self._clock = clock
        self._due = clock() + period_s
        self._running = threading.Lock()

    def work(self) -> bool:
        """Run what is due. Return that there is nothing more for now."""
        if self._clock() >= self._due:
            self._due += self._period_s
            self.run()
        return False

    def run(self) -> None:
        """Run it now, in the caller's thread."""
        event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": "123456789012",
            "time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "region": "us-east-1",
            "resources": [f"arn:aws:events:us-east-1:123456789012:rule/{self.name}"],
            "detail": {},
        }
        with self._running, serving(self.name):
            try:
                self._function(event, new_context())
            except Exception:
                _log.exception("The function %s failed", self.name)


def period_of(expression: Any) -> float:
    """Return a `rate(…)` in seconds. Raises ValueError for any other expression."""
    text = expression if isinstance(expression, str) else expression.to_string()
    match = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", text)
    if not match:
        raise ValueError(f"{text}: only rates are carried locally")
    return float(match[1]) * {"minute": 60, "hour": 3600, "day": 86400}[match[2]]
