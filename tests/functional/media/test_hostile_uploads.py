"""Hostile code in the residents' function reads no original, and no list of media.

It signs uploads of originals and addresses of derived pictures, and knows a report's id and media.
"""

from collections.abc import Iterator, Mapping
from functools import partial

import pytest

from tests import cloud
from tests.functional.aws import iam
from tests.functional.aws.test_hostile_residents import (
    Attacker,
    Attempts,
    Loot,
    Victims,
    _content,
    victims,
)

__all__ = ["victims"]


def attempts(have: Attacker) -> Attempts:
    bucket, known = have.aws["MEDIA_BUCKET"], have.victims.known
    versions = cloud.client("s3").list_object_versions(Bucket=bucket, Prefix=f"originals/{known}/")
    for path in have.objects("originals"):
        one = {"Bucket": bucket, "Key": path}
        yield f"get {path}", partial(have.s3.get_object, **one)
        yield f"head {path}", partial(have.s3.head_object, **one)
    for version in versions["Versions"]:
        one = {"Bucket": bucket, "Key": version["Key"], "VersionId": version["VersionId"]}
        yield f"get version {version['Key']}", partial(have.s3.get_object, **one)
    for prefix in ("", "originals/", f"originals/{known}/", "derived/", f"derived/{known}/"):
        yield f"list {prefix}", partial(have.s3.list_objects_v2, Bucket=bucket, Prefix=prefix)
        yield (
            f"versions {prefix}",
            partial(have.s3.list_object_versions, Bucket=bucket, Prefix=prefix),
        )


@pytest.fixture(scope="module")
def loot(aws: Mapping[str, str], victims: Victims) -> list[Loot]:
    role = iam.Role("residents", iam.Names(aws))
    with role.assumed():
        return list(_tried(Attacker(dict(aws), victims)))


def _tried(have: Attacker) -> Iterator[Loot]:
    from botocore.exceptions import ClientError

    for name, attempt in attempts(have):
        try:
            found = attempt()
        except ClientError as error:
            found = error.response
        yield Loot(name, _content(found))


def test_every_attempt_is_refused(loot: list[Loot]) -> None:
    assert [each.attempt for each in loot if b"AccessDenied" not in each.content] == []
    assert len(loot) > 10


def test_no_attempt_returns_a_picture_or_the_id_of_another_report(
    loot: list[Loot], victims: Victims
) -> None:
    original = cloud.photo()
    assert not [each.attempt for each in loot if original[:200] in each.content]
    assert not [each.attempt for each in loot if victims.unknown.encode() in each.content]
