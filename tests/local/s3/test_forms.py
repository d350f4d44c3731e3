"""Form uploads: S3 takes what a grant allows, and refuses each field that differs from it."""

import base64
import hashlib
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.aws import grants
from chalicelib.aws.bucket import MediaBucket
from tests.local.s3.running import (
    BUCKET,
    PICTURE,
    REGION,
    Clock,
    Gate,
    a_grant,
    assert_nothing_stored,
    code_of,
    message_of,
)


def test_a_granted_form_is_stored_with_its_type_and_version(
    gate: Gate, s3: Any, key: str, grant: grants.PostGrant
) -> None:
    status, headers, body = gate.post(grant.url, grant.fields, PICTURE)
    assert (status, body) == (204, b"")
    head = s3.head_object(Bucket=BUCKET, Key=key)
    assert head["ContentType"] == "image/jpeg"
    assert head["ContentLength"] == len(PICTURE)
    assert head["VersionId"] == headers["x-amz-version-id"]
    assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == PICTURE


def test_fewer_bytes_than_granted_are_accepted(
    gate: Gate, s3: Any, key: str, grant: grants.PostGrant
) -> None:
    assert gate.post(grant.url, grant.fields, b"x")[0] == 204
    assert s3.head_object(Bucket=BUCKET, Key=key)["ContentLength"] == 1


def test_a_declared_sha256_that_holds_is_kept_with_the_object(
    gate: Gate, s3: Any, key: str
) -> None:
    grant = a_grant(s3, key, sha256_hex=hashlib.sha256(PICTURE).hexdigest())
    assert gate.post(grant.url, grant.fields, PICTURE)[0] == 204
    head = s3.head_object(Bucket=BUCKET, Key=key, ChecksumMode="ENABLED")
    assert head["ChecksumSHA256"] == base64.b64encode(hashlib.sha256(PICTURE).digest()).decode()


def test_fields_may_come_in_any_order_and_case(gate: Gate, grant: grants.PostGrant) -> None:
    shuffled = {name.upper(): value for name, value in reversed(grant.fields.items())}
    assert gate.post(grant.url, shuffled, PICTURE)[0] == 204


def test_fields_that_s3_ignores_need_no_condition(gate: Gate, grant: grants.PostGrant) -> None:
    assert gate.post(grant.url, {**grant.fields, "x-ignore-me": "1"}, PICTURE)[0] == 204


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
def test_a_field_changed_is_refused(gate: Gate, s3: Any, key: str, field: str, value: str) -> None:
    grant = a_grant(s3, key, sha256_hex=hashlib.sha256(PICTURE).hexdigest())
    status, _, body = gate.post(grant.url, {**grant.fields, field: value}, PICTURE)
    assert status == (400 if field == "x-amz-algorithm" else 403), body
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
        "x-amz-checksum-sha256",
    ],
)
def test_a_field_left_out_is_refused(gate: Gate, s3: Any, key: str, field: str) -> None:
    grant = a_grant(s3, key, sha256_hex=hashlib.sha256(PICTURE).hexdigest())
    fields = {name: value for name, value in grant.fields.items() if name != field}
    assert gate.post(grant.url, fields, PICTURE)[0] == 403
    assert_nothing_stored(s3, key)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("acl", "public-read"),
        ("x-amz-meta-note", "hello"),
        ("success_action_redirect", "https://evil.example/"),
        ("success_action_status", "200"),
        ("tagging", "<Tagging/>"),
        ("x-amz-storage-class", "GLACIER"),
        ("x-amz-server-side-encryption", "AES256"),
        ("Cache-Control", "public"),
        ("Content-Disposition", "inline"),
    ],
)
def test_a_field_more_is_refused_by_name(
    gate: Gate, s3: Any, key: str, grant: grants.PostGrant, field: str, value: str
) -> None:
    status, _, body = gate.post(grant.url, {**grant.fields, field: value}, PICTURE)
    assert (status, code_of(body)) == (403, "AccessDenied")
    assert message_of(body) == f"Invalid according to Policy: Extra input fields: {field.lower()}"
    assert_nothing_stored(s3, key)


def test_a_field_sent_twice_is_refused(
    gate: Gate, s3: Any, key: str, grant: grants.PostGrant
) -> None:
    status, _, body = gate.post(
        grant.url, [("key", "originals/another"), *grant.fields.items()], PICTURE
    )
    assert (status, code_of(body)) == (400, "InvalidArgument")
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


def test_a_policy_with_one_bit_changed_does_not_match_its_signature(
    gate: Gate, grant: grants.PostGrant
) -> None:
    policy = base64.b64decode(grant.fields["policy"]).replace(
        b'"content-length-range", 1, ', b'"content-length-range", 0, '
    )
    status, _, body = gate.post(
        grant.url, {**grant.fields, "policy": base64.b64encode(policy).decode()}, PICTURE
    )
    assert (status, code_of(body)) == (403, "SignatureDoesNotMatch")


def test_a_policy_for_another_bucket_is_refused(
    gate: Gate, s3: Any, grant: grants.PostGrant
) -> None:
    s3.create_bucket(Bucket="gate-other")
    assert gate.post("/gate-other", grant.fields, PICTURE)[0] == 403


def test_a_form_to_an_unknown_bucket_is_refused(gate: Gate, s3: Any, key: str) -> None:
    grant = MediaBucket(s3, "gate-absent").post_grant(
        key,
        content_type="image/jpeg",
        max_bytes=10,
        sha256_hex=None,
        expires_s=60,
    )
    status, _, body = gate.post(grant.url, grant.fields, b"x")
    assert (status, code_of(body)) == (404, "NoSuchBucket")


def test_a_form_is_refused_once_its_policy_has_expired(
    gate: Gate, s3: Any, key: str, grant: grants.PostGrant, clock: Clock
) -> None:
    clock.ahead = timedelta(seconds=3590)
    assert gate.post(grant.url, grant.fields, PICTURE)[0] == 204
    clock.ahead = timedelta(seconds=3601)
    status, _, body = gate.post(grant.url, grant.fields, PICTURE)
    assert (status, code_of(body), message_of(body)) == (
        403,
        "AccessDenied",
        "Invalid according to Policy: Policy expired.",
    )


def test_a_form_signed_with_another_secret_is_refused(gate: Gate, key: str) -> None:
    grant = a_grant(gate.client("s3", secret_key="guessed"), key)
    status, _, body = gate.post(grant.url, grant.fields, PICTURE)
    assert (status, code_of(body)) == (403, "SignatureDoesNotMatch")


def test_a_form_signed_with_an_unknown_key_is_refused(gate: Gate, key: str) -> None:
    grant = a_grant(gate.client("s3", access_key="AKIDANOTHER"), key)
    status, _, body = gate.post(grant.url, grant.fields, PICTURE)
    assert (status, code_of(body)) == (403, "InvalidAccessKeyId")


def test_a_form_without_a_policy_is_refused(gate: Gate, s3: Any, key: str) -> None:
    assert gate.post(f"/{BUCKET}", {"key": key, "Content-Type": "image/jpeg"}, PICTURE)[0] == 403
    assert_nothing_stored(s3, key)
