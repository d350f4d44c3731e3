"""What a subscriber of the topic gets: a queue in the place of a phone or a mailbox."""

import json
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.load.stack import Stack

_BATCH = 10


@dataclass(frozen=True, slots=True)
class Received:
    """One notice. `at` is the Unix time in seconds when the topic handed it over."""

    at: float
    body: Mapping[str, Any]
    attributes: Mapping[str, Any]

    @property
    def kind(self) -> str:
        return str(self.body["kind"])

    @property
    def event_id(self) -> str:
        return str(self.body["event_id"])

    @property
    def count(self) -> int:
        """How many notices it stands for."""
        return int(self.body.get("count") or 1)

    @property
    def named(self) -> Sequence[str]:
        """The reports that it names."""
        one = self.body.get("report_id")
        return [one] if one else list(self.body.get("report_ids") or ())


class Inbox:
    """Everything that the topic lets through by a filter policy; without one, everything."""

    def __init__(self, stack: Stack, policy: Mapping[str, Any] | None = None) -> None:
        self.all: list[Received] = []
        self._sqs = stack.client("sqs")
        self._url = self._sqs.create_queue(QueueName=f"inbox-{uuid.uuid4()}")["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        stack.client("sns").subscribe(
            TopicArn=stack.outputs["topic_arn"],
            Protocol="sqs",
            Endpoint=arn["Attributes"]["QueueArn"],
            Attributes={"FilterPolicy": json.dumps(policy)} if policy else {},
        )

    def look(self) -> list[Received]:
        """Take what has come since the last time, and return everything."""
        while messages := self._receive():
            self.all += [_read(message) for message in messages]
            self._sqs.delete_message_batch(
                QueueUrl=self._url,
                Entries=[
                    {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
                    for number, message in enumerate(messages)
                ],
            )
        return self.all

    def settle(self, quiet_s: float = 2, patience_s: float = 20) -> None:
        """Wait until no notice has come for some time."""
        until, seen, since = time.time() + patience_s, -1, time.time()
        while time.time() < until and time.time() - since < quiet_s:
            if len(self.look()) != seen:
                seen, since = len(self.all), time.time()
            time.sleep(0.25)

    def of(self, *kinds: str) -> list[Received]:
        return [notice for notice in self.look() if notice.kind in kinds]

    def _receive(self) -> list[Any]:
        response = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=_BATCH,
            AttributeNames=["SentTimestamp"],
            VisibilityTimeout=600,
            WaitTimeSeconds=0,
        )
        return list(response.get("Messages", []))


def _read(message: Mapping[str, Any]) -> Received:
    envelope = json.loads(message["Body"])
    body = json.loads(envelope["Message"])
    # Each protocol gets its own form; a queue gets the default one.
    body = json.loads(body["default"]) if "default" in body else body
    attributes = {
        name: each["Value"] for name, each in envelope.get("MessageAttributes", {}).items()
    }
    return Received(int(message["Attributes"]["SentTimestamp"]) / 1000, body, attributes)


def first_times(notices: Iterable[Received], reports: Iterable[str]) -> dict[str, float]:
    """Return when each of the reports was first named in a notice; those that were not are left
    out.
    """
    wanted, found = set(reports), dict[str, float]()
    for notice in notices:
        for report_id in notice.named:
            if report_id in wanted:
                found[report_id] = min(notice.at, found.get(report_id, notice.at))
    return found


def named_more_than_once(notices: Iterable[Received], reports: Iterable[str]) -> list[str]:
    """Return which of the reports are named by more than one of the notices, or by one that came
    twice.
    """
    counted = Counter(report_id for notice in notices for report_id in set(notice.named))
    return [report_id for report_id in reports if counted[report_id] > 1]


def all_notified_at(notices: Iterable[Received], reports: int) -> float | None:
    """Return when the notices stood for so many reports; None when they never did.

    A notice that came twice counts once.
    """
    notified = 0
    seen = set[str]()
    for notice in sorted(notices, key=lambda each: each.at):
        if notice.event_id not in seen:
            seen.add(notice.event_id)
            notified += notice.count
            if notified >= reports:
                return notice.at
    return None


def per_minute(notices: Iterable[Received]) -> Counter[str]:
    """Count notices by the minute of the stack's clock that they are of."""
    return Counter(str(notice.body["at"]) for notice in notices)
