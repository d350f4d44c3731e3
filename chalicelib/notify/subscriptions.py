"""The subscriptions of the topic in SNS. An address has at most one."""

import json
from collections.abc import Callable, Mapping
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from chalicelib import errors
from chalicelib.aws_errors import code_of, unavailable

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

# Matches no notice: none is of this kind.
NO_NOTICES: Mapping[str, Any] = {"kind": ["none"]}


class Outcome(Enum):
    """What became of a change of a subscription in SNS.

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
