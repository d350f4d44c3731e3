"""Consumers are fed as Lambda feeds them: batches, partial failures, retries, dead letters,
filters, rates.
"""

import json
from collections.abc import Mapping
from typing import Any

import boto3
import pytest

from infra.local import template
from infra.local.pollers import Pollers, QueueConsumer, Schedules, StreamConsumer

QUEUE = {"Queue": {"Fn::Sub": "${ManifestsQueue.Arn}"}, "BatchSize": 10}


class Function:
    """Stands where a Lambda function does; remembers what it was called with."""

    def __init__(self, response: Any = None) -> None:
        self.response = response
        self.calls: list[list[Any]] = []

    def __call__(self, event: Mapping[str, Any], context: object) -> Any:
        records = list(event.get("Records", [event]))
        self.calls.append(records)
        return self.response(records) if callable(self.response) else self.response


def _raise(*_: object) -> None:
    raise RuntimeError("a fault")


def _send(aws: Mapping[str, str], *bodies: str) -> None:
    for body in bodies:
        boto3.client("sqs").send_message(QueueUrl=aws["MANIFESTS_QUEUE_URL"], MessageBody=body)


def _left(url: str) -> dict[str, int]:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = boto3.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)[
        "Attributes"
    ]  # type: ignore[arg-type]
    return {"visible": int(found[names[0]]), "hidden": int(found[names[1]])}


def test_a_batch_is_shaped_as_lambda_shapes_it(aws: Mapping[str, str], clean: None) -> None:
    function = Function()
    _send(aws, "a")
    QueueConsumer(QUEUE, function, aws).work()
    ((record,),) = function.calls
    assert record["body"] == "a"
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"] == aws["MANIFESTS_QUEUE_ARN"]
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert {"messageId", "receiptHandle", "md5OfBody", "messageAttributes", "awsRegion"} < set(
        record
    )


@pytest.mark.parametrize(
    "response", [None, {}, {"batchItemFailures": []}, {"batchItemFailures": None}]
)
def test_what_succeeds_leaves_the_queue(aws: Mapping[str, str], clean: None, response: Any) -> None:
    _send(aws, "a", "b")
    consumer = QueueConsumer(QUEUE, Function(response), aws)
    assert consumer.work()
    assert not consumer.work()
    assert _left(aws["MANIFESTS_QUEUE_URL"]) == {"visible": 0, "hidden": 0}


def test_exactly_what_is_named_stays_and_is_hidden(aws: Mapping[str, str], clean: None) -> None:
    _send(aws, "good", "bad", "good")

    def response(records: list[Any]) -> Any:
        return {
            "batchItemFailures": [
                {"itemIdentifier": record["messageId"]}
                for record in records
                if record["body"] == "bad"
            ]
        }

    QueueConsumer(QUEUE, Function(response), aws).work()
    assert _left(aws["MANIFESTS_QUEUE_URL"]) == {"visible": 0, "hidden": 1}


@pytest.mark.parametrize(
    "response",
    [
        _raise,
        {"batchItemFailures": [{"itemIdentifier": "not in the batch"}]},
        {"batchItemFailures": [{}]},
        "not an answer",
    ],
)
def test_a_function_that_fails_or_talks_nonsense_fails_its_whole_batch(
    aws: Mapping[str, str], clean: None, response: Any
) -> None:
    _send(aws, "a", "b")
    QueueConsumer(QUEUE, Function(response), aws).work()
    assert _left(aws["MANIFESTS_QUEUE_URL"]) == {"visible": 0, "hidden": 2}


def test_after_three_tries_a_message_is_set_aside_and_its_neighbour_is_not(
    aws: Mapping[str, str], clean: None
) -> None:
    _send(aws, "bad", "good")

    def response(records: list[Any]) -> Any:
        return {
            "batchItemFailures": [
                {"itemIdentifier": record["messageId"]}
                for record in records
                if record["body"] == "bad"
            ]
        }

    function = Function(response)
    consumer = QueueConsumer(QUEUE, function, aws, retry_after_s=0)
    while consumer.work():
        pass
    assert [record["body"] for call in function.calls for record in call].count("bad") == 3
    assert _left(aws["MANIFESTS_QUEUE_URL"]) == {"visible": 0, "hidden": 0}
    (message,) = boto3.client("sqs").receive_message(
        QueueUrl=aws["MANIFESTS_DEAD_LETTERS_URL"], MaxNumberOfMessages=10
    )["Messages"]
    assert message["Body"] == "bad"


def _stream(aws: Mapping[str, str], function: Function) -> StreamConsumer:
    """The deployed mapping, from now on."""
    (event,) = template.load("app.yaml")["Resources"]["PublishNotices"]["Properties"][
        "Events"
    ].values()
    return StreamConsumer(
        {**event["Properties"], "StartingPosition": "LATEST"}, function, aws, pause_s=0
    )


def _write(aws: Mapping[str, str], *rows: tuple[str, str], **attributes: str) -> None:
    for pk, sk in rows:
        item = {
            "pk": {"S": pk},
            "sk": {"S": sk},
            **{name: {"S": value} for name, value in attributes.items()},
        }
        boto3.client("dynamodb").put_item(TableName=aws["REPORTS_TABLE"], Item=item)


def _keys(records: list[Any]) -> list[str]:
    return [record["dynamodb"]["Keys"]["sk"]["S"] for record in records]


def test_only_what_can_owe_a_notice_passes_the_deployed_filter(
    aws: Mapping[str, str], clean: None
) -> None:
    function = Function()
    consumer = _stream(aws, function)
    _write(
        aws,
        *(
            ("REPORT#1", sk)
            for sk in ("HEAD", "MEDIA#1", "MESSAGE#1", "NOTE#1", "CONTACT", "EVENT#1")
        ),
    )
    boto3.client("dynamodb").delete_item(
        TableName=aws["REPORTS_TABLE"], Key={"pk": {"S": "REPORT#1"}, "sk": {"S": "HEAD"}}
    )
    assert consumer.work()
    assert [_keys(call) for call in function.calls] == [["HEAD", "MESSAGE#1", "EVENT#1"]]
    assert not consumer.work()


def test_a_record_carries_keys_and_nothing_of_the_item(aws: Mapping[str, str], clean: None) -> None:
    function = Function()
    consumer = _stream(aws, function)
    _write(aws, ("REPORT#1", "HEAD"), text="a secret")
    consumer.work()
    ((record,),) = function.calls
    assert record["eventSourceARN"] == aws["REPORTS_STREAM_ARN"]
    assert set(record["dynamodb"]) == {
        "ApproximateCreationDateTime",
        "Keys",
        "SequenceNumber",
        "SizeBytes",
        "StreamViewType",
    }
    assert "a secret" not in json.dumps(record)


def test_a_batch_starts_again_at_the_first_record_that_failed(
    aws: Mapping[str, str], clean: None
) -> None:
    failures = iter([1])

    def response(records: list[Any]) -> Any:
        failed = [
            records[index]["dynamodb"]["SequenceNumber"]
            for index in [next(failures, None)]
            if index is not None
        ]
        return {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}

    function = Function(response)
    consumer = _stream(aws, function)
    _write(aws, *(("REPORT#1", f"MESSAGE#{number}") for number in range(3)))
    consumer.work()
    assert [_keys(call) for call in function.calls] == [
        ["MESSAGE#0", "MESSAGE#1", "MESSAGE#2"],
        ["MESSAGE#1", "MESSAGE#2"],
    ]


def test_a_poison_record_is_cut_out_and_set_aside_and_its_neighbours_pass(
    aws: Mapping[str, str], clean: None
) -> None:
    passed: list[str] = []

    def response(records: list[Any]) -> None:
        if "MESSAGE#05" in _keys(records):
            raise RuntimeError("poison")
        passed.extend(_keys(records))

    function = Function(response)
    consumer = _stream(aws, function)
    _write(aws, *(("REPORT#1", f"MESSAGE#{number:02}") for number in range(9)))
    assert consumer.work()
    assert passed == [f"MESSAGE#{number:02}" for number in range(9) if number != 5]
    # once, and five tries more
    assert sum(_keys(call) == ["MESSAGE#05"] for call in function.calls) == 6
    (message,) = boto3.client("sqs").receive_message(QueueUrl=aws["NOTICES_DEAD_LETTERS_URL"])[
        "Messages"
    ]
    assert json.loads(message["Body"])["DDBStreamBatchInfo"]["batchSize"] == 1


def test_a_schedule_runs_when_its_time_has_come_and_outlives_a_failure() -> None:
    time = [0.0]
    function = Function(_raise)
    schedules = Schedules(clock=lambda: time[0])
    schedules.add("sweep", 60, function)
    runs = []
    for time[0] in (59, 60, 61, 119, 120):
        schedules.work()
        runs.append(len(function.calls))
    assert runs == [0, 1, 1, 1, 2]
    schedules.run_all()
    assert len(function.calls) == 3
    assert function.calls[0][0]["detail-type"] == "Scheduled Event"


def test_every_event_function_of_the_app_is_fed(aws: Mapping[str, str]) -> None:
    from app import app

    Pollers(app, aws)
    with pytest.raises(ValueError, match="publish_notices"):
        Pollers(app, aws, without=["nothing"])
