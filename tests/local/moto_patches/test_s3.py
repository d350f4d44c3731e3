"""What is changed of moto's S3: bodies on disk, uploads in parts, lists of versions, events."""

import base64
import hashlib
import json
import tempfile
import threading
import tracemalloc
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import IO, Any

import pytest
from awscrt import checksums
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3.exceptions import InvalidPartOrder
from moto.s3.models import FakeKey, FakeMultipart, s3_backends
from requests.structures import CaseInsensitiveDict

from infra.local.moto_patches import s3
from infra.local.moto_patches.s3 import PIECE, OnDisk, pieces_of
from tests import cloud
from tests.local.moto_patches.conftest import fails_without

MIB = 1 << 20
BODY = bytes(range(256)) * (3 * PIECE // 256) + b"end"


def _file() -> IO[bytes]:
    file = tempfile.TemporaryFile()  # noqa: SIM115 - becomes the object
    file.write(BODY)
    return file


def _key(value: Any) -> FakeKey:
    return FakeKey("k", value, account_id=DEFAULT_ACCOUNT_ID, region_name="us-east-1")


@fails_without(s3.BODIES)
def test_the_file_itself_is_the_object() -> None:
    file = _file()
    key = _key(OnDisk(file, len(BODY)))
    assert key._value_buffer is file
    assert (key.size, key.value) == (len(BODY), BODY)


def test_its_etag_is_that_of_the_same_bytes_in_memory() -> None:
    assert _key(OnDisk(_file(), len(BODY))).etag == _key(BODY).etag
    assert _key(BODY).etag == f'"{hashlib.md5(BODY).hexdigest()}"'  # noqa: S324


def test_readers_at_once_do_not_move_each_others_place() -> None:
    key = _key(OnDisk(_file(), len(BODY)))
    first, second = pieces_of(key, 0, len(BODY)), pieces_of(key, 7, len(BODY))
    read = [b"", b""]
    for one, other in zip_longest(first, second, fillvalue=b""):
        read[0] += one
        read[1] += other
    assert read == [BODY, BODY[7:]]


def test_the_etag_waits_for_whoever_reads() -> None:
    key = _key(OnDisk(_file(), len(BODY)))
    with key.lock:
        reader = threading.Thread(target=lambda: key.etag)
        reader.start()
        reader.join(0.1)
        assert reader.is_alive()
    reader.join()


# Uploads in parts --------------------------------------------------------------------------------


PARTS = {1: b"a" * 8 * MIB, 2: b"b" * 8 * MIB, 3: b"end"}


def _upload(metadata: Mapping[str, str] | None = None) -> FakeMultipart:
    upload = FakeMultipart("k", CaseInsensitiveDict(metadata or {}), "123456789012", "us-east-1")
    for number, body in PARTS.items():
        upload.set_part(number, body)
    return upload


def _listed(upload: FakeMultipart, *numbers: int) -> Iterator[tuple[int, str]]:
    return iter([(number, upload.parts[number].etag) for number in numbers])


def _peak(upload: FakeMultipart) -> int:
    listed = _listed(upload, 1, 2, 3)
    tracemalloc.start()
    try:
        upload.complete(listed)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("metadata", [{}, {"x-amz-checksum-algorithm": "CRC64NVME"}])
def test_the_whole_has_crc64nvme_over_the_full_object(metadata: Mapping[str, str]) -> None:
    upload = _upload(metadata)
    body, etag, checksum = upload.complete(_listed(upload, 1, 2, 3))
    whole = b"".join(PARTS.values())
    assert isinstance(body, OnDisk)
    body.file.seek(0)
    assert body.file.read() == whole
    assert etag.endswith("-3")
    expected = base64.b64encode(checksums.crc64nvme(whole).to_bytes(8, "big")).decode()
    assert checksum == ("FULL_OBJECT", expected, 1)
    body.file.close()


@fails_without(s3.MULTIPART)
def test_parts_out_of_order_are_refused() -> None:
    upload = _upload()
    with pytest.raises(InvalidPartOrder):
        upload.complete(_listed(upload, 2, 1, 3))


@fails_without(s3.MULTIPART)
def test_joining_takes_little_memory() -> None:
    assert _peak(_upload()) < 2 * MIB


@fails_without(s3.LOCKED_UPLOADS)
def test_what_came_in_parts_is_under_the_lock(aws: Mapping[str, str], clean: None) -> None:
    key = {"Bucket": aws["AUDIT_BUCKET"], "Key": "ledger/hour"}
    version = _upload_in_parts(key)["VersionId"]
    found = cloud.client("s3").head_object(**key, VersionId=version)
    assert found["ObjectLockMode"] == "COMPLIANCE"


# Lists of versions -------------------------------------------------------------------------------


@pytest.fixture
def bucket(aws: Mapping[str, str], clean: None) -> str:
    return aws["MEDIA_BUCKET"]


def _put(bucket: str, key: str, body: bytes = b"x") -> str:
    return str(cloud.client("s3").put_object(Bucket=bucket, Key=key, Body=body)["VersionId"])


def _list(bucket: str, **asked: Any) -> dict[str, Any]:
    return dict(cloud.client("s3").list_object_versions(Bucket=bucket, **asked))


def _ids(page: Mapping[str, Any]) -> list[str]:
    return [version["VersionId"] for version in page.get("Versions", ())]


@fails_without(s3.OBJECT_VERSIONS)
def test_versions_are_by_key_newest_first_even_within_a_millisecond(bucket: str) -> None:
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


@fails_without(s3.OBJECT_VERSIONS)
def test_a_list_copies_no_body(bucket: str) -> None:
    for number in range(4):
        _put(bucket, f"large/{number}", bytes(4 * MIB))
    _put(bucket, "small")
    assert all(_peak_of_list(bucket, prefix) < 2 * MIB for prefix in ("small", ""))


def _peak_of_list(bucket: str, prefix: str) -> int:
    _list(bucket, Prefix=prefix)  # What is imported and cached at first use.
    tracemalloc.start()
    try:
        _list(bucket, Prefix=prefix)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


# Events ------------------------------------------------------------------------------------------


def _bodies(aws: Mapping[str, str]) -> list[Any]:
    sqs, found = cloud.client("sqs"), list[Any]()
    while messages := sqs.receive_message(
        QueueUrl=aws["UPLOADS_QUEUE_URL"], MaxNumberOfMessages=10
    ).get("Messages"):
        found += [json.loads(message["Body"]) for message in messages]
    return found


def _sequencers(events: list[Any]) -> list[str]:
    return [event["detail"]["object"]["sequencer"] for event in events]


@fails_without(s3.OBJECT_EVENTS)
def test_sequencers_grow_and_the_address_stays_out(aws: Mapping[str, str], clean: None) -> None:
    for number in range(3):
        _put(aws["MEDIA_BUCKET"], f"originals/r/{number}")
    events = sorted(_bodies(aws), key=lambda event: event["detail"]["object"]["key"])
    assert _sequencers(events) == sorted(set(_sequencers(events)))
    assert len(events) == 3
    assert "source-ip-address" not in json.dumps(events)


@fails_without(s3.OBJECT_EVENTS)
def test_an_upload_in_parts_is_one_event(aws: Mapping[str, str], clean: None) -> None:
    _upload_in_parts({"Bucket": aws["MEDIA_BUCKET"], "Key": "originals/r/m"})
    assert len(_bodies(aws)) == 1


def _upload_in_parts(target: Mapping[str, str]) -> Any:
    client: Any = cloud.client("s3")
    upload = client.create_multipart_upload(**target)["UploadId"]
    part = client.upload_part(**target, UploadId=upload, PartNumber=1, Body=b"x")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    return client.complete_multipart_upload(**target, UploadId=upload, MultipartUpload=parts)
