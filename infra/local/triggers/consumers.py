"""Functions as Lambda calls them: for the messages of a queue, and at EventBridge's rates."""

import logging
import re
import threading
import time
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from contextvars import copy_context
from datetime import UTC, datetime
from pkgutil import resolve_name
from typing import Any

import boto3
from chalice.local import Clock, LambdaContext

from infra import template
from infra.local.console import serving

# A failed message is tried again after its visibility timeout, and a batch gathered for its window,
# as in the cloud; but here a minute of it lasts a second.
HASTE = 60

# Batches of one queue that are handled at once, where the template allows more: threads of one
# process share a processor with the requests.
MOST_AT_ONCE = 4
_UNLIMITED = 1000
# What the mapping of a queue may say.
_CARRIED = frozenset(
    {"Queue", "BatchSize", "MaximumBatchingWindowInSeconds", "ScalingConfig"}
    | {"FunctionResponseTypes"}
)

_log = logging.getLogger(__name__)

type Function = Callable[[Mapping[str, Any]], Any]


def function_at(name: str, path: str, clock: Clock | None = None) -> Function:
    """Return the function at `package.module.name`, imported when first called, as a cold start
    would. It gets the limits of the deployed one. Beyond its time it goes on, and that is logged.
    """
    place = ":".join(path.rsplit(".", 1))

    def call(event: Mapping[str, Any]) -> Any:
        context = context_of(name, clock)
        try:
            return resolve_name(place)(event, context)
        finally:
            if context.get_remaining_time_in_millis() < 0:
                _log.error("The function %s took longer than Lambda lets it run", name)

    return call


def context_of(function: str, clock: Clock | None = None) -> LambdaContext:
    """Return the second argument of a call, with the limits that a function is deployed with."""
    timeout_s, memory_mb = template.function_limits()[function]
    return LambdaContext(function, memory_mb, timeout_s * 1000, clock)


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
    see HASTE) and moves it to the dead letters after its tries. Of more batches than the mapping
    allows, or `most`, none is handled at once; `handled` is called after each.
    """

    def __init__(
        self,
        mapping: Mapping[str, Any],
        function: Function,
        environment: Mapping[str, str],
        retry_after_s: int | None = None,
        most: int = MOST_AT_ONCE,
    ) -> None:
        refuse_unknown(mapping, _CARRIED)
        queue = template.environment_name_of(mapping["Queue"]["Fn::Sub"])
        self._url, self._arn = environment[f"{queue}_URL"], environment[f"{queue}_ARN"]
        self._name, self._region = self._arn.rpartition(":")[2], environment["AWS_REGION"]
        self._batch = mapping["BatchSize"]
        self._names_failures = names_failures(mapping)
        # Without a limit there are as many as the queue gives out: of a FIFO queue, one of a group.
        allowed = mapping.get("ScalingConfig", {}).get("MaximumConcurrency")
        self.at_once = min(allowed, most) if allowed else _UNLIMITED
        self._room = threading.Semaphore(self.at_once)
        self._at_work: list[threading.Thread] = []
        self.handled: Callable[[], None] = lambda: None
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
        """Begin to handle one batch, in a thread of its own, if there is room for it. Return
        whether there was one.
        """
        if not self._room.acquire(blocking=False):
            return False
        messages: Sequence[Any] = ()
        try:
            messages = self._receive()
        finally:
            if not messages:
                self._room.release()
        if messages:
            # With what it is said to serve (`serving`).
            run = copy_context().run
            thread = threading.Thread(target=run, args=(self._work_on, messages), daemon=True)
            self._at_work = [each for each in self._at_work if each.is_alive()] + [thread]
            thread.start()
        return bool(messages)

    def join(self, patience_s: float) -> None:
        """Wait that long for what is handled now."""
        until = time.monotonic() + patience_s
        for thread in self._at_work:
            thread.join(max(0, until - time.monotonic()))

    def _receive(self) -> Sequence[Any]:
        response = self._sqs.receive_message(
            QueueUrl=self._url, MaxNumberOfMessages=self._batch, MessageSystemAttributeNames=["All"]
        )
        return response.get("Messages", [])

    def _work_on(self, messages: Sequence[Any]) -> None:
        try:
            self._handle(messages)
        except Exception:
            _log.exception("The trigger of the queue %s failed", self._name)
        finally:
            self._room.release()
            self.handled()

    def _handle(self, messages: Sequence[Any]) -> None:
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

    def _invoke(self, messages: Sequence[Any]) -> Collection[str]:
        """Return the ids of the messages that failed."""
        everything = {message["MessageId"] for message in messages}
        event = {"Records": [self._record(message) for message in messages]}
        try:
            response = self._function(event)
        except Exception:
            _log.exception("The function of the queue %s failed", self._name)
            return everything
        if not self._names_failures:
            return ()
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


def refuse_unknown(mapping: Mapping[str, Any], carried: Collection[str]) -> None:
    """Raise TypeError for a mapping that says what nobody does here."""
    if unknown := mapping.keys() - carried:
        raise TypeError(f"{', '.join(sorted(unknown))} of a mapping is not carried locally")


def names_failures(mapping: Mapping[str, Any]) -> bool:
    """Return whether what a function returns says which of its batch have failed."""
    return "ReportBatchItemFailures" in mapping.get("FunctionResponseTypes", ())


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
                self._function(event)
            except Exception:
                _log.exception("The function %s failed", self.name)


def period_of(expression: Any) -> float:
    """Return a `rate(…)` in seconds. Raises ValueError for any other expression."""
    text = expression if isinstance(expression, str) else expression.to_string()
    match = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", text)
    if not match:
        raise ValueError(f"{text}: only rates are carried locally")
    return float(match[1]) * {"minute": 60, "hour": 3600, "day": 86400}[match[2]]
