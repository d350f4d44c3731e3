"""The zips are sent once, checked, to a closed bucket that is our own."""

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from moto import mock_aws

from infra.deploy.artefacts import Artefacts, Packaged, read_packaged
from infra.stage.console import Refused
from infra.stage.target import make_client

ACCOUNT, REGION = "123456789012", "us-east-1"


@pytest.fixture
def cloud() -> Iterator[None]:
    with mock_aws():
        yield


@pytest.fixture
def packaged(tmp_path: Path) -> Packaged:
    keys = {}
    for name in ("functions", "media"):
        (tmp_path / f"{name}.zip").write_bytes(name.encode())
        keys[name] = f"{name}-{hashlib.sha256(name.encode()).hexdigest()}.zip"
    code = {"Bucket": {"Ref": "ArtefactsBucket"}, "Key": keys["functions"]}
    layer = {"Bucket": {"Ref": "ArtefactsBucket"}, "Key": keys["media"]}
    (tmp_path / "sbom.json").write_bytes(b"{}")
    listed = f"sbom-{hashlib.sha256(b'{}').hexdigest()}.json"
    template = {
        "Outputs": {"Components": {"Value": listed}},
        "Resources": {
            "A": {"Type": "AWS::Serverless::Function", "Properties": {"CodeUri": code}},
            "B": {"Type": "AWS::Serverless::Function", "Properties": {"CodeUri": code}},
            "M": {"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": layer}},
            "Table": {
                "Type": "AWS::DynamoDB::Table",
                "Properties": {"DeletionProtectionEnabled": True},
            },
            "Pool": {
                "Type": "AWS::Cognito::UserPool",
                "Properties": {"DeletionProtection": "ACTIVE", "MfaConfiguration": "ON"},
            },
        },
    }
    (tmp_path / "template.json").write_text(json.dumps(template))
    return read_packaged(tmp_path)


def artefacts(region: str = REGION, bucket: str = "artefacts", **more: Any) -> Artefacts:
    session = boto3.Session(region_name=region)
    return Artefacts(
        s3=make_client(session, "s3"),
        bucket=bucket,
        account=ACCOUNT,
        region=region,
        partition=session.get_partition_for_region(region),
        **more,
    )


def test_without_a_package_nothing_is_deployed(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="make package"):
        read_packaged(tmp_path)


@pytest.mark.parametrize("content", [b"{", b"[]", b"{}", b"\xff", b"[" * 200_000])
def test_a_broken_template_is_not_deployed(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "template.json").write_bytes(content)
    with pytest.raises(Refused, match=r"template\.json is not a template. Run `make package`"):
        read_packaged(tmp_path)


@pytest.mark.parametrize("name", ["media.zip", "sbom.json"])
def test_a_file_of_another_package_is_not_deployed(packaged: Packaged, name: str) -> None:
    (packaged.build / name).write_bytes(b"{ }")
    with pytest.raises(Refused, match=f"{name} is not what the template names"):
        read_packaged(packaged.build)


@pytest.mark.usefixtures("cloud")
def test_the_bucket_is_closed_to_the_public_and_to_plain_http() -> None:
    place = artefacts()
    place.prepare()
    closed = place.s3.get_public_access_block(Bucket="artefacts")
    assert set(closed["PublicAccessBlockConfiguration"].values()) == {True}
    policy = json.loads(place.s3.get_bucket_policy(Bucket="artefacts")["Policy"])
    assert policy["Statement"][0]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.usefixtures("cloud")
def test_zips_are_sent_under_the_templates_names_with_their_checksum(packaged: Packaged) -> None:
    place = artefacts()
    place.prepare()
    place.s3.delete_bucket_policy(Bucket="artefacts")  # moto takes every connection for plain HTTP
    place.send_zips(packaged)
    for key, path in (packaged.zips | packaged.components).items():
        head = place.s3.head_object(Bucket="artefacts", Key=key, ChecksumMode="ENABLED")
        assert (
            base64.b64decode(head["ChecksumSHA256"]) == hashlib.sha256(path.read_bytes()).digest()
        )
        assert place.s3.get_object(Bucket="artefacts", Key=key)["Body"].read() == path.read_bytes()


@pytest.mark.usefixtures("cloud")
def test_what_is_there_is_not_sent_again(
    packaged: Packaged, capsys: pytest.CaptureFixture[str]
) -> None:
    place = artefacts(is_ours=False)
    place.s3.create_bucket(Bucket="artefacts")
    place.send_zips(packaged)
    first = place.send_template(packaged.template)
    assert "Sending media.zip" in capsys.readouterr().out
    place.send_zips(packaged)
    assert place.send_template(packaged.template) == first
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("cloud")
@pytest.mark.parametrize("checksum", [{"ChecksumAlgorithm": "SHA256"}, {}])
def test_another_content_under_the_same_name_is_refused(
    packaged: Packaged, checksum: dict[str, str]
) -> None:
    place = artefacts(is_ours=False)
    place.s3.create_bucket(Bucket="artefacts")
    key = next(iter(packaged.zips))
    place.s3.put_object(Bucket="artefacts", Key=key, Body=b"somebody else's", **checksum)
    with pytest.raises(Refused, match="is not what was packaged"):
        place.send_zips(packaged)


@pytest.mark.usefixtures("cloud")
def test_what_was_sent_without_a_checksum_is_read_and_compared(
    packaged: Packaged, capsys: pytest.CaptureFixture[str]
) -> None:
    place = artefacts(is_ours=False)
    place.s3.create_bucket(Bucket="artefacts")
    for key, path in (packaged.zips | packaged.components).items():
        place.s3.put_object(Bucket="artefacts", Key=key, Body=path.read_bytes())
    place.send_zips(packaged)
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("cloud")
def test_every_call_names_the_owner_of_the_bucket(packaged: Packaged) -> None:
    place = artefacts()
    asked: list[tuple[str, dict[str, Any]]] = []
    place.s3.meta.events.register(
        "provide-client-params.s3.*",
        lambda params, model, **_: asked.append((model.name, dict(params))),
    )
    place.prepare()
    place.s3.delete_bucket_policy(Bucket="artefacts", ExpectedBucketOwner=ACCOUNT)
    place.send_zips(packaged)
    place.send_zips(packaged)
    place.send_template(packaged.template)
    assert len({name for name, _ in asked}) >= 6
    # Whoever creates a bucket owns it.
    without = {name for name, params in asked if params.get("ExpectedBucketOwner") != ACCOUNT}
    assert without == {"CreateBucket"}


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("403", r"belongs to another account, or you lack the right s3:ListBucket.*BUCKET="),
        ("301", r"is in another region than us-east-1.*BUCKET="),
    ],
)
def test_a_bucket_that_is_not_ours_is_refused(code: str, said: str) -> None:
    place = artefacts()
    with Stubber(place.s3) as stubber:  # it refuses every other call
        stubber.add_client_error("head_bucket", code, "refused", int(code))
        with pytest.raises(Refused, match=said):
            place.prepare()


@pytest.mark.parametrize(
    ("is_ours", "said"), [(True, "belongs to another account"), (False, "There is no bucket arte")]
)
def test_a_bucket_that_is_taken_meanwhile_or_was_named_is_not_made(
    is_ours: bool, said: str
) -> None:
    place = artefacts(is_ours=is_ours)
    with Stubber(place.s3) as stubber:
        stubber.add_client_error("head_bucket", "404", "Not Found", 404)
        if is_ours:
            stubber.add_client_error("create_bucket", "BucketAlreadyExists", "taken", 409)
        with pytest.raises(Refused, match=said):
            place.prepare()


def test_the_settings_of_a_bucket_that_was_named_are_left_alone() -> None:
    place = artefacts(is_ours=False)
    with Stubber(place.s3) as stubber:  # it refuses every other call
        stubber.add_response("head_bucket", {})
        place.prepare()


def test_a_fault_of_s3_is_not_taken_for_a_missing_bucket() -> None:
    place = artefacts()
    with Stubber(place.s3) as stubber:
        stubber.add_client_error("head_bucket", "500", "Internal", 500)
        with pytest.raises(ClientError):
            place.prepare()


@pytest.mark.parametrize(
    ("region", "address"),
    [
        ("us-east-1", "https://artefacts.s3.us-east-1.amazonaws.com/t.json"),
        ("eu-west-1", "https://artefacts.s3.eu-west-1.amazonaws.com/t.json"),
        ("ap-east-1", "https://artefacts.s3.ap-east-1.amazonaws.com/t.json"),
        ("cn-north-1", "https://artefacts.s3.cn-north-1.amazonaws.com.cn/t.json"),
    ],
)
def test_the_templates_address_is_in_its_region(region: str, address: str) -> None:
    assert artefacts(region).address("t.json") == address


def test_on_this_machine_the_templates_address_is_a_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    assert artefacts().address("t.json") == "http://127.0.0.1:4566/artefacts/t.json"


def test_a_first_deployment_protects_nothing_so_that_it_can_be_rolled_back(
    packaged: Packaged,
) -> None:
    resources = packaged.without_protection().template["Resources"]
    assert resources["Table"]["Properties"] == {}
    assert resources["Pool"]["Properties"] == {"MfaConfiguration": "ON"}
    assert packaged.template["Resources"]["Table"]["Properties"]["DeletionProtectionEnabled"]
