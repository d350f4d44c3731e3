"""What a command works on: a deployed stage, or the local stack that is running.

    target = find_target("prod")      the stack tipline-prod, by its outputs
    target = find_target(None)        the local stack (`make run`), by its file (PORT, LOCAL_DIR)

`target.client("dynamodb")` is a boto3 client for it. `target.output("ReportsTableName")` is an
output of its stack; the local stack has the same ones.
"""

import argparse
import ipaddress
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from chalicelib.aws.clients import s3_client
from infra.local import stack_file
from infra.stage.console import Refused, message_of

PREFIX = "tipline-"
STAGE_NAME = re.compile(r"[a-z][a-z0-9-]{0,18}")

# A first deployment that failed. The stack serves nothing, and cannot be changed.
FAILED_AT_FIRST = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED")
# A stack in these states has nothing for a command to work on; what is to be done instead.
_FAILED = "The first deployment of {name} failed ({status}). Run `make deploy{command}` again."
_NOT_DEPLOYED = {
    "REVIEW_IN_PROGRESS": (
        "{name} was planned, and never deployed ({status}). Run `make deploy{command}`."
    ),
    "CREATE_IN_PROGRESS": "{name} is being made ({status}). Wait until its deployment has ended.",
    "ROLLBACK_IN_PROGRESS": (
        "The first deployment of {name} has failed and is being undone ({status}). Wait until that "
        "has ended, then run `make deploy{command}` again."
    ),
    "DELETE_IN_PROGRESS": "{name} is being deleted ({status}).",
    **dict.fromkeys(FAILED_AT_FIRST, _FAILED),
    "DELETE_FAILED": (
        "{name} was to be deleted, and not all of it is gone ({status}). Run "
        "`make destroy{command}` again."
    ),
}

# How `.local/stack.json` names what is an output of a deployed stack.
_LOCAL_OUTPUTS = {
    "ReportsTableName": "table",
    "AuditTableName": "audit_table",
    "BulletinsTableName": "bulletins_table",
    "OfficersTableName": "officers_table",
    "ContactsTableName": "contacts_table",
    "MediaBucketName": "bucket",
    "AuditBucketName": "audit_bucket",
    "AuditSecretArn": "audit_secret",
    "NoticesTopicArn": "topic_arn",
    "OfficersPoolId": "user_pool_id",
    "OfficersClientId": "client_id",
    "Issuer": "issuer",
    "EndpointURL": "api",
    "PublicUrl": "api",
}


@dataclass(frozen=True)
class Target:
    """A deployed stage, or the local stack (`stage` is None). `api` is the address of its API,
    without a slash at the end; "" when the stack has none yet.
    """

    stage: str | None
    session: Any
    endpoint_url: str | None
    outputs: Mapping[str, str]
    api: str
    description: Mapping[str, Any] = field(default_factory=dict)  # of the stack, by CloudFormation

    @property
    def is_local(self) -> bool:
        return self.stage is None

    @property
    def name(self) -> str:
        """Return how messages call it."""
        return "the local stack" if self.stage is None else stack_name(self.stage)

    @property
    def title(self) -> str:
        """Return the name as a sentence begins with it. That of a stack stays as it is typed."""
        return "The local stack" if self.stage is None else self.name

    @property
    def command(self) -> str:
        """Return what follows `make <command>` to mean this target: "" for the local stack."""
        return "" if self.stage is None else f" STAGE={self.stage}"

    def client(self, service: str, **settings: Any) -> Any:
        """Return a boto3 client. `settings` are those of botocore's Config."""
        return make_client(self.session, service, self.endpoint_url, **settings)

    def output(self, name: str) -> str:
        """Return an output of the stack. Raises Refused when it has none of that name."""
        try:
            return self.outputs[name]
        except KeyError:
            raise Refused(
                f"{self.title} has no output {name}, so an older version is deployed. "
                f"Deploy this one first: make deploy{self.command}"
            ) from None

    @cached_property
    def resources(self) -> Mapping[str, Mapping[str, Any]]:
        """The resources of a deployed stack by logical id, as CloudFormation lists them; none for
        the local stack.
        """
        if self.stage is None:
            return {}
        return list_resources(self.client("cloudformation"), stack_name(self.stage))

    def physical_name(self, logical_id: str) -> str:
        """Return AWS's name of a resource of a deployed stack. Raises Refused without one."""
        if logical_id not in self.resources:
            raise Refused(f"{self.title} has no resource {logical_id}. Deploy this version first.")
        return str(self.resources[logical_id]["PhysicalResourceId"])


def find_target(stage: str | None) -> Target:
    """Return a deployed stage, or the running local stack for None.

    Raises Refused when there is no region or no such stage; SystemExit, with what to do, when no
    local stack is running.
    """
    return find_local() if stage is None else find_stage(stage, open_session())


def outputs_of(stack: Mapping[str, Any] | None) -> dict[str, str]:
    """Return the outputs of a stack; none of one that is not there."""
    described = (stack or {}).get("Outputs", [])
    return {each["OutputKey"]: each["OutputValue"] for each in described}


def parameters_of(stack: Mapping[str, Any] | None) -> dict[str, str]:
    """Return the parameters of a stack; none of one that is not there."""
    described = (stack or {}).get("Parameters", [])
    return {each["ParameterKey"]: each.get("ParameterValue", "") for each in described}


def find_stage(stage: str, session: Any) -> Target:
    """Return the stage that is deployed in the session's region. Raises Refused with the stages
    that exist when there is none of that name, and when its first deployment failed or has not
    ended.
    """
    stack = find_stack(stage, session)
    if stack is None:
        raise Refused(_unknown(stage, session))
    if wrong := _NOT_DEPLOYED.get(status := str(stack["StackStatus"])):
        raise Refused(
            wrong.format(name=stack_name(stage), status=status, command=f" STAGE={stage}")
        )
    outputs = outputs_of(stack)
    return Target(
        stage=stage,
        session=session,
        endpoint_url=None,
        outputs=outputs,
        api=api_address(outputs, make_client(session, "apigateway").meta.endpoint_url),
        description=stack,
    )


def find_local() -> Target:
    """Return the local stack on PORT. Raises SystemExit when none is running there, or PORT is
    no port."""
    stack = stack_file.read()
    session = boto3.Session(
        aws_access_key_id=stack["access_key"],
        aws_secret_access_key=stack["secret_key"],
        region_name=stack["region"],
    )
    outputs = {name: stack[key] for name, key in _LOCAL_OUTPUTS.items() if key in stack}
    for suffix, queues in (
        ("QueueUrl", stack["queues"]),
        ("DeadLettersUrl", stack["dead_letter_queues"]),
    ):
        outputs |= {f"{output_title(name)}{suffix}": url for name, url in queues.items()}
    return Target(None, session, stack["aws"], outputs, stack["api"], stack)


def output_title(queue: str) -> str:
    """Return how the outputs of the stack name a queue: `CriticalUploads` of `critical_uploads`."""
    return "".join(word.capitalize() for word in queue.split("_"))


def open_session() -> Any:
    """Return a boto3 session with a region. Raises Refused when none is set.

    boto3 itself reads only AWS_DEFAULT_REGION and the profile, while AWS's other tools read
    AWS_REGION first.
    """
    session = boto3.Session(region_name=os.environ.get("AWS_REGION") or None)
    if not session.region_name:
        raise Refused(
            "No region is set. Set AWS_REGION=…, or name a profile that has one with AWS_PROFILE=…"
        )
    return session


def make_client(session: Any, service: str, endpoint_url: str | None = None, **more: Any) -> Any:
    """Return a boto3 client; `more` are settings of botocore's Config.

    S3 is addressed in its region, because a new bucket is not known elsewhere for hours.
    """
    config = Config(**({"account_id_endpoint_mode": "disabled"} | more))
    if service == "s3":
        return s3_client(session.client, endpoint_url=endpoint_url, config=config)
    return session.client(service, endpoint_url=endpoint_url, config=config)


def find_stack(stage: str, session: Any) -> dict[str, Any] | None:
    """Return the stack of a stage as CloudFormation describes it; None when there is none."""
    if not STAGE_NAME.fullmatch(stage):
        raise Refused(
            f"{stage!r} cannot be a stage: use up to 21 lower-case letters, digits and dashes, "
            "beginning with a letter."
        )
    try:
        found = make_client(session, "cloudformation").describe_stacks(StackName=stack_name(stage))
    except ClientError as error:
        if "does not exist" in message_of(error):
            return None
        raise
    stack: dict[str, Any] = found["Stacks"][0]
    return stack


def list_stages(session: Any) -> list[str]:
    """Return the names of all stages in the session's region."""
    stacks = listed(make_client(session, "cloudformation"), "describe_stacks", "Stacks")
    names = [stack["StackName"] for stack in stacks]
    return sorted(name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX))


def list_resources(cloudformation: Any, stack: str) -> dict[str, dict[str, Any]]:
    """Return the resources of a stack by logical id, as CloudFormation lists them."""
    found = listed(
        cloudformation, "list_stack_resources", "StackResourceSummaries", StackName=stack
    )
    return {resource["LogicalResourceId"]: resource for resource in found}


def template_of(cloudformation: Any, stack: str) -> dict[str, Any]:
    """Return the template that is deployed, as it was sent."""
    found = cloudformation.get_template(StackName=stack, TemplateStage="Original")["TemplateBody"]
    template: dict[str, Any] = json.loads(found) if isinstance(found, str) else found
    return template


def listed(client: Any, operation: str, member: str, **asked: Any) -> Iterator[Any]:
    """Yield what an operation of AWS lists under `member`, of all its pages."""
    for page in client.get_paginator(operation).paginate(**asked):
        yield from page.get(member, ())


def stack_name(stage: str) -> str:
    return f"{PREFIX}{stage}"


def api_address(outputs: Mapping[str, str], endpoint_url: str) -> str:
    """Return where the API of a stage is called. An emulator on this machine has no names of its
    own for APIs, so there it is a path below `endpoint_url`.
    """
    if is_loopback(endpoint_url) and "RestAPIId" in outputs:
        return f"{endpoint_url.rstrip('/')}/_aws/execute-api/{outputs['RestAPIId']}/api"
    return outputs.get("EndpointURL", "").rstrip("/")


def is_loopback(endpoint_url: str) -> bool:
    """Return whether an endpoint is on this machine: an emulator, not AWS."""
    try:
        host = urlsplit(endpoint_url).hostname or ""
    except ValueError:
        return False
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def command(name: str, description: str, *, required: bool = False) -> argparse.ArgumentParser:
    """Return the parser of a command, with `--stage`."""
    parser = argparse.ArgumentParser(prog=f"python -m infra.{name}", description=description)
    default = "" if required else "; default: the local stack that is running"
    parser.add_argument(
        "--stage",
        required=required,
        type=read_stage,
        help=f"a deployed stage: its stack is tipline-<stage>{default}",
    )
    return parser


def read_stage(text: str) -> str:
    """Return the value of `--stage`. Raises Refused when it is empty, as `make status STAGE=` has
    it.
    """
    if not text:
        raise Refused("Name the stage: STAGE=prod")
    return text


def _unknown(stage: str, session: Any) -> str:
    begin = f"There is no stage {stage} in {session.region_name}"
    try:
        stages = list_stages(session)
    except ClientError:
        # Whoever may read one stack may lack the right to list all.
        return f"{begin}. Check STAGE and AWS_REGION."
    if not stages:
        return (
            f"{begin}, and no other one either. Check AWS_REGION and AWS_PROFILE, or make it: "
            f"make deploy STAGE={stage}"
        )
    return f"{begin}. There are: {', '.join(stages)}. Check STAGE and AWS_REGION."
