"""The subscriptions of the topic in SNS. An address has at most one."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from chalicelib import errors
from chalicelib.aws_errors import unavailable

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

# SNS returns these in place of an ARN until the address is confirmed. Such a subscription cannot be
# changed or removed; SNS deletes it after some days.
PENDING = frozenset({"PendingConfirmation", "pending confirmation", "Deleted"})


class TopicSubscriptions:
    """The subscriptions of one topic."""

    def __init__(self, client: "SNSClient", topic_arn: str) -> None:
        self._client = client
        self._topic_arn = topic_arn

    def subscribe(self, protocol: str, address: str, policy: Mapping[str, Any]) -> str:
        """Subscribe an address and return the subscription's ARN. Repeated, return the same ARN.

        Raises Conflict `address_taken` when the address has another policy, Unavailable.
        """
        try:
            with unavailable("InvalidParameter"):
                response = self._client.subscribe(
                    TopicArn=self._topic_arn,
                    Protocol=protocol,
                    Endpoint=address,
                    Attributes={"FilterPolicy": json.dumps(policy, sort_keys=True)},
                    ReturnSubscriptionArn=True,
                )
        except ClientError:
            raise errors.Conflict("address_taken") from None
        return response["SubscriptionArn"]

    def narrow(self, arn: str, policy: Mapping[str, Any]) -> None:
        """Replace the filter policy of a subscription. Raises Unavailable."""
        if arn in PENDING:
            return
        with unavailable():
            self._client.set_subscription_attributes(
                SubscriptionArn=arn,
                AttributeName="FilterPolicy",
                AttributeValue=json.dumps(policy, sort_keys=True),
            )

    def unsubscribe(self, arn: str) -> None:
        """Remove a subscription. Changes nothing when there is none. Raises Unavailable."""
        if arn in PENDING:
            return
        try:
            with unavailable("NotFound"):
                self._client.unsubscribe(SubscriptionArn=arn)
        except ClientError:
            return
