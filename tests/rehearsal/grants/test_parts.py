"""A part is stored by its own address and no other; the whole only once, and only whole."""

import base64
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from awscrt import checksums
from botocore.exceptions import ClientError

from chalicelib.aws.bucket import MediaBucket
from chalicelib.kernel.errors import Conflict, Unavailable
from tests.local.s3.running import SIZE, VIDEO
from tests.rehearsal.grants.conftest import BUCKET
from tests.rehearsal.grants.phone import part_of, part_url, refusal_of, send, send_parts, stored
from tests.rehearsal.grants.seaweedfs import Storage, until

LAST = part_of(3)
MISMATCH = (403, "SignatureDoesNotMatch")


@pytest.fixture
def upload(bucket: MediaBucket, key: str) -> str:
    return bucket.start_multipart(key, "video/mp4")


@pytest.fixture
def last_url(bucket: MediaBucket, key: str, upload: str) -> str:
    return part_url(bucket, key, upload, 3)


def complete(bucket: MediaBucket, key: str, upload: str) -> tuple[str, ...]:
    """Complete an upload, and return the ETags of its parts."""
    etags = bucket.part_etags(key, upload_id=upload, size=SIZE)
    bucket.complete_multipart(key, upload_id=upload, size=SIZE, etags=etags)
    return etags


def test_all_parts_become_one_object_with_the_checksum_of_the_whole(
    storage: Storage, s3: Any, bucket: MediaBucket, key: str, upload: str
) -> None:
    send_parts(storage, bucket, key, upload)
    complete(bucket, key, upload)

    whole = base64.b64encode(checksums.crc64nvme(VIDEO).to_bytes(8, "big")).decode()
    head = s3.head_object(Bucket=BUCKET, Key=key, ChecksumMode="ENABLED")
    assert (head["ContentLength"], head["ContentType"]) == (SIZE, "video/mp4")
    assert head["ChecksumCRC64NVME"] == whole
    assert bucket.read(key) == VIDEO


def test_completing_again_makes_no_second_object(
    storage: Storage, s3: Any, bucket: MediaBucket, key: str, upload: str
) -> None:
    send_parts(storage, bucket, key, upload)
    etags = complete(bucket, key, upload)
    with pytest.raises(Conflict, match="upload_gone"):
        bucket.part_etags(key, upload_id=upload, size=SIZE)
    with suppress(Unavailable):  # AWS returns the same again, others no longer know the upload
        bucket.complete_multipart(key, upload_id=upload, size=SIZE, etags=etags)
    assert stored(s3, BUCKET, key) == [key]


@pytest.mark.parametrize("body", [b"", LAST[:-1], LAST + b"x", bytes(1000)])
def test_a_part_of_another_length_is_refused(
    storage: Storage, bucket: MediaBucket, key: str, upload: str, last_url: str, body: bytes
) -> None:
    assert refusal_of(send(storage, last_url, body)) == MISMATCH
    assert bucket.list_parts(key, upload) == ()


def _other_key(target: str) -> str:
    return target.replace("originals/", "originals/another-")


@pytest.mark.parametrize(
    "change",
    [
        lambda target: target.replace("partNumber=3", "partNumber=4"),
        lambda target: target.replace("uploadId=", "uploadId=0"),
        lambda target: target.replace("X-Amz-Expires=600", "X-Amz-Expires=6000"),
        lambda target: target.replace(
            "X-Amz-SignedHeaders=content-length%3Bhost", "X-Amz-SignedHeaders=host"
        ),
        lambda target: target[:-8] + "00000000",
        lambda target: target + "&x-id=more",
        _other_key,
    ],
    ids=["number", "upload", "expiry", "signed-headers", "signature", "parameter", "key"],
)
def test_a_part_at_a_changed_address_is_refused(
    storage: Storage,
    bucket: MediaBucket,
    key: str,
    upload: str,
    last_url: str,
    change: Callable[[str], str],
) -> None:
    assert change(last_url) != last_url
    assert refusal_of(send(storage, last_url, LAST, change=change)) == MISMATCH
    assert bucket.list_parts(key, upload) == ()


def test_a_part_with_a_wrong_checksum_is_refused(
    storage: Storage, bucket: MediaBucket, key: str, upload: str, last_url: str
) -> None:
    wrong = base64.b64encode(bytes(16)).decode()
    assert refusal_of(send(storage, last_url, LAST, headers={"Content-MD5": wrong})) == (
        400,
        "BadDigest",
    )
    assert bucket.list_parts(key, upload) == ()


@pytest.mark.parametrize(
    "header", ["x-amz-checksum-crc64nvme", "x-amz-meta-note", "x-amz-server-side-encryption"]
)
def test_a_header_of_s3_that_was_not_signed_is_refused(
    storage: Storage, bucket: MediaBucket, key: str, upload: str, last_url: str, header: str
) -> None:
    assert refusal_of(send(storage, last_url, LAST, headers={header: "AAAAAAAAAAA="})) == MISMATCH
    assert bucket.list_parts(key, upload) == ()


def test_a_part_address_opens_nothing_but_its_upload(storage: Storage, last_url: str) -> None:
    for method in ("GET", "DELETE", "POST"):
        assert send(storage, last_url, method=method)[0] == 403


def test_a_part_at_an_expired_address_is_refused(
    storage: Storage, bucket: MediaBucket, key: str, upload: str
) -> None:
    url = part_url(bucket, key, upload, 3, expires_s=1)
    assert storage.process is not None
    assert until(storage.process, lambda: b"expired" in send(storage, url, LAST)[2])


def test_a_part_signed_by_somebody_else_is_refused(
    storage: Storage, bucket: MediaBucket, key: str, upload: str
) -> None:
    guessed = MediaBucket(storage.client(secret_key="guessed"), BUCKET)
    assert refusal_of(send(storage, part_url(guessed, key, upload, 3), LAST)) == MISMATCH
    assert bucket.list_parts(key, upload) == ()


def test_missing_parts_are_named_and_nothing_is_stored(
    storage: Storage, s3: Any, bucket: MediaBucket, key: str, upload: str
) -> None:
    assert send(storage, part_url(bucket, key, upload, 2), part_of(2))[0] == 200
    with pytest.raises(Conflict) as refused:
        complete(bucket, key, upload)
    assert (refused.value.code, refused.value.params) == ("parts_missing", {"numbers": "1,3"})
    assert stored(s3, BUCKET, key) == []


def test_an_upload_puts_no_version_on_top_of_an_object(
    storage: Storage, s3: Any, bucket: MediaBucket, key: str, upload: str
) -> None:
    s3.put_object(Bucket=BUCKET, Key=key, Body=b"came first")
    send_parts(storage, bucket, key, upload)
    complete(bucket, key, upload)
    assert stored(s3, BUCKET, key) == [key]
    assert bucket.read(key) == b"came first"


def test_s3_itself_refuses_to_complete_over_an_object(
    storage: Storage, s3: Any, bucket: MediaBucket, key: str, upload: str
) -> None:
    s3.put_object(Bucket=BUCKET, Key=key, Body=b"came first")
    send_parts(storage, bucket, key, upload)
    parts = [
        {"PartNumber": part.number, "ETag": part.etag} for part in bucket.list_parts(key, upload)
    ]
    with pytest.raises(ClientError) as refused:
        s3.complete_multipart_upload(
            Bucket=BUCKET,
            Key=key,
            UploadId=upload,
            MultipartUpload={"Parts": parts},
            IfNoneMatch="*",
        )
    assert refused.value.response["Error"]["Code"] == "PreconditionFailed"


def test_an_aborted_upload_takes_no_part(
    storage: Storage, bucket: MediaBucket, key: str, upload: str, last_url: str
) -> None:
    for _ in range(2):
        bucket.abort_multipart(key, upload)
    assert refusal_of(send(storage, last_url, LAST)) == (404, "NoSuchUpload")
    with pytest.raises(Conflict, match="upload_gone"):
        bucket.list_parts(key, upload)
