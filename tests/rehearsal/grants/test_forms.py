"""A form is stored as it was granted, and refused with any field of it changed."""

import base64
import hashlib
from typing import Any

import pytest

from chalicelib.aws.bucket import MediaBucket
from tests.local.s3.running import PICTURE
from tests.rehearsal.grants.conftest import BUCKET, OTHER_BUCKET
from tests.rehearsal.grants.phone import SHA256, form_grant, post, refusal_of, stored
from tests.rehearsal.grants.seaweedfs import REGION, Storage

OPEN_POLICY = base64.b64encode(b'{"expiration":"2999-01-01T00:00:00Z","conditions":[]}').decode()


def test_the_granted_form_is_stored_with_its_type_checksum_and_version(
    storage: Storage, s3: Any, bucket: MediaBucket, key: str
) -> None:
    status, headers, body = post(storage, form_grant(bucket, key))
    assert (status, body) == (204, b"")

    head = s3.head_object(Bucket=BUCKET, Key=key, ChecksumMode="ENABLED")
    assert head["VersionId"] == headers["x-amz-version-id"]
    assert (head["ContentType"], head["ContentLength"]) == ("image/jpeg", len(PICTURE))
    assert base64.b64decode(head["ChecksumSHA256"]).hex() == SHA256
    assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == PICTURE


def test_a_smaller_file_without_a_declared_checksum_is_stored(
    storage: Storage, s3: Any, bucket: MediaBucket, key: str
) -> None:
    grant = form_grant(bucket, key, sha256_hex=None)
    assert post(storage, grant, file=b"x")[0] == 204
    assert s3.head_object(Bucket=BUCKET, Key=key)["ContentLength"] == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("key", "originals/another"),
        ("Content-Type", "text/html"),
        ("Content-Type", "image/jpeg; charset=utf-8"),
        ("x-amz-algorithm", "AWS4-HMAC-SHA512"),
        ("x-amz-date", "20200101T000000Z"),
        ("x-amz-credential", f"AKIDANOTHER/20261125/{REGION}/s3/aws4_request"),
        ("x-amz-checksum-sha256", base64.b64encode(bytes(32)).decode()),
        ("x-amz-checksum-algorithm", "CRC32"),
        ("x-amz-signature", "0" * 64),
        ("x-amz-signature", ""),
        ("policy", OPEN_POLICY),
        ("policy", "not base64"),
    ],
)
def test_a_changed_field_is_refused(
    storage: Storage, s3: Any, bucket: MediaBucket, key: str, field: str, value: str
) -> None:
    grant = form_grant(bucket, key)
    assert post(storage, grant, fields={**grant.fields, field: value})[0] == 403
    assert stored(s3, BUCKET, key) == stored(s3, BUCKET, "originals/another") == []


@pytest.mark.parametrize(
    "field",
    [
        "key",
        "Content-Type",
        "policy",
        "x-amz-algorithm",
        "x-amz-credential",
        "x-amz-date",
        "x-amz-signature",
        "x-amz-checksum-algorithm",
        "x-amz-checksum-sha256",
    ],
)
def test_a_field_left_out_is_refused(
    storage: Storage, s3: Any, bucket: MediaBucket, key: str, field: str
) -> None:
    grant = form_grant(bucket, key)
    fields = {name: value for name, value in grant.fields.items() if name != field}
    assert len(fields) == len(grant.fields) - 1
    assert post(storage, grant, fields=fields)[0] in (400, 403)
    assert stored(s3, BUCKET, key) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("x-amz-meta-note", "hello"),
        ("x-amz-storage-class", "GLACIER"),
        ("x-amz-server-side-encryption", "AES256"),
        ("x-amz-server-side-encryption-customer-algorithm", "AES256"),
        ("x-amz-website-redirect-location", "https://evil.example/"),
        ("x-amz-checksum-crc32", "AAAAAA=="),
    ],
)
def test_a_field_of_s3_more_is_refused(
    storage: Storage, s3: Any, bucket: MediaBucket, key: str, field: str, value: str
) -> None:
    grant = form_grant(bucket, key)
    reply = post(storage, grant, fields={**grant.fields, field: value})
    assert refusal_of(reply) == (403, "AccessDenied")
    assert b"Extra input fields" in reply[2]
    assert stored(s3, BUCKET, key) == []


def test_a_second_key_is_refused(storage: Storage, s3: Any, bucket: MediaBucket, key: str) -> None:
    grant = form_grant(bucket, key)
    fields = [("key", "originals/another"), *grant.fields.items()]
    assert post(storage, grant, fields=fields)[0] in (400, 403)
    assert stored(s3, BUCKET, key) == stored(s3, BUCKET, "originals/another") == []


@pytest.mark.parametrize(
    ("file", "code"), [(PICTURE + b"x", "EntityTooLarge"), (b"", "EntityTooSmall")]
)
def test_a_file_of_another_size_is_refused(
    storage: Storage, s3: Any, bucket: MediaBucket, key: str, file: bytes, code: str
) -> None:
    grant = form_grant(bucket, key, sha256_hex=None)
    assert refusal_of(post(storage, grant, file=file)) == (400, code)
    assert stored(s3, BUCKET, key) == []


def test_other_bytes_than_declared_are_refused(
    storage: Storage, s3: Any, bucket: MediaBucket, key: str
) -> None:
    reply = post(storage, form_grant(bucket, key), file=PICTURE[:-1] + b"?")
    assert refusal_of(reply) == (400, "BadDigest")
    assert stored(s3, BUCKET, key) == []


def test_an_expired_form_is_refused(
    storage: Storage, s3: Any, bucket: MediaBucket, key: str
) -> None:
    reply = post(storage, form_grant(bucket, key, expires_s=-1))
    assert refusal_of(reply) == (403, "AccessDenied")
    assert stored(s3, BUCKET, key) == []


def test_a_form_for_another_bucket_is_refused(
    storage: Storage, s3: Any, bucket: MediaBucket, key: str
) -> None:
    reply = post(storage, form_grant(bucket, key), path=f"/{OTHER_BUCKET}")
    assert refusal_of(reply) == (403, "AccessDenied")
    assert stored(s3, OTHER_BUCKET, key) == []


@pytest.mark.parametrize(
    ("credential", "code"),
    [
        ({"secret_key": "guessed"}, "SignatureDoesNotMatch"),
        ({"access_key": "AKIDANOTHER"}, "InvalidAccessKeyId"),
    ],
)
def test_a_form_signed_by_somebody_else_is_refused(
    storage: Storage, s3: Any, key: str, credential: dict[str, str], code: str
) -> None:
    grant = form_grant(MediaBucket(storage.client(**credential), BUCKET), key)
    assert refusal_of(post(storage, grant)) == (403, code)
    assert stored(s3, BUCKET, key) == []


def test_a_form_without_any_grant_is_refused(
    storage: Storage, s3: Any, bucket: MediaBucket, key: str
) -> None:
    fields = {"key": key, "Content-Type": "image/jpeg"}
    assert post(storage, form_grant(bucket, key), fields=fields)[0] in (400, 403)
    assert stored(s3, BUCKET, key) == []


def test_a_policy_with_a_larger_size_does_not_match_its_signature(
    storage: Storage, s3: Any, bucket: MediaBucket, key: str
) -> None:
    grant = form_grant(bucket, key, sha256_hex=None)
    allowed = f'"content-length-range", 1, {len(PICTURE)}'.encode()
    policy = base64.b64decode(grant.fields["policy"])
    assert allowed in policy
    larger = policy.replace(allowed, b'"content-length-range", 1, 99999')
    fields = {**grant.fields, "policy": base64.b64encode(larger).decode()}
    assert refusal_of(post(storage, grant, fields=fields)) == (403, "SignatureDoesNotMatch")
    assert stored(s3, BUCKET, key) == []


def test_a_first_upload_stays_the_first_version(
    storage: Storage, s3: Any, bucket: MediaBucket, key: str
) -> None:
    first = post(storage, form_grant(bucket, key))[1]["x-amz-version-id"]
    second = PICTURE[::-1]
    again = form_grant(bucket, key, sha256_hex=hashlib.sha256(second).hexdigest())
    assert post(storage, again, file=second)[0] == 204

    version = bucket.first_version(key)
    assert version is not None
    assert version.version_id == first
    assert bucket.read(key, first) == PICTURE
