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

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from moto.s3.responses import ALLOWED_HEADER_OVERRIDES

from infra.local.moto_patches import apply_patches
from infra.local.requests import (
    Environ,
    Response,
    S3Error,
    access_denied,
    address_of,
    bad_request,
    headers_of,
    not_found,
    query_of,
    raw_path,
    service_of,
)
from infra.local.s3.forms import CHECKSUM, FormUpload, check_policy, declared_in, spool_body
from infra.local.s3.signature import SIGNED_BY, Clock, Signer
from infra.local.s3.storage import Backend, Storage

# A policy may allow others (acl, tags, redirects). Ours never does, so what S3 would do with them
# is not imitated.
_IMITATED_FIELDS = SIGNED_BY | {"key", "content-type"}
VARY = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"


class Gate:
    """A WSGI application. What is signed must be signed with this key; `clock` says what has
    expired.
    """

    def __init__(
        self,
        *,
        access_key: str,
        secret_key: str,
        region: str,
        clock: Clock = lambda: datetime.now(UTC),
    ) -> None:
        apply_patches()
        self._signer, self._clock = Signer(access_key, secret_key, region), clock
        self._ask_moto, self._storage = Backend(), Storage(region)

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
                allowed = preflight(self._rules(bucket), sent)
                return "200 OK", [*allowed, ("Content-Length", "0")], []
            status, headers, pieces = self._checked(environ, bucket, key)
        except S3Error as error:
            status, headers, pieces = _refusal(error, method)
        if method == "OPTIONS":
            return status, headers, pieces
        # moto allows every origin everything.
        own = [header for header in headers if not header[0].lower().startswith("access-control-")]
        return status, own + cors_headers(self._rules(bucket), sent, method), pieces

    def _checked(self, environ: Environ, bucket: str, key: str) -> Response:
        query, method = query_of(environ), environ["REQUEST_METHOD"]
        presigned = "X-Amz-Signature" in query
        if "HTTP_AUTHORIZATION" in environ:
            if presigned:
                raise bad_request("InvalidArgument", "Only one auth mechanism allowed")
            key_sent = environ["HTTP_AUTHORIZATION"].partition("Credential=")[2].partition("/")[0]
            self._signer.check_key(key_sent)
        elif presigned:
            self._signer.check_presigned(environ, self._clock())
            self._strip_signature(environ)
        elif method == "POST" and not key:
            return self._post_form(environ, bucket)
        else:
            raise access_denied()
        # What reads an object, and nothing about it (tags, parts, retention).
        names = {name for name in query if not name.startswith("X-Amz-")}
        if method == "GET" and key and names <= {"versionId", "x-id", *ALLOWED_HEADER_OVERRIDES}:
            return self._download(environ, bucket, key)
        if method in ("GET", "HEAD"):
            return self._ask_moto(environ)
        return self._write(environ, bucket, key, presigned)

    def _write(self, environ: Environ, bucket: str, key: str, presigned: bool) -> Response:
        if key and "uploadId" in query_of(environ):
            self._check_upload(environ, bucket, key)
            if presigned and environ["REQUEST_METHOD"] == "PUT":
                return self._put_part(environ, bucket)
        # The SDK's own checksums may be in trailers, which moto takes off.
        spool_body(environ, declared_in(headers_of(environ)) if presigned else [])
        with self._storage.writing:
            return self._ask_moto(environ)

    def _post_form(self, environ: Environ, bucket: str) -> Response:
        """Store a form's file, if its policy is signed and allows all of it. Raises S3Error."""
        form = FormUpload(environ)
        fields = form.fields
        self._signer.check_form(fields)
        sizes = check_policy(fields["policy"], {**fields, "bucket": bucket}, self._clock())
        _check_fields(fields)
        self._storage.bucket(bucket)
        declared = declared_in(fields)
        body = form.spool(sizes, declared)
        stored = self._storage.put_form(
            bucket,
            fields["key"],
            body,
            fields.get("content-type", "binary/octet-stream"),
            next(((each.name, each.declared) for each in declared if each.name != "md5"), None),
        )
        headers = [("ETag", stored.etag), ("Location", f"/{bucket}/{quote(stored.name)}")]
        if stored.version_id != "null":
            headers.append(("x-amz-version-id", stored.version_id))
        return "204 No Content", headers, []

    def _put_part(self, environ: Environ, bucket: str) -> Response:
        """Store one part of an upload, whose request has been verified. Raises S3Error."""
        query = query_of(environ)
        number = query.get("partNumber", "")
        if not number.isdecimal() or not 1 <= int(number) <= 10_000:
            raise bad_request(
                "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive"
            )
        body = spool_body(environ, declared_in(headers_of(environ)))
        etag = self._storage.put_part(bucket, query["uploadId"], int(number), body)
        return "200 OK", [("ETag", etag), ("Content-Length", "0")], []

    def _check_upload(self, environ: Environ, bucket: str, key: str) -> None:
        """Raise S3Error unless the request's upload exists, and has the size that its completion
        declares. An upload that is complete already may be completed again.
        """
        upload_id = query_of(environ)["uploadId"]
        upload = self._storage.upload(bucket, key, upload_id)
        completing = environ["REQUEST_METHOD"] == "POST"
        if upload is None:
            if completing and self._storage.completed(bucket, key, upload_id):
                return
            raise not_found(
                "NoSuchUpload",
                "The specified upload does not exist. The upload ID may be invalid, or the upload "
                "may have been aborted or completed.",
                UploadId=upload_id,
            )
        declared = environ.get("HTTP_X_AMZ_MP_OBJECT_SIZE")
        size = sum(part.contentsize for part in upload.parts.values())
        if completing and declared is not None and declared != str(size):
            raise bad_request(
                "InvalidRequest",
                "The provided 'x-amz-mp-object-size' header does not match what was computed.",
            )

    def _download(self, environ: Environ, bucket: str, key: str) -> Response:
        """Return an object, whole or the one range asked for, in pieces, under the headers that
        the signed query asks for. moto gives everything but the bytes: it would read them all for
        any range.
        """
        query = query_of(environ)
        head = {name: value for name, value in environ.items() if name != "HTTP_RANGE"}
        status, headers, _ = self._ask_moto({**head, "REQUEST_METHOD": "HEAD"})
        if not status.startswith("200"):
            return self._ask_moto(environ)
        given = {name.lower(): (name, value) for name, value in headers}
        size = int(given["content-length"][1])
        asked = range_of(environ.get("HTTP_RANGE", ""), size)
        begin, end = asked or (0, size)
        replaced = {
            header: query[name]
            for name, header in ALLOWED_HEADER_OVERRIDES.items()
            if name in query
        }
        replaced["Content-Length"] = str(end - begin)
        if asked:
            status = "206 Partial Content"
            replaced["Content-Range"] = f"bytes {begin}-{end - 1}/{size}"
            # It is the checksum of the whole.
            given = {name: each for name, each in given.items() if not name.startswith(CHECKSUM)}
        given |= {name.lower(): (name, value) for name, value in replaced.items()}
        pieces = self._storage.read(bucket, key, query.get("versionId"), begin, end)
        return status, list(given.values()), pieces

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
        scope = f"{self._clock():%Y%m%d}/{self._signer.region}/s3/aws4_request"
        environ["HTTP_AUTHORIZATION"] = (
            f"AWS4-HMAC-SHA256 Credential={self._signer.access_key}/{scope}, "
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


def _check_fields(fields: dict[str, str]) -> None:
    if not fields.get("key"):
        raise bad_request("InvalidArgument", "Bucket POST must contain a field named 'key'.")
    if any(
        name not in _IMITATED_FIELDS and not name.startswith((CHECKSUM, "x-ignore-"))
        for name in fields
    ):
        raise S3Error(
            "501 Not Implemented",
            "NotImplemented",
            "A field you provided implies functionality that is not implemented",
        )


def range_of(header: str, size: int) -> tuple[int, int] | None:
    """Return the first byte and the one after the last; None for the whole, which S3 also gives for
    what it cannot read or for several ranges. Raises S3Error for a range past the end.
    """
    unit, _, spec = header.partition("=")
    first, dash, last = spec.strip().partition("-")
    if unit != "bytes" or not dash or not (first + last).isdecimal():
        return None
    if first and last and int(last) < int(first):
        return None
    if first:
        begin, end = int(first), min(int(last) + 1, size) if last else size
    else:
        begin, end = max(0, size - int(last)), size
    if begin >= end:
        raise S3Error(
            "416 Requested Range Not Satisfiable",
            "InvalidRange",
            "The requested range is not satisfiable",
            RangeRequested=header,
            ActualObjectSize=str(size),
        )
    return begin, end


def preflight(rules: list[Any], headers: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the headers that allow what a preflight asks for. Raises S3Error when no rule does."""
    origin, method = headers.get("origin"), headers.get("access-control-request-method")
    if not origin or not method:
        raise bad_request(
            "BadRequest",
            "Insufficient information. Origin and Access-Control-Request-Method request headers "
            "needed.",
        )
    if not rules:
        raise S3Error(
            "403 Forbidden", "AccessForbidden", "CORSResponse: CORS is not enabled for this bucket."
        )
    asked = [
        name.strip().lower()
        for name in headers.get("access-control-request-headers", "").split(",")
        if name.strip()
    ]
    for rule in rules:
        allowed = [name.lower() for name in rule.allowed_headers or ()]
        if _allows(rule, origin, method) and all(
            any(_matches(pattern, name) for pattern in allowed) for name in asked
        ):
            response = _response_of(rule, origin)
            if asked:
                response.append(("Access-Control-Allow-Headers", ", ".join(asked)))
            if rule.max_age_seconds is not None:
                response.append(("Access-Control-Max-Age", str(rule.max_age_seconds)))
            return response
    raise S3Error(
        "403 Forbidden",
        "AccessForbidden",
        "CORSResponse: This CORS request is not allowed. This is usually because the evalution of "
        "Origin, request method / "
        "Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by "
        "the resource's CORS spec.",
    )


def cors_headers(
    rules: list[Any], headers: Mapping[str, str], method: str
) -> list[tuple[str, str]]:
    """Return the headers that let a page of that origin read a response; none when no rule allows
    it.
    """
    origin = headers.get("origin")
    rule = next((rule for rule in rules if origin and _allows(rule, origin, method)), None)
    return _response_of(rule, origin) if rule is not None and origin else []


def _response_of(rule: Any, origin: str) -> list[tuple[str, str]]:
    anyone = "*" in rule.allowed_origins
    response = [
        ("Access-Control-Allow-Origin", "*" if anyone else origin),
        ("Access-Control-Allow-Methods", ", ".join(rule.allowed_methods)),
        ("Vary", VARY),
    ]
    if not anyone:
        response.append(("Access-Control-Allow-Credentials", "true"))
    if rule.exposed_headers:
        response.append(("Access-Control-Expose-Headers", ", ".join(rule.exposed_headers)))
    return response


def _allows(rule: Any, origin: str, method: str) -> bool:
    return method in rule.allowed_methods and any(
        _matches(pattern, origin) for pattern in rule.allowed_origins
    )


def _matches(pattern: str, text: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), text) is not None
