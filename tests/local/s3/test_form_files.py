"""The file of a form upload: its size, its checksum, and a form that is malformed."""

import hashlib
from typing import Any

import pytest

from chalicelib.aws import grants
from tests.local.s3.running import (
    BUCKET,
    MIB,
    PICTURE,
    Gate,
    Storage,
    a_grant,
    assert_nothing_stored,
    code_of,
    form,
    refusal_of,
)


def test_exactly_25_mib_are_accepted(gate: Gate, s3: Any, key: str) -> None:
    grant = a_grant(s3, key, max_bytes=25 * MIB)
    assert gate.post(grant.url, grant.fields, bytes(25 * MIB))[0] == 204
    assert s3.head_object(Bucket=BUCKET, Key=key)["ContentLength"] == 25 * MIB


@pytest.mark.parametrize(
    ("file", "code"), [(PICTURE + b"x", "EntityTooLarge"), (b"", "EntityTooSmall")]
)
def test_a_file_of_another_size_is_refused(
    gate: Storage, s3: Any, key: str, grant: grants.PostGrant, file: bytes, code: str
) -> None:
    assert refusal_of(gate.post(grant.url, grant.fields, file)) == (400, code)
    assert_nothing_stored(s3, key)


def test_a_file_that_is_not_of_the_declared_sha256_is_refused(
    gate: Storage, s3: Any, key: str
) -> None:
    grant = a_grant(s3, key, sha256_hex=hashlib.sha256(PICTURE).hexdigest())
    status, _, body = gate.post(grant.url, grant.fields, PICTURE[:-1] + b"?")
    assert (status, code_of(body)) == (400, "BadDigest")
    assert_nothing_stored(s3, key)


def test_a_form_without_a_file_is_refused(gate: Gate, grant: grants.PostGrant) -> None:
    status, _, body = gate.post(grant.url, grant.fields, None)
    assert (status, code_of(body)) == (400, "InvalidArgument")


def test_a_form_that_breaks_off_stores_nothing(
    gate: Gate, s3: Any, key: str, grant: grants.PostGrant
) -> None:
    content, kind = form(grant.fields, PICTURE)
    after_the_file = content[:-4] + b'\r\nContent-Disposition: form-data; name="more"\r\n\r\nbro'
    for broken in (content[: len(content) // 2], content[:-30], content[:-4], after_the_file):
        status, _, body = gate.ask("POST", f"/{BUCKET}", broken, {"Content-Type": kind})
        assert (status, code_of(body)) == (400, "MalformedPOSTRequest")
    assert_nothing_stored(s3, key)


def test_more_than_20_kib_before_the_file_are_refused(gate: Gate, grant: grants.PostGrant) -> None:
    status, _, body = gate.post(grant.url, {**grant.fields, "x-ignore-me": "x" * 21_000}, PICTURE)
    assert (status, code_of(body)) == (400, "MaxPostPreDataLengthExceeded")


def test_a_field_that_is_not_utf_8_is_refused_and_harms_nothing(
    gate: Gate, grant: grants.PostGrant
) -> None:
    content, kind = form(grant.fields, PICTURE)
    for field in ("key", "policy", "x-amz-signature"):
        broken = content.replace(
            f'name="{field}"\r\n\r\n'.encode(), f'name="{field}"\r\n\r\n'.encode() + b"\xff\xfe"
        )
        assert gate.ask("POST", f"/{BUCKET}", broken, {"Content-Type": kind})[0] == 403
