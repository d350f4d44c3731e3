"""A command finds its stage, or says which ones there are."""

import json
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from infra.local import stack_file
from infra.stage import target
from infra.stage.console import Refused
from tests.stage.fake_aws import FakeAws, Fault, serving

TEMPLATE = {
    "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
    "Outputs": {
        "EndpointURL": {"Value": "https://abc.execute-api.us-east-1.amazonaws.com/api/"},
        "RestAPIId": {"Value": "abc"},
        "NoticesTopicArn": {"Value": {"Ref": "Topic"}},
    },
}


@pytest.fixture
def cloud() -> Iterator[None]:
    with mock_aws():
        for name in ("tipline-dev", "tipline-prod", "another-system"):
            boto3.client("cloudformation").create_stack(
                StackName=name, TemplateBody=json.dumps(TEMPLATE)
            )
        yield


@pytest.mark.usefixtures("cloud")
def test_a_stage_is_found_by_its_stack() -> None:
    found = target.find_target("dev")
    assert (found.name, found.is_local) == ("tipline-dev", False)
    assert found.api == "https://abc.execute-api.us-east-1.amazonaws.com/api"
    topic = found.output("NoticesTopicArn")
    assert found.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]
    assert found.physical_name("Topic") == topic


@pytest.mark.usefixtures("cloud")
def test_an_unknown_stage_is_answered_with_those_that_exist() -> None:
    with pytest.raises(Refused, match=r"no stage test in us-east-1. There are: dev, prod\."):
        target.find_target("test")


def test_where_nothing_is_deployed_the_way_to_deploy_is_said() -> None:
    with mock_aws(), pytest.raises(Refused, match="make deploy STAGE=dev"):
        target.find_target("dev")


@pytest.mark.usefixtures("cloud")
@pytest.mark.parametrize("name", ["", "Prod", "-x", "a_b", "x" * 22])
def test_what_cannot_be_a_stage_is_refused_before_it_is_looked_up(name: str) -> None:
    with pytest.raises(Refused, match="cannot be a stage"):
        target.find_target(name)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("ROLLBACK_COMPLETE", "The first deployment of tipline-dev failed .*make deploy STAGE=dev"),
        ("CREATE_FAILED", "The first deployment of tipline-dev failed .*make deploy STAGE=dev"),
        ("REVIEW_IN_PROGRESS", "never deployed .*make deploy STAGE=dev"),
        ("CREATE_IN_PROGRESS", "Wait until its deployment has ended"),
        ("ROLLBACK_IN_PROGRESS", "has failed and is being undone"),
        ("DELETE_IN_PROGRESS", "is being deleted"),
        ("DELETE_FAILED", "make destroy STAGE=dev"),
    ],
)
def test_a_stage_that_is_not_deployed_is_named_with_the_way_on(
    status: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(FakeAws(Fault(500, "Unused"), knows_stack=True, status=status)) as aws:
        monkeypatch.setenv("AWS_ENDPOINT_URL", aws.url)
        with pytest.raises(Refused, match=said):
            target.find_target("dev")


@pytest.mark.usefixtures("cloud")
def test_an_output_that_an_older_version_lacks_is_named() -> None:
    with pytest.raises(Refused, match=r"no output AuditBucketName.*make deploy STAGE=dev"):
        target.find_target("dev").output("AuditBucketName")


@pytest.mark.usefixtures("cloud")
def test_a_resource_that_an_older_version_lacks_is_named() -> None:
    with pytest.raises(Refused, match="no resource Queue"):
        target.find_target("dev").physical_name("Queue")


def test_without_a_region_nothing_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.delenv("AWS_REGION", raising=False)
    with pytest.raises(Refused, match="AWS_REGION"):
        target.open_session()


def test_the_region_is_that_of_awss_other_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert target.open_session().region_name == "eu-west-1"


@pytest.mark.parametrize(
    ("endpoint", "here"),
    [
        ("http://127.0.0.1:4566", True),
        ("http://[::1]:4566", True),
        ("http://localhost:4566", True),
        ("http://s3.localhost:4566", True),
        ("https://s3.eu-west-1.amazonaws.com", False),
        ("http://10.0.0.7:4566", False),
    ],
)
def test_an_emulator_is_known_by_its_address(endpoint: str, here: bool) -> None:
    assert target.is_loopback(endpoint) is here


def test_an_emulators_api_is_a_path_below_its_address() -> None:
    outputs = {"EndpointURL": "https://abc.execute-api.us-east-1.amazonaws.com/api/"}
    outputs["RestAPIId"] = "abc"
    address = target.api_address(outputs, "http://127.0.0.1:4566")
    assert address == "http://127.0.0.1:4566/_aws/execute-api/abc/api"


def test_without_a_stage_the_running_local_stack_is_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCAL_DIR", str(tmp_path))
    monkeypatch.delenv("PORT", raising=False)
    queues = dict.fromkeys(("uploads", "manifests"), "http://127.0.0.1:5555/queue")
    stack_file.write(
        8000,
        {
            "api": "http://127.0.0.1:8000",
            "aws": "http://127.0.0.1:5555",
            "region": "us-east-1",
            "access_key": "local",
            "secret_key": "local",
            "table": "reports",
            "queues": queues,
            "dead_letter_queues": queues | {"audit": "http://127.0.0.1:5555/audit"},
        },
    )
    found = target.find_target(None)
    assert (found.is_local, found.api) == (True, "http://127.0.0.1:8000")
    assert found.output("ReportsTableName") == "reports"
    assert found.output("AuditDeadLettersUrl") == "http://127.0.0.1:5555/audit"
    assert found.client("sqs").meta.endpoint_url == "http://127.0.0.1:5555"


def test_a_local_stack_that_does_not_run_says_how_to_start_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCAL_DIR", str(tmp_path))
    monkeypatch.delenv("PORT", raising=False)
    with pytest.raises(SystemExit, match="make run"):
        target.find_target(None)


@pytest.mark.parametrize("port", ["http", "70000", "0", "1000000", "-1"])
def test_a_port_that_is_none_is_refused(port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", port)
    with pytest.raises(SystemExit, match=f"PORT={port} is not a port"):
        target.find_target(None)
