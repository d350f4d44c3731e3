"""Consumers of a queue are fed as Lambda feeds them: batches, failures, retries, dead letters.
Schedules run at their rate, and every event function of the app has its trigger.
"""

import copy
import os
import threading
from collections.abc import Mapping
from typing import Any

import boto3
import pytest
from chalice.app import Chalice, ScheduledEventConfig
from chalice.local import Clock

from infra import template
from infra.local.triggers.consumers import QueueConsumer, Schedule, function_at
from infra.local.triggers.pollers import Loop, Pollers
from tests import cloud
from tests.local.triggers.function import CONTEXTS, Function, fail, remember

PATIENCE_S = 30


def mapping_of(function: str) -> dict[str, Any]:
    """Return the deployed mapping of a function."""
    properties = template.load("app.yaml")["Resources"][function]["Properties"]
    [event] = properties["Events"].values()
    return dict(event["Properties"])


QUEUE = mapping_of("RecordMedia")


def _send(*bodies: str) -> None:
    for body in bodies:
        boto3.client("sqs").send_message(
            QueueUrl=os.environ["MANIFESTS_QUEUE_URL"], MessageBody=body
        )


def _work(consumer: QueueConsumer) -> bool:
    """Handle one batch, to its end."""
    worked = consumer.work()
    consumer.join(PATIENCE_S)
    return worked


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
    _work(QueueConsumer(QUEUE, function, aws))
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
    assert _work(consumer)
    assert not _work(consumer)
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
    _work(QueueConsumer(QUEUE, Function(response), aws))
    assert _left(aws["MANIFESTS_QUEUE_URL"]) == {"visible": 0, "hidden": hidden}


def test_after_three_tries_a_message_is_set_aside_and_its_neighbour_is_not(
    aws: Mapping[str, str], clean: None
) -> None:
    _send("bad", "good")
    function = Function(_refuse_the_bad)
    consumer = QueueConsumer(QUEUE, function, aws, retry_after_s=0)
    while _work(consumer):
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


@pytest.mark.parametrize("name", sorted(template.function_limits()))
def test_a_function_is_given_the_time_and_memory_of_the_deployed_one(name: str) -> None:
    context, limits = cloud.context(name), template.function_limits()[name]
    assert context.get_remaining_time_in_millis() == limits.timeout_s * 1000
    assert context.memory_limit_in_mb == limits.memory_mb


def test_each_function_is_called_by_its_own_name(aws: Mapping[str, str]) -> None:
    from app import app

    sources = [copy.copy(each) for each in app.event_sources]
    for each in sources:
        each.handler_string = f"{remember.__module__}.{remember.__name__}"
    CONTEXTS.clear()
    same = Chalice("of the test")
    same.event_sources = sources
    Pollers(same, aws).run_schedules()
    scheduled = [each.name for each in sources if isinstance(each, ScheduledEventConfig)]
    assert [each.function_name for each in CONTEXTS] == sorted(scheduled)


class Slow(Clock):
    """An hour passes each time that it is looked at."""

    def __init__(self) -> None:
        self._now = 0.0

    def time(self) -> float:
        self._now += 3600
        return self._now


def test_a_function_that_lambda_would_have_ended_is_named(caplog: pytest.LogCaptureFixture) -> None:
    place = f"{remember.__module__}.{remember.__name__}"
    function_at("do_upkeep", place)({})
    assert caplog.messages == []
    function_at("do_upkeep", place, Slow())({})
    assert caplog.messages == ["The function do_upkeep took longer than Lambda lets it run"]


def test_as_many_batches_are_handled_at_once_as_are_deployed(
    aws: Mapping[str, str], clean: None
) -> None:
    mapping, released = mapping_of("DoUpkeep"), threading.Event()
    allowed = mapping["ScalingConfig"]["MaximumConcurrency"]
    consumer = QueueConsumer(mapping, Function(lambda records: released.wait(PATIENCE_S)), aws)
    for number in range(allowed + 1):
        boto3.client("sqs").send_message(QueueUrl=aws["UPKEEP_QUEUE_URL"], MessageBody=str(number))
    assert [consumer.work() for _ in range(allowed + 1)] == [True] * allowed + [False]
    released.set()
    consumer.join(PATIENCE_S)
    assert consumer.work()


def test_a_group_that_waits_keeps_back_no_other(aws: Mapping[str, str], clean: None) -> None:
    begun, released = threading.Semaphore(0), threading.Event()

    def wait(records: list[Any]) -> None:
        begun.release()
        released.wait(PATIENCE_S)

    consumer = QueueConsumer(mapping_of("DeliverEvents"), Function(wait), aws)
    woken = threading.Semaphore(0)
    consumer.handled = woken.release
    for body in ("slow 1", "slow 2", *(f"other{number} 1" for number in range(9))):
        boto3.client("sqs").send_message(
            QueueUrl=aws["EVENTS_QUEUE_URL"],
            MessageBody=body,
            MessageGroupId=body.split()[0],
            MessageDeduplicationId=body,
        )
    assert [consumer.work() for _ in range(11)] == [True] * 10 + [False]
    released.set()
    consumer.join(PATIENCE_S)
    assert woken.acquire(timeout=PATIENCE_S)
    assert _work(consumer)


def test_what_is_returned_counts_only_where_the_mapping_says_so(
    aws: Mapping[str, str], clean: None
) -> None:
    _send("bad")
    silent = {name: each for name, each in QUEUE.items() if name != "FunctionResponseTypes"}
    _work(QueueConsumer(silent, Function(_refuse_the_bad), aws))
    assert _left(aws["MANIFESTS_QUEUE_URL"]) == {"visible": 0, "hidden": 0}


def test_a_mapping_that_says_what_nobody_does_here_is_refused(aws: Mapping[str, str]) -> None:
    with pytest.raises(TypeError, match="FilterCriteria of a mapping is not carried locally"):
        QueueConsumer({**QUEUE, "FilterCriteria": {}}, Function(), aws)
