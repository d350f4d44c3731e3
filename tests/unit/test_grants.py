"""The content of each grant, which is computed without a network.

tests/local/s3/ tests what S3 does with grants.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

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


def test_without_a_declared_sha256_no_checksum_field_is_asked_for(s3: Any) -> None:
    assert not [name for name in post(s3).fields if "checksum" in name]


def test_a_post_grant_says_when_it_ends(s3: Any) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    grant = post(s3, expires_s=3600)
    assert before <= grant.expires_at - timedelta(hours=1) <= datetime.now(UTC)
    assert grant.expires_at.utcoffset() == timedelta(0)


def test_no_grant_names_an_encryption(s3: Any) -> None:
    assert not [name for name in post(s3).fields if "encryption" in name]


def urls(s3: Any, size: int, numbers: Sequence[int]) -> Sequence[grants.PartGrant]:
    return MediaBucket(s3, "media").part_urls(
        KEY, upload_id="u1", size=size, numbers=numbers, expires_s=3600
    )


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
