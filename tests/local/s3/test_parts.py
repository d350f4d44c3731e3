"""Uploads in parts, each by a signed URL of its own."""

import base64
import threading
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from awscrt import checksums
from botocore.exceptions import ClientError

from chalicelib.aws import grants
from chalicelib.aws.bucket import MediaBucket
from chalicelib.kernel.errors import Conflict, Unavailable
from tests.local.s3.running import (
    BUCKET,
    MIB,
    SIZE,
    VIDEO,
    Gate,
    Send,
    Storage,
    assert_nothing_stored,
    complete,
    part_target,
    refusal_of,
)

LAST = VIDEO[-5:]
MISMATCH = (403, "SignatureDoesNotMatch")


def test_parts_in_any_order_become_one_object_with_a_crc64nvme_of_the_whole(
    s3: Any, key: str, upload: str, parts: Send
) -> None:
    assert [status for status, _, _ in parts(3, 1, 2)] == [200, 200, 200]
    complete(s3, key, upload)
    head = s3.head_object(Bucket=BUCKET, Key=key, ChecksumMode="ENABLED")
    assert (head["ContentLength"], head["ContentType"]) == (SIZE, "video/mp4")
    whole = base64.b64encode(checksums.crc64nvme(VIDEO).to_bytes(8, "big")).decode()
    assert head["ChecksumCRC64NVME"] == whole
    assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == VIDEO


def test_completing_again_makes_no_second_object(
    s3: Any, key: str, upload: str, parts: Send
) -> None:
    parts(1, 2, 3)
    etags = MediaBucket(s3, BUCKET).part_etags(key, upload_id=upload, size=SIZE)
    complete(s3, key, upload)
    with pytest.raises(Conflict, match="upload_gone"):
        complete(s3, key, upload)
    with suppress(Unavailable):  # AWS returns the same again, others no longer know the upload
        MediaBucket(s3, BUCKET).complete_multipart(key, upload_id=upload, size=SIZE, etags=etags)
    assert len(s3.list_object_versions(Bucket=BUCKET, Prefix=key)["Versions"]) == 1


def test_the_parts_held_are_listed_with_their_sizes(
    s3: Any, key: str, upload: str, parts: Send
) -> None:
    (_, first, _), (_, third, _) = parts(1, 3)
    assert MediaBucket(s3, BUCKET).list_parts(key, upload) == (
        grants.UploadedPart(1, first["etag"], grants.PART_SIZE),
        grants.UploadedPart(3, third["etag"], 5),
    )


def test_an_upload_with_parts_missing_names_them(
    s3: Any, key: str, upload: str, parts: Send
) -> None:
    parts(2)
    with pytest.raises(Conflict) as refused:
        complete(s3, key, upload)
    assert (refused.value.code, refused.value.params) == ("parts_missing", {"numbers": "1,3"})
    assert_nothing_stored(s3, key)


def test_parts_that_do_not_make_the_declared_size_are_refused(
    s3: Any, key: str, upload: str, parts: Send
) -> None:
    parts(1, 2, 3)
    with pytest.raises(Conflict) as refused:
        complete(s3, key, upload, size=SIZE + 1)
    assert refused.value.code == "size_mismatch"
    assert_nothing_stored(s3, key)


@pytest.mark.parametrize("length", [0, 4, 6, 1000])
def test_a_part_of_another_length_does_not_match_its_signature(
    s3: Any, key: str, upload: str, parts: Send, length: int
) -> None:
    (reply,) = parts(3, body=bytes(length))
    assert refusal_of(reply) == MISMATCH
    assert MediaBucket(s3, BUCKET).list_parts(key, upload) == ()


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
        lambda target: target.replace("originals/", "originals/another-"),
    ],
    ids=["number", "upload", "expiry", "signed-headers", "signature", "parameter", "key"],
)
def test_a_part_at_a_changed_address_is_refused(
    gate: Storage, s3: Any, key: str, upload: str, change: Callable[[str], str]
) -> None:
    target = part_target(s3, key, upload, 3)
    assert change(target) != target
    assert refusal_of(gate.ask("PUT", change(target), LAST)) == MISMATCH
    assert MediaBucket(s3, BUCKET).list_parts(key, upload) == ()


def test_an_aborted_upload_takes_no_part_and_can_be_neither_listed_nor_completed(
    s3: Any, key: str, upload: str, parts: Send
) -> None:
    for _ in range(2):
        MediaBucket(s3, BUCKET).abort_multipart(key, upload)
    (reply,) = parts(3)
    assert refusal_of(reply) == (404, "NoSuchUpload")
    with pytest.raises(Conflict, match="upload_gone"):
        MediaBucket(s3, BUCKET).list_parts(key, upload)
    with pytest.raises(Conflict, match="upload_gone"):
        complete(s3, key, upload)


def test_a_second_upload_of_a_key_puts_no_version_on_top(
    s3: Any, key: str, upload: str, parts: Send
) -> None:
    s3.put_object(Bucket=BUCKET, Key=key, Body=b"came first")
    parts(1, 2, 3)
    complete(s3, key, upload)
    assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == b"came first"
    assert len(s3.list_object_versions(Bucket=BUCKET, Prefix=key)["Versions"]) == 1


def test_of_many_completions_at_once_one_makes_the_object(
    gate: Storage, s3: Any, key: str, upload: str, parts: Send
) -> None:
    parts(1, 2, 3)
    outcomes: list[str] = []

    def try_it() -> None:
        try:
            complete(s3, key, upload)
            outcomes.append("done")
        except (Conflict, Unavailable) as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=try_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 4
    assert "done" in outcomes
    # SeaweedFS lists no parts for the moment in which it forgets an upload.
    others = set() if isinstance(gate, Gate) else {"parts_missing"}
    assert set(outcomes) - others <= {"done", "upload_gone", "unavailable"}
    assert len(s3.list_object_versions(Bucket=BUCKET, Prefix=key)["Versions"]) == 1


def test_an_upload_is_completed_and_read_from_disk(
    gate: Gate, s3: Any, key: str, upload: str, parts: Send
) -> None:
    parts(1, 2, 3)
    tracemalloc.start()
    try:
        complete(s3, key, upload)
        s3.get_object(Bucket=BUCKET, Key=key, Range=f"bytes={SIZE - 9}-")["Body"].read()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * MIB


def test_s3_checks_the_whole_size_that_complete_declares(
    gate: Gate, s3: Any, key: str, upload: str, parts: Send
) -> None:
    (_, part, _) = parts(3)[0]
    with pytest.raises(ClientError) as refused:
        s3.complete_multipart_upload(
            Bucket=BUCKET,
            Key=key,
            UploadId=upload,
            MpuObjectSize=6,
            MultipartUpload={"Parts": [{"PartNumber": 3, "ETag": part["etag"]}]},
        )
    assert refused.value.response["Error"]["Code"] == "InvalidRequest"
