"""The local S3 refuses what S3 refuses, one rule a test, and takes what our own grants allow. All
over real HTTP.
"""

import base64
import hashlib
import http.client
import json
import socket
import sys
import threading
import tracemalloc
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, urlencode, urlsplit
from xml.etree import ElementTree

import boto3
import pytest
from awscrt import checksums
from botocore.config import Config
from botocore.exceptions import ClientError

from chalicelib.errors import Conflict
from chalicelib.media import grants
from infra.local.s3_gate import make_gate, serve

ACCESS_KEY, SECRET_KEY, REGION, BUCKET = "AKIDGATETESTS", "local-secret", "us-east-1", "gate-media"
MIB = 1024 * 1024
PICTURE = b"\xff\xd8\xff\xe0 a picture" * 100


class Clock:
    """Moves the gate only: grants are signed by the machine's own clock."""

    ahead = timedelta()

    def __call__(self):
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def clock(gate):
    yield gate.clock
    gate.clock.ahead = timedelta()


class Running:
    def __init__(self):
        self.clock = Clock()
        self.server = serve(
            make_gate(
                access_key=ACCESS_KEY, secret_key=SECRET_KEY, region=REGION, clock=self.clock
            ),
            0,
        )
        self.port = self.server.port

    def client(self, service, access_key=ACCESS_KEY, secret_key=SECRET_KEY, **config):
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=f"http://127.0.0.1:{self.port}",
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            config=Config(
                signature_version="s3v4" if service == "s3" else None,
                retries={"total_max_attempts": 1},
                **config,
            ),
        )

    def ask(self, method, target, body=b"", headers=None):
        return ask(self.port, method, target, body, headers)

    def post(self, url, fields, body, filename="x.jpg", headers=None):
        content, kind = form(fields, body, filename)
        return self.ask(
            "POST", urlsplit(url).path, content, {"Content-Type": kind, **(headers or {})}
        )


def ask(port, method, target, body=b"", headers=None):
    """One request, byte for byte as given. Returns status, headers by lower-case name, body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, target, body=body, headers=headers or {})
        response = connection.getresponse()
        return (
            response.status,
            {name.lower(): value for name, value in response.getheaders()},
            response.read(),
        )
    finally:
        connection.close()


def form(fields, body, filename="x.jpg"):
    """A browser's form: the fields in order, then the file."""
    boundary = "----gate-boundary"
    pairs = fields.items() if isinstance(fields, dict) else fields
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in pairs
    ]
    if body is not None:
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\nContent-Type: text/html\r\n\r\n'
        parts.append(head.encode() + body + b"\r\n")
    return b"".join(
        parts
    ) + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def element_of(body, name):
    return ElementTree.fromstring(body).findtext(name)  # noqa: S314 - our own server's


def code_of(body):
    return element_of(body, "Code")


def message_of(body):
    return element_of(body, "Message")


@pytest.fixture(scope="module")
def gate():
    running = Running()
    s3 = running.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    yield running
    running.server.shutdown()


@pytest.fixture(scope="module")
def s3(gate):
    return gate.client("s3")


@pytest.fixture
def key(request):
    return f"originals/{hashlib.sha256(request.node.name.encode()).hexdigest()[:20]}"


@pytest.fixture
def grant(s3, key):
    return a_grant(s3, key)


def a_grant(s3, key, **changes):
    wanted = {
        "content_type": "image/jpeg",
        "max_bytes": len(PICTURE),
        "sha256_hex": None,
        "expires_s": 3600,
    }
    return grants.post_grant(s3=s3, bucket=BUCKET, key=key, **{**wanted, **changes})


# A form, as granted
# --------------------------------------------------------------------------------------------------------------


def test_a_granted_form_is_stored_with_its_type_and_version(gate, s3, key, grant):
    status, headers, body = gate.post(grant.url, grant.fields, PICTURE)
    assert (status, body) == (204, b"")
    head = s3.head_object(Bucket=BUCKET, Key=key)
    assert head["ContentType"] == "image/jpeg"
    assert head["ContentLength"] == len(PICTURE)
    assert head["VersionId"] == headers["x-amz-version-id"]
    assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == PICTURE


def test_fewer_bytes_than_granted_are_accepted(gate, s3, key, grant):
    assert gate.post(grant.url, grant.fields, b"x")[0] == 204
    assert s3.head_object(Bucket=BUCKET, Key=key)["ContentLength"] == 1


def test_a_declared_sha256_that_holds_is_kept_with_the_object(gate, s3, key):
    grant = a_grant(s3, key, sha256_hex=hashlib.sha256(PICTURE).hexdigest())
    assert gate.post(grant.url, grant.fields, PICTURE)[0] == 204
    head = s3.head_object(Bucket=BUCKET, Key=key, ChecksumMode="ENABLED")
    assert head["ChecksumSHA256"] == base64.b64encode(hashlib.sha256(PICTURE).digest()).decode()


def test_fields_may_come_in_any_order_and_case(gate, grant):
    shuffled = {name.upper(): value for name, value in reversed(grant.fields.items())}
    assert gate.post(grant.url, shuffled, PICTURE)[0] == 204


def test_fields_that_s3_is_told_to_ignore_need_no_condition(gate, grant):
    assert gate.post(grant.url, {**grant.fields, "x-ignore-me": "1"}, PICTURE)[0] == 204


def test_a_file_that_holds_boundary_like_lines_arrives_whole(gate, s3, key, grant):
    tricky = b"\r\n------gate-boundar\r\n\r\n--\r\n" * 20
    assert gate.post(grant.url, grant.fields, tricky)[0] == 204
    assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == tricky


# A form, with each field changed
# --------------------------------------------------------------------------------------------------


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
def test_a_field_changed_is_refused(gate, s3, key, field, value):
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
def test_a_field_left_out_is_refused(gate, s3, key, field):
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
def test_a_field_more_is_refused_by_name(gate, s3, key, grant, field, value):
    status, _, body = gate.post(grant.url, {**grant.fields, field: value}, PICTURE)
    assert (status, code_of(body)) == (403, "AccessDenied")
    assert message_of(body) == f"Invalid according to Policy: Extra input fields: {field.lower()}"
    assert_nothing_stored(s3, key)


def test_a_field_sent_twice_is_refused(gate, s3, key, grant):
    status, _, body = gate.post(
        grant.url, [("key", "originals/another"), *grant.fields.items()], PICTURE
    )
    assert (status, code_of(body)) == (400, "InvalidArgument")
    assert_nothing_stored(s3, key, "originals/another")


def test_a_wrong_type_is_told_as_the_condition_that_failed(gate, grant):
    status, _, body = gate.post(grant.url, {**grant.fields, "Content-Type": "text/html"}, PICTURE)
    assert (status, code_of(body)) == (403, "AccessDenied")
    assert (
        message_of(body)
        == 'Invalid according to Policy: Policy Condition failed: ["eq", "$Content-Type", "image/jpeg"]'
    )


def test_a_policy_with_one_bit_changed_does_not_match_its_signature(gate, grant):
    policy = base64.b64decode(grant.fields["policy"]).replace(
        b'"content-length-range", 1, ', b'"content-length-range", 0, '
    )
    status, _, body = gate.post(
        grant.url, {**grant.fields, "policy": base64.b64encode(policy).decode()}, PICTURE
    )
    assert (status, code_of(body)) == (403, "SignatureDoesNotMatch")


def test_a_policy_for_another_bucket_is_refused(gate, s3, grant):
    s3.create_bucket(Bucket="gate-other")
    assert gate.post("/gate-other", grant.fields, PICTURE)[0] == 403


def test_a_form_to_a_bucket_that_is_not_there_is_told_so(gate, s3, key):
    grant = grants.post_grant(
        s3=s3,
        bucket="gate-absent",
        key=key,
        content_type="image/jpeg",
        max_bytes=10,
        sha256_hex=None,
        expires_s=60,
    )
    status, _, body = gate.post(grant.url, grant.fields, b"x")
    assert (status, code_of(body)) == (404, "NoSuchBucket")


def test_a_form_is_refused_once_its_policy_has_expired(gate, s3, key, grant, clock):
    clock.ahead = timedelta(seconds=3590)
    assert gate.post(grant.url, grant.fields, PICTURE)[0] == 204
    clock.ahead = timedelta(seconds=3601)
    status, _, body = gate.post(grant.url, grant.fields, PICTURE)
    assert (status, code_of(body), message_of(body)) == (
        403,
        "AccessDenied",
        "Invalid according to Policy: Policy expired.",
    )


def test_a_form_signed_with_another_secret_is_refused(gate, key):
    grant = a_grant(gate.client("s3", secret_key="guessed"), key)
    status, _, body = gate.post(grant.url, grant.fields, PICTURE)
    assert (status, code_of(body)) == (403, "SignatureDoesNotMatch")


def test_a_form_signed_with_an_unknown_key_is_refused(gate, key):
    grant = a_grant(gate.client("s3", access_key="AKIDANOTHER"), key)
    status, _, body = gate.post(grant.url, grant.fields, PICTURE)
    assert (status, code_of(body)) == (403, "InvalidAccessKeyId")


def test_a_form_without_a_policy_is_refused(gate, s3, key):
    assert gate.post(f"/{BUCKET}", {"key": key, "Content-Type": "image/jpeg"}, PICTURE)[0] == 403
    assert_nothing_stored(s3, key)


# A form's file
# --------------------------------------------------------------------------------------------------------------------


def test_one_byte_over_25_mib_is_too_large(gate, s3, key):
    grant = a_grant(s3, key, max_bytes=25 * MIB)
    status, _, body = gate.post(grant.url, grant.fields, bytes(25 * MIB + 1))
    assert (status, code_of(body)) == (400, "EntityTooLarge")
    assert element_of(body, "MaxSizeAllowed") == str(25 * MIB)
    assert_nothing_stored(s3, key)


def test_exactly_25_mib_are_accepted(gate, s3, key):
    grant = a_grant(s3, key, max_bytes=25 * MIB)
    assert gate.post(grant.url, grant.fields, bytes(25 * MIB))[0] == 204
    assert s3.head_object(Bucket=BUCKET, Key=key)["ContentLength"] == 25 * MIB


def test_an_empty_file_is_too_small(gate, s3, key, grant):
    status, _, body = gate.post(grant.url, grant.fields, b"")
    assert (status, code_of(body)) == (400, "EntityTooSmall")
    assert_nothing_stored(s3, key)


def test_a_file_that_is_not_of_the_declared_sha256_is_refused(gate, s3, key):
    grant = a_grant(s3, key, sha256_hex=hashlib.sha256(PICTURE).hexdigest())
    status, _, body = gate.post(grant.url, grant.fields, PICTURE[:-1] + b"?")
    assert (status, code_of(body)) == (400, "BadDigest")
    assert_nothing_stored(s3, key)


def test_a_form_without_a_file_is_refused(gate, grant):
    status, _, body = gate.post(grant.url, grant.fields, None)
    assert (status, code_of(body)) == (400, "InvalidArgument")


def test_a_form_that_breaks_off_stores_nothing(gate, s3, key, grant):
    content, kind = form(grant.fields, PICTURE)
    after_the_file = content[:-4] + b'\r\nContent-Disposition: form-data; name="more"\r\n\r\nbro'
    for broken in (content[: len(content) // 2], content[:-30], content[:-4], after_the_file):
        status, _, body = gate.ask("POST", f"/{BUCKET}", broken, {"Content-Type": kind})
        assert (status, code_of(body)) == (400, "MalformedPOSTRequest")
    assert_nothing_stored(s3, key)


def test_more_than_20_kib_before_the_file_are_refused(gate, grant):
    status, _, body = gate.post(grant.url, {**grant.fields, "x-ignore-me": "x" * 21_000}, PICTURE)
    assert (status, code_of(body)) == (400, "MaxPostPreDataLengthExceeded")


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/mixed; boundary=x",
    ],
)
def test_a_post_that_is_no_form_is_refused(gate, kind):
    status, _, body = gate.ask("POST", f"/{BUCKET}", b"{}", {"Content-Type": kind})
    assert (status, code_of(body)) == (412, "PreconditionFailed")


def test_a_field_that_is_not_utf_8_is_refused_and_harms_nothing(gate, grant):
    content, kind = form(grant.fields, PICTURE)
    for field in ("key", "policy", "x-amz-signature"):
        broken = content.replace(
            f'name="{field}"\r\n\r\n'.encode(), f'name="{field}"\r\n\r\n'.encode() + b"\xff\xfe"
        )
        assert gate.ask("POST", f"/{BUCKET}", broken, {"Content-Type": kind})[0] == 403


def test_a_length_that_is_no_number_is_refused(gate):
    assert (
        gate.ask(
            "POST",
            f"/{BUCKET}",
            b"",
            {"Content-Type": "multipart/form-data; boundary=x", "Content-Length": "-1"},
        )[0]
        == 400
    )


def test_a_form_without_a_length_is_refused(gate):
    kind = {"Content-Type": "multipart/form-data; boundary=x", "Transfer-Encoding": "chunked"}
    status, _, body = gate.ask("POST", f"/{BUCKET}", iter([b"--x--"]), kind)
    assert (status, code_of(body)) == (411, "MissingContentLength")


def assert_nothing_stored(s3, *keys):
    for key in keys:
        assert "Versions" not in s3.list_object_versions(Bucket=BUCKET, Prefix=key)


# Presigned URLs
# -------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def stored(s3, key):
    """Two versions of one key: the first is what readers are given."""
    first = s3.put_object(Bucket=BUCKET, Key=key, Body=b"0123456789", ContentType="text/html")[
        "VersionId"
    ]
    s3.put_object(Bucket=BUCKET, Key=key, Body=b"second")
    return first


def read_target(s3, key, version, **changes):
    wanted = {"content_type": "image/jpeg", "disposition": "inline", "expires_s": 300}
    parts = urlsplit(
        grants.read_url(s3=s3, bucket=BUCKET, key=key, version_id=version, **{**wanted, **changes})
    )
    return f"{parts.path}?{parts.query}"


def test_a_read_url_opens_the_version_it_names_as_the_type_it_names(gate, s3, key, stored):
    status, headers, body = gate.ask("GET", read_target(s3, key, stored, disposition="attachment"))
    assert (status, body) == (200, b"0123456789")
    assert headers["content-type"] == "image/jpeg"
    assert headers["content-disposition"] == "attachment"
    assert headers["x-amz-version-id"] == stored
    assert headers["accept-ranges"] == "bytes"


@pytest.mark.parametrize(
    ("asked", "content_range", "bytes_"),
    [
        ("bytes=0-3", "bytes 0-3/10", b"0123"),
        ("bytes=4-", "bytes 4-9/10", b"456789"),
        ("bytes=-3", "bytes 7-9/10", b"789"),
        ("bytes=-30", "bytes 0-9/10", b"0123456789"),
        ("bytes=8-100", "bytes 8-9/10", b"89"),
        ("bytes=0-0", "bytes 0-0/10", b"0"),
        ("bytes=0-9", "bytes 0-9/10", b"0123456789"),
    ],
)
def test_a_range_is_answered_with_exactly_its_bytes(
    gate, s3, key, stored, asked, content_range, bytes_
):
    status, headers, body = gate.ask("GET", read_target(s3, key, stored), headers={"Range": asked})
    assert (status, headers["content-range"], body) == (206, content_range, bytes_)
    assert headers["content-length"] == str(len(bytes_))
    assert headers["content-type"] == "image/jpeg"


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,4-5", "bytes=5-2", "bytes=x-y", "lines=1-2", "bytes=-"]
)
def test_a_range_that_s3_does_not_read_gives_the_whole(gate, s3, key, stored, asked):
    status, headers, body = gate.ask("GET", read_target(s3, key, stored), headers={"Range": asked})
    assert (status, body) == (200, b"0123456789")
    assert "content-range" not in headers


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=99-100", "bytes=-0"])
def test_a_range_past_the_end_is_416(gate, s3, key, stored, asked):
    status, _, body = gate.ask("GET", read_target(s3, key, stored), headers={"Range": asked})
    assert (status, code_of(body)) == (416, "InvalidRange")


def test_the_sdk_reads_ranges_too(s3, key, stored):
    response = s3.get_object(Bucket=BUCKET, Key=key, VersionId=stored, Range="bytes=2-4")
    assert (response["ContentRange"], response["Body"].read()) == ("bytes 2-4/10", b"234")


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
    gate, s3, key, stored, name, value
):
    path, _, query = read_target(s3, key, stored).partition("?")
    changed = urlencode({**dict(parse_qsl(query)), name: value}, quote_via=quote)
    status, _, body = gate.ask("GET", f"{path}?{changed}")
    assert (status, code_of(body)) == (403, "SignatureDoesNotMatch")


def test_a_read_url_opens_no_other_key(gate, s3, key, stored):
    target = read_target(s3, key, stored).replace(key, key + "x", 1)
    status, _, body = gate.ask("GET", target)
    assert (status, code_of(body)) == (403, "SignatureDoesNotMatch")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "POST"])
def test_a_read_url_allows_no_other_method(gate, s3, key, stored, method):
    assert gate.ask(method, read_target(s3, key, stored))[0] == 403
    assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == b"second"


def test_a_read_url_is_refused_from_another_host(gate, s3, key, stored):
    assert gate.ask("GET", read_target(s3, key, stored), headers={"Host": "evil.example"})[0] == 403


def test_a_read_url_expires(gate, s3, key, stored, clock):
    target = read_target(s3, key, stored, expires_s=300)
    clock.ahead = timedelta(seconds=290)
    assert gate.ask("GET", target)[0] == 200
    clock.ahead = timedelta(seconds=302)
    status, _, body = gate.ask("GET", target)
    assert (status, code_of(body), message_of(body)) == (403, "AccessDenied", "Request has expired")


def test_a_read_url_of_the_future_is_not_valid_yet(gate, s3, key, stored, clock):
    target = read_target(s3, key, stored)
    clock.ahead = timedelta(minutes=-20)
    status, _, body = gate.ask("GET", target)
    assert (status, message_of(body)) == (403, "Request is not valid yet")


def test_an_s3_header_that_was_not_signed_is_refused(gate, s3, key, stored):
    status, _, body = gate.ask(
        "GET", read_target(s3, key, stored), headers={"x-amz-acl": "public-read"}
    )
    assert (status, code_of(body)) == (403, "AccessDenied")


def test_no_url_lives_longer_than_seven_days(gate, s3, key, stored):
    target = read_target(s3, key, stored).replace("X-Amz-Expires=300", "X-Amz-Expires=604801")
    status, _, body = gate.ask("GET", target)
    assert (status, code_of(body)) == (400, "AuthorizationQueryParametersError")


def test_a_signature_and_an_authorization_together_are_refused(gate, s3, key, stored):
    sdk = f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/20261125/{REGION}/s3/aws4_request, SignedHeaders=host, Signature=0"
    status, _, body = gate.ask("GET", read_target(s3, key, stored), headers={"Authorization": sdk})
    assert (status, code_of(body)) == (400, "InvalidArgument")


def test_a_signed_read_of_what_is_not_there_is_404(gate, s3, key, stored):
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
def test_a_request_that_nobody_signed_is_refused(gate, s3, key, stored, method, target):
    assert gate.ask(method, target.format(b=BUCKET, k=key), b"x")[0] in (403, 412)
    assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == b"second"


def test_the_sdk_with_an_unknown_key_is_refused(gate, key):
    with pytest.raises(ClientError) as refused:
        gate.client("s3", access_key="AKIDANOTHER").put_object(Bucket=BUCKET, Key=key, Body=b"x")
    assert refused.value.response["Error"]["Code"] == "InvalidAccessKeyId"


def test_a_put_whose_declared_md5_is_wrong_is_refused(gate, s3, key):
    parts = urlsplit(s3.generate_presigned_url("put_object", Params={"Bucket": BUCKET, "Key": key}))
    wrong = {"Content-MD5": base64.b64encode(hashlib.md5(b"other").digest()).decode()}  # noqa: S324
    status, _, body = gate.ask("PUT", f"{parts.path}?{parts.query}", b"body", wrong)
    assert (status, code_of(body)) == (400, "BadDigest")
    assert_nothing_stored(s3, key)


# Cross-origin
# ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cors_bucket(s3):
    s3.create_bucket(Bucket="gate-cors")
    rule = {
        "AllowedMethods": ["GET", "POST", "PUT"],
        "AllowedOrigins": ["https://*.example.org"],
        "AllowedHeaders": ["*"],
    }
    s3.put_bucket_cors(
        Bucket="gate-cors",
        CORSConfiguration={
            "CORSRules": [{**rule, "ExposeHeaders": ["ETag"], "MaxAgeSeconds": 3600}]
        },
    )
    return "gate-cors"


def preflight(gate, bucket, origin, method):
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "Content-Type, x-amz-date",
    }
    return gate.ask("OPTIONS", f"/{bucket}/originals/x", headers=asked)


def test_a_preflight_is_answered_by_the_buckets_rule(gate, cors_bucket):
    status, headers, _ = preflight(gate, cors_bucket, "https://app.example.org", "PUT")
    assert status == 200
    assert headers["access-control-allow-origin"] == "https://app.example.org"
    assert headers["access-control-allow-methods"] == "GET, POST, PUT"
    assert headers["access-control-allow-headers"] == "content-type, x-amz-date"
    assert headers["access-control-max-age"] == "3600"


def test_a_preflight_for_a_signed_url_needs_no_signature_of_its_own(gate, s3, cors_bucket):
    url = urlsplit(
        s3.generate_presigned_url("put_object", Params={"Bucket": cors_bucket, "Key": "x"})
    )
    asked = {"Origin": "https://app.example.org", "Access-Control-Request-Method": "PUT"}
    assert gate.ask("OPTIONS", f"{url.path}?{url.query}", headers=asked)[0] == 200


@pytest.mark.parametrize(
    ("origin", "method"),
    [("https://app.example.com", "PUT"), ("https://app.example.org", "DELETE")],
)
def test_a_preflight_that_no_rule_allows_is_refused(gate, cors_bucket, origin, method):
    status, headers, body = preflight(gate, cors_bucket, origin, method)
    assert (status, code_of(body)) == (403, "AccessForbidden")
    assert "access-control-allow-origin" not in headers


def test_a_bucket_without_rules_answers_no_preflight(gate):
    assert preflight(gate, BUCKET, "https://app.example.org", "GET")[0] == 403


def test_an_answer_may_be_read_by_an_allowed_origin_only_refusals_included(gate, cors_bucket):
    _, headers, _ = gate.post(
        f"/{cors_bucket}", {"key": "x"}, b"x", headers={"Origin": "https://app.example.org"}
    )
    assert headers["access-control-allow-origin"] == "https://app.example.org"
    assert headers["access-control-expose-headers"] == "ETag"
    _, headers, _ = gate.post(
        f"/{cors_bucket}", {"key": "x"}, b"x", headers={"Origin": "https://evil.example"}
    )
    assert "access-control-allow-origin" not in headers


# Uploads in parts
# -----------------------------------------------------------------------------------------------------------------

SIZE = 2 * grants.PART_SIZE + 5
VIDEO = bytes(range(256)) * (SIZE // 256) + b"12345"


@pytest.fixture
def upload(s3, key):
    return grants.start_multipart(s3=s3, bucket=BUCKET, key=key, content_type="video/mp4")


@pytest.fixture
def parts(gate, s3, key, upload):
    """Sends parts by number, each by its own signed URL."""

    def send(*numbers, body=None):
        granted = grants.part_urls(
            s3=s3,
            bucket=BUCKET,
            key=key,
            upload_id=upload,
            size=SIZE,
            numbers=numbers,
            expires_s=600,
        )
        responses = []
        for part in granted:
            begin = (part.number - 1) * grants.PART_SIZE
            content = VIDEO[begin : begin + grants.PART_SIZE] if body is None else body
            target = urlsplit(part.url)
            responses.append(gate.ask("PUT", f"{target.path}?{target.query}", content))
        return responses

    return send


def complete(s3, key, upload, size=SIZE):
    return grants.complete_multipart(s3=s3, bucket=BUCKET, key=key, upload_id=upload, size=size)


def test_parts_in_any_order_become_one_object_with_a_crc64nvme_of_the_whole(s3, key, upload, parts):
    assert [status for status, _, _ in parts(3, 1, 2)] == [200, 200, 200]
    done = complete(s3, key, upload)
    assert done.size == SIZE
    assert (
        done.crc64nvme == base64.b64encode(checksums.crc64nvme(VIDEO).to_bytes(8, "big")).decode()
    )
    head = s3.head_object(Bucket=BUCKET, Key=key)
    assert (head["VersionId"], head["ContentLength"], head["ContentType"]) == (
        done.version_id,
        SIZE,
        "video/mp4",
    )
    assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == VIDEO


def test_completing_again_gives_the_same_object(s3, key, upload, parts):
    parts(1, 2, 3)
    assert complete(s3, key, upload) == complete(s3, key, upload)
    assert len(s3.list_object_versions(Bucket=BUCKET, Prefix=key)["Versions"]) == 1


def test_the_parts_held_are_listed_with_their_sizes(s3, key, upload, parts):
    (_, first, _), (_, third, _) = parts(1, 3)
    assert grants.list_held(s3=s3, bucket=BUCKET, key=key, upload_id=upload) == (
        grants.HeldPart(1, first["etag"], grants.PART_SIZE),
        grants.HeldPart(3, third["etag"], 5),
    )


def test_a_part_sent_again_replaces_the_first(s3, key, upload, parts):
    parts(1)
    parts(1, 2, 3)
    assert complete(s3, key, upload).size == SIZE


def test_an_upload_with_parts_missing_names_them(s3, key, upload, parts):
    parts(2)
    with pytest.raises(Conflict) as refused:
        complete(s3, key, upload)
    assert (refused.value.code, refused.value.params) == ("parts_missing", {"numbers": "1,3"})
    assert_nothing_stored(s3, key)


def test_parts_that_do_not_make_the_declared_size_are_refused(s3, key, upload, parts):
    parts(1, 2, 3)
    with pytest.raises(Conflict) as refused:
        complete(s3, key, upload, size=SIZE + 1)
    assert refused.value.code == "size_mismatch"
    assert_nothing_stored(s3, key)


@pytest.mark.parametrize("length", [0, 4, 6, 1000])
def test_a_part_of_another_length_does_not_match_its_signature(s3, key, upload, parts, length):
    ((status, _, body),) = parts(3, body=bytes(length))
    assert (status, code_of(body)) == (403, "SignatureDoesNotMatch")
    assert grants.list_held(s3=s3, bucket=BUCKET, key=key, upload_id=upload) == ()


def test_a_part_url_takes_no_other_part_number(gate, s3, key, upload):
    (part,) = grants.part_urls(
        s3=s3, bucket=BUCKET, key=key, upload_id=upload, size=SIZE, numbers=[3], expires_s=600
    )
    target = urlsplit(part.url.replace("partNumber=3", "partNumber=4"))
    assert gate.ask("PUT", f"{target.path}?{target.query}", b"12345")[0] == 403


def test_a_part_of_an_upload_that_was_aborted_is_refused(s3, key, upload, parts):
    for _ in range(2):
        grants.abort_multipart(s3=s3, bucket=BUCKET, key=key, upload_id=upload)
    ((status, _, body),) = parts(3)
    assert (status, code_of(body)) == (404, "NoSuchUpload")


def test_an_aborted_upload_can_be_neither_listed_nor_completed(s3, key, upload):
    grants.abort_multipart(s3=s3, bucket=BUCKET, key=key, upload_id=upload)
    with pytest.raises(Conflict) as unlisted:
        grants.list_held(s3=s3, bucket=BUCKET, key=key, upload_id=upload)
    with pytest.raises(Conflict) as incomplete:
        complete(s3, key, upload)
    assert (unlisted.value.code, incomplete.value.code) == ("upload_gone", "upload_gone")


def test_a_second_upload_of_a_key_puts_no_version_on_top(s3, key, upload, parts):
    s3.put_object(Bucket=BUCKET, Key=key, Body=b"came first")
    parts(1, 2, 3)
    with pytest.raises(Conflict) as refused:
        complete(s3, key, upload)
    assert refused.value.code == "size_mismatch"
    assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == b"came first"


def test_of_many_completions_at_once_one_makes_the_object_and_all_answer_with_it(
    s3, key, upload, parts
):
    parts(1, 2, 3)
    responses = []
    threads = [
        threading.Thread(target=lambda: responses.append(complete(s3, key, upload)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(responses) == 4
    assert len(set(responses)) == 1
    assert len(s3.list_object_versions(Bucket=BUCKET, Prefix=key)["Versions"]) == 1


def test_an_upload_is_completed_and_read_from_disk(s3, key, upload, parts):
    parts(1, 2, 3)
    tracemalloc.start()
    try:
        complete(s3, key, upload)
        s3.get_object(Bucket=BUCKET, Key=key, Range=f"bytes={SIZE - 9}-")["Body"].read()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * MIB


def test_s3_checks_the_whole_size_that_complete_declares(s3, key, upload, parts):
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


# Events
# ---------------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def events(gate, s3):
    """Returns what the queue got since last asked. The rule is of the shape of our own."""
    sqs, bridge = gate.client("sqs"), gate.client("events")
    queue = sqs.create_queue(QueueName="gate-uploads")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    s3.put_bucket_notification_configuration(
        Bucket=BUCKET, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    pattern = {
        "source": ["aws.s3"],
        "detail": {"bucket": {"name": [BUCKET]}, "object": {"key": [{"prefix": "originals/"}]}},
    }
    bridge.put_rule(Name="gate-rule", EventPattern=json.dumps(pattern))
    paths = {"type": "$.detail-type", "key": "$.detail.object.key", "size": "$.detail.object.size"}
    paths |= {
        "version": "$.detail.object.version-id",
        "sequencer": "$.detail.object.sequencer",
        "why": "$.detail.reason",
    }
    template = '{"type": <type>, "key": <key>, "size": <size>, "version": <version>, "sequencer": <sequencer>, "why": <why>}'
    transformer = {"InputPathsMap": paths, "InputTemplate": template}
    bridge.put_targets(
        Rule="gate-rule", Targets=[{"Id": "q", "Arn": arn, "InputTransformer": transformer}]
    )

    def take():
        taken = []
        while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in messages:
                taken.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return taken

    take()
    yield take
    bridge.remove_targets(Rule="gate-rule", Ids=["q"])
    bridge.delete_rule(Name="gate-rule")


def test_a_form_upload_is_told_once_with_version_size_and_sequencer(gate, s3, key, grant, events):
    _, headers, _ = gate.post(grant.url, grant.fields, PICTURE)
    (event,) = events()
    assert event.pop("sequencer")
    assert event == {
        "type": "Object Created",
        "key": key,
        "size": len(PICTURE),
        "version": headers["x-amz-version-id"],
        "why": "POST Object",
    }


def test_an_upload_in_parts_is_told_once_with_the_version_of_the_whole(
    s3, key, upload, parts, events
):
    parts(1, 2, 3)
    done = complete(s3, key, upload)
    (event,) = events()
    assert event.pop("sequencer")
    assert event == {
        "type": "Object Created",
        "key": key,
        "size": SIZE,
        "version": done.version_id,
        "why": "CompleteMultipartUpload",
    }


def test_sequencers_of_one_key_grow_as_its_versions_follow(s3, key, events):
    versions = [
        s3.put_object(Bucket=BUCKET, Key=key, Body=body)["VersionId"] for body in (b"1", b"2", b"3")
    ]
    told = sorted(events(), key=lambda event: event["sequencer"])
    assert [(event["version"], event["why"]) for event in told] == [
        (version, "PutObject") for version in versions
    ]
    assert len({event["sequencer"] for event in told}) == 3
    assert len({len(event["sequencer"]) for event in told}) == 1


def test_a_refused_upload_is_not_told(gate, grant, events):
    gate.post(grant.url, {**grant.fields, "Content-Type": "text/html"}, PICTURE)
    assert events() == []


# The rest of AWS
# ------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def eager_threads():
    """Threads that change places at nearly every step: what can interleave, will."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("eager_threads")
def test_of_transactions_at_once_exactly_one_is_accepted_and_none_is_lost(gate):
    database = gate.client("dynamodb", max_pool_connections=6)
    database.create_table(
        TableName="gate-once",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    accepted = []
    barrier = threading.Barrier(6)

    def claim(who):
        for row in range(15):
            barrier.wait(timeout=10)
            try:
                put = {"TableName": "gate-once", "ConditionExpression": "attribute_not_exists(id)"}
                database.transact_write_items(
                    TransactItems=[
                        {
                            "Put": {
                                **put,
                                "Item": {"id": {"S": f"audit-{row}-{who}"}, "who": {"S": who}},
                            }
                        },
                        {"Put": {**put, "Item": {"id": {"S": str(row)}, "who": {"S": who}}}},
                    ]
                )
                accepted.append((str(row), who))
            except database.exceptions.TransactionCanceledException:
                continue

    threads = [threading.Thread(target=claim, args=(str(number),)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = [
        (item["id"]["S"], item["who"]["S"])
        for item in database.scan(TableName="gate-once")["Items"]
    ]
    assert len(accepted) == 15
    assert sorted(kept) == sorted(
        [*accepted, *((f"audit-{row}-{who}", who) for row, who in accepted)]
    )


def test_tokens_can_be_verified_by_the_pools_published_keys(gate):
    pool = gate.client("cognito-idp").create_user_pool(PoolName="gate")["UserPool"]["Id"]
    status, _, body = gate.ask("GET", f"/{pool}/.well-known/jwks.json")
    assert status == 200
    assert json.loads(body)["keys"]


def test_one_port_serves_every_service(gate):
    topic = gate.client("sns").create_topic(Name="gate")["TopicArn"]
    secret = gate.client("secretsmanager").create_secret(Name="gate", SecretString="s")["ARN"]
    assert topic.endswith(":gate")
    assert gate.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"] == "s"


def test_a_client_that_waits_to_be_told_to_send_is_told_at_once(gate, key):
    sdk = f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/20261125/{REGION}/s3/aws4_request, SignedHeaders=host, Signature=0"
    head = f"PUT /{BUCKET}/{key} HTTP/1.1\r\nHost: x\r\nAuthorization: {sdk}\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n"
    with socket.create_connection(("127.0.0.1", gate.port), timeout=5) as client:
        client.sendall(head.encode())
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"x")
        assert client.recv(100).startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_connection_is_kept_alive_even_past_a_refused_upload(gate, s3, key, grant):
    connection = http.client.HTTPConnection("127.0.0.1", gate.port, timeout=20)
    content, kind = form({**grant.fields, "acl": "public-read"}, bytes(MIB))
    statuses = []
    for _ in range(3):
        connection.request("POST", f"/{BUCKET}", body=content, headers={"Content-Type": kind})
        kept = connection.sock
        response = connection.getresponse()
        response.read()
        statuses.append(response.status)
        assert connection.sock is kept
    connection.close()
    assert statuses == [403, 403, 403]
