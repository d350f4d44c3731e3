"""Events of uploads, through EventBridge to a queue."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.aws import grants
from tests.local.s3.running import BUCKET, PICTURE, SIZE, Events, Gate, Send, complete


@pytest.fixture(scope="module")
def events(gate: Gate, s3: Any) -> Iterator[Events]:
    """Take what the queue got since last asked. The rule is of the shape of our own."""
    sqs, bridge = gate.client("sqs"), gate.client("events")
    queue = sqs.create_queue(QueueName="gate-uploads")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    s3.put_bucket_notification_configuration(
        Bucket=BUCKET, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    pattern = {
        "source": ["aws.s3"],
        "detail": {"bucket": {"name": [BUCKET]}, "object": {"key": [{"prefix": "originals/"}]}},
    }
    bridge.put_rule(Name="gate-rule", EventPattern=json.dumps(pattern))
    paths = {"type": "$.detail-type", "key": "$.detail.object.key", "size": "$.detail.object.size"}
    paths |= {
        "version": "$.detail.object.version-id",
        "sequencer": "$.detail.object.sequencer",
        "why": "$.detail.reason",
    }
    template = (
        '{"type": <type>, "key": <key>, "size": <size>, "version": <version>, '
        '"sequencer": <sequencer>, "why": <why>}'
    )
    transformer = {"InputPathsMap": paths, "InputTemplate": template}
    bridge.put_targets(
        Rule="gate-rule", Targets=[{"Id": "q", "Arn": arn, "InputTransformer": transformer}]
    )

    def take() -> list[dict[str, Any]]:
        taken = []
        while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in messages:
                taken.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return taken

    take()
    yield take
    bridge.remove_targets(Rule="gate-rule", Ids=["q"])
    bridge.delete_rule(Name="gate-rule")


def test_a_form_upload_sends_one_event_with_version_size_and_sequencer(
    gate: Gate, s3: Any, key: str, grant: grants.PostGrant, events: Events
) -> None:
    _, headers, _ = gate.post(grant.url, grant.fields, PICTURE)
    (event,) = events()
    assert event.pop("sequencer")
    assert event == {
        "type": "Object Created",
        "key": key,
        "size": len(PICTURE),
        "version": headers["x-amz-version-id"],
        "why": "POST Object",
    }


def test_an_upload_in_parts_sends_one_event_with_the_version_of_the_whole(
    s3: Any, key: str, upload: str, parts: Send, events: Events
) -> None:
    parts(1, 2, 3)
    complete(s3, key, upload)
    (event,) = events()
    assert event.pop("sequencer")
    assert event == {
        "type": "Object Created",
        "key": key,
        "size": SIZE,
        "version": s3.head_object(Bucket=BUCKET, Key=key)["VersionId"],
        "why": "CompleteMultipartUpload",
    }


def test_a_refused_upload_sends_no_event(
    gate: Gate, grant: grants.PostGrant, events: Events
) -> None:
    gate.post(grant.url, {**grant.fields, "Content-Type": "text/html"}, PICTURE)
    assert events() == []
