"""Presigned URLs: what they open, and that each part of them is under the signature."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import pytest

from tests.local.s3.running import (
    ACCESS_KEY,
    BUCKET,
    SDK,
    SECRET_KEY,
    Clock,
    Gate,
    Storage,
    code_of,
    message_of,
    target_of,
)
from tests.signed import read_urls


@pytest.fixture
def stored(s3: Any, key: str) -> str:
    """Two versions of one key: the first is what readers are given."""
    first: str = s3.put_object(Bucket=BUCKET, Key=key, Body=b"0123456789", ContentType="text/html")[
        "VersionId"
    ]
    s3.put_object(Bucket=BUCKET, Key=key, Body=b"second")
    return first


def read_target(s3: Any, key: str, version: str, **changes: Any) -> str:
    wanted: dict[str, Any] = {
        "content_type": "image/jpeg",
        "disposition": "inline",
        "expires_s": 300,
    }
    urls = read_urls(s3, BUCKET, ACCESS_KEY, SECRET_KEY)
    return target_of(urls.read_url(key, version_id=version, **{**wanted, **changes}))


def test_a_read_url_opens_the_version_it_names_as_the_type_it_names(
    gate: Storage, s3: Any, key: str, stored: str
) -> None:
    status, headers, body = gate.ask("GET", read_target(s3, key, stored, disposition="attachment"))
    assert (status, body) == (200, b"0123456789")
    assert headers["content-type"] == "image/jpeg"
    assert headers["content-disposition"] == "attachment"
    assert headers["x-amz-version-id"] == stored
    assert headers["accept-ranges"] == "bytes"


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("bytes=0-3", ("bytes 0-3/10", b"0123")),
        ("bytes=4-", ("bytes 4-9/10", b"456789")),
        ("bytes=-3", ("bytes 7-9/10", b"789")),
        ("bytes=-30", ("bytes 0-9/10", b"0123456789")),
        ("bytes=8-100", ("bytes 8-9/10", b"89")),
        ("bytes=0-0", ("bytes 0-0/10", b"0")),
        ("bytes=0-9", ("bytes 0-9/10", b"0123456789")),
    ],
)
def test_a_range_gives_exactly_its_bytes(
    gate: Gate, s3: Any, key: str, stored: str, asked: str, found: tuple[str, bytes]
) -> None:
    status, headers, body = gate.ask("GET", read_target(s3, key, stored), headers={"Range": asked})
    assert (status, (headers["content-range"], body)) == (206, found)
    assert headers["content-length"] == str(len(body))
    assert headers["content-type"] == "image/jpeg"


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,4-5", "bytes=5-2", "bytes=x-y", "lines=1-2", "bytes=-"]
)
def test_a_range_that_s3_does_not_read_gives_the_whole(
    gate: Gate, s3: Any, key: str, stored: str, asked: str
) -> None:
    status, headers, body = gate.ask("GET", read_target(s3, key, stored), headers={"Range": asked})
    assert (status, body) == (200, b"0123456789")
    assert "content-range" not in headers


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        ({"Range": "bytes=10-"}, 416, "InvalidRange"),
        ({"Range": "bytes=99-100"}, 416, "InvalidRange"),
        ({"Range": "bytes=-0"}, 416, "InvalidRange"),
        ({"Host": "evil.example"}, 403, "SignatureDoesNotMatch"),
        ({"x-amz-acl": "public-read"}, 403, "AccessDenied"),
        ({"Authorization": SDK}, 400, "InvalidArgument"),
    ],
    ids=[
        "a range past the end",
        "a whole range past the end",
        "the last no bytes",
        "another host",
        "a header of S3 that was not signed",
        "a signature and an authorization together",
    ],
)
def test_a_read_with_a_wrong_header_is_refused(
    gate: Gate, s3: Any, key: str, stored: str, sent: dict[str, str], status: int, code: str
) -> None:
    found, _, body = gate.ask("GET", read_target(s3, key, stored), headers=sent)
    assert (found, code_of(body)) == (status, code)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("versionId", "another"),
        ("response-content-type", "text/html"),
        ("response-content-disposition", "attachment"),
        ("X-Amz-Expires", "3600"),
        ("X-Amz-SignedHeaders", "host;range"),
        ("X-Amz-Signature", "0" * 64),
        ("x-id", "more"),
    ],
)
def test_a_read_url_with_any_parameter_changed_does_not_match_its_signature(
    gate: Storage, s3: Any, key: str, stored: str, name: str, value: str
) -> None:
    path, _, query = read_target(s3, key, stored).partition("?")
    changed = urlencode({**dict(parse_qsl(query)), name: value}, quote_via=quote)
    status, _, body = gate.ask("GET", f"{path}?{changed}")
    assert (status, code_of(body)) == (403, "SignatureDoesNotMatch")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "POST"])
def test_a_read_url_allows_no_other_method(
    gate: Gate, s3: Any, key: str, stored: str, method: str
) -> None:
    assert gate.ask(method, read_target(s3, key, stored))[0] == 403
    assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == b"second"


def test_a_read_url_expires(gate: Gate, s3: Any, key: str, stored: str, clock: Clock) -> None:
    target = read_target(s3, key, stored, expires_s=300)
    clock.ahead = timedelta(seconds=290)
    assert gate.ask("GET", target)[0] == 200
    clock.ahead = timedelta(seconds=302)
    status, _, body = gate.ask("GET", target)
    assert (status, code_of(body), message_of(body)) == (403, "AccessDenied", "Request has expired")


def test_a_signed_read_of_what_is_not_there_is_404(
    gate: Gate, s3: Any, key: str, stored: str
) -> None:
    assert gate.ask("GET", read_target(s3, key, "00000000-0000-0000-0000-000000000000"))[0] == 404
    status, _, body = gate.ask("GET", read_target(s3, key + "-absent", stored))
    assert (status, code_of(body)) == (404, "NoSuchVersion")


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/{b}/{k}"),
        ("PUT", "/{b}/{k}"),
        ("DELETE", "/{b}/{k}"),
        ("GET", "/{b}"),
        ("GET", "/"),
        ("POST", "/moto-api/reset"),
    ],
)
def test_a_request_that_nobody_signed_is_refused(
    gate: Gate, s3: Any, key: str, stored: str, method: str, target: str
) -> None:
    assert gate.ask(method, target.format(b=BUCKET, k=key), b"x")[0] in (403, 412)
    assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == b"second"
