"""What each function may and may not do with objects: the walls between uploads, pictures and
people are rights of S3 and uses of the key of media.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pytest

from infra.local.resources import REGION
from tests.functional.aws import iam
from tests.functional.aws.grants import Need

pytestmark = pytest.mark.usefixtures("aws", "clean")

REPORT, BULLETIN = "0" * 26, "B-" + "0" * 16
ORIGINAL, PICTURE = f"originals/{REPORT}/M1", f"derived/{REPORT}/M1/thumb.jpg"
MANIFEST, OTHER = f"derived/{REPORT}/M1/manifest.json", "elsewhere/x"
KEYS = (ORIGINAL, f"originals/{BULLETIN}/M1", PICTURE, MANIFEST, OTHER)
OBJECT_ACTIONS = (
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:GetObject",
    "s3:GetObjectVersion",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
    "s3:PutObjectAcl",
    "s3:PutObjectTagging",
)
BUCKET_ACTIONS = (
    "s3:ListBucket",
    "s3:ListBucketMultipartUploads",
    "s3:ListBucketVersions",
    "s3:PutBucketPolicy",
    "s3:PutLifecycleConfiguration",
)
_ALL_ORIGINALS = {ORIGINAL, KEYS[1]}
_ALL_DERIVED = {PICTURE, MANIFEST}


class Wall(NamedTuple):
    """All that a function may do: keys by action, actions on the bucket, uses of the key."""

    objects: Mapping[str, set[str]]
    bucket: set[str]
    key: set[str]


WALLS = {
    "residents": Wall(
        {
            "s3:AbortMultipartUpload": _ALL_ORIGINALS,
            "s3:ListMultipartUploadParts": _ALL_ORIGINALS,
            "s3:PutObject": _ALL_ORIGINALS,
            "s3:GetObjectVersion": _ALL_DERIVED,
        },
        set(),
        {"kms:Decrypt", "kms:GenerateDataKey"},
    ),
    "officers": Wall(
        {"s3:GetObjectVersion": _ALL_ORIGINALS | _ALL_DERIVED, "s3:PutObject": {KEYS[1]}},
        set(),
        {"kms:Decrypt", "kms:GenerateDataKey"},
    ),
    **dict.fromkeys(
        ("make_thumbnails", "make_critical_thumbnails"),
        Wall(
            {"s3:GetObjectVersion": _ALL_ORIGINALS, "s3:PutObject": _ALL_DERIVED},
            {"s3:ListBucketVersions"},
            {"kms:Decrypt", "kms:GenerateDataKey"},
        ),
    ),
    "record_media": Wall({"s3:GetObject": {MANIFEST}}, {"s3:ListBucket"}, {"kms:Decrypt"}),
    "do_upkeep": Wall(
        {
            "s3:AbortMultipartUpload": _ALL_ORIGINALS,
            "s3:DeleteObjectVersion": _ALL_ORIGINALS | _ALL_DERIVED,
            "s3:GetObject": {MANIFEST},
        },
        {"s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:ListBucketVersions"},
        {"kms:Decrypt"},
    ),
}
NOTHING = Wall({}, set(), set())


@pytest.fixture
def names(aws: Mapping[str, str]) -> iam.Names:
    return iam.Names(aws)


@pytest.mark.parametrize("name", iam.POLICIES)
def test_a_function_may_do_with_objects_what_its_wall_says_and_nothing_else(
    aws: Mapping[str, str], names: iam.Names, name: str
) -> None:
    role, wall = iam.Role(name, names), WALLS.get(name, NOTHING)
    bucket = f"arn:aws:s3:::{aws['MEDIA_BUCKET']}"
    allowed = {
        action: {key for key in KEYS if role.require(Need(action, f"{bucket}/{key}"))}
        for action in OBJECT_ACTIONS
    }
    assert {action: keys for action, keys in allowed.items() if keys} == wall.objects
    prefix = {"s3:prefix": "originals/"}
    assert {
        action for action in BUCKET_ACTIONS if role.require(Need(action, bucket, prefix))
    } == wall.bucket
    assert {use for use in _key_uses() if role.require(_through("s3", use))} == wall.key


@pytest.mark.parametrize("name", iam.POLICIES)
def test_no_function_uses_the_key_of_media_by_itself_or_for_tables(
    names: iam.Names, name: str
) -> None:
    role = iam.Role(name, names)
    for use in _key_uses():
        assert not role.require(_through("dynamodb", use))
        assert not role.require(Need(use, _MEDIA_KEY))


@pytest.mark.parametrize("name", [name for name in iam.POLICIES if name in WALLS])
def test_no_function_that_handles_media_opens_them_by_another_key(
    names: iam.Names, name: str
) -> None:
    role = iam.Role(name, names)
    for use in _key_uses():
        context = {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}
        assert not role.require(Need(use, _MEDIA_KEY.replace("Media", "Encryption"), context))


_MEDIA_KEY = f"arn:aws:kms:{REGION}:{iam.ACCOUNT}:key/MediaKey"


def _key_uses() -> Iterator[str]:
    yield from ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:CreateGrant")


def _through(service: str, use: str) -> Any:
    return Need(use, _MEDIA_KEY, {"kms:ViaService": f"{service}.{REGION}.amazonaws.com"})
