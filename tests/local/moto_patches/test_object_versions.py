"""Versions are listed in S3's order, at the cost of what is listed."""

import tracemalloc
from collections.abc import Mapping
from typing import Any

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends

from infra.local.moto_patches import object_versions
from tests import cloud

MIB = 1 << 20


@pytest.fixture
def bucket(aws: Mapping[str, str], clean: None) -> str:
    return aws["MEDIA_BUCKET"]


def _put(bucket: str, key: str, body: bytes = b"x") -> str:
    return str(cloud.client("s3").put_object(Bucket=bucket, Key=key, Body=body)["VersionId"])


def _list(bucket: str, **asked: Any) -> dict[str, Any]:
    return dict(cloud.client("s3").list_object_versions(Bucket=bucket, **asked))


def _ids(page: Mapping[str, Any]) -> list[str]:
    return [version["VersionId"] for version in page.get("Versions", ())]


def test_versions_are_by_key_newest_first_even_within_a_millisecond(
    bucket: str,
) -> None:
    first, *others = [_put(bucket, "b") for _ in range(5)]
    before = _put(bucket, "a")
    keys = s3_backends[DEFAULT_ACCOUNT_ID]["aws"].get_bucket(bucket).keys
    for version in keys.getlist("b"):
        version.last_modified = keys["a"].last_modified
    page = _list(bucket)
    assert _ids(page) == [before, *reversed(others), first]
    assert [version["IsLatest"] for version in page["Versions"]] == [
        True,
        True,
        False,
        False,
        False,
        False,
    ]


def test_a_delete_marker_is_listed_apart_and_is_the_latest(bucket: str) -> None:
    version = _put(bucket, "a")
    marker = cloud.client("s3").delete_object(Bucket=bucket, Key="a")["VersionId"]
    page = _list(bucket)
    assert [(one["VersionId"], one["IsLatest"]) for one in page["DeleteMarkers"]] == [
        (marker, True)
    ]
    assert [(one["VersionId"], one["IsLatest"]) for one in page["Versions"]] == [(version, False)]


def test_only_keys_with_the_prefix_are_listed(bucket: str) -> None:
    _put(bucket, "originals/R1/M1")
    wanted = [_put(bucket, key) for key in ("originals/R2/M1", "originals/R2/M10")]
    _put(bucket, "originals/R3/M1")
    assert _ids(_list(bucket, Prefix="originals/R2/M1")) == wanted


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8])
def test_pages_of_any_size_give_everything_once_in_order(bucket: str, size: int) -> None:
    for key in ("a", "b", "c"):
        _put(bucket, key)
        _put(bucket, key)
    cloud.client("s3").delete_object(Bucket=bucket, Key="b")
    whole = _list(bucket)
    pages = list(
        cloud.client("s3")
        .get_paginator("list_object_versions")
        .paginate(Bucket=bucket, PaginationConfig={"PageSize": size})
    )
    assert [found for page in pages for found in _ids(page)] == _ids(whole)
    assert sum(len(page.get("DeleteMarkers", ())) for page in pages) == 1
    assert all(
        len(page.get("Versions", ())) + len(page.get("DeleteMarkers", ())) <= size for page in pages
    )
    assert [page["IsTruncated"] for page in pages] == [True] * (len(pages) - 1) + [False]


def test_who_deletes_page_by_page_comes_to_the_end(bucket: str) -> None:
    for _ in range(5):
        _put(bucket, "a")
    s3 = cloud.client("s3")
    for page in s3.get_paginator("list_object_versions").paginate(
        Bucket=bucket, PaginationConfig={"PageSize": 2}
    ):
        for found in _ids(page):
            s3.delete_object(Bucket=bucket, Key="a", VersionId=found)
    assert _ids(_list(bucket)) == []


def test_a_key_marker_alone_goes_on_after_that_key(bucket: str) -> None:
    _put(bucket, "a")
    _put(bucket, "a")
    after = _put(bucket, "b")
    assert _ids(_list(bucket, KeyMarker="a")) == [after]


def test_a_delimiter_rolls_keys_up_across_pages(bucket: str) -> None:
    for key in ("a/1", "a/2", "b", "c/1"):
        _put(bucket, key)
    pages = (
        cloud.client("s3")
        .get_paginator("list_object_versions")
        .paginate(Bucket=bucket, Delimiter="/", PaginationConfig={"PageSize": 1})
    )
    shown = [
        [one["Key"] for one in page.get("Versions", ())]
        + [one["Prefix"] for one in page.get("CommonPrefixes", ())]
        for page in pages
    ]
    assert shown == [["a/"], ["b"], ["c/"]]


def test_a_list_copies_no_body(bucket: str) -> None:
    for number in range(4):
        _put(bucket, f"large/{number}", bytes(4 * MIB))
    _put(bucket, "small")
    assert all(_peak(bucket, prefix) < 2 * MIB for prefix in ("small", ""))


def test_moto_alone_puts_versions_of_one_millisecond_in_the_wrong_order(bucket: str) -> None:
    first, second = _put(bucket, "a"), _put(bucket, "a")
    versions = s3_backends[DEFAULT_ACCOUNT_ID]["aws"].get_bucket(bucket).keys.getlist("a")
    versions[1].last_modified = versions[0].last_modified
    with object_versions.PATCH.removed():
        assert _ids(_list(bucket)) == [first, second]


def test_moto_alone_copies_every_body(bucket: str) -> None:
    _put(bucket, "large", bytes(4 * MIB))
    _put(bucket, "small")
    with object_versions.PATCH.removed():
        assert _peak(bucket, "small") > 4 * MIB


def _peak(bucket: str, prefix: str) -> int:
    _list(bucket, Prefix=prefix)  # What is imported and cached at first use.
    tracemalloc.start()
    try:
        _list(bucket, Prefix=prefix)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
