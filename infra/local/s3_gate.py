"""The local AWS: moto behind a gate that checks what phones and browsers send to S3 as AWS does.
moto itself checks nothing.

| request | is |
|---|---|
| POST of a form to a bucket | held against its signed policy, size and checksum, and stored |
| with a signed query | verified, then answered: objects in ranges, parts by their signed length |
| OPTIONS with an origin | answered by the bucket's cross-origin rules |
| with the SDK's `Authorization` | for S3: the known key only. Its signature is not verified: who has the port has the key |
| of another service | moto's. DynamoDB's one at a time, so that conditions and transactions are atomic as in AWS |
| anything else | 403 |

Bodies stay on disk (see `s3_storage`): sent in parts, completed and read back, 500 MiB raised the
process's peak by 11 MiB, a form of 25 MiB by 2.
"""

import io
import tempfile
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import IO, Any, cast
from urllib.parse import quote, unquote

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.exceptions import ClientDisconnected

from infra.local import s3_cors
from infra.local.s3_checksums import Checksum, declared_in
from infra.local.s3_errors import S3Error, access_denied, bad_request, not_found
from infra.local.s3_forms import PIECE, FormUpload, OnDisk
from infra.local.s3_policy import check_policy
from infra.local.s3_signature import (
    Credentials,
    check_form,
    check_presigned,
    headers_of,
    query_of,
    raw_path,
)
from infra.local.s3_storage import Storage
from infra.local.wsgi import serve

__all__ = ["make_gate", "serve"]

Environ = dict[str, Any]
Response = tuple[str, list[tuple[str, str]], Iterable[bytes]]
Clock = Callable[[], datetime]

OVERRIDES = {
    "response-content-type": "Content-Type",
    "response-content-disposition": "Content-Disposition",
    "response-content-encoding": "Content-Encoding",
    "response-content-language": "Content-Language",
    "response-cache-control": "Cache-Control",
    "response-expires": "Expires",
}
# A policy may allow others (acl, tags, redirects). Ours never does, so what S3 would do with them
# is not imitated.
IMITATED_FIELDS = {
    "key",
    "content-type",
    "policy",
    "x-amz-algorithm",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-signature",
}
WELL_KNOWN = ("/.well-known/jwks.json", "/.well-known/openid-configuration")


def make_gate(
    *, access_key: str, secret_key: str, region: str, clock: Clock = lambda: datetime.now(UTC)
) -> "Gate":
    """All of local AWS as one WSGI application. What is signed must be signed with this key;
    `clock` says what has expired.
    """
    return Gate(Credentials(access_key, secret_key, region), clock)


class Gate:
    def __init__(self, credentials: Credentials, clock: Clock) -> None:
        self._credentials = credentials
        self._clock = clock
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._storage = Storage(credentials.region)
        self._database_lock = threading.Lock()
        self._writes_lock = threading.Lock()

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        service = _service(environ)
        if service == "s3":
            status, headers, pieces = self._s3(environ)
        elif service == "dynamodb":
            _read_ahead(environ)
            with self._database_lock:
                status, headers, pieces = self._ask_moto(environ)
        else:
            status, headers, pieces = self._ask_moto(environ)
        start_response(status, headers)
        return pieces

    def _s3(self, environ: Environ) -> Response:
        bucket, key = _address(environ)
        try:
            status, headers, pieces = self._checked(environ, bucket, key)
        except S3Error as error:
            body = error.xml()
            status, headers = (
                error.status,
                [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))],
            )
            pieces = [] if environ["REQUEST_METHOD"] == "HEAD" else [body]
        if environ["REQUEST_METHOD"] == "OPTIONS":
            return status, headers, pieces
        # moto allows every origin everything.
        headers = [
            (name, value)
            for name, value in headers
            if not name.lower().startswith("access-control-")
        ]
        return (
            status,
            headers
            + s3_cors.response_headers(
                self._rules(bucket), headers_of(environ), environ["REQUEST_METHOD"]
            ),
            pieces,
        )

    def _checked(self, environ: Environ, bucket: str, key: str) -> Response:
        query = query_of(environ)
        method = environ["REQUEST_METHOD"]
        # A browser asks before it sends, with the same signed query, and signs nothing itself.
        if method == "OPTIONS":
            return (
                "200 OK",
                [
                    *s3_cors.preflight(self._rules(bucket), headers_of(environ)),
                    ("Content-Length", "0"),
                ],
                [],
            )
        presigned = "X-Amz-Signature" in query
        if "HTTP_AUTHORIZATION" in environ:
            if presigned:
                raise bad_request("InvalidArgument", "Only one auth mechanism allowed")
            self._check_sdk(environ["HTTP_AUTHORIZATION"])
        elif presigned:
            check_presigned(environ, self._credentials, self._clock())
            self._strip_signature(environ)
        elif method == "POST" and not key:
            return self._post_form(environ, bucket)
        else:
            raise access_denied()

        if (
            method == "GET"
            and key
            and query.keys() <= {"versionId", "x-id", *OVERRIDES, *_signature_parameters(query)}
        ):
            return self._get_object(environ, bucket, key, query)
        if method in ("GET", "HEAD"):
            return self._ask_moto(environ)
        if key and "uploadId" in query:
            self._check_upload(environ, bucket, key, query["uploadId"])
            if presigned and method == "PUT":
                return self._put_part(environ, bucket, query)
        # The SDK's own checksums may be in trailers, which moto takes off.
        environ["wsgi.input"] = _spooled(
            environ, declared_in(headers_of(environ)) if presigned else {}
        ).file
        # a precondition and the write it guards are one; so is a version and its place in the list
        with self._writes_lock:
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
        kept = [
            (name, value)
            for name, value in query_of(environ).items()
            if not name.startswith("X-Amz-")
        ]
        environ["QUERY_STRING"] = "&".join(
            f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in kept
        )
        environ["RAW_URI"] = environ["REQUEST_URI"] = (
            f"{raw_path(environ)}?{environ['QUERY_STRING']}"
        )
        scope = f"{self._clock():%Y%m%d}/{self._credentials.region}/s3/aws4_request"
        environ["HTTP_AUTHORIZATION"] = (
            f"AWS4-HMAC-SHA256 Credential={self._credentials.access_key}/{scope}, SignedHeaders=host, Signature=0"
        )

    def _post_form(self, environ: Environ, bucket: str) -> Response:
        form = FormUpload(environ)
        fields = form.fields
        check_form(fields, self._credentials)
        sizes = check_policy(fields["policy"], {**fields, "bucket": bucket}, self._clock())
        if not fields.get("key"):
            raise bad_request("InvalidArgument", "Bucket POST must contain a field named 'key'.")
        if any(
            name not in IMITATED_FIELDS and not name.startswith(("x-amz-checksum-", "x-ignore-"))
            for name in fields
        ):
            raise S3Error(
                "501 Not Implemented",
                "NotImplemented",
                "A field you provided implies functionality that is not implemented",
            )
        self._storage.bucket(bucket)
        declared = declared_in(fields)
        checksums = [Checksum(name) for name in declared]
        body = form.spool(sizes, checksums)
        for checksum in checksums:
            checksum.check(declared[checksum.name])
        with self._writes_lock:
            stored = self._storage.put_form(
                bucket,
                fields["key"],
                body,
                fields.get("content-type", "binary/octet-stream"),
                next(((name, value) for name, value in declared.items() if name != "md5"), None),
            )
        headers = [("ETag", stored.etag), ("Location", f"/{bucket}/{quote(stored.name)}")]
        if stored.version_id != "null":
            headers.append(("x-amz-version-id", stored.version_id))
        return "204 No Content", headers, []

    def _get_object(
        self, environ: Environ, bucket: str, key: str, query: dict[str, str]
    ) -> Response:
        """An object, whole or the one range asked for, in pieces. moto says all but the bytes: it
        would read them all for any range.
        """
        head = {name: value for name, value in environ.items() if name != "HTTP_RANGE"}
        status, headers, _ = self._ask_moto({**head, "REQUEST_METHOD": "HEAD"})
        if not status.startswith("200"):
            return self._ask_moto(environ)
        told = {name.lower(): value for name, value in headers}
        size = int(told["content-length"])
        replaced = {OVERRIDES[name]: value for name, value in query.items() if name in OVERRIDES}
        asked = _range(environ.get("HTTP_RANGE", ""), size)
        begin, end = asked or (0, size)
        replaced["Content-Length"] = str(end - begin)
        if asked:
            status = "206 Partial Content"
            replaced["Content-Range"] = f"bytes {begin}-{end - 1}/{size}"
            # of the whole
            headers = [
                (name, value)
                for name, value in headers
                if not name.lower().startswith("x-amz-checksum-")
            ]
        dropped = {name.lower() for name in replaced}
        kept = [(name, value) for name, value in headers if name.lower() not in dropped]
        return (
            status,
            [*kept, *replaced.items()],
            self._storage.read(bucket, key, query.get("versionId"), begin, end),
        )

    def _check_upload(self, environ: Environ, bucket: str, key: str, upload_id: str) -> None:
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
        if (
            completing
            and declared is not None
            and declared != str(sum(part.contentsize for part in upload.parts.values()))
        ):
            raise bad_request(
                "InvalidRequest",
                "The provided 'x-amz-mp-object-size' header does not match what was computed.",
            )

    def _put_part(self, environ: Environ, bucket: str, query: dict[str, str]) -> Response:
        number = query.get("partNumber", "")
        if not number.isdecimal() or not 1 <= int(number) <= 10_000:
            raise bad_request(
                "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive"
            )
        body = _spooled(environ, declared_in(headers_of(environ)))
        with self._writes_lock:
            etag = self._storage.put_part(bucket, query["uploadId"], int(number), body)
        return "200 OK", [("ETag", etag), ("Content-Length", "0")], []

    def _rules(self, bucket: str) -> list[Any]:
        try:
            return self._storage.bucket(bucket).cors if bucket else []
        except S3Error:
            return []

    def _ask_moto(self, environ: Environ) -> Response:
        told: list[Any] = []
        pieces = self._moto(
            environ, lambda status, headers, exc_info=None: told.extend((status, headers))
        )
        return told[0], told[1], pieces


def _service(environ: Environ) -> str:
    authorization = environ.get("HTTP_AUTHORIZATION", "")
    if "Credential=" in authorization:
        scope = authorization.split("Credential=", 1)[1].split(",")[0].split("/")
        return scope[3] if len(scope) == 5 else "s3"
    if environ.get("HTTP_X_AMZ_TARGET", "").startswith("AWSCognito") or environ[
        "PATH_INFO"
    ].endswith(WELL_KNOWN):
        return "cognito"
    return "s3"


def _address(environ: Environ) -> tuple[str, str]:
    bucket, _, key = raw_path(environ).lstrip("/").partition("/")
    return unquote(bucket), unquote(key)


def _signature_parameters(query: dict[str, str]) -> set[str]:
    return {name for name in query if name.startswith("X-Amz-")}


def _range(header: str, size: int) -> tuple[int, int] | None:
    """The first byte and the one after the last; None for the whole, which S3 also gives for what
    it cannot read or for several ranges.
    """
    unit, _, spec = header.partition("=")
    first, dash, last = spec.strip().partition("-")
    if (
        unit != "bytes"
        or not dash
        or not (first + last).isdecimal()
        or (first and last and int(last) < int(first))
    ):
        return None
    begin, end = (
        (int(first), min(int(last) + 1, size) if last else size)
        if first
        else (max(0, size - int(last)), size)
    )
    if begin >= end:
        raise S3Error(
            "416 Requested Range Not Satisfiable",
            "InvalidRange",
            "The requested range is not satisfiable",
            RangeRequested=header,
            ActualObjectSize=str(size),
        )
    return begin, end


def _read_ahead(environ: Environ) -> None:
    """Take the body before any lock: a client that stalls must hold up nobody else."""
    environ["wsgi.input"] = io.BytesIO(
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    )


def _spooled(environ: Environ, declared: dict[str, str]) -> OnDisk:
    """The whole body, small ones in memory, if it is what the `declared` checksums say. Its file
    stands at the beginning.
    """
    checksums = [Checksum(name) for name in declared]
    file = tempfile.SpooledTemporaryFile(PIECE)  # noqa: SIM115 - becomes the object, or moto reads it
    try:
        while piece := environ["wsgi.input"].read(PIECE):
            file.write(piece)
            for checksum in checksums:
                checksum.update(piece)
    except ClientDisconnected as error:
        raise bad_request(
            "IncompleteBody",
            "You did not provide the number of bytes specified by the Content-Length HTTP header",
        ) from error
    for checksum in checksums:
        checksum.check(declared[checksum.name])
    body = OnDisk(cast(IO[bytes], file), file.tell())
    file.seek(0)
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    environ["CONTENT_LENGTH"] = str(body.size)
    return body
