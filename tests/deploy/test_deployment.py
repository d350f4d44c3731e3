"""A whole deployment on moto, with a template of one topic in the place of ours."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError
from moto import mock_aws

from infra.deploy.__main__ import check, prepare
from infra.deploy.checks import (
    check_china,
    check_concurrency,
    check_isolation,
    reserve_for_authorizer,
)
from infra.stage.console import Refused

TEMPLATE: dict[str, Any] = {
    "Parameters": {
        "Stage": {"Type": "String"},
        "ArtefactsBucket": {"Type": "String"},
        "PublicUrl": {"Type": "String", "Default": "", "AllowedPattern": "(https://.*)?"},
    },
    "Resources": {
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "PublicUrl"}}}
    },
    "Outputs": {"RestAPIId": {"Value": "abc"}, "EndpointURL": {"Value": "https://api.test/api/"}},
}


@pytest.fixture(autouse=True)
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A cloud with a bucket that is named, because moto takes each connection for plain HTTP."""
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="artefacts")
        monkeypatch.setenv("BUCKET", "artefacts")
        monkeypatch.setenv("YES", "1")
        # moto has no settings of an account, which say what can be reserved.
        monkeypatch.setenv("AUTHORIZER_RESERVED_CONCURRENCY", "")
        monkeypatch.delenv("PUBLIC_URL", raising=False)
        yield


@pytest.fixture
def build(tmp_path: Path) -> Path:
    (tmp_path / "template.json").write_text(json.dumps(TEMPLATE))
    return tmp_path


def deploy(
    build: Path, *, plan_only: bool = False, changed: Callable[..., None] | None = None
) -> list[str]:
    """Deploy, and return the calls that moto does not know. `changed` edits a plan as it comes."""
    deployment = prepare("dev", build)
    known: list[str] = []

    def answer(model: Any, **_: Any) -> tuple[Any, dict[str, Any]]:
        known.append(model.name)
        return AWSResponse("", 200, HTTPHeaders(), None), {}

    deployment.stack.cloudformation.meta.events.register(
        "before-call.cloudformation.UpdateTerminationProtection", answer
    )
    if changed:
        deployment.stack.cloudformation.meta.events.register(
            "after-call.cloudformation.DescribeChangeSet", changed
        )
    deployment.carry_out(plan_only=plan_only)
    return known


def stack() -> dict[str, Any]:
    stacks = boto3.client("cloudformation").describe_stacks(StackName="tipline-dev")["Stacks"]
    return dict(stacks[0])


def parameters() -> dict[str, str]:
    return {each["ParameterKey"]: each["ParameterValue"] for each in stack()["Parameters"]}


def test_a_deployment_makes_the_stack_and_protects_it(
    build: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert deploy(build) == ["UpdateTerminationProtection"]
    assert len(boto3.client("sns").list_topics()["Topics"]) == 1
    printed = capsys.readouterr().out
    assert "+ 1 added" in printed
    assert {"Key": "stage", "Value": "dev"} in stack()["Tags"]


def test_a_stack_is_protected_before_it_is_made(build: Path) -> None:
    deployment = prepare("dev", build)
    events = deployment.stack.cloudformation.meta.events
    calls: list[str] = []

    def answer(model: Any, **_: Any) -> tuple[Any, dict[str, Any]]:
        calls.append(model.name)
        return AWSResponse("", 200, HTTPHeaders(), None), {}

    def note(model: Any, **_: Any) -> None:
        calls.append(model.name)

    events.register("before-call.cloudformation.UpdateTerminationProtection", answer)
    events.register("before-call.cloudformation.ExecuteChangeSet", note)
    deployment.carry_out(plan_only=False)
    assert calls[:2] == ["UpdateTerminationProtection", "ExecuteChangeSet"]


def test_a_no_to_the_first_plan_leaves_no_stack(
    build: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("YES")
    with pytest.raises(Refused, match="YES=1"):
        deploy(build)
    assert boto3.client("cloudformation").describe_stacks()["Stacks"] == []


def test_a_parameter_that_is_not_given_keeps_its_value(
    build: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLIC_URL", "https://tips.example")
    deploy(build)
    monkeypatch.delenv("PUBLIC_URL")
    other = {"Type": "AWS::SNS::Topic"}
    changed = TEMPLATE | {"Resources": TEMPLATE["Resources"] | {"Other": other}}
    (build / "template.json").write_text(json.dumps(changed))
    deploy(build)
    assert parameters()["PublicUrl"] == "https://tips.example"
    assert len(boto3.client("sns").list_topics()["Topics"]) == 2


def test_a_wrong_parameter_is_refused_before_anything_is_sent(
    build: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLIC_URL", "tips.example")
    with pytest.raises(Refused, match=r"PUBLIC_URL=tips\.example"):
        deploy(build)
    assert "Contents" not in boto3.client("s3").list_objects_v2(Bucket="artefacts")


def test_a_plan_is_shown_and_not_carried_out(
    build: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert deploy(build, plan_only=True) == []
    assert "Planned, not executed" in capsys.readouterr().out
    assert boto3.client("sns").list_topics()["Topics"] == []


def add_table(build: Path, **properties: Any) -> None:
    table = {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            **properties,
        },
    }
    with_table = TEMPLATE | {"Resources": TEMPLATE["Resources"] | {"Rows": table}}
    (build / "template.json").write_text(json.dumps(with_table))


def test_turning_protection_on_replaces_no_table(
    build: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What CloudFormation takes for a replacement stops the deployment, also when it may go."""

    def replace(parsed: dict[str, Any], **_: Any) -> None:
        for change in parsed.get("Changes", []):
            if change["ResourceChange"]["Action"] == "Modify":
                change["ResourceChange"]["Replacement"] = "True"

    add_table(build, DeletionProtectionEnabled=True)
    monkeypatch.setenv("REPLACE", "Rows")
    with pytest.raises(Refused, match=r"Rows .*would be replaced"):
        deploy(build, changed=replace)
    [name] = boto3.client("dynamodb").list_tables()["TableNames"]
    table = boto3.client("dynamodb").describe_table(TableName=name)["Table"]
    assert not table["DeletionProtectionEnabled"]


def test_a_table_that_would_be_removed_stops_the_deployment(
    build: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_table(build)
    deploy(build)
    (build / "template.json").write_text(json.dumps(TEMPLATE))
    with pytest.raises(Refused, match="REPLACE=Rows"):
        deploy(build)
    assert len(boto3.client("dynamodb").list_tables()["TableNames"]) == 1
    monkeypatch.setenv("REPLACE", "Rows")
    deploy(build)
    assert boto3.client("dynamodb").list_tables()["TableNames"] == []


def test_the_bucket_is_named_for_the_account_and_the_region(
    build: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BUCKET")
    artefacts = prepare("dev", build).artefacts
    assert (artefacts.bucket, artefacts.is_ours) == (
        "tipline-artefacts-123456789012-us-east-1",
        True,
    )


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [("ALARM_EMAIL", "x", "ALARM_EMAIL=x is not accepted"), ("AWS_REGION", "", "No region is set")],
)
def test_what_needs_no_package_is_checked_without_one(
    variable: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    check("dev")
    monkeypatch.setenv(variable, value)
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_REGION", value if variable == "AWS_REGION" else "us-east-1")
    with pytest.raises(Refused, match=said):
        check("dev")


def test_what_the_account_lacks_is_refused_before_packaging(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RESERVED_CONCURRENCY", "100000")
    # It is asked for them, and that is all.
    with pytest.raises(ClientError, match="GetAccountSettings"):
        check("dev")
    monkeypatch.delenv("RESERVED_CONCURRENCY")
    monkeypatch.setenv("BUCKET", "of-nobody")
    with pytest.raises(Refused, match="There is no bucket of-nobody"):
        check("dev")


def test_a_region_without_isolation_is_refused_without_a_network(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_REGION", "ap-southeast-6")
    monkeypatch.setenv("DECODER_ISOLATION", "tenant")
    with pytest.raises(Refused, match="no tenant isolation in ap-southeast-6"):
        check("dev")


def test_a_mistyped_variable_is_asked_about_before_packaging(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PUBLIC_ULR", "https://tips.example")
    check("dev")  # YES=1
    assert "Is PUBLIC_URL meant?" in capsys.readouterr().err
    monkeypatch.delenv("YES")
    with pytest.raises(Refused, match="Go on without"):
        check("dev")


def test_a_name_that_cannot_be_a_stage_is_refused_before_packaging() -> None:
    with pytest.raises(Refused, match="'Prod' cannot be a stage"):
        check("Prod")


def test_a_mistyped_variable_is_shown_with_the_plan(
    build: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PUBLIC_ULR", "https://tips.example")
    deploy(build, plan_only=True)
    assert "Is PUBLIC_URL meant?" in capsys.readouterr().out


class Lambda:
    """An account with 1,000 concurrent executions, of which 700 are not reserved."""

    def __init__(self, limit: int = 1000, unreserved: int = 700) -> None:
        self._limit = {"ConcurrentExecutions": limit, "UnreservedConcurrentExecutions": unreserved}

    def get_account_settings(self) -> dict[str, Any]:
        return {"AccountLimit": self._limit}


def test_concurrency_that_the_account_has_is_reserved() -> None:
    check_concurrency({"ReservedConcurrency": "600"}, None, Lambda())
    check_concurrency(
        {"ReservedConcurrency": "550", "OfficerReservedConcurrency": "50"}, None, Lambda()
    )
    check_concurrency({"ReservedConcurrency": ""}, None, Lambda())
    check_concurrency({}, None, Lambda())


def test_concurrency_that_the_account_lacks_is_refused() -> None:
    with pytest.raises(Refused, match=r"^RESERVED_CONCURRENCY=601: .* 600 can be reserved"):
        check_concurrency({"ReservedConcurrency": "601"}, None, Lambda())


def test_what_both_functions_reserve_is_counted_together() -> None:
    kept = [{"ParameterKey": "ReservedConcurrency", "ParameterValue": "100"}]
    given = {"OfficerReservedConcurrency": "601"}
    both = r"^RESERVED_CONCURRENCY=100 and OFFICER_RESERVED_CONCURRENCY=601: 701 .* 700 can be"
    with pytest.raises(Refused, match=both):
        check_concurrency(given, {"Parameters": kept}, Lambda())


def test_what_the_stage_has_reserved_already_counts_as_free() -> None:
    kept = [{"ParameterKey": "ReservedConcurrency", "ParameterValue": "100"}]
    present = {"Parameters": kept}
    check_concurrency({"ReservedConcurrency": "700"}, present, Lambda())
    with pytest.raises(Refused):
        check_concurrency({"ReservedConcurrency": "701"}, present, Lambda())


AUTHORIZER = "AuthorizerReservedConcurrency"
RESERVES = {"Parameters": [{"ParameterKey": AUTHORIZER, "ParameterValue": ""}]}


@pytest.mark.parametrize(
    ("given", "present", "account", "reserved"),
    [
        ({}, None, Lambda(), "100"),
        ({}, {"Parameters": []}, Lambda(), "100"),
        ({}, RESERVES, Lambda(), None),
        ({AUTHORIZER: ""}, None, Lambda(), ""),
        ({AUTHORIZER: "40"}, None, Lambda(), "40"),
        ({"ReservedConcurrency": "500"}, None, Lambda(), "100"),
        ({"ReservedConcurrency": "501"}, None, Lambda(), None),
        ({}, None, Lambda(10, 10), None),
        ({}, None, Lambda(999, 999), None),
    ],
)
def test_the_check_of_tokens_gets_a_part_where_the_account_has_it(
    given: dict[str, str], present: Any, account: Lambda, reserved: str | None
) -> None:
    after = reserve_for_authorizer([AUTHORIZER], given, present, account)
    assert after.get(AUTHORIZER) == reserved
    assert {**after, **given} == after
    check_concurrency(after, present, account)


@pytest.mark.parametrize(
    ("region", "partition"),
    [("ap-southeast-6", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")],
)
def test_a_region_without_tenant_isolation_has_no_isolated_decoder(
    region: str, partition: str
) -> None:
    with pytest.raises(Refused, match=f"no tenant isolation in {region}.*=shared"):
        check_isolation({"DecoderIsolation": "tenant"}, region, partition)
    check_isolation({"DecoderIsolation": "shared"}, region, partition)
    check_isolation({}, region, partition)


def test_in_china_a_stage_names_its_issuer_before_anything_is_sent() -> None:
    with pytest.raises(Refused, match=r"no user pools in China.*give ISSUER, JWKS_URI and CLIENT"):
        check_china({}, None, "aws-cn")
    # To empty it is to go back to a pool that is not there.
    kept = [{"ParameterKey": "Issuer", "ParameterValue": "https://id.example.cn"}]
    with pytest.raises(Refused, match="no user pools in China"):
        check_china({"Issuer": ""}, {"Parameters": kept}, "aws-cn")
    check_china({}, {"Parameters": kept}, "aws-cn")
    check_china({"Issuer": "https://id.example.cn"}, None, "aws-cn")
    check_china({}, None, "aws")


def test_in_china_no_stage_pushes_to_phones() -> None:
    given = {"Issuer": "https://id.example.cn", "FcmApplication": "arn:aws-cn:sns:…:app/GCM/tips"}
    with pytest.raises(Refused, match=r"no phone in China.*FCM_APPLICATION="):
        check_china(given, None, "aws-cn")
    check_china(given, None, "aws")


def test_a_region_with_tenant_isolation_has_an_isolated_decoder() -> None:
    check_isolation({"DecoderIsolation": "tenant"}, "ap-east-1", "aws")


def test_a_deployment_to_a_region_without_tenant_isolation_is_refused_before_it_begins(
    build: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = json.loads((build / "template.json").read_text())
    template["Parameters"] |= {"DecoderIsolation": {"Type": "String", "Default": "shared"}}
    (build / "template.json").write_text(json.dumps(template))
    monkeypatch.setenv("DECODER_ISOLATION", "tenant")
    prepare("dev", build)
    for variable in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(variable, "ap-southeast-6")
    with pytest.raises(Refused, match="no tenant isolation"):
        prepare("dev", build)
