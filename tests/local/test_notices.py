"""What the local stack shows of a notice."""

import json

import boto3
import pytest
from moto import mock_aws

from infra.local.notices import NoticesShown, shown

FORMS = {
    "default": json.dumps({"kind": "report", "category": "other", "reference": "ABCD-EFGH"}),
    "email": "New report\n新报告",
    "sms": "New",
}
LINE = "notice → report · other · ABCD-EFGH · Subject"


@pytest.mark.parametrize(
    ("full", "expected"), [(False, LINE), (True, f"{LINE}\nNew report\n新报告")]
)
def test_the_text_of_the_email_is_shown_if_it_is_asked_for(full: bool, expected: str) -> None:
    assert shown(json.dumps(FORMS), "Subject", "", full=full) == expected


@mock_aws
def test_a_push_to_a_phone_is_a_line_that_says_nothing_of_it() -> None:
    sns = boto3.client("sns", region_name="us-east-1")
    boto3.client("dynamodb", region_name="us-east-1").create_table(
        TableName="officers",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    topic = sns.create_topic(Name="notices")["TopicArn"]
    application = sns.create_platform_application(Name="app", Platform="APNS", Attributes={})
    phone = sns.create_platform_endpoint(
        PlatformApplicationArn=application["PlatformApplicationArn"], Token="a1" * 32
    )
    lines: list[str] = []
    notices = NoticesShown(topic, "us-east-1", "officers", lines.append, full=False)
    for _ in range(2):
        sns.publish(TargetArn=phone["EndpointArn"], Message="{}")
    notices.look()
    notices.look()
    assert lines == ["push → a reporter's phone"] * 2
