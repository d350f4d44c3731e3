"""Who gets the topic's notices, as SNS keeps it. One subscription an address: that is SNS's own
rule.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import errors

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

# What SNS says until the address has confirmed; such a one can be neither changed nor removed, and
# lapses by itself.
PENDING = frozenset({"PendingConfirmation", "pending confirmation", "Deleted"})


class TopicSubscriptions:
    """Raises Unavailable when SNS cannot do it now."""

    def __init__(self, client: "SNSClient", topic_arn: str) -> None:
        self._client = client
        self._topic_arn = topic_arn

    def subscribe(self, protocol: str, address: str, policy: Mapping[str, Any]) -> str:
        """Subscribe an address; answers the subscription's ARN. Repeated with the same policy, the
        same ARN.

        Raises Conflict `address_taken` when the address is subscribed with another policy.
        """
        try:
            with _unavailable("InvalidParameter"):
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
        """Give a subscription another policy."""
        if arn in PENDING:
            return
        with _unavailable():
            self._client.set_subscription_attributes(
                SubscriptionArn=arn,
                AttributeName="FilterPolicy",
                AttributeValue=json.dumps(policy, sort_keys=True),
            )

    def unsubscribe(self, arn: str) -> None:
        """Remove a subscription; nothing happens when it is not there."""
        if arn in PENDING:
            return
        try:
            with _unavailable("NotFound"):
                self._client.unsubscribe(SubscriptionArn=arn)
        except ClientError:
            return


@contextmanager
def _unavailable(*expected: str) -> Iterator[None]:
    """Whatever SNS fails with is Unavailable, but for the `expected` codes, which pass to the
    caller.
    """
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"].removesuffix("Exception") in expected:
            raise
        raise errors.Unavailable from error
    except BotoCoreError as error:
        raise errors.Unavailable from error
