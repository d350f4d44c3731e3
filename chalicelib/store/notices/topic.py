"""The SNS topic of notices, and its subscriptions. An address has at most one.

Subscriptions filter notices by their message attributes.
"""

import json
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from functools import partial
from itertools import batched
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.aws.errors import code_of, unavailable
from chalicelib.domain.notices.notice import Notice
from chalicelib.kernel import errors

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
# officer gets nothing until they confirm again
# (https://docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html).
_A_SECOND = 10


class Topic:
    """A topic. `pause` waits some seconds, `seconds` reads a clock."""

    def __init__(
        self,
        client: "SNSClient",
        arn: str,
        pause: Callable[[float], None],
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._arn = arn
        self._pause = pause
        self._seconds = seconds
        self._sent: deque[tuple[float, int]] = deque()

    def publish(self, notices: Sequence[Notice], languages: Sequence[str] = ()) -> frozenset[str]:
        """Publish notices, at most ten a second, and return the `event_id`s of those that SNS
        accepted.

        Each is one message in all languages, and one more in each of `languages`; SNS has accepted
        it when it has accepted these. Raises nothing: the caller must publish the others again.
        """
        accepted: set[str] = set()
        needed: dict[str, set[str]] = {}
        for some in batched(notices, _A_SECOND):
            self._pace(len(some))
            entries = list(_entries(some, (None, *languages)))
            for event_id, entry in entries:
                needed.setdefault(event_id, set()).add(entry["Id"])
            accepted |= self._send([entry for _, entry in entries])
        return frozenset(name for name, ids in needed.items() if accepted >= ids and name in ids)

    def room(self) -> int:
        """Return how many notices can be published now without a wait."""
        self._forget_before(self._seconds() - 1)
        return _A_SECOND - sum(each for _, each in self._sent)

    def _forget_before(self, past: float) -> None:
        while self._sent and self._sent[0][0] <= past:
            self._sent.popleft()

    def _pace(self, count: int) -> None:
        """Wait until so many more notices are within what a second may have."""
        now = self._seconds()
        self._forget_before(now - 1)
        while self._sent and count + sum(each for _, each in self._sent) > _A_SECOND:
            oldest, _ = self._sent.popleft()
            self._pause(max(0.0, oldest + 1 - now))
            now = max(now, oldest + 1)
        self._sent.append((now, count))

    def _send(self, entries: "Iterable[PublishBatchRequestEntryTypeDef]") -> set[str]:
        """Return the ids of the entries that SNS accepted."""
        accepted: set[str] = set()
        for batch in _batches(entries):
            try:
                response = self._client.publish_batch(
                    TopicArn=self._arn, PublishBatchRequestEntries=batch
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
        return accepted


def _batches(
    entries: "Iterable[PublishBatchRequestEntryTypeDef]",
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


def _entries(
    notices: Sequence[Notice], languages: Sequence[str | None]
) -> "Iterator[tuple[str, PublishBatchRequestEntryTypeDef]]":
    """Yield the messages of notices, each with the `event_id` of its notice."""
    for notice in notices:
        for language in languages:
            try:
                yield notice.event_id, _entry(notice, language)
            except Exception as error:
                # One bad notice, or language, must not block the others.
                log.warning("notice_unreadable", extra={"error": type(error).__name__})


def _id(notice: Notice, language: str | None) -> str:
    return f"{notice.event_id}-{language}" if language else notice.event_id


def _entry(notice: Notice, language: str | None) -> "PublishBatchRequestEntryTypeDef":
    forms = {
        "default": json.dumps(notice.body(), ensure_ascii=False, separators=(",", ":")),
        "email": notice.email(language),
        "sms": notice.short(),
    }
    attributes = {name: _attribute(value) for name, value in notice.attributes(language).items()}
    return {
        "Id": _id(notice, language),
        "Message": json.dumps(forms, ensure_ascii=False),
        "MessageStructure": "json",
        "Subject": notice.subject(language),
        "MessageAttributes": attributes,
    }


def _attribute(value: str | int | tuple[str, ...]) -> "MessageAttributeValueTypeDef":
    if isinstance(value, tuple):
        return {"DataType": "String.Array", "StringValue": json.dumps(value)}
    return {"DataType": "Number" if isinstance(value, int) else "String", "StringValue": str(value)}


# Matches no notice: none is of this kind.
NO_NOTICES: Mapping[str, Any] = {"kind": ["none"]}


class Outcome(Enum):
    """The result of a change of a subscription in SNS.

    Until the address is confirmed, SNS refuses to remove a subscription. It deletes one that is not
    confirmed within 48 hours.
    """

    DONE = "done"
    UNCONFIRMED = "unconfirmed"
    GONE = "gone"


class TopicSubscriptions:
    """The subscriptions of one topic."""

    def __init__(self, client: "SNSClient", topic_arn: str) -> None:
        self._client = client
        self._topic_arn = topic_arn

    def subscribe(self, protocol: str, address: str, policy: Mapping[str, Any]) -> str:
        """Subscribe an address and return the subscription's ARN. Repeated, return the same ARN.

        Raises Conflict (`address_taken` when the address has another policy,
        `no_more_subscriptions` when SNS takes no more filter policies for the topic), Unavailable.
        """
        try:
            with unavailable("InvalidParameter", "FilterPolicyLimitExceeded"):
                response = self._client.subscribe(
                    TopicArn=self._topic_arn,
                    Protocol=protocol,
                    Endpoint=address,
                    Attributes={"FilterPolicy": json.dumps(policy, sort_keys=True)},
                    ReturnSubscriptionArn=True,
                )
        except ClientError as error:
            full = code_of(error) == "FilterPolicyLimitExceeded"
            raise errors.Conflict("no_more_subscriptions" if full else "address_taken") from None
        return response["SubscriptionArn"]

    def narrow(self, arn: str, policy: Mapping[str, Any]) -> Outcome:
        """Replace the filter policy of a subscription. Raises Unavailable."""
        return _outcome_of(
            partial(
                self._client.set_subscription_attributes,
                SubscriptionArn=arn,
                AttributeName="FilterPolicy",
                AttributeValue=json.dumps(policy, sort_keys=True),
            )
        )

    def is_confirmed(self, arn: str) -> bool:
        """Return whether notices reach the address: it is confirmed, and the subscription is still
        there. Raises Unavailable.
        """
        try:
            with unavailable("NotFound"):
                found = self._client.get_subscription_attributes(SubscriptionArn=arn)
        except ClientError:
            return False
        return found["Attributes"].get("PendingConfirmation") == "false"

    def unsubscribe(self, arn: str) -> Outcome:
        """Remove a subscription. Raises Unavailable."""
        return _outcome_of(partial(self._client.unsubscribe, SubscriptionArn=arn))


def _outcome_of(call: Callable[[], object]) -> Outcome:
    try:
        with unavailable("NotFound", "InvalidParameter"):
            call()
    except ClientError as error:
        # Of our own ARNs and policies, SNS finds invalid only that the address is unconfirmed.
        return Outcome.GONE if code_of(error) == "NotFound" else Outcome.UNCONFIRMED
    return Outcome.DONE
