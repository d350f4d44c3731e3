"""Carries messages, stream records and schedules to the very functions that Lambda calls, as Lambda
would: batches, partial failures, retries, dead letters. Which functions there are is read from the
Chalice app; from where and how they are fed, from `infra/app.yaml`.
"""

import importlib
import json
import re
import sys
import threading
import time
import traceback
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import boto3
from chalice.app import Chalice, DynamoDBEventConfig, ScheduledEventConfig, SQSEventConfig
from chalice.local import LambdaContext
from chalice.utils import to_cfn_resource_name
from moto.events.models import EventPattern

from infra.local import template
from infra.local.cloud import Change

# A failed message is tried again after its visibility timeout, and a batch gathered for its window,
# as in the cloud; but here a minute of it lasts a second.
HASTE = 60
# Consumers are told when there is something; this often they look all the same, for what has become
# visible again.
LOOK_EVERY_S = 1.0
# In a stream nothing becomes visible again.
LOOK_AT_STREAM_EVERY_S = 60.0
# As many originals are looked at side by side.
WORKERS = 2

Function = Callable[[Mapping[str, Any], LambdaContext], Any]


class Pollers:
    """Feeds all event functions of `app` but those named in `without`. `environment` is what
    `create_resources` gave.

    Raises ValueError when `without` names what is not there.
    """

    def __init__(
        self, app: Chalice, environment: Mapping[str, str], without: Collection[str] = ()
    ) -> None:
        sources = {source.name: source for source in app.event_sources}
        if unknown := set(without) - set(sources):
            raise ValueError(
                f"no such function: {', '.join(sorted(unknown))}; there are: {', '.join(sorted(sources))}"
            )
        resources = template.load("app.yaml")["Resources"]
        self._schedules = Schedules()
        self._loops: list[_Loop] = []
        self._by_change: dict[Change, list[_Loop]] = {Change.QUEUE: [], Change.TABLE: []}
        for name in sorted(sources.keys() - set(without)):
            source, function = sources[name], _function(sources[name].handler_string)
            if isinstance(source, ScheduledEventConfig):
                self._schedules.add(name, _period_s(source.schedule_expression), function)
                continue
            mapping = _mapping(resources[to_cfn_resource_name(name)])
            if isinstance(source, SQSEventConfig):
                queue = QueueConsumer(mapping, function, environment)
                workers = WORKERS if mapping["BatchSize"] == 1 else 1
                self._add(
                    Change.QUEUE, [_Loop(name, queue.work, LOOK_EVERY_S) for _ in range(workers)]
                )
            elif isinstance(source, DynamoDBEventConfig):
                stream = StreamConsumer(mapping, function, environment)
                gather_s = mapping.get("MaximumBatchingWindowInSeconds", 0) / HASTE
                self._add(
                    Change.TABLE, [_Loop(name, stream.work, LOOK_AT_STREAM_EVERY_S, gather_s)]
                )
            else:
                raise TypeError(f"{name}: {type(source).__name__} is not carried locally")
        self._loops.append(_Loop("schedules", self._schedules.work, LOOK_EVERY_S))

    def _add(self, change: Change, loops: "list[_Loop]") -> None:
        self._by_change[change] += loops
        self._loops += loops

    def start(self) -> None:
        for loop in self._loops:
            loop.start()

    def wake(self, change: Change) -> None:
        for loop in self._by_change.get(change, ()):
            loop.wake()

    def run_schedules(self) -> None:
        """All of them now, in the caller's thread."""
        self._schedules.run_all()

    def stop(self, patience_s: float = 3) -> None:
        """End all loops; what a function is doing now is waited for so long, then left."""
        for loop in self._loops:
            loop.end()
        until = time.monotonic() + patience_s
        for loop in self._loops:
            if loop.is_alive():
                loop.join(max(0, until - time.monotonic()))


class _Loop(threading.Thread):
    """Calls `work` until it says there is no more, then waits to be woken or for `every_s`; once
    woken, for `gather_s` more.
    """

    def __init__(
        self, name: str, work: Callable[[], bool], every_s: float, gather_s: float = 0
    ) -> None:
        super().__init__(name=f"poller-{name}", daemon=True)
        self._work, self._every_s, self._gather_s = work, every_s, gather_s
        self._woken, self._ending = threading.Event(), threading.Event()

    def wake(self) -> None:
        self._woken.set()

    def end(self) -> None:
        self._ending.set()
        self._woken.set()

    def run(self) -> None:
        while not self._ending.wait(self._gather_s):
            self._woken.clear()
            try:
                more = self._work()
            except Exception:
                if self._ending.is_set():
                    return
                traceback.print_exc(file=sys.stderr)
                more = False
            if not more:
                self._woken.wait(self._every_s)


class QueueConsumer:
    """One event source mapping of a queue. What the function reports as failed, or all if it fails
    itself, stays in the queue: SQS hides it for `retry_after_s` (its visibility timeout, shortened:
    see HASTE) and sets it aside after its tries.
    """

    def __init__(
        self,
        mapping: Mapping[str, Any],
        function: Function,
        environment: Mapping[str, str],
        retry_after_s: int | None = None,
    ) -> None:
        queue = _environment_name(mapping["Queue"]["Fn::Sub"])
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
        """Handle one batch. Answers whether there was one."""
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
        everything = {message["MessageId"] for message in messages}
        event = {"Records": [self._record(message) for message in messages]}
        try:
            response = self._function(event, _context())
        except Exception:
            traceback.print_exc(file=sys.stderr)
            return everything
        try:
            failed = {
                failure["itemIdentifier"]
                for failure in (response or {}).get("batchItemFailures") or []
            }
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


class StreamConsumer:
    """The event source mapping of a table's stream, from its beginning: filtered, in order, a batch
    that fails is cut down to the record that makes it fail, and that one is set aside after its
    tries.
    """

    def __init__(
        self,
        mapping: Mapping[str, Any],
        function: Function,
        environment: Mapping[str, str],
        pause_s: float = 0.2,
    ) -> None:
        self._filters: list[Any] = [
            EventPattern.load(each["Pattern"]) for each in mapping["FilterCriteria"]["Filters"]
        ]
        table = _environment_name(mapping["Stream"]["Fn::Sub"]).removesuffix("_TABLE")
        self._batch, self._retries = mapping["BatchSize"], mapping["MaximumRetryAttempts"]
        self._bisect = mapping["BisectBatchOnFunctionError"]
        self._pause_s = pause_s
        self._function = function
        dead_letters = mapping["DestinationConfig"]["OnFailure"]["Destination"]["Fn::GetAtt"][0]
        self._dead_letters_url = environment[f"{_environment_name(dead_letters)}_URL"]
        self._stream_arn = environment[f"{table}_STREAM_ARN"]
        self._sqs, self._streams = boto3.client("sqs"), boto3.client("dynamodbstreams")
        shard = self._streams.describe_stream(StreamArn=self._stream_arn)["StreamDescription"][
            "Shards"
        ][0]
        self._iterator = self._streams.get_shard_iterator(
            StreamArn=self._stream_arn,
            ShardId=shard["ShardId"],
            ShardIteratorType=mapping["StartingPosition"],
        )["ShardIterator"]

    def work(self) -> bool:
        """Handle one batch. Answers whether there was one."""
        response = self._streams.get_records(ShardIterator=self._iterator, Limit=self._batch)
        records = [self._record(record) for record in response["Records"]]
        wanted = [
            record
            for record in records
            if any(pattern.matches_event(record) for pattern in self._filters)
        ]
        if wanted:
            self._deliver(wanted)
        # Only now: if this process stops before, the next begins with the same batch.
        self._iterator = response["NextShardIterator"]
        return bool(records)

    def _deliver(self, records: Sequence[dict[str, Any]]) -> None:
        left = [(records, 0)]
        while left:
            batch, tries = left.pop()
            failed_at = self._invoke(batch)
            if failed_at is None:
                continue
            rest = batch[failed_at:]
            if failed_at > 0:
                left.append((rest, tries))
            elif self._bisect and len(rest) > 1:
                # Cutting a batch in two does not count as a try.
                middle = len(rest) // 2
                left += [(rest[middle:], tries), (rest[:middle], tries)]
            elif tries < self._retries:
                time.sleep(self._pause_s * min(2**tries, 32))
                left.append((rest, tries + 1))
            else:
                self._set_aside(rest)

    def _invoke(self, records: Sequence[dict[str, Any]]) -> int | None:
        """The index of the first record that failed, 0 if the function itself did; None when all is
        well.
        """
        try:
            response = self._function({"Records": list(records)}, _context())
            failed = {
                failure["itemIdentifier"]
                for failure in (response or {}).get("batchItemFailures") or []
            }
        except Exception:
            traceback.print_exc(file=sys.stderr)
            return 0
        places = [
            index
            for index, record in enumerate(records)
            if record["dynamodb"]["SequenceNumber"] in failed
        ]
        return min(places) if places else (0 if failed else None)

    def _set_aside(self, records: Sequence[dict[str, Any]]) -> None:
        numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
        self._sqs.send_message(
            QueueUrl=self._dead_letters_url,
            MessageBody=json.dumps(
                {
                    "requestContext": {
                        "condition": "RetryAttemptsExhausted",
                        "approximateInvokeCount": self._retries + 1,
                    },
                    "version": "1.0",
                    "timestamp": datetime.now(UTC).isoformat(),
                    "DDBStreamBatchInfo": {
                        "startSequenceNumber": numbers[0],
                        "endSequenceNumber": numbers[-1],
                        "batchSize": len(numbers),
                        "streamArn": self._stream_arn,
                    },
                }
            ),
        )

    def _record(self, record: Any) -> dict[str, Any]:
        created: datetime = record["dynamodb"]["ApproximateCreationDateTime"]
        return {
            **record,
            "eventSourceARN": self._stream_arn,
            "dynamodb": {**record["dynamodb"], "ApproximateCreationDateTime": created.timestamp()},
        }


class Schedules:
    """EventBridge's rates, one function at a time."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._functions: dict[str, tuple[float, Function]] = {}
        self._due: dict[str, float] = {}
        self._running = threading.Lock()

    def add(self, name: str, period_s: float, function: Function) -> None:
        self._functions[name] = (period_s, function)
        self._due[name] = self._clock() + period_s

    def work(self) -> bool:
        for name, (period_s, _) in self._functions.items():
            if self._clock() >= self._due[name]:
                self._due[name] += period_s
                self._run(name)
        return False

    def run_all(self) -> None:
        for name in self._functions:
            self._run(name)

    def _run(self, name: str) -> None:
        event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": "123456789012",
            "time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "region": "us-east-1",
            "resources": [f"arn:aws:events:us-east-1:123456789012:rule/{name}"],
            "detail": {},
        }
        with self._running:
            try:
                self._functions[name][1](event, _context())
            except Exception:
                traceback.print_exc(file=sys.stderr)


def _mapping(function: Mapping[str, Any]) -> Any:
    """The one event source mapping of a function in the template."""
    (event,) = function["Properties"]["Events"].values()
    return event["Properties"]


def _period_s(expression: Any) -> float:
    """A `rate(…)` in seconds."""
    text = expression if isinstance(expression, str) else expression.to_string()
    match = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", text)
    if not match:
        raise ValueError(f"{text}: only rates are carried locally")
    return float(match[1]) * {"minute": 60, "hour": 3600, "day": 86400}[match[2]]


def _environment_name(reference: str) -> str:
    """`${UploadsQueue.Arn}` or `UploadsQueue` as the beginning of its environment variables:
    UPLOADS_QUEUE.
    """
    return template.environment_name(reference.strip("${}").partition(".")[0])


def _function(path: str) -> Function:
    """The function at `package.module.name`, imported when first called, as a cold start would."""

    def call(event: Mapping[str, Any], context: LambdaContext) -> Any:
        module, _, name = path.rpartition(".")
        return getattr(importlib.import_module(module), name)(event, context)

    return call


def _context() -> LambdaContext:
    return LambdaContext(function_name="local", memory_size=512, max_runtime_ms=60_000)
