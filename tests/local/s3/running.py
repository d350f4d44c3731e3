"""A gate that runs, and requests to it, byte for byte."""

import http.client
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import boto3
from botocore.config import Config
from urllib3 import encode_multipart_formdata

from chalicelib.aws import grants
from chalicelib.aws.bucket import MediaBucket
from infra.local.s3 import gate as s3_gate
from infra.local.wsgi import serve

ACCESS_KEY, SECRET_KEY, REGION, BUCKET = "AKIDGATETESTS", "local-secret", "us-east-1", "gate-media"
# What the SDK sends; the gate looks at the key alone.
SDK = (
    f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/20261125/{REGION}/s3/aws4_request, "
    "SignedHeaders=host, Signature=0"
)
MIB = 1024 * 1024
PICTURE = b"\xff\xd8\xff\xe0 a picture" * 100
SIZE = 2 * grants.PART_SIZE + 5
VIDEO = bytes(range(256)) * (SIZE // 256) + b"12345"
# Fields of a form that S3 refuses where the policy does not name them. Other storages may not.
UNDECLARED = {
    "acl": "public-read",
    "success_action_redirect": "https://evil.example/",
    "success_action_status": "200",
    "tagging": "<Tagging/>",
    "Cache-Control": "public",
    "Content-Disposition": "inline",
    "Content-Encoding": "gzip",
    "Expires": "Thu, 01 Dec 2044 16:00:00 GMT",
}

type Fields = Mapping[str, str] | list[tuple[str, str]]
type Reply = tuple[int, dict[str, str], bytes]
# Sends parts by number, each by its own signed URL.
type Send = Callable[..., list[Reply]]
# Takes from the queue what it got since last asked.
type Events = Callable[[], list[dict[str, Any]]]


class Clock:
    """Moves the gate only: grants are signed by the machine's own clock."""

    ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class Storage:
    """An S3 on a port of this machine."""

    def __init__(self, port: int) -> None:
        self.port = port

    def client(
        self,
        service: str = "s3",
        access_key: str = ACCESS_KEY,
        secret_key: str = SECRET_KEY,
        **config: Any,
    ) -> Any:
        return boto3.client(  # type: ignore[call-overload]
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

    def ask(
        self,
        method: str,
        target: str,
        body: bytes | Iterable[bytes] = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        return ask(self.port, method, target, body, headers)

    def post(
        self, url: str, fields: Fields, body: bytes | None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        content, kind = form(fields, body)
        return self.ask(
            "POST", urlsplit(url).path, content, {"Content-Type": kind, **(headers or {})}
        )


class Gate(Storage):
    """A gate on a port of its own."""

    def __init__(self) -> None:
        self.clock = Clock()
        gate = s3_gate.Gate(
            access_key=ACCESS_KEY, secret_key=SECRET_KEY, region=REGION, clock=self.clock
        )
        self.server = serve(gate, 0)
        super().__init__(self.server.port)


def ask(
    port: int,
    method: str,
    target: str,
    body: bytes | Iterable[bytes] = b"",
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """Send one request, byte for byte as given. Return status, headers by lower-case name, body."""
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


def form(fields: Fields, body: bytes | None) -> tuple[bytes, str]:
    """Return a browser's form, the fields in order and then the file, and its content type."""
    parts: list[Any] = [*(fields.items() if isinstance(fields, Mapping) else fields)]
    if body is not None:
        parts.append(("file", ("x.jpg", body, "text/html")))
    return encode_multipart_formdata(parts, boundary="----gate-boundary")


def element_of(body: bytes, name: str) -> str | None:
    return ElementTree.fromstring(body).findtext(name)  # noqa: S314 - our own server's


def code_of(body: bytes) -> str | None:
    return element_of(body, "Code")


def refusal_of(reply: Reply) -> tuple[int, str | None]:
    """Return the status and the code of a refusal."""
    return reply[0], code_of(reply[2])


def message_of(body: bytes) -> str | None:
    return element_of(body, "Message")


def a_grant(s3: Any, key: str, **changes: Any) -> grants.PostGrant:
    wanted: dict[str, Any] = {
        "content_type": "image/jpeg",
        "max_bytes": len(PICTURE),
        "sha256_hex": None,
        "expires_s": 3600,
    }
    return MediaBucket(s3, BUCKET).post_grant(key, **{**wanted, **changes})


def target_of(url: str) -> str:
    """Return what a request for a signed address names."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def part_target(s3: Any, key: str, upload: str, number: int, *, expires_s: int = 600) -> str:
    (granted,) = MediaBucket(s3, BUCKET).part_urls(
        key, upload_id=upload, size=SIZE, numbers=[number], expires_s=expires_s
    )
    return target_of(granted.url)


def complete(s3: Any, key: str, upload: str, size: int = SIZE) -> None:
    bucket = MediaBucket(s3, BUCKET)
    etags = bucket.part_etags(key, upload_id=upload, size=size)
    bucket.complete_multipart(key, upload_id=upload, size=size, etags=etags)


def assert_nothing_stored(s3: Any, *keys: str) -> None:
    for key in keys:
        assert "Versions" not in s3.list_object_versions(Bucket=BUCKET, Prefix=key)
