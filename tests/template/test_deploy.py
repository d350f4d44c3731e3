"""Deployment: what is sent, what is planned, what is refused. On moto, with a template of one topic
in the place of ours.
"""

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra import deploy

REGION = "us-east-1"
TEMPLATE = {
    "Parameters": {
        "Stage": {"Type": "String"},
        "ArtefactsBucket": {"Type": "String"},
        "PublicUrl": {"Type": "String", "Default": ""},
        "ConsoleOrigin": {"Type": "String", "Default": ""},
        "AlarmEmail": {"Type": "String", "Default": ""},
    },
    "Resources": {
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "PublicUrl"}}}
    },
    "Outputs": {"TopicArn": {"Value": {"Ref": "Topic"}}},
}


@pytest.fixture(autouse=True)
def cloud() -> Iterator[None]:
    with mock_aws():
        yield


@pytest.fixture
def build(tmp_path: Path) -> Path:
    code = {
        "Type": "AWS::Serverless::Function",
        "Properties": {
            "CodeUri": {"Bucket": {"Ref": "ArtefactsBucket"}, "Key": "functions-12.zip"}
        },
    }
    layer = {
        "Type": "AWS::Serverless::LayerVersion",
        "Properties": {"ContentUri": {"Bucket": {"Ref": "ArtefactsBucket"}, "Key": "media-34.zip"}},
    }
    (tmp_path / "template.json").write_text(
        json.dumps({"Resources": {"A": code, "B": code, "M": layer}})
    )
    (tmp_path / "functions.zip").write_bytes(b"functions")
    (tmp_path / "media.zip").write_bytes(b"media")
    return tmp_path


@pytest.fixture
def plan() -> deploy.Plan:
    return deploy.Plan(
        stage="dev", bucket="artefacts", public_url=None, console_origin=None, alarm_email=None
    )


def test_the_stack_and_the_bucket_are_named_for_the_stage_and_the_account() -> None:
    plan = deploy.make_plan(deploy.read_arguments(["--stage", "dev"]), boto3.Session())
    assert (plan.stack, plan.bucket) == ("tipline-dev", f"tipline-artefacts-123456789012-{REGION}")


def test_without_a_region_nothing_is_deployed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    with pytest.raises(deploy.Refused, match="AWS_REGION"):
        deploy.make_plan(deploy.read_arguments(["--stage", "dev"]), boto3.Session())


def test_without_a_package_nothing_is_deployed(plan: deploy.Plan, tmp_path: Path) -> None:
    with pytest.raises(deploy.Refused, match="make package"):
        deploy.upload(plan, tmp_path, boto3.client("s3"), REGION)


def test_the_zips_are_sent_to_a_closed_bucket_under_the_templates_names(
    plan: deploy.Plan, build: Path
) -> None:
    s3 = boto3.client("s3")
    url = deploy.upload(plan, build, s3, REGION)
    keys = [row["Key"] for row in s3.list_objects_v2(Bucket="artefacts")["Contents"]]
    assert keys[:2] == ["functions-12.zip", "media-34.zip"]
    assert url == f"https://artefacts.s3.{REGION}.amazonaws.com/{keys[2]}"
    assert s3.get_object(Bucket="artefacts", Key="media-34.zip")["Body"].read() == b"media"
    assert set(
        s3.get_public_access_block(Bucket="artefacts")["PublicAccessBlockConfiguration"].values()
    ) == {True}


def test_what_is_there_is_not_sent_again(
    plan: deploy.Plan, build: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    s3 = boto3.client("s3")
    first = deploy.upload(plan, build, s3, REGION)
    assert "Sending media.zip" in capsys.readouterr().out
    assert deploy.upload(plan, build, s3, REGION) == first
    assert capsys.readouterr().out == ""


def test_a_plan_is_shown_and_then_carried_out(
    plan: deploy.Plan, capsys: pytest.CaptureFixture[str]
) -> None:
    cloudformation = boto3.client("cloudformation")
    change_set = deploy.create_change_set(plan, template_url(TEMPLATE), cloudformation)
    assert change_set is not None
    assert "+ Topic" in capsys.readouterr().out
    assert boto3.client("sns").list_topics()["Topics"] == []
    deploy.execute(plan, change_set, cloudformation)
    assert len(boto3.client("sns").list_topics()["Topics"]) == 1


def test_a_later_deployment_keeps_the_address_it_was_given_before(plan: deploy.Plan) -> None:
    cloudformation = boto3.client("cloudformation")
    named = dataclasses.replace(plan, public_url="https://tips.example")
    change_set = deploy.create_change_set(named, template_url(TEMPLATE), cloudformation)
    assert change_set is not None
    deploy.execute(named, change_set, cloudformation)
    requests: list[dict[str, Any]] = []
    cloudformation.meta.events.register(
        "provide-client-params.cloudformation.CreateChangeSet",
        lambda params, **_: requests.append(params),
    )
    deploy.create_change_set(plan, template_url(TEMPLATE), cloudformation)
    assert {"ParameterKey": "PublicUrl", "UsePreviousValue": True} in requests[0]["Parameters"]
    assert requests[0]["ChangeSetType"] == "UPDATE"


def test_the_consoles_origin_is_given_at_deployment() -> None:
    arguments = ["--stage", "dev", "--console-origin", "https://console.example"]
    plan = deploy.make_plan(deploy.read_arguments(arguments), boto3.Session())
    cloudformation = boto3.client("cloudformation")
    requests: list[dict[str, Any]] = []
    cloudformation.meta.events.register(
        "provide-client-params.cloudformation.CreateChangeSet",
        lambda params, **_: requests.append(params),
    )
    deploy.create_change_set(plan, template_url(TEMPLATE), cloudformation)
    given = {"ParameterKey": "ConsoleOrigin", "ParameterValue": "https://console.example"}
    assert given in requests[0]["Parameters"]


def test_a_stack_that_was_never_made_is_not_changed(plan: deploy.Plan) -> None:
    class RolledBack:
        """Only its state matters."""

        def describe_stacks(self, StackName: str) -> dict[str, Any]:
            return {
                "Stacks": [
                    {"StackName": StackName, "StackStatus": "ROLLBACK_COMPLETE", "Parameters": []}
                ]
            }

    with pytest.raises(deploy.Refused, match="delete the stack"):
        deploy.describe(plan, RolledBack())


def template_url(template: dict[str, Any]) -> str:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="artefacts")
    s3.put_object(Bucket="artefacts", Key="template-1.json", Body=json.dumps(template).encode())
    return f"https://artefacts.s3.{REGION}.amazonaws.com/template-1.json"
