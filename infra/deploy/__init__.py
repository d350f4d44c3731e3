"""Deploy what `make package` built: plan → execute.

    python -m infra.deploy --stage dev [--public-url URL] [--console-origin ORIGIN]
                           [--alarm-email ADDRESS] [--bucket NAME] [--plan-only]

The plan is a CloudFormation change set, which is printed before it is executed. Zips are named by
their content, so a zip that is in the bucket is not uploaded again, and an earlier build can be
deployed once more.
"""

import argparse
import hashlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from infra.bundle import megabytes

BUILD = Path(__file__).parent.parent / "build"
CHANGES_SHOWN = {"Add": "+", "Modify": "~", "Remove": "-", "Import": "+", "Dynamic": "?"}


class Refused(Exception):
    """Nothing was deployed. The message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is deployed, and where. A parameter that is None keeps the value of the stack; a new
    stack has the default of the template.
    """

    stage: str
    bucket: str
    public_url: str | None
    console_origin: str | None
    alarm_email: str | None

    @property
    def stack(self) -> str:
        return f"tipline-{self.stage}"


def main() -> None:
    arguments = read_arguments(sys.argv[1:])
    session = boto3.Session()
    try:
        plan = make_plan(arguments, session)
        template_url = upload(plan, arguments.build, session.client("s3"), session.region_name)
        cloudformation = session.client("cloudformation")
        change_set = create_change_set(plan, template_url, cloudformation)
        if change_set is None:
            print(f"{plan.stack} is up to date.")
        elif arguments.plan_only:
            print(f"Planned, not executed: {change_set}")
        else:
            execute(plan, change_set, cloudformation)
        print_outputs(plan, cloudformation)
    except (Refused, BotoCoreError, ClientError) as error:
        sys.exit(f"Not deployed: {error}")


def read_arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m infra.deploy", description="Deploy what `make package` built."
    )
    parser.add_argument("--stage", required=True, help="the stage; its stack is tipline-<stage>")
    parser.add_argument(
        "--public-url", help="where officers reach the API, when it has a domain of its own"
    )
    parser.add_argument(
        "--console-origin",
        help="the one whose pages may call officers' routes, such as https://console.example.org",
    )
    parser.add_argument("--alarm-email", help="who is notified of alarms")
    parser.add_argument(
        "--bucket",
        help="for the zips; by default tipline-artefacts-<account>-<region>, made when it is not "
        "there",
    )
    parser.add_argument(
        "--build", type=Path, default=BUILD, help="what was packaged (default: build)"
    )
    parser.add_argument(
        "--plan-only",
        action="store_true",
        help="print the changes and stop; the change set stays, to be executed by hand",
    )
    return parser.parse_args(arguments)


def make_plan(arguments: argparse.Namespace, session: Any) -> Plan:
    if not session.region_name:
        raise Refused("no region: set AWS_REGION, or name a profile that has one with AWS_PROFILE")
    account = session.client("sts").get_caller_identity()["Account"]
    bucket = arguments.bucket or f"tipline-artefacts-{account}-{session.region_name}"
    return Plan(
        stage=arguments.stage,
        bucket=bucket,
        public_url=arguments.public_url,
        console_origin=arguments.console_origin,
        alarm_email=arguments.alarm_email,
    )


def upload(plan: Plan, build: Path, s3: Any, region: str) -> str:
    """Upload the zips and the template, and return the template's URL."""
    template_path = build / "template.json"
    if not template_path.is_file():
        raise Refused("nothing is packaged: run `make package` first")
    ensure_bucket(plan.bucket, s3, region)
    template = template_path.read_bytes()
    for key in sorted(code_keys(json.loads(template))):
        put_once(plan.bucket, key, build / f"{key.split('-')[0]}.zip", s3)
    template_key = f"template-{hashlib.sha256(template).hexdigest()}.json"
    put_once(plan.bucket, template_key, template_path, s3)
    endpoint = str(s3.meta.endpoint_url)
    if endpoint.startswith("http://127.0.0.1:"):
        return f"{endpoint}/{plan.bucket}/{template_key}"
    return f"https://{plan.bucket}.s3.{region}.amazonaws.com/{template_key}"


def code_keys(template: dict[str, Any]) -> set[str]:
    """Return the keys of all zips that a packaged template loads."""
    locations = (
        resource["Properties"].get("CodeUri") or resource["Properties"].get("ContentUri")
        for resource in served(template)
    )
    return {location["Key"] for location in locations}


def served(template: dict[str, Any]) -> list[dict[str, Any]]:
    kinds = ("AWS::Serverless::Function", "AWS::Serverless::LayerVersion")
    return [resource for resource in template["Resources"].values() if resource["Type"] in kinds]


def ensure_bucket(bucket: str, s3: Any, region: str) -> None:
    try:
        s3.head_bucket(Bucket=bucket)
        return
    except ClientError as error:
        if error.response["Error"]["Code"] != "404":
            raise Refused(
                f"the bucket {bucket} is not ours to use ({error.response['Error']['Code']}): "
                "name another with --bucket"
            ) from None
    place: dict[str, Any] = (
        {}
        if region == "us-east-1"
        else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    )
    s3.create_bucket(Bucket=bucket, **place)
    closed = dict.fromkeys(
        ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
    )
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=closed)
    print(f"Created the bucket {bucket}.")


def put_once(bucket: str, key: str, path: Path, s3: Any) -> None:
    """Upload a file unless its key exists: a key contains the hash of the content."""
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] != "404":
            raise
        print(f"Sending {path.name} ({megabytes(path)}) ...")
        s3.upload_file(str(path), bucket, key)


def create_change_set(plan: Plan, template_url: str, cloudformation: Any) -> str | None:
    """Create a change set, print its changes and return its id; None when nothing changes.

    Raises Refused when CloudFormation rejects the template.
    """
    present = describe(plan, cloudformation)
    known = {parameter["ParameterKey"] for parameter in present["Parameters"]} if present else set()
    parameters: list[dict[str, Any]] = [
        {"ParameterKey": "Stage", "ParameterValue": plan.stage},
        {"ParameterKey": "ArtefactsBucket", "ParameterValue": plan.bucket},
    ]
    for name, value in (
        ("PublicUrl", plan.public_url),
        ("ConsoleOrigin", plan.console_origin),
        ("AlarmEmail", plan.alarm_email),
    ):
        if value is not None:
            parameters.append({"ParameterKey": name, "ParameterValue": value})
        elif name in known:
            parameters.append({"ParameterKey": name, "UsePreviousValue": True})
    created = cloudformation.create_change_set(
        StackName=plan.stack,
        ChangeSetName=f"deploy-{uuid4().hex}",
        ChangeSetType="UPDATE" if present else "CREATE",
        TemplateURL=template_url,
        Parameters=parameters,
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        Tags=[{"Key": "app", "Value": "tipline"}, {"Key": "stage", "Value": plan.stage}],
    )
    change_set: str = created["Id"]
    try:
        cloudformation.get_waiter("change_set_create_complete").wait(
            ChangeSetName=change_set, WaiterConfig={"Delay": 5, "MaxAttempts": 60}
        )
    except WaiterError:
        reason = cloudformation.describe_change_set(ChangeSetName=change_set).get(
            "StatusReason", "no reason given"
        )
        cloudformation.delete_change_set(ChangeSetName=change_set)
        if "didn't contain changes" in reason or "No updates are to be performed" in reason:
            return None
        raise Refused(f"CloudFormation rejects the template: {reason}") from None
    print_changes(change_set, cloudformation)
    return change_set


def describe(plan: Plan, cloudformation: Any) -> dict[str, Any] | None:
    """Return the stack, or None when it does not exist yet. Raises Refused when it cannot be
    changed now.
    """
    try:
        stack: dict[str, Any] = cloudformation.describe_stacks(StackName=plan.stack)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in error.response["Error"]["Message"]:
            return None
        raise
    status = stack["StackStatus"]
    if status == "REVIEW_IN_PROGRESS":
        return None
    if status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED"):
        raise Refused(
            f"{plan.stack} was never created ({status}): delete the stack and what it retained, "
            "then deploy again"
        )
    if status.endswith("_IN_PROGRESS") or status == "UPDATE_ROLLBACK_FAILED":
        raise Refused(f"{plan.stack} is {status}: wait, or repair it in the console first")
    return stack


def print_changes(change_set: str, cloudformation: Any) -> None:
    pages = cloudformation.get_paginator("describe_change_set").paginate(ChangeSetName=change_set)
    for change in (change["ResourceChange"] for page in pages for change in page["Changes"]):
        replaced = "  REPLACED" if change.get("Replacement") == "True" else ""
        print(
            f"  {CHANGES_SHOWN[change['Action']]} {change['LogicalResourceId']:<44} "
            f"{change['ResourceType']}{replaced}"
        )


def execute(plan: Plan, change_set: str, cloudformation: Any) -> None:
    """Execute the change set and wait. Raises Refused, with the resources that failed and why,
    after CloudFormation has rolled back.
    """
    first = (
        cloudformation.describe_stacks(StackName=plan.stack)["Stacks"][0]["StackStatus"]
        == "REVIEW_IN_PROGRESS"
    )
    cloudformation.execute_change_set(ChangeSetName=change_set)
    print(f"{'Creating' if first else 'Changing'} {plan.stack} ...")
    try:
        waiter = cloudformation.get_waiter(
            "stack_create_complete" if first else "stack_update_complete"
        )
        waiter.wait(StackName=plan.stack, WaiterConfig={"Delay": 10, "MaxAttempts": 180})
    except WaiterError:
        reasons = "\n".join(failures(plan, cloudformation))
        raise Refused(f"{plan.stack} was rolled back:\n{reasons}") from None


def failures(plan: Plan, cloudformation: Any) -> list[str]:
    """Return what failed in the last operation, the oldest first, without what was cancelled
    because of it.
    """
    events = cloudformation.describe_stack_events(StackName=plan.stack)["StackEvents"]
    started = next(
        (
            i
            for i, event in enumerate(events)
            if event.get("ResourceStatusReason") == "User Initiated"
        ),
        len(events),
    )
    return [
        f"  {event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}"
        for event in reversed(events[:started])
        if event["ResourceStatus"].endswith("_FAILED")
        and "cancelled" not in event.get("ResourceStatusReason", "")
    ]


def print_outputs(plan: Plan, cloudformation: Any) -> None:
    stack = cloudformation.describe_stacks(StackName=plan.stack)["Stacks"][0]
    for output in sorted(stack.get("Outputs", []), key=lambda output: str(output["OutputKey"])):
        print(f"  {output['OutputKey']:<24} {output['OutputValue']}")


if __name__ == "__main__":
    main()
