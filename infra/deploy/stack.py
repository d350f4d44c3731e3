"""The stack of a stage: whether it can be changed now, how a change is carried out, and what
CloudFormation says meanwhile: one line for what goes on, and the first cause of a failure.
"""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TextIO

from botocore import exceptions as aws

from infra.deploy.checks import SHARED
from infra.deploy.plan import DATA_TYPES, type_name
from infra.stage.console import Pause, Refused, StatusLine, code_of, confirm, say
from infra.stage.target import FAILED_AT_FIRST, list_resources, listed

type Event = Mapping[str, Any]

INTERVAL_S = 4.0
PATIENCE = 15  # reads in a row that may fail: the network of a laptop comes back
NAMES_SHOWN = 3

_BEGINNINGS = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS")
_CONSEQUENCES = ("cancelled", "canceled")

SUCCEEDED = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")

# What CloudFormation's reasons mean for whoever deploys: the first that appears in the reason.
ADVICE = (
    ("not authorized to perform", "Your credentials lack this right: ask for it, or use others."),
    ("AccessDenied", "Your credentials lack a right: the reason names it."),
    ("Tenancy configuration is not supported", "AWS has not enabled this account for tenant "
     f"isolation of Lambda: ask AWS for it, or run `make deploy` with {SHARED}."),
    ("UnreservedConcurrentExecution", "Lower RESERVED_CONCURRENCY, or ask AWS for more of Lambda's "
     "concurrent executions."),
    ("LimitExceeded", "A quota of the account is used up: ask AWS to raise it, or remove what is "
     "not needed."),
    ("quota", "A quota of the account is used up: ask AWS to raise it."),
    ("already exists", "Something of that name is left from before: delete or rename it."),
    ("NoSuchKey", "A zip is missing from the bucket: run `make deploy` again, it sends it."),
    ("ertificate", "Check CERTIFICATE: it must be issued, in this region, and cover DOMAIN."),
    ("osted zone", "Check HOSTED_ZONE: it must be the zone of DOMAIN, in this account."),
    ("Rate exceeded", "AWS was busy: run `make deploy` again."),
    ("Throttl", "AWS was busy: run `make deploy` again."),
    ("Internal", "AWS had a fault: run `make deploy` again."),
    ("timed out", "AWS took too long: run `make deploy` again."),
)  # fmt: skip


@dataclass(frozen=True)
class Stack:
    """A stage's stack in CloudFormation."""

    name: str
    cloudformation: Any
    pause: Pause = time.sleep

    def settle(self, present: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        """Return the stack if it can be changed; None when it must be made.

        A first deployment that failed is deleted, after a question. Raises Refused when the stack
        cannot be changed now.
        """
        self.refuse_busy(present)
        if present is None or present["StackStatus"] == "REVIEW_IN_PROGRESS":
            return None
        if present["StackStatus"] in FAILED_AT_FIRST:
            self._clear_failed(present)
            return None
        return present

    def refuse_busy(self, present: Mapping[str, Any] | None) -> None:
        """Raise Refused when the stack is being changed, or is stuck after a change."""
        status = str((present or {}).get("StackStatus", ""))
        if present is None or status in ("REVIEW_IN_PROGRESS", *FAILED_AT_FIRST):
            return
        if status.endswith("_IN_PROGRESS"):
            raise Refused(
                f"{self.name} is being changed already ({status}). Wait until it is done: "
                f"make status{self.argument}"
            )
        if status == "DELETE_FAILED":
            # What is left may be the tables of a stage that served for years.
            raise Refused(
                f"{self.name} was being deleted, and that failed. {self.reason(present['StackId'])}"
                f"\nRemove the cause, then finish the deletion: make destroy{self.argument}\n"
                "A deployment after that makes new, empty tables beside those that are kept."
            )
        if status.endswith("_FAILED"):
            raise Refused(
                f"{self.name} is stuck ({status}). {self.reason(present['StackId'])}\n"
                "Remove the cause, then continue what stopped, and deploy again:\n"
                f"  aws cloudformation {_continuation(status)} --stack-name {self.name}"
            )

    def execute(self, change_set: str, stack_id: str, total: int) -> None:
        """Execute a change set and wait, showing progress. Raises Refused with the first cause when
        CloudFormation has rolled back.
        """
        self.cloudformation.execute_change_set(ChangeSetName=change_set)
        status = watch(self.cloudformation, stack_id, Progress(total), self.pause)
        if status not in SUCCEEDED:
            raise Refused(f"{self._outcome(status)}\n{self.reason(stack_id)}")

    def reason(self, stack_id: str) -> str:
        """Return the first cause of the last failure, and what to do about it."""
        cause = first_cause(operation_events(self.cloudformation, stack_id))
        if cause is None:
            return "CloudFormation names no cause: look at the stack's events in the console."
        why = str(cause.get("ResourceStatusReason", "no reason given"))
        return (
            f"The first cause: {cause['LogicalResourceId']} "
            f"({type_name(cause['ResourceType'])}): {why}\n{advice(why, self.argument)}"
        )

    def discard(self, change_set: str, *, first: bool) -> None:
        """Delete a change set that is not wanted, and with it the stack that was to hold it, unless
        somebody else plans or makes that stack.
        """
        try:
            planned = self.cloudformation.describe_change_set(ChangeSetName=change_set)
        except aws.ClientError as error:
            # CloudFormation deletes a plan as soon as another one of the stack is executed.
            if code_of(error) == "ChangeSetNotFound":
                return
            raise
        self.cloudformation.delete_change_set(ChangeSetName=change_set)
        if first and self._is_only_planned(planned["StackId"], change_set):
            self.cloudformation.delete_stack(StackName=planned["StackId"])

    def protect(self) -> None:
        """Let nobody delete the stack by mistake."""
        self.cloudformation.update_termination_protection(
            StackName=self.name, EnableTerminationProtection=True
        )

    @property
    def argument(self) -> str:
        """Return what follows `make <command>` to mean this stage."""
        return f" STAGE={self.name.partition('-')[2]}"

    def _outcome(self, status: str) -> str:
        if status in FAILED_AT_FIRST:
            return (
                f"{self.name} could not be made ({status}). What is left of it does nothing; the "
                "next deployment clears it, after a question."
            )
        return f"{self.name} was not changed ({status})."

    def _is_only_planned(self, stack_id: str, discarded: str) -> bool:
        """Return whether the stack was never made, and nothing but a discarded plan was for it."""
        [stack] = self.cloudformation.describe_stacks(StackName=stack_id)["Stacks"]
        if stack["StackStatus"] != "REVIEW_IN_PROGRESS" or stack.get("EnableTerminationProtection"):
            return False
        plans = listed(self.cloudformation, "list_change_sets", "Summaries", StackName=stack_id)
        return all(
            plan["ChangeSetId"] == discarded or plan["Status"].startswith("DELETE_")
            for plan in plans
        )

    def _clear_failed(self, present: Mapping[str, Any]) -> None:
        status, stack_id = present["StackStatus"], present["StackId"]
        print(f"The first deployment of {self.name} failed ({status}). {self.reason(stack_id)}")
        left = [
            f"  {name} ({type_name(resource['ResourceType'])}): {resource['PhysicalResourceId']}"
            for name, resource in list_resources(self.cloudformation, stack_id).items()
            if resource["ResourceType"] in DATA_TYPES
            and resource.get("PhysicalResourceId")
            and resource["ResourceStatus"] != "DELETE_COMPLETE"
        ]
        if left:
            print(
                "It left these behind, without data; the next deployment makes new ones. "
                "Delete them when you have looked:\n" + "\n".join(left)
            )
        if not confirm("Delete the failed stack, and begin again?"):
            raise Refused("Nothing was changed. The failed stack must go before the next try.")
        self.cloudformation.update_termination_protection(
            StackName=self.name, EnableTerminationProtection=False
        )
        self.cloudformation.delete_stack(StackName=self.name)
        say("Deleting the failed stack ...")
        status = watch(self.cloudformation, stack_id, Progress(1), self.pause)
        if status != "DELETE_COMPLETE":
            raise Refused(f"The failed stack could not be deleted. {self.reason(stack_id)}")


def advice(reason: str, argument: str) -> str:
    """Return what to do about a reason that CloudFormation gives. `argument` names the stage for
    make: ` STAGE=dev`.
    """
    known = (text for sign, text in ADVICE if sign in reason)
    text = next(known, "Correct it, then run `make deploy` again.")
    return text.replace("`make deploy`", f"`make deploy{argument}`")


def _continuation(status: str) -> str:
    return "continue-update-rollback" if "ROLLBACK" in status else "rollback-stack"


@dataclass
class Progress:
    """What is printed of the events of a stack; a failure always has a line. `total` is the number
    of resources that change.
    """

    total: int
    out: TextIO = field(default_factory=lambda: sys.stdout)
    clock: Callable[[], float] = time.monotonic
    _done: set[str] = field(default_factory=set)
    _running: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._line = StatusLine(self.out, self.clock)

    def show(self, events: Sequence[Event], stack: str) -> None:
        """Show new events, the oldest first."""
        for event in events:
            self._take(event, stack)
        count = f"{min(len(self._done), self.total)} of {self.total}"
        now = ", ".join(list(self._running)[:NAMES_SHOWN])
        more = len(self._running) - NAMES_SHOWN
        line = f"{count} done" + (f", now {now}" if now else "")
        self._line.show(line + (f" and {more} more" if more > 0 else ""))

    def end(self) -> None:
        self._line.end()

    def _take(self, event: Event, stack: str) -> None:
        name, status = event["LogicalResourceId"], str(event["ResourceStatus"])
        if name == stack:
            return
        if status.endswith("_IN_PROGRESS"):
            self._running[name] = status
        else:
            self._running.pop(name, None)
        if status.endswith("_COMPLETE"):
            self._done.add(name)
        if is_cause(event):
            self.end()
            say(f"failed: {name}: {event.get('ResourceStatusReason', 'no reason given')}")


def watch(cloudformation: Any, stack_id: str, progress: Progress, pause: Pause = time.sleep) -> str:
    """Wait until CloudFormation has finished with the stack, and return its status.

    A connection that is lost for a minute does not end the wait.
    """
    seen: set[str] = set()
    failed = 0
    while True:
        try:
            stack = cloudformation.describe_stacks(StackName=stack_id)["Stacks"][0]
            events = operation_events(cloudformation, stack_id)
            failed = 0
        except (aws.HTTPClientError, aws.ConnectionError, aws.ClientError) as error:
            failed += 1
            if failed > PATIENCE or (
                isinstance(error, aws.ClientError) and not code_of(error).startswith("Throttl")
            ):
                raise
            pause(INTERVAL_S)
            continue
        progress.show([each for each in events if each["EventId"] not in seen], stack["StackName"])
        seen |= {event["EventId"] for event in events}
        status = str(stack["StackStatus"])
        if not status.endswith("_IN_PROGRESS") or status.endswith("_CLEANUP_IN_PROGRESS"):
            progress.end()
            return status
        pause(INTERVAL_S)


def operation_events(cloudformation: Any, stack_id: str) -> list[Event]:
    """Return the events of the stack's last operation, the oldest first.

    CloudFormation gives the newest first, in pages of a hundred; a failed first deployment has
    about three hundred.
    """
    found: list[Event] = []
    events = listed(cloudformation, "describe_stack_events", "StackEvents", StackName=stack_id)
    for event in events:
        found.append(event)
        is_stack = event.get("PhysicalResourceId") == event["StackId"]
        if is_stack and event["ResourceStatus"] in _BEGINNINGS:
            break
    return found[::-1]


def first_cause(events: Sequence[Event]) -> Event | None:
    """Return the event with the first failure, not one that another failure brought with it."""
    return next(filter(is_cause, events), None)


def is_cause(event: Event) -> bool:
    reason = event.get("ResourceStatusReason", "").lower()
    return (
        str(event["ResourceStatus"]).endswith("_FAILED")
        and event.get("PhysicalResourceId") != event.get("StackId")
        and not any(word in reason for word in _CONSEQUENCES)
    )
