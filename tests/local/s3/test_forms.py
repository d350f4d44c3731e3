"""Form uploads: S3 takes what a grant allows, and refuses each field that differs from it."""

import base64
import hashlib
from typing import Any

import pytest

from chalicelib.aws import grants
from chalicelib.aws.bucket import MediaBucket
from tests.local.s3.running import (
    BUCKET,
    PICTURE,
    REGION,
    UNDECLARED,
    Gate,
    Storage,
    a_grant,
    assert_nothing_stored,
    code_of,
    message_of,
    refusal_of,
)

SHA256 = hashlib.sha256(PICTURE).hexdigest()


def test_a_granted_form_is_stored_with_its_type_checksum_and_version(
    gate: Storage, s3: Any, key: str
) -> None:
    grant = a_grant(s3, key, sha256_hex=SHA256)
    status, headers, body = gate.post(grant.url, grant.fields, PICTURE)
    assert (status, body) == (204, b"")
    head = s3.head_object(Bucket=BUCKET, Key=key, ChecksumMode="ENABLED")
    assert (head["ContentType"], head["ContentLength"]) == ("image/jpeg", len(PICTURE))
    assert head["VersionId"] == headers["x-amz-version-id"]
    assert base64.b64decode(head["ChecksumSHA256"]).hex() == SHA256
    assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == PICTURE


def test_a_file_that_holds_boundary_like_lines_arrives_whole(
    gate: Gate, s3: Any, key: str, grant: grants.PostGrant
) -> None:
    tricky = b"\r\n------gate-boundar\r\n\r\n--\r\n" * 20
    assert gate.post(grant.url, grant.fields, tricky)[0] == 204
    assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == tricky


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("key", "originals/another"),
        ("key", "originals/${filename}"),
        ("Content-Type", "text/html"),
        ("Content-Type", "image/jpeg; charset=utf-8"),
        ("x-amz-algorithm", "AWS4-HMAC-SHA512"),
        ("x-amz-date", "20200101T000000Z"),
        ("x-amz-signature", "0" * 64),
        ("x-amz-signature", ""),
        ("x-amz-signature", "ü"),
        ("x-amz-credential", f"AKIDANOTHER/20261125/{REGION}/s3/aws4_request"),
        ("x-amz-checksum-sha256", base64.b64encode(bytes(32)).decode()),
        ("x-amz-checksum-algorithm", "CRC32"),
        (
            "policy",
            base64.b64encode(b'{"expiration":"2999-01-01T00:00:00Z","conditions":[]}').decode(),
        ),
        ("policy", "not base64"),
    ],
)
def test_a_field_changed_is_refused(
    gate: Storage, s3: Any, key: str, field: str, value: str
) -> None:
    grant = a_grant(s3, key, sha256_hex=SHA256)
    status, _, body = gate.post(grant.url, {**grant.fields, field: value}, PICTURE)
    assert status in (400, 403), body
    assert_nothing_stored(s3, key, "originals/another", "originals/x.jpg")


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
def test_a_field_left_out_is_refused(gate: Storage, s3: Any, key: str, field: str) -> None:
    grant = a_grant(s3, key, sha256_hex=SHA256)
    fields = {name: value for name, value in grant.fields.items() if name != field}
    assert len(fields) == len(grant.fields) - 1
    assert gate.post(grant.url, fields, PICTURE)[0] in (400, 403)
    assert_nothing_stored(s3, key)


def assert_refused_by_name(
    gate: Storage, s3: Any, key: str, grant: grants.PostGrant, field: str, value: str
) -> None:
    reply = gate.post(grant.url, {**grant.fields, field: value}, PICTURE)
    assert refusal_of(reply) == (403, "AccessDenied")
    message = f"Invalid according to Policy: Extra input fields: {field}"
    assert (message_of(reply[2]) or "").casefold() == message.casefold()
    assert_nothing_stored(s3, key)


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
def test_a_field_of_s3_more_is_refused_by_name(
    gate: Storage, s3: Any, key: str, grant: grants.PostGrant, field: str, value: str
) -> None:
    assert_refused_by_name(gate, s3, key, grant, field, value)


@pytest.mark.parametrize(("field", "value"), UNDECLARED.items())
def test_any_other_field_more_is_refused_by_name(
    gate: Gate, s3: Any, key: str, grant: grants.PostGrant, field: str, value: str
) -> None:
    assert_refused_by_name(gate, s3, key, grant, field, value)


def test_a_field_sent_twice_is_refused(
    gate: Storage, s3: Any, key: str, grant: grants.PostGrant
) -> None:
    fields = [("key", "originals/another"), *grant.fields.items()]
    assert gate.post(grant.url, fields, PICTURE)[0] in (400, 403)
    assert_nothing_stored(s3, key, "originals/another")


def test_a_wrong_type_is_named_as_the_condition_that_failed(
    gate: Gate, grant: grants.PostGrant
) -> None:
    status, _, body = gate.post(grant.url, {**grant.fields, "Content-Type": "text/html"}, PICTURE)
    assert (status, code_of(body)) == (403, "AccessDenied")
    assert (
        message_of(body) == "Invalid according to Policy: Policy Condition failed: "
        '["eq", "$Content-Type", "image/jpeg"]'
    )


def test_a_policy_with_a_larger_size_does_not_match_its_signature(
    gate: Storage, s3: Any, key: str, grant: grants.PostGrant
) -> None:
    allowed = f'"content-length-range", 1, {len(PICTURE)}'.encode()
    policy = base64.b64decode(grant.fields["policy"])
    assert allowed in policy
    larger = base64.b64encode(policy.replace(allowed, b'"content-length-range", 1, 99999'))
    reply = gate.post(grant.url, {**grant.fields, "policy": larger.decode()}, PICTURE)
    assert refusal_of(reply) == (403, "SignatureDoesNotMatch")
    assert_nothing_stored(s3, key)


def test_a_policy_for_another_bucket_is_refused(
    gate: Storage, s3: Any, grant: grants.PostGrant
) -> None:
    s3.create_bucket(Bucket="gate-other")
    assert refusal_of(gate.post("/gate-other", grant.fields, PICTURE)) == (403, "AccessDenied")
    assert "Contents" not in s3.list_objects_v2(Bucket="gate-other")


def test_a_form_to_an_unknown_bucket_is_refused(gate: Gate, s3: Any, key: str) -> None:
    grant = MediaBucket(s3, "gate-absent").post_grant(
        key, content_type="image/jpeg", max_bytes=10, sha256_hex=None, expires_s=60
    )
    assert refusal_of(gate.post(grant.url, grant.fields, b"x")) == (404, "NoSuchBucket")


def test_an_expired_form_is_refused(gate: Storage, s3: Any, key: str) -> None:
    grant = a_grant(s3, key, expires_s=-1)
    reply = gate.post(grant.url, grant.fields, PICTURE)
    assert refusal_of(reply) == (403, "AccessDenied")
    assert "Policy expired" in (message_of(reply[2]) or "")
    assert_nothing_stored(s3, key)


@pytest.mark.parametrize(
    ("credential", "code"),
    [
        ({"secret_key": "guessed"}, "SignatureDoesNotMatch"),
        ({"access_key": "AKIDANOTHER"}, "InvalidAccessKeyId"),
    ],
)
def test_a_form_signed_by_somebody_else_is_refused(
    gate: Storage, s3: Any, key: str, credential: dict[str, str], code: str
) -> None:
    grant = a_grant(gate.client(**credential), key)
    assert refusal_of(gate.post(grant.url, grant.fields, PICTURE)) == (403, code)
    assert_nothing_stored(s3, key)


def test_a_first_upload_stays_the_first_version(
    gate: Storage, s3: Any, key: str, grant: grants.PostGrant
) -> None:
    first = gate.post(grant.url, grant.fields, PICTURE)[1]["x-amz-version-id"]
    assert gate.post(grant.url, grant.fields, PICTURE[::-1])[0] == 204

    version = MediaBucket(s3, BUCKET).first_version(key)
    assert version is not None
    assert version.version_id == first
    assert MediaBucket(s3, BUCKET).read(key, first) == PICTURE
