"""The stack of a stage: whether it can be changed now, and how a change is carried out."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from infra.deploy.packaged import DATA_TYPES
from infra.deploy.plan import type_name
from infra.deploy.quota import SHARED
from infra.stage.console import confirm, say
from infra.stage.faults import Refused, code_of
from infra.stage.progress import Pause, Progress, first_cause, operation_events, watch
from infra.stage.target import FAILED_AT_FIRST, list_resources

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
        except ClientError as error:
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
        pages = self.cloudformation.get_paginator("list_change_sets").paginate(StackName=stack_id)
        return all(
            plan["ChangeSetId"] == discarded or plan["Status"].startswith("DELETE_")
            for page in pages
            for plan in page["Summaries"]
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
