"""The content of each grant, which is computed without a network.

tests/local/s3/ tests what S3 does with grants.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.config import Config

from chalicelib.aws import grants
from chalicelib.aws.bucket import MediaBucket
from chalicelib.kernel.errors import Invalid

KEY = "originals/7Q2M/4HXA"
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def s3() -> Any:
    # Nothing listens at this endpoint, so a function that used the network would fail.
    return boto3.client(
        "s3",
        region_name="us-east-1",
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="secret",
        endpoint_url="http://127.0.0.1:1",
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            retries={"total_max_attempts": 1},
        ),
    )


def post(s3: Any, **changes: Any) -> grants.PostGrant:
    wanted: dict[str, Any] = {
        "key": KEY,
        "content_type": "image/jpeg",
        "max_bytes": 1000,
        "sha256_hex": None,
        "expires_s": 3600,
    }
    return MediaBucket(s3, "media").post_grant(**{**wanted, **changes})


def policy_of(grant: grants.PostGrant) -> Any:
    return json.loads(base64.b64decode(grant.fields["policy"]))


def test_a_post_grant_pins_key_type_and_size(s3: Any) -> None:
    conditions = policy_of(post(s3))["conditions"]
    assert {"bucket": "media"} in conditions
    assert {"key": KEY} in conditions
    assert {"Content-Type": "image/jpeg"} in conditions
    assert ["content-length-range", 1, 1000] in conditions
    assert not any(
        condition[0] == "starts-with" for condition in conditions if isinstance(condition, list)
    )


def test_a_post_grant_is_signed_by_sigv4(s3: Any) -> None:
    grant = post(s3)
    assert grant.fields["x-amz-algorithm"] == "AWS4-HMAC-SHA256"
    assert len(grant.fields["x-amz-signature"]) == 64
    assert grant.url == "http://127.0.0.1:1/media"


def test_every_field_of_a_post_grant_but_the_signature_is_under_a_condition(s3: Any) -> None:
    grant = post(s3, sha256_hex=hashlib.sha256(b"x").hexdigest())
    pinned = {
        name
        for condition in policy_of(grant)["conditions"]
        if isinstance(condition, dict)
        for name in condition
    }
    assert set(grant.fields) - {"policy", "x-amz-signature"} <= pinned


def test_a_declared_sha256_becomes_the_base64_field_that_s3_enforces(s3: Any) -> None:
    digest = hashlib.sha256(b"picture")
    grant = post(s3, sha256_hex=digest.hexdigest())
    assert grant.fields["x-amz-checksum-sha256"] == base64.b64encode(digest.digest()).decode()
    assert grant.fields["x-amz-checksum-algorithm"] == "SHA256"
    assert {"x-amz-checksum-sha256": grant.fields["x-amz-checksum-sha256"]} in policy_of(grant)[
        "conditions"
    ]


def test_without_a_declared_sha256_no_checksum_field_is_asked_for(s3: Any) -> None:
    assert not [name for name in post(s3).fields if "checksum" in name]


def test_a_post_grant_says_when_it_ends(s3: Any) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    grant = post(s3, expires_s=3600)
    assert before <= grant.expires_at - timedelta(hours=1) <= datetime.now(UTC)
    assert grant.expires_at.utcoffset() == timedelta(0)


def test_no_grant_names_an_encryption(s3: Any) -> None:
    assert not [name for name in post(s3).fields if "encryption" in name]


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def urls(s3: Any, size: int, numbers: Sequence[int]) -> Sequence[grants.PartGrant]:
    return MediaBucket(s3, "media").part_urls(
        KEY, upload_id="u1", size=size, numbers=numbers, expires_s=3600
    )


def test_a_part_url_signs_its_length_and_asks_for_no_other_header(s3: Any) -> None:
    (part,) = urls(s3, 20 * MIB, [1])
    query = query_of(part.url)
    assert query["X-Amz-SignedHeaders"] == "content-length;host"
    assert query["partNumber"] == "1"
    assert query["uploadId"] == "u1"
    assert not [name for name in query if "checksum" in name.lower()]


@pytest.mark.parametrize(
    ("size", "count", "last"),
    [
        (1, 1, 1),
        (8 * MIB, 1, 8 * MIB),
        (8 * MIB + 1, 2, 1),
        (500 * MIB, 63, 4 * MIB),
        (524_288_001, 63, 4 * MIB + 1),
    ],
)
def test_parts_add_up_to_the_size(size: int, count: int, last: int) -> None:
    assert grants.part_count(size) == count
    lengths = [grants.part_length(size, number) for number in range(1, count + 1)]
    assert lengths[-1] == last
    assert sum(lengths) == size
    assert set(lengths[:-1]) <= {grants.PART_SIZE}


def test_part_numbers_that_the_upload_does_not_have_are_each_named(s3: Any) -> None:
    with pytest.raises(Invalid) as refused:
        urls(s3, 20 * MIB, [0, 3, 4])
    assert [(error.field, error.code) for error in refused.value.errors] == [
        ("numbers.0", "part_out_of_range"),
        ("numbers.2", "part_out_of_range"),
    ]
