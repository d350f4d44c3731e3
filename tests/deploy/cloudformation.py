"""A CloudFormation whose stack goes through given states, with given events."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

STACK_ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/tipline-dev/1"
PAGE = 100


def event(
    name: str, status: str, reason: str = "", kind: str = "AWS::SNS::Topic"
) -> dict[str, Any]:
    """Return an event of a resource; of the stack itself for its name."""
    stack = name == "tipline-dev"
    return {
        "EventId": f"{name}-{status}",
        "StackId": STACK_ID,
        "StackName": "tipline-dev",
        "LogicalResourceId": name,
        "PhysicalResourceId": STACK_ID if stack else f"arn:{name}",
        "ResourceType": "AWS::CloudFormation::Stack" if stack else kind,
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
        "Timestamp": datetime(2026, 11, 25, tzinfo=UTC),
    }


class FakeCloudFormation:
    """The stack's states, one for each call that describes it; the last one stays. Events come the
    newest first, in pages of a hundred, as AWS gives them. `plans` are its change sets.
    """

    def __init__(
        self,
        states: Sequence[str],
        events: Sequence[dict[str, Any]] = (),
        resources: Sequence[dict[str, Any]] = (),
        plans: Sequence[str] = (),
        *,
        protected: bool = False,
    ) -> None:
        self.states, self.events, self.resources = list(states), list(events), list(resources)
        self.plans, self.protected = list(plans), protected
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def describe_stacks(self, **asked: Any) -> dict[str, Any]:
        status = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        if status == "throttled":
            error = {"Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"}}
            raise ClientError(error, "DescribeStacks")  # type: ignore[arg-type]
        stack = {"StackName": "tipline-dev", "StackId": STACK_ID, "StackStatus": status}
        return {"Stacks": [stack | {"EnableTerminationProtection": self.protected}]}

    def describe_change_set(self, *, ChangeSetName: str) -> dict[str, Any]:
        if ChangeSetName not in self.plans:
            error = {"Error": {"Code": "ChangeSetNotFound", "Message": "does not exist"}}
            raise ClientError(error, "DescribeChangeSet")  # type: ignore[arg-type]
        return {"ChangeSetId": ChangeSetName, "StackId": STACK_ID}

    def get_paginator(self, operation: str) -> Any:
        if operation == "list_stack_resources":
            return _Pages("StackResourceSummaries", self.resources)
        if operation == "list_change_sets":
            plans = [{"ChangeSetId": plan, "Status": "CREATE_COMPLETE"} for plan in self.plans]
            return _Pages("Summaries", plans)
        return _Pages("StackEvents", self.events[::-1])

    def __getattr__(self, name: str) -> Any:
        def call(**asked: Any) -> dict[str, Any]:
            self.calls.append((name, asked))
            return {}

        return call


class _Pages:
    def __init__(self, key: str, items: list[dict[str, Any]]) -> None:
        self._key, self._items = key, items

    def paginate(self, **asked: Any) -> Iterator[dict[str, Any]]:
        for start in range(0, len(self._items) or 1, PAGE):
            yield {self._key: self._items[start : start + PAGE]}


def no_pause(seconds: float) -> None:
    """Wait no time."""
