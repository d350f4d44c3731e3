"""A stack that cannot be changed says why; a failed first deployment makes room for the next."""

import pytest

from infra.deploy.stack import Stack, advice
from infra.stage.console import Refused
from tests.deploy.cloudformation import STACK_ID, FakeCloudFormation, event, no_pause

FAILED = [
    event("tipline-dev", "CREATE_IN_PROGRESS"),
    event("Alarm", "CREATE_FAILED", "User is not authorized to perform: cloudwatch:PutMetricAlarm"),
    event("tipline-dev", "ROLLBACK_COMPLETE"),
]


def described(status: str) -> dict[str, str]:
    return {"StackName": "tipline-dev", "StackId": STACK_ID, "StackStatus": status}


def stack(cloud: FakeCloudFormation) -> Stack:
    return Stack("tipline-dev", cloud, no_pause)


@pytest.mark.parametrize(
    "status", ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"]
)
def test_a_finished_stack_is_changed(status: str) -> None:
    assert stack(FakeCloudFormation([status])).settle(described(status)) == described(status)


def test_a_stack_that_is_only_planned_is_made() -> None:
    cloud = FakeCloudFormation(["REVIEW_IN_PROGRESS"])
    assert stack(cloud).settle(described("REVIEW_IN_PROGRESS")) is None
    assert stack(cloud).settle(None) is None
    assert cloud.calls == []


@pytest.mark.parametrize("status", ["CREATE_IN_PROGRESS", "DELETE_IN_PROGRESS"])
def test_a_stack_that_changes_is_left_alone(status: str) -> None:
    with pytest.raises(Refused, match="make status STAGE=dev"):
        stack(FakeCloudFormation([status])).settle(described(status))


def test_a_stack_that_is_stuck_says_why_and_how_it_goes_on() -> None:
    events = [event("tipline-dev", "UPDATE_IN_PROGRESS"), event("Topic", "UPDATE_FAILED", "Gone")]
    status = "UPDATE_ROLLBACK_FAILED"
    with pytest.raises(Refused, match=r"(?s)first cause: Topic.*continue-update-rollback"):
        stack(FakeCloudFormation([status], events)).settle(described(status))


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"])
def test_a_failed_first_deployment_is_cleared_after_a_question(
    status: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    left = {
        "LogicalResourceId": "ReportsTable",
        "PhysicalResourceId": "tipline-dev-ReportsTable-1",
        "ResourceType": "AWS::DynamoDB::Table",
        "ResourceStatus": "DELETE_FAILED",
    }
    cloud = FakeCloudFormation(["DELETE_IN_PROGRESS", "DELETE_COMPLETE"], FAILED, [left])
    monkeypatch.setenv("YES", "1")
    assert stack(cloud).settle(described(status)) is None
    assert [name for name, _ in cloud.calls] == ["update_termination_protection", "delete_stack"]
    printed = capsys.readouterr().out
    assert "cloudwatch:PutMetricAlarm" in printed
    assert "tipline-dev-ReportsTable-1" in printed


def test_a_deletion_that_failed_is_not_taken_for_a_failed_creation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    events = [event("tipline-dev", "DELETE_IN_PROGRESS"), event("Log", "DELETE_FAILED", "denied")]
    cloud = FakeCloudFormation(["DELETE_FAILED"], events)
    monkeypatch.setenv("YES", "1")
    with pytest.raises(Refused, match=r"(?s)first cause: Log.*make destroy STAGE=dev"):
        stack(cloud).settle(described("DELETE_FAILED"))
    assert cloud.calls == []


def test_without_a_yes_the_failed_stack_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = FakeCloudFormation(["ROLLBACK_COMPLETE"], FAILED)
    monkeypatch.delenv("YES", raising=False)
    with pytest.raises(Refused, match="YES=1"):
        stack(cloud).settle(described("ROLLBACK_COMPLETE"))
    assert cloud.calls == []


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("ROLLBACK_COMPLETE", r"(?s)first cause: Alarm.*Your credentials lack this right"),
        ("ROLLBACK_COMPLETE", r"could not be made.*the next deployment clears it"),
        ("UPDATE_ROLLBACK_COMPLETE", "was not changed"),
    ],
)
def test_a_failed_deployment_says_its_first_cause_and_what_is_to_be_done(
    state: str, said: str
) -> None:
    cloud = FakeCloudFormation(["UPDATE_IN_PROGRESS", state], FAILED)
    with pytest.raises(Refused, match=said):
        stack(cloud).execute("change-set", STACK_ID, 3)


def test_a_deployment_that_works_says_nothing_more() -> None:
    stack(FakeCloudFormation(["CREATE_IN_PROGRESS", "CREATE_COMPLETE"])).execute("c", STACK_ID, 3)


def discarded(cloud: FakeCloudFormation, *, first: bool) -> list[str]:
    """Discard a plan, and return what was called for it."""
    stack(cloud).discard("mine", first=first)
    return [name for name, _ in cloud.calls]


def test_a_discarded_first_plan_leaves_no_stack() -> None:
    cloud = FakeCloudFormation(["REVIEW_IN_PROGRESS"], plans=["mine"])
    assert discarded(cloud, first=True) == ["delete_change_set", "delete_stack"]
    assert cloud.calls[-1] == ("delete_stack", {"StackName": STACK_ID})


def test_a_discarded_later_plan_leaves_the_stack() -> None:
    cloud = FakeCloudFormation(["UPDATE_COMPLETE"], plans=["mine"])
    assert discarded(cloud, first=False) == ["delete_change_set"]


@pytest.mark.parametrize(
    "cloud",
    [
        FakeCloudFormation(["CREATE_IN_PROGRESS"], plans=["mine"]),
        FakeCloudFormation(["CREATE_COMPLETE"], plans=["mine"]),
        FakeCloudFormation(["REVIEW_IN_PROGRESS"], plans=["mine", "another's"]),
        FakeCloudFormation(["REVIEW_IN_PROGRESS"], plans=["mine"], protected=True),
    ],
    ids=["is being made", "serves", "is planned by another", "is about to be made"],
)
def test_a_stack_that_somebody_else_begins_stays(cloud: FakeCloudFormation) -> None:
    assert discarded(cloud, first=True) == ["delete_change_set"]


def test_a_plan_that_another_deployment_has_removed_needs_nothing_more() -> None:
    assert discarded(FakeCloudFormation(["CREATE_IN_PROGRESS"]), first=True) == []


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("ReservedConcurrentExecutions decreases UnreservedConcurrentExecution below", "Lower RES"),
        ("Resource handler returned: LimitExceededException", "quota"),
        ("tipline-dev already exists", "left from before"),
        ("The specified hosted zone does not exist", "HOSTED_ZONE"),
        ("Something new", "`make deploy STAGE=dev` again"),
        ("Rate exceeded", "`make deploy STAGE=dev` again"),
        (
            'Resource handler returned message: "Tenancy configuration is not supported for this '
            'account in the ap-northeast-1 Region. (Service: Lambda, Status Code: 400)"',
            "`make deploy STAGE=dev` with DECODER_ISOLATION=shared",
        ),
    ],
)
def test_a_known_reason_has_its_advice(reason: str, said: str) -> None:
    assert said in advice(reason, " STAGE=dev")
