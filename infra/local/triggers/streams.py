"""The trigger of a table's stream, and which of its records a mapping wants: the filters of Lambda,
which are EventBridge's patterns
(https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html).
"""

import json
import logging
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import boto3
from moto.events.models import EventPattern

from infra import template
from infra.local.triggers.consumers import Function, failures_of, names_failures, refuse_unknown

# What the mapping of a stream may say. No record is too old here.
_CARRIED = frozenset(
    {"Stream", "StartingPosition", "BatchSize", "MaximumBatchingWindowInSeconds"}
    | {"ParallelizationFactor", "FilterCriteria", "FunctionResponseTypes", "DestinationConfig"}
    | {"BisectBatchOnFunctionError", "MaximumRetryAttempts", "MaximumRecordAgeInSeconds"}
)

_log = logging.getLogger(__name__)


type Filter = Callable[[Any], bool]


class Track:
    """Records that are delivered one batch after the other, in order."""

    def __init__(self, batch: int, deliver: Callable[[Sequence[dict[str, Any]]], None]) -> None:
        self._batch, self._deliver = batch, deliver
        self._waiting: list[dict[str, Any]] = []
        self._changing = threading.Lock()

    def add(self, record: dict[str, Any]) -> None:
        """Let a record wait."""
        with self._changing:
            self._waiting.append(record)

    def has_any(self) -> bool:
        """Return whether a record waits."""
        return bool(self._waiting)

    def is_full(self) -> bool:
        """Return whether a whole batch waits, beside the one that is delivered or is the next."""
        return len(self._waiting) >= 2 * self._batch

    def work(self) -> bool:
        """Deliver one batch. Return whether there was one."""
        with self._changing:
            batch = self._waiting[: self._batch]
        if batch:
            self._deliver(batch)
            # Only now: what could not even be set aside waits on.
            with self._changing:
                del self._waiting[: len(batch)]
        return bool(batch)


class StreamConsumer:
    """The event source mapping of a table's stream, from its beginning: filtered, and in order in
    each of its `tracks`. A partition key has one; there are as many as the mapping has parallel
    batches. A batch that fails is cut down to the record that makes it fail, and that one goes to
    the dead letters after its tries. Meanwhile the other tracks go on.
    """

    def __init__(
        self,
        mapping: Mapping[str, Any],
        function: Function,
        environment: Mapping[str, str],
        pause_s: float = 0.2,
    ) -> None:
        refuse_unknown(mapping, _CARRIED)
        self._wants = read_filters(each["Pattern"] for each in mapping["FilterCriteria"]["Filters"])
        stream = template.unless_restored(mapping["Stream"])["Fn::Sub"]
        table = template.environment_name_of(stream).removesuffix("_TABLE")
        self._batch, self._retries = mapping["BatchSize"], mapping["MaximumRetryAttempts"]
        self.tracks = [
            Track(self._batch, self._deliver)
            for _ in range(mapping.get("ParallelizationFactor", 1))
        ]
        self.waits_for_room = False
        self._names_failures = names_failures(mapping)
        self._bisect = mapping["BisectBatchOnFunctionError"]
        self._pause_s = pause_s
        self._function = function
        dead_letters = mapping["DestinationConfig"]["OnFailure"]["Destination"]["Fn::GetAtt"][0]
        self._dead_letters_url = environment[f"{template.environment_name(dead_letters)}_URL"]
        self._stream_arn = environment[f"{table}_STREAM_ARN"]
        self._sqs, self._streams = boto3.client("sqs"), boto3.client("dynamodbstreams")
        self._streams.meta.events.register(
            "before-parse.dynamodb-streams.GetRecords", _leave_as_json
        )
        shard = self._streams.describe_stream(StreamArn=self._stream_arn)["StreamDescription"][
            "Shards"
        ][0]
        self._iterator = self._streams.get_shard_iterator(
            StreamArn=self._stream_arn,
            ShardId=shard["ShardId"],
            ShardIteratorType=mapping["StartingPosition"],
        )["ShardIterator"]

    def work(self) -> bool:
        """Read one batch, and let what is wanted wait in its tracks. Return whether there may be
        more to read at once: the batch was full, and there is room.
        """
        # First, so that no track gets room unseen.
        self.waits_for_room = True
        if any(track.is_full() for track in self.tracks):
            return False
        self.waits_for_room = False
        response = self._streams.get_records(ShardIterator=self._iterator, Limit=self._batch)
        for record in response["Records"]:
            if self._wants(record):
                self._track_of(record).add({**record, "eventSourceARN": self._stream_arn})
        self._iterator = response["NextShardIterator"]
        return bool(len(response["Records"]) >= self._batch)

    def _track_of(self, record: Any) -> Track:
        # The first key is that of the partition.
        (partition, *_) = record["dynamodb"]["Keys"].values()
        return self.tracks[zlib.crc32(repr(partition).encode()) % len(self.tracks)]

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
                self._send_dead_letter(rest)

    def _invoke(self, records: Sequence[dict[str, Any]]) -> int | None:
        """Return the index of the first record that failed, 0 if the function itself did, None if
        all succeeded.
        """
        try:
            returned = self._function({"Records": list(records)})
            failed = failures_of(returned) if self._names_failures else ()
        except Exception:
            _log.exception("The function of the stream %s failed", self._stream_arn.split("/")[1])
            return 0
        places = [
            index
            for index, record in enumerate(records)
            if record["dynamodb"]["SequenceNumber"] in failed
        ]
        return min(places) if places else (0 if failed else None)

    def _send_dead_letter(self, records: Sequence[dict[str, Any]]) -> None:
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


def _leave_as_json(
    response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any
) -> None:
    """Take records as they were sent: a function gets their JSON, with what is binary in base64. Of
    each value the SDK would ask what it may be; this took a sixth of the stack's own process.
    """
    if response_dict["status_code"] == HTTPStatus.OK:
        customized_response_dict.update(json.loads(response_dict["body"]))
        response_dict["body"] = b"{}"


def read_filters(patterns: Iterable[str]) -> Filter:
    """Return whether a record fits one of the patterns, in JSON."""
    known = [EventPattern.load(pattern) for pattern in patterns]
    return lambda record: any(pattern.matches_event(record) for pattern in known)
