"""While a stack changes, one line says what goes on; a failure is named by its first cause."""

import pytest
from botocore.exceptions import ClientError

from infra.deploy.stack import PATIENCE, Progress, first_cause, operation_events, watch
from tests.deploy.cloudformation import STACK_ID, FakeCloudFormation, event, no_pause

FAILED_DEPLOYMENT = [
    event("tipline-dev", "REVIEW_IN_PROGRESS", "User Initiated"),
    event("tipline-dev", "CREATE_IN_PROGRESS", "User Initiated"),
    *[event(f"Made{number}", "CREATE_IN_PROGRESS") for number in range(70)],
    *[event(f"Made{number}", "CREATE_COMPLETE") for number in range(70)],
    event("Alarm", "CREATE_FAILED", "You lack cloudwatch:PutMetricAlarm"),
    event("Queue", "CREATE_FAILED", "Resource creation cancelled"),
    event("tipline-dev", "ROLLBACK_IN_PROGRESS", "The following resource(s) failed: [Alarm]"),
    *[event(f"Made{number}", "DELETE_IN_PROGRESS") for number in range(70)],
    *[event(f"Made{number}", "DELETE_COMPLETE") for number in range(69)],
    event("Made69", "DELETE_FAILED", "It is not empty"),
    event("tipline-dev", "ROLLBACK_FAILED", "[Made69]"),
]


def test_the_first_cause_is_found_on_a_later_page() -> None:
    events = operation_events(FakeCloudFormation(["ROLLBACK_FAILED"], FAILED_DEPLOYMENT), STACK_ID)
    assert len(events) > 2 * 100
    cause = first_cause(events)
    assert cause is not None
    assert cause["LogicalResourceId"] == "Alarm"


def test_what_an_earlier_deployment_did_is_left_out() -> None:
    later = [
        event("tipline-dev", "UPDATE_IN_PROGRESS", "User Initiated"),
        event("Topic", "UPDATE_FAILED", "Resource update cancelled"),
        event("Other", "UPDATE_FAILED", "Bad name"),
    ]
    cloud = FakeCloudFormation(["UPDATE_ROLLBACK_COMPLETE"], [*FAILED_DEPLOYMENT, *later])
    events = operation_events(cloud, STACK_ID)
    assert len(events) == len(later)
    cause = first_cause(events)
    assert cause is not None
    assert cause["LogicalResourceId"] == "Other"


def test_without_a_failure_there_is_no_cause() -> None:
    assert first_cause([event("Topic", "CREATE_COMPLETE")]) is None


def test_the_wait_ends_with_the_stacks_status(capsys: pytest.CaptureFixture[str]) -> None:
    states = ["CREATE_IN_PROGRESS", "CREATE_IN_PROGRESS", "ROLLBACK_COMPLETE"]
    cloud = FakeCloudFormation(states, FAILED_DEPLOYMENT)
    assert watch(cloud, STACK_ID, Progress(72), no_pause) == "ROLLBACK_COMPLETE"
    printed = capsys.readouterr().out
    assert printed.count("failed: Alarm: You lack cloudwatch:PutMetricAlarm") == 1
    assert "Queue" not in printed


def test_the_wait_survives_a_busy_service(capsys: pytest.CaptureFixture[str]) -> None:
    cloud = FakeCloudFormation([*["throttled"] * PATIENCE, "CREATE_COMPLETE"])
    assert watch(cloud, STACK_ID, Progress(1), no_pause) == "CREATE_COMPLETE"


def test_the_wait_ends_when_a_service_stays_away() -> None:
    with pytest.raises(ClientError):
        watch(FakeCloudFormation(["throttled"]), STACK_ID, Progress(1), no_pause)
