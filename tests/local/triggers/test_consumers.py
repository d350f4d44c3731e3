"""Consumers of a queue are fed as Lambda feeds them: batches, failures, retries, dead letters.
Schedules run at their rate, and every event function of the app has its trigger.
"""

import os
import threading
from collections.abc import Mapping
from typing import Any

import boto3
import pytest

from infra.local.triggers.consumers import QueueConsumer, Schedule
from infra.local.triggers.pollers import Loop, Pollers
from tests.local.triggers.function import Function, fail

QUEUE = {"Queue": {"Fn::Sub": "${ManifestsQueue.Arn}"}, "BatchSize": 10}
PATIENCE_S = 30


def _send(*bodies: str) -> None:
    for body in bodies:
        boto3.client("sqs").send_message(
            QueueUrl=os.environ["MANIFESTS_QUEUE_URL"], MessageBody=body
        )


def _left(url: str) -> dict[str, int]:
    found: Mapping[Any, str] = boto3.client("sqs").get_queue_attributes(
        QueueUrl=url, AttributeNames=["All"]
    )["Attributes"]
    return {
        "visible": int(found["ApproximateNumberOfMessages"]),
        "hidden": int(found["ApproximateNumberOfMessagesNotVisible"]),
    }


def _refuse_the_bad(records: list[Any]) -> Any:
    failed = [record["messageId"] for record in records if record["body"] == "bad"]
    return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}


def test_a_batch_is_shaped_as_lambda_shapes_it(aws: Mapping[str, str], clean: None) -> None:
    function = Function()
    _send("a")
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
    _send("a", "b")
    consumer = QueueConsumer(QUEUE, Function(response), aws)
    assert consumer.work()
    assert not consumer.work()
    assert _left(aws["MANIFESTS_QUEUE_URL"]) == {"visible": 0, "hidden": 0}


@pytest.mark.parametrize(
    ("response", "hidden"),
    [
        (_refuse_the_bad, 1),
        (fail, 3),
        ({"batchItemFailures": [{"itemIdentifier": "not in the batch"}]}, 3),
        ({"batchItemFailures": [{}]}, 3),
        ("not a response", 3),
    ],
)
def test_exactly_what_is_named_stays_hidden_and_the_whole_batch_after_a_failure_or_nonsense(
    aws: Mapping[str, str], clean: None, response: Any, hidden: int
) -> None:
    _send("good", "bad", "good")
    QueueConsumer(QUEUE, Function(response), aws).work()
    assert _left(aws["MANIFESTS_QUEUE_URL"]) == {"visible": 0, "hidden": hidden}


def test_after_three_tries_a_message_is_set_aside_and_its_neighbour_is_not(
    aws: Mapping[str, str], clean: None
) -> None:
    _send("bad", "good")
    function = Function(_refuse_the_bad)
    consumer = QueueConsumer(QUEUE, function, aws, retry_after_s=0)
    while consumer.work():
        pass
    assert [record["body"] for call in function.calls for record in call].count("bad") == 3
    assert _left(aws["MANIFESTS_QUEUE_URL"]) == {"visible": 0, "hidden": 0}
    (message,) = boto3.client("sqs").receive_message(
        QueueUrl=aws["MANIFESTS_DEAD_LETTERS_URL"], MaxNumberOfMessages=10
    )["Messages"]
    assert message["Body"] == "bad"


def test_a_schedule_runs_when_its_time_has_come_and_outlives_a_failure() -> None:
    time = [0.0]
    function = Function(fail)
    schedule = Schedule("sweep", 60, function, clock=lambda: time[0])
    runs = []
    for time[0] in (59, 60, 61, 119, 120):
        schedule.work()
        runs.append(len(function.calls))
    assert runs == [0, 1, 1, 1, 2]
    schedule.run()
    assert len(function.calls) == 3
    assert function.calls[0][0]["detail-type"] == "Scheduled Event"


def test_a_loop_works_until_nothing_is_left_and_again_when_it_is_woken() -> None:
    left, idle = [3], threading.Event()

    def work() -> bool:
        left[0] -= 1
        if not left[0]:
            idle.set()
        return left[0] > 0

    loop = Loop("of the test", work, PATIENCE_S)
    loop.start()
    assert idle.wait(PATIENCE_S)
    idle.clear()
    left[0] = 1
    loop.wake()
    assert idle.wait(PATIENCE_S)
    loop.end()
    loop.join(PATIENCE_S)
    assert not loop.is_alive()


def test_every_event_function_of_the_app_is_fed(aws: Mapping[str, str]) -> None:
    from app import app

    Pollers(app, aws)
    with pytest.raises(ValueError, match="publish_notices"):
        Pollers(app, aws, without=["nothing"])
