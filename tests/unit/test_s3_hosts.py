"""Grants are signed for the bucket's own region, in every partition."""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.config import Config

from chalicelib.aws.bucket import MediaBucket
from chalicelib.aws.clients import s3_client
from tests.signed import read_urls

SESSION = boto3.Session(aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="secret")
SUFFIXES = {"aws": "amazonaws.com", "aws-cn": "amazonaws.com.cn", "aws-us-gov": "amazonaws.com"}
REGIONS = [
    (region, suffix)
    for partition, suffix in SUFFIXES.items()
    for region in SESSION.get_available_regions("s3", partition)
]


def clients_in(region: str) -> Callable[..., Any]:
    """Return what makes clients, all of one session: each would read anew what S3 is like."""
    return partial(SESSION.client, region_name=region)


def grants_of(bucket: MediaBucket) -> dict[str, str]:
    """Return the address of each kind of grant."""
    post = bucket.post_grant(
        "originals/r/m", content_type="image/jpeg", max_bytes=9, sha256_hex=None, expires_s=60
    )
    [part] = bucket.part_urls(
        "originals/r/m", upload_id="upload", size=20_000_000, numbers=[1], expires_s=60
    )
    read = read_urls(bucket.s3, bucket.name, "AKIDEXAMPLE", "secret").read_url(
        "derived/r/m",
        version_id="v1",
        content_type="image/jpeg",
        disposition="inline",
        expires_s=60,
    )
    return {"post": post.url, "part": part.url, "read": read}


def test_the_table_has_the_regions_of_three_partitions() -> None:
    regions = dict(REGIONS)
    assert len(regions) > 30
    assert {"us-east-1", "eu-west-1", "ap-east-1", "cn-north-1", "us-gov-west-1"} <= set(regions)


@pytest.mark.parametrize(("region", "suffix"), REGIONS)
def test_every_grant_names_the_regional_host(region: str, suffix: str) -> None:
    bucket = MediaBucket(s3_client(clients_in(region)), "tipline-media")

    for kind, url in grants_of(bucket).items():
        address = urlsplit(url)
        assert (address.scheme, address.netloc) == (
            "https",
            f"tipline-media.s3.{region}.{suffix}",
        ), kind
        scope = parse_qs(address.query).get("X-Amz-Credential")
        assert scope is None or scope[0].split("/")[2:4] == [region, "s3"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "s3.localhost"])
def test_on_a_loopback_endpoint_the_bucket_is_in_the_path(host: str) -> None:
    endpoint = f"http://{host}:5555"
    bucket = MediaBucket(s3_client(clients_in("eu-west-1"), endpoint_url=endpoint), "media")

    for url in grants_of(bucket).values():
        assert url.startswith(f"{endpoint}/media")


def test_an_endpoint_from_the_environment_counts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:5555")
    bucket = MediaBucket(s3_client(clients_in("eu-west-1")), "media")

    assert grants_of(bucket)["post"] == "http://localhost:5555/media"


def test_the_callers_own_options_are_kept() -> None:
    config: Any = s3_client(clients_in("eu-west-1"), config=Config(read_timeout=3)).meta.config

    assert (config.read_timeout, config.signature_version) == (3, "s3v4")


def test_no_other_module_makes_a_client_of_s3() -> None:
    # `infra/stage/target.py` makes its clients of S3 with `s3_client`.
    made = re.compile(
        r"""(boto3|[sS]ession(\(.*\))?)\.(client|create_client|resource)\(\s*["']s3["']"""
    )
    # The bucket of artefacts holds no grants, and the local cloud makes its own resources.
    others = ("infra/deploy", "infra/local/resources.py", "chalicelib/aws/clients.py")
    found = [
        str(path)
        for folder in ("chalicelib", "infra")
        for path in sorted(Path(folder).rglob("*.py"))
        if made.search(path.read_text()) and not str(path).startswith(others)
    ]

    assert found == []
