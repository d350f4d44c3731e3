"""A deployment sends the web clients where CloudFront reads them, and says what is left to do."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra.deploy import web_clients
from infra.deploy.plan import Change, Kind
from infra.stage.console import Refused
from infra.stage.target import Target
from tests.issuer import FakeIssuer, serving

BUCKET = "web-of-the-stage"
ON = {"WebClients": "on"}


@pytest.fixture
def build(tmp_path: Path) -> Path:
    for name, content in {
        "index.html": "<!doctype html>",
        "console/index.html": "<!doctype html>",
        "assets/app-1a2b.js": "1",
        "manifest.webmanifest": "{}",
    }.items():
        path = tmp_path / "web" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return tmp_path


@pytest.fixture
def issuer() -> Iterator[FakeIssuer]:
    with serving() as issuer:
        yield issuer


@pytest.fixture
def cloud() -> Iterator[dict[str, str]]:
    """A bucket and a distribution, as outputs of a stack."""
    with mock_aws(config={"core": {"passthrough": {"urls": ["http://127.0.0.1.*"]}}}):
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        origin = {"Id": "web", "DomainName": "w.s3.amazonaws.com", "S3OriginConfig": ACCESS}
        made = boto3.client("cloudfront").create_distribution(
            DistributionConfig={
                "CallerReference": "1",
                "Comment": "",
                "Enabled": True,
                "Origins": {"Quantity": 1, "Items": [origin]},
                "DefaultCacheBehavior": {
                    "TargetOriginId": "web",
                    "ViewerProtocolPolicy": "https-only",
                },
            }
        )
        yield {
            "WebClients": "on",
            "WebBucketName": BUCKET,
            "WebDistributionId": made["Distribution"]["Id"],
        }


ACCESS = {"OriginAccessIdentity": ""}


def target(outputs: Mapping[str, str], issuer: FakeIssuer, **more: str) -> Target:
    found = {
        "PublicUrl": "https://tips.example.org",
        "Issuer": issuer.url,
        "SignInUrl": issuer.url,
        "OfficersClientId": "tipline-client",
        "SignInScope": "openid",
        **outputs,
        **more,
    }
    return Target("dev", boto3.Session(), None, found, "https://api.test")


def sent() -> dict[str, Any]:
    s3 = boto3.client("s3")
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]
    return {key: s3.get_object(Bucket=BUCKET, Key=key) for key in keys}


def stack(**parameters: str) -> dict[str, Any]:
    return {
        "Parameters": [
            {"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()
        ]
    }


def test_each_file_has_its_type_and_is_kept_as_long_as_its_name_says(
    cloud: dict[str, str], issuer: FakeIssuer, build: Path
) -> None:
    web_clients.publish(target(cloud, issuer), build)
    found = {key: (each["ContentType"], each["CacheControl"]) for key, each in sent().items()}
    assert found == {
        "index.html": ("text/html; charset=utf-8", "no-cache"),
        "console/index.html": ("text/html; charset=utf-8", "no-cache"),
        "console/config.json": ("application/json", "no-cache"),
        "assets/app-1a2b.js": (
            "text/javascript; charset=utf-8",
            "public, max-age=31536000, immutable",
        ),
        "manifest.webmanifest": ("application/manifest+json; charset=utf-8", "no-cache"),
    }


def test_the_console_reads_where_it_signs_in(
    cloud: dict[str, str], issuer: FakeIssuer, build: Path
) -> None:
    issuer.discovered = {"end_session_endpoint": f"{issuer.url}/end"}
    web_clients.publish(target(cloud, issuer), build)
    assert json.loads(sent()["console/config.json"]["Body"].read()) == {
        "issuer": issuer.url,
        "authorization_endpoint": f"{issuer.url}/authorize",
        "token_endpoint": f"{issuer.url}/token",
        "end_session_endpoint": f"{issuer.url}/end",
        "client_id": "tipline-client",
        "scope": "openid",
        "api": "https://tips.example.org",
    }


@pytest.mark.parametrize(
    ("pages", "ending"), [("https://pages.test", "https://pages.test/logout"), ("", "")]
)
def test_cognito_signs_out_at_its_pages_and_another_issuer_nowhere(
    cloud: dict[str, str], issuer: FakeIssuer, build: Path, pages: str, ending: str
) -> None:
    web_clients.publish(target(cloud, issuer, SignInUrl=pages or issuer.url), build)
    config = json.loads(sent()["console/config.json"]["Body"].read())
    assert config["end_session_endpoint"] == ending


def test_cloudfront_forgets_the_pages_alone(
    cloud: dict[str, str], issuer: FakeIssuer, build: Path
) -> None:
    web_clients.publish(target(cloud, issuer), build)
    cloudfront, key = boto3.client("cloudfront"), cloud["WebDistributionId"]
    [made] = cloudfront.list_invalidations(DistributionId=key)["InvalidationList"]["Items"]
    found = cloudfront.get_invalidation(DistributionId=key, Id=made["Id"])["Invalidation"]
    assert found["InvalidationBatch"]["Paths"]["Items"] == ["/", "/index.html", "/console*"]


def test_a_stage_without_them_gets_nothing(
    cloud: dict[str, str], issuer: FakeIssuer, build: Path
) -> None:
    web_clients.publish(target(cloud, issuer, WebClients="elsewhere"), build)
    assert sent() == {}


def test_turned_on_they_get_a_secret_and_its_hash(build: Path) -> None:
    made = web_clients.parameters(ON, None, build, "aws")
    digest = hashlib.sha256(made["OriginSecret"].encode()).hexdigest()
    assert made["OriginSecretHash"] == digest
    assert len(made["OriginSecret"]) == 64
    assert web_clients.parameters(ON, None, build, "aws") != made


@pytest.mark.parametrize(
    ("given", "present"),
    [
        ({}, None),
        ({}, stack(WebClients="off")),
        ({"WebClients": "elsewhere"}, stack(WebClients="on")),
        ({}, stack(WebClients="on")),
        (ON, stack(WebClients="on")),
        (ON | {"OriginSecret": "s" * 32}, None),
    ],
)
def test_otherwise_the_secret_stays(
    build: Path, given: dict[str, str], present: dict[str, Any] | None
) -> None:
    assert web_clients.parameters(given, present, build, "aws") == {}


def test_where_no_cloudfront_is_they_are_refused(build: Path) -> None:
    with pytest.raises(Refused, match="WEB_CLIENTS=elsewhere"):
        web_clients.parameters(ON, None, build, "aws-cn")


def test_without_a_build_they_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="make web"):
        web_clients.parameters(ON, None, tmp_path, "aws")


def test_cloudfronts_own_address_is_to_be_given_once(
    cloud: dict[str, str], issuer: FakeIssuer
) -> None:
    stage = target(cloud, issuer, PublicUrl="https://d1.cloudfront.test")
    said = web_clients.next_step(stage)
    assert said
    assert "STAGE=dev PUBLIC_URL=https://d1.cloudfront.test" in said
    assert web_clients.next_step(target({}, issuer)) is None


def test_their_bucket_holds_nothing_that_would_be_missed() -> None:
    assert not Change(Kind.REMOVE, "WebBucket", "AWS::S3::Bucket").loses_data
    assert Change(Kind.REMOVE, "MediaBucket", "AWS::S3::Bucket").loses_data
