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

from infra.local.moto_patches import apply_patches, s3
from infra.local.moto_patches.s3 import PIECE, OnDisk, pieces_of
from tests import cloud

MIB = 1 << 20
BODY = bytes(range(256)) * (3 * PIECE // 256) + b"end"


@pytest.fixture(autouse=True)
def patches() -> None:
    apply_patches()


def _file() -> IO[bytes]:
    file = tempfile.TemporaryFile()  # noqa: SIM115 - becomes the object
    file.write(BODY)
    return file


def _key(value: Any) -> FakeKey:
    return FakeKey("k", value, account_id=DEFAULT_ACCOUNT_ID, region_name="us-east-1")


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


def test_moto_alone_takes_no_file() -> None:
    with s3.BODIES.removed(), _file() as file, pytest.raises(TypeError):
        _key(OnDisk(file, len(BODY)))


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


def test_another_algorithm_is_motos() -> None:
    upload = _upload({"x-amz-checksum-algorithm": "SHA256"})
    _, _, checksum = upload.complete(_listed(upload, 1, 2, 3))
    assert checksum is not None
    assert checksum[0] == "COMPOSITE"


def test_parts_out_of_order_are_refused() -> None:
    upload = _upload()
    with pytest.raises(InvalidPartOrder):
        upload.complete(_listed(upload, 2, 1, 3))


def test_joining_takes_little_memory() -> None:
    assert _peak(_upload()) < 2 * MIB


def test_moto_alone_takes_parts_in_any_order() -> None:
    upload = _upload()
    with s3.MULTIPART.removed():
        assert upload.complete(_listed(upload, 2, 1, 3))


def test_moto_alone_joins_in_memory() -> None:
    with s3.MULTIPART.removed():
        assert _peak(_upload()) > 16 * MIB


def _locked_upload(bucket: str) -> tuple[Any, dict[str, Any]]:
    s3 = cloud.client("s3")
    where = {"Bucket": bucket, "Key": "ledger/hour"}
    where["UploadId"] = s3.create_multipart_upload(**where)["UploadId"]
    etag = s3.upload_part(**where, PartNumber=1, Body=b"a")["ETag"]
    return s3, where | {"MultipartUpload": {"Parts": [{"PartNumber": 1, "ETag": etag}]}}


def _lock_mode(aws: Mapping[str, str]) -> str | None:
    s3, upload = _locked_upload(aws["AUDIT_BUCKET"])
    version = s3.complete_multipart_upload(**upload)["VersionId"]
    found = s3.head_object(Bucket=upload["Bucket"], Key=upload["Key"], VersionId=version)
    return str(found["ObjectLockMode"]) if "ObjectLockMode" in found else None


def test_what_came_in_parts_is_under_the_lock(aws: Mapping[str, str], clean: None) -> None:
    assert _lock_mode(aws) == "COMPLIANCE"


def test_an_upload_that_was_ended_takes_no_part(aws: Mapping[str, str], clean: None) -> None:
    s3, upload = _locked_upload(aws["AUDIT_BUCKET"])
    upload.pop("MultipartUpload")
    s3.abort_multipart_upload(**upload)
    with pytest.raises(s3.exceptions.ClientError, match="NoSuchUpload"):
        s3.upload_part(**upload, PartNumber=2, Body=b"b")


def test_moto_alone_locks_nothing_that_came_in_parts(aws: Mapping[str, str], clean: None) -> None:
    with s3.LOCKED_UPLOADS.removed():
        assert _lock_mode(aws) is None


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


def test_a_list_copies_no_body(bucket: str) -> None:
    for number in range(4):
        _put(bucket, f"large/{number}", bytes(4 * MIB))
    _put(bucket, "small")
    assert all(_peak_of_list(bucket, prefix) < 2 * MIB for prefix in ("small", ""))


def test_moto_alone_puts_versions_of_one_millisecond_in_the_wrong_order(bucket: str) -> None:
    first, second = _put(bucket, "a"), _put(bucket, "a")
    versions = s3_backends[DEFAULT_ACCOUNT_ID]["aws"].get_bucket(bucket).keys.getlist("a")
    versions[1].last_modified = versions[0].last_modified
    with s3.OBJECT_VERSIONS.removed():
        assert _ids(_list(bucket)) == [first, second]


def test_moto_alone_copies_every_body(bucket: str) -> None:
    _put(bucket, "large", bytes(4 * MIB))
    _put(bucket, "small")
    with s3.OBJECT_VERSIONS.removed():
        assert _peak_of_list(bucket, "small") > 4 * MIB


def _peak_of_list(bucket: str, prefix: str) -> int:
    _list(bucket, Prefix=prefix)  # What is imported and cached at first use.
    tracemalloc.start()
    try:
        _list(bucket, Prefix=prefix)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


# Events ------------------------------------------------------------------------------------------


def _store(aws: Mapping[str, str], key: str) -> None:
    cloud.client("s3").put_object(Bucket=aws["MEDIA_BUCKET"], Key=key, Body=b"x")


def _bodies(aws: Mapping[str, str]) -> list[Any]:
    sqs, found = cloud.client("sqs"), list[Any]()
    while messages := sqs.receive_message(
        QueueUrl=aws["UPLOADS_QUEUE_URL"], MaxNumberOfMessages=10
    ).get("Messages"):
        found += [json.loads(message["Body"]) for message in messages]
    return found


def _sequencers(events: list[Any]) -> list[str]:
    return [event["detail"]["object"]["sequencer"] for event in events]


def test_sequencers_grow_and_the_address_stays_out(aws: Mapping[str, str], clean: None) -> None:
    for number in range(3):
        _store(aws, f"originals/r/{number}")
    events = sorted(_bodies(aws), key=lambda event: event["detail"]["object"]["key"])
    assert _sequencers(events) == sorted(set(_sequencers(events)))
    assert len(events) == 3
    assert "source-ip-address" not in json.dumps(events)


def test_moto_alone_gives_one_sequencer_and_the_address(
    aws: Mapping[str, str], clean: None
) -> None:
    with s3.OBJECT_EVENTS.removed():
        for number in range(2):
            _store(aws, f"originals/r/{number}")
    events = _bodies(aws)
    assert len(events) == 2
    assert len(set(_sequencers(events))) == 1
    assert "source-ip-address" in json.dumps(events)


def test_moto_alone_sends_a_put_for_each_upload_in_parts(
    aws: Mapping[str, str], clean: None
) -> None:
    with s3.OBJECT_EVENTS.removed():
        _upload_in_parts(aws)
    reasons = [event["detail"]["reason"] for event in _bodies(aws)]
    assert len(reasons) > 1


def test_an_upload_in_parts_is_one_event(aws: Mapping[str, str], clean: None) -> None:
    _upload_in_parts(aws)
    assert len(_bodies(aws)) == 1


def _upload_in_parts(aws: Mapping[str, str]) -> None:
    client, target = cloud.client("s3"), {"Bucket": aws["MEDIA_BUCKET"], "Key": "originals/r/m"}
    upload = client.create_multipart_upload(**target)["UploadId"]
    part = client.upload_part(**target, UploadId=upload, PartNumber=1, Body=b"x")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    client.complete_multipart_upload(**target, UploadId=upload, MultipartUpload=parts)
