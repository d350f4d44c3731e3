"""`make destroy STAGE=dev`: delete a stage. Its data stay, unless `DATA=1` and the stage's name is
typed (or given: `CONFIRM=dev`).

    python -m infra.stage.destroy --stage dev [--data]

With `--data` it also deletes what earlier stacks of that stage left behind.
"""

import argparse
import os
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.deploy.plan import type_name
from infra.deploy.stack import Stack
from infra.stage.console import ask, confirm, say
from infra.stage.data import delete_data
from infra.stage.faults import Refused, explain, run
from infra.stage.progress import Progress, watch
from infra.stage.retained import Resource, data_of, find_retained
from infra.stage.target import (
    add_stage,
    find_stack,
    list_resources,
    list_stages,
    make_client,
    open_session,
    stack_name,
)

REMAINS = """\
They cost little while nobody uses them, except the backups of the tables. To delete them, too:
  make destroy STAGE={stage} DATA=1
Nobody can delete the digests of the audit for two years. EncryptionKey stays as long as they do."""

# An operator may have made, or a restore may have left, what no tag names.
SEARCH = """\
  Listed is only what has the tags app=tipline and stage={stage}, and what was left by stacks that
  were deleted in the last 90 days. To look for more, such as tables and buckets whose names begin
  with {name}: aws dynamodb list-tables; aws s3 ls; aws secretsmanager list-secrets;
  aws cognito-idp list-user-pools --max-results 60; aws backup list-backup-vaults;
  aws kms list-keys"""


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m infra.stage.destroy", description="Delete a stage."
    )
    add_stage(parser)
    parser.add_argument("--data", action="store_true", help="delete its data, too")
    wanted = parser.parse_args(arguments)
    if wanted.stage is None:
        raise Refused(
            "Name the stage: make destroy STAGE=dev. The local stack ends with Ctrl-C, and keeps "
            "nothing. Practise on the rehearsal cloud: make rehearsal-cloud"
        )
    return destroy(wanted.stage, open_session(), data=wanted.data)


def destroy(stage: str, session: Any, *, data: bool) -> int:
    """Delete the stack of a stage, with `data` what holds data, too. Return the exit code."""
    cloudformation = make_client(session, "cloudformation")
    stack = find_stack(stage, session)
    present = list_resources(cloudformation, stack["StackId"]) if stack else {}
    held = {each["PhysicalResourceId"]: each for each in data_of(present.values())}
    held |= {each["PhysicalResourceId"]: each for each in find_retained(stage, session)}
    kept = list(held.values())
    if stack is None and not kept:
        others = ", ".join(list_stages(session)) or "none"
        raise Refused(
            f"There is no stage {stage}, and it left nothing. Stages here: {others}.\n"
            + SEARCH.format(stage=stage, name=stack_name(stage))
        )
    print(_shown(stage, session.region_name, present, kept, data=data))
    _make_sure(stage, data=data)
    if stack is not None:
        _delete_stack(Stack(stack_name(stage), cloudformation), stack, len(present))
    if data:
        return delete_data(kept, session)
    if kept:
        print(f"These remain:\n{_names(kept)}\n{REMAINS.format(stage=stage)}")
    return 0


def _shown(
    stage: str, region: str, present: Mapping[str, Resource], held: list[Resource], *, data: bool
) -> str:
    lines = [f"{stack_name(stage)} in {region}:"]
    going = len(present) - len(data_of(present.values()))
    if present:
        lines.append(f"  deleted: {going} resources: the API, functions, queues, topics, alarms")
    if held:
        fate = "DELETED, with all data in them" if data else "kept"
        lines += [f"  {fate}: {len(held)} that hold data", _names(held)]
    lines.append(
        "  kept in any case: the bucket of zips, and the account's log role for API Gateway"
    )
    if data:
        lines.append(SEARCH.format(stage=stage, name=stack_name(stage)))
    return "\n".join(lines)


def _names(resources: Sequence[Resource]) -> str:
    return "\n".join(
        f"    {each['LogicalResourceId']:<16} {type_name(each['ResourceType']):<22} "
        f"{each['PhysicalResourceId']}"
        for each in resources
    )


def _make_sure(stage: str, *, data: bool) -> None:
    if not data:
        if not confirm(f"Delete {stack_name(stage)}?"):
            raise Refused("Nothing was deleted.")
        return
    typed = os.environ.get("CONFIRM") or ask(
        f"Reports, photos, accounts and the audit of {stage} are lost for ever. "
        "Type the stage's name to delete them: ",
        instead=f"set CONFIRM={stage}",
    )
    if typed.strip() != stage:
        raise Refused("That is not the stage's name. Nothing was deleted.")


def _delete_stack(stack: Stack, present: Resource, count: int) -> None:
    stack.cloudformation.update_termination_protection(
        StackName=stack.name, EnableTerminationProtection=False
    )
    try:
        stack.cloudformation.delete_stack(StackName=stack.name)
    except ClientError:
        _protect_again(stack)
        raise
    say(f"Deleting {stack.name} ...")
    status = watch(stack.cloudformation, present["StackId"], Progress(count), stack.pause)
    if status != "DELETE_COMPLETE":
        _protect_again(stack)
        raise Refused(
            f"{stack.name} could not be deleted ({status}). {stack.reason(present['StackId'])}\n"
            f"Then run it again: make destroy{stack.argument}"
        )
    say(f"{stack.name} is deleted.")


def _protect_again(stack: Stack) -> None:
    try:
        stack.protect()
    except (BotoCoreError, ClientError) as error:
        say(f"{stack.name} is without termination protection now: {explain(error)}")


if __name__ == "__main__":
    run(main)
