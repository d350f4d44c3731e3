"""Phones in SNS (mobile push): each is an endpoint of the application of its platform.

https://docs.aws.amazon.com/sns/latest/dg/sns-mobile-application-as-subscriber.html
"""

import json
import logging
from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import ClientError

from chalicelib.aws.errors import code_of, unavailable
from chalicelib.domain.catalogue.attachments import Platform
from chalicelib.domain.notices.pushes import PhoneToken
from chalicelib.kernel import errors

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sns.type_defs import MessageAttributeValueTypeDef

log = logging.getLogger(__name__)

# The same bytes for every phone, report and cause. Apple's form names a text of the app's own, and
# neither rings nor lights up the screen; Google's wakes the app, which shows what it likes.
_A_DAY_S = 86_400
_TO_APPLE = json.dumps({"aps": {"alert": {"loc-key": "PUSH"}, "interruption-level": "passive"}})
_TO_GOOGLE = json.dumps(
    {
        "fcmV1Message": {
            "message": {
                "data": {"push": "1"},
                "android": {"collapse_key": "push", "priority": "normal", "ttl": f"{_A_DAY_S}s"},
            }
        }
    }
)
MESSAGE = json.dumps(
    {"default": "", "APNS": _TO_APPLE, "APNS_SANDBOX": _TO_APPLE, "GCM": _TO_GOOGLE}
)
_ATTRIBUTES: "Mapping[str, MessageAttributeValueTypeDef]" = {
    f"AWS.SNS.MOBILE.{name}": {"DataType": "String", "StringValue": value}
    for name, value in {
        "APNS.TTL": str(_A_DAY_S),
        "APNS_SANDBOX.TTL": str(_A_DAY_S),
        "APNS.PUSH_TYPE": "alert",
        "APNS.PRIORITY": "5",
        "APNS.COLLAPSE_ID": "push",
    }.items()
}
# SNS lists a hundred phones in a page. What is on later ones is left to the next round.
_PAGES = 20


class KnownPhone(NamedTuple):
    """A phone that SNS knows. `is_gone`: Apple or Google have said that the token is dead."""

    arn: str
    token: str
    is_gone: bool


class Phones:
    """The phones of the applications with these ARNs. A platform without one gets no push."""

    def __init__(self, client: "SNSClient", applications: Mapping[Platform, str]) -> None:
        self._client = client
        self._applications = {name: arn for name, arn in applications.items() if arn}

    @property
    def platforms(self) -> tuple[Platform, ...]:
        """The platforms whose phones can get a push."""
        return tuple(self._applications)

    def known(self) -> list[KnownPhone]:
        """Return the phones that SNS knows, at most 2,000 of a platform. Raises Unavailable."""
        pages = self._client.get_paginator("list_endpoints_by_platform_application")
        found: list[KnownPhone] = []
        for arn in self._applications.values():
            with unavailable():
                for page in islice(pages.paginate(PlatformApplicationArn=arn), _PAGES):
                    found += [
                        KnownPhone(
                            each["EndpointArn"],
                            each["Attributes"].get("Token", ""),
                            each["Attributes"].get("Enabled", "true").lower() != "true",
                        )
                        for each in page["Endpoints"]
                    ]
        return found

    def forget(self, phone: KnownPhone) -> None:
        """Delete a phone from SNS. Raises Unavailable."""
        with unavailable():
            self._client.delete_endpoint(EndpointArn=phone.arn)

    def push(self, token: PhoneToken) -> bool:
        """Push to a phone. Return False when it is gone: its token is dead, or is none.

        SNS knows the phone from then on. Raises Unavailable.
        """
        try:
            with unavailable("EndpointDisabled", "InvalidParameter"):
                arn = self._client.create_platform_endpoint(
                    PlatformApplicationArn=self._applications[token.platform], Token=token.token
                )["EndpointArn"]
                self._client.publish(
                    TargetArn=arn,
                    Message=MESSAGE,
                    MessageStructure="json",
                    MessageAttributes=_ATTRIBUTES,
                )
        except ClientError as error:
            if _is_gone(error):
                return False
            log.error("push_refused", extra={"code": code_of(error)})
            raise errors.Unavailable from None
        return True


def _is_gone(error: ClientError) -> bool:
    """Return whether SNS refuses the phone. That a parameter is invalid can also be our fault."""
    text = error.response["Error"].get("Message", "")
    return code_of(error) == "EndpointDisabled" or (
        "Token Reason" in text and "already exists" not in text
    )
