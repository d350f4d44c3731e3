"""All of local AWS: moto, behind a gate that checks what phones and browsers send to S3.

| request | is |
|---|---|
| POST of a form to a bucket | compared with its signed policy, size and checksum, and stored |
| with a signed query | verified, then served: objects in ranges, parts by their signed length |
| OPTIONS with an origin | decided by the bucket's cross-origin rules |
| with the SDK's `Authorization` | for S3: the known key only, its signature unverified |
| of another service | moto's |
| anything else | 403 |

Who has the port has the key: so the signature of the SDK proves nothing here.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from infra.local.moto_patches import apply_patches
from infra.local.s3 import cors
from infra.local.s3.backend import Backend
from infra.local.s3.bodies import spool_body
from infra.local.s3.checksums import declared_in
from infra.local.s3.downloads import download, is_download
from infra.local.s3.errors import S3Error, access_denied, bad_request
from infra.local.s3.requests import (
    Environ,
    Response,
    address_of,
    headers_of,
    query_of,
    raw_path,
    service_of,
)
from infra.local.s3.signature import Clock, Credentials, check_presigned
from infra.local.s3.storage import Storage
from infra.local.s3.uploads import Uploads


def make_gate(
    *, access_key: str, secret_key: str, region: str, clock: Clock = lambda: datetime.now(UTC)
) -> "Gate":
    """Create all of local AWS as one WSGI application. What is signed must be signed with this key;
    `clock` says what has expired.
    """
    apply_patches()
    return Gate(Credentials(access_key, secret_key, region), clock)


class Gate:
    """A WSGI application."""

    def __init__(self, credentials: Credentials, clock: Clock) -> None:
        self._credentials = credentials
        self._clock = clock
        self._ask_moto = Backend()
        self._storage = Storage(credentials.region)
        self._uploads = Uploads(credentials, self._storage, clock)

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        is_s3 = service_of(environ) == "s3"
        status, headers, pieces = self._s3(environ) if is_s3 else self._ask_moto(environ)
        start_response(status, headers)
        return pieces

    def _s3(self, environ: Environ) -> Response:
        bucket, key = address_of(environ)
        method, sent = environ["REQUEST_METHOD"], headers_of(environ)
        try:
            # A browser asks before it sends, with the same signed query, and signs nothing itself.
            if method == "OPTIONS":
                allowed = cors.preflight(self._rules(bucket), sent)
                return "200 OK", [*allowed, ("Content-Length", "0")], []
            status, headers, pieces = self._checked(environ, bucket, key)
        except S3Error as error:
            status, headers, pieces = _refusal(error, method)
        if method == "OPTIONS":
            return status, headers, pieces
        # moto allows every origin everything.
        own = [header for header in headers if not header[0].lower().startswith("access-control-")]
        return status, own + cors.response_headers(self._rules(bucket), sent, method), pieces

    def _checked(self, environ: Environ, bucket: str, key: str) -> Response:
        query, method = query_of(environ), environ["REQUEST_METHOD"]
        presigned = "X-Amz-Signature" in query
        if "HTTP_AUTHORIZATION" in environ:
            if presigned:
                raise bad_request("InvalidArgument", "Only one auth mechanism allowed")
            self._check_sdk(environ["HTTP_AUTHORIZATION"])
        elif presigned:
            check_presigned(environ, self._credentials, self._clock())
            self._strip_signature(environ)
        elif method == "POST" and not key:
            return self._uploads.post_form(environ, bucket)
        else:
            raise access_denied()
        if is_download(environ, key):
            return download(environ, bucket, key, self._ask_moto, self._storage)
        if method in ("GET", "HEAD"):
            return self._ask_moto(environ)
        return self._write(environ, bucket, key, presigned)

    def _write(self, environ: Environ, bucket: str, key: str, presigned: bool) -> Response:
        if key and "uploadId" in query_of(environ):
            self._uploads.check_upload(environ, bucket, key)
            if presigned and environ["REQUEST_METHOD"] == "PUT":
                return self._uploads.put_part(environ, bucket)
        # The SDK's own checksums may be in trailers, which moto takes off.
        spool_body(environ, declared_in(headers_of(environ)) if presigned else {})
        with self._storage.writing:
            return self._ask_moto(environ)

    def _check_sdk(self, authorization: str) -> None:
        if f"Credential={self._credentials.access_key}/" not in authorization:
            raise S3Error(
                "403 Forbidden",
                "InvalidAccessKeyId",
                "The AWS Access Key Id you provided does not exist in our records.",
            )

    def _strip_signature(self, environ: Environ) -> None:
        """Pass a verified request on as the SDK's: moto guesses at signed queries, and finds the
        service by this header.
        """
        environ["QUERY_STRING"] = "&".join(
            f"{quote(name, safe='')}={quote(value, safe='')}"
            for name, value in query_of(environ).items()
            if not name.startswith("X-Amz-")
        )
        environ["RAW_URI"] = environ["REQUEST_URI"] = (
            f"{raw_path(environ)}?{environ['QUERY_STRING']}"
        )
        scope = f"{self._clock():%Y%m%d}/{self._credentials.region}/s3/aws4_request"
        environ["HTTP_AUTHORIZATION"] = (
            f"AWS4-HMAC-SHA256 Credential={self._credentials.access_key}/{scope}, "
            "SignedHeaders=host, Signature=0"
        )

    def _rules(self, bucket: str) -> list[Any]:
        try:
            return self._storage.bucket(bucket).cors if bucket else []
        except S3Error:
            return []


def _refusal(error: S3Error, method: str) -> Response:
    body = error.xml()
    headers = [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))]
    return error.status, headers, [] if method == "HEAD" else [body]
