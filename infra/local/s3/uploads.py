"""What phones send: a form with a file, or a part of a multipart upload."""

from urllib.parse import quote

from infra.local.s3.bodies import spool_body
from infra.local.s3.checksums import Checksum, declared_in
from infra.local.s3.errors import S3Error, bad_request, not_found
from infra.local.s3.forms import FormUpload
from infra.local.s3.policy import check_policy
from infra.local.s3.requests import Environ, Response, headers_of, query_of
from infra.local.s3.signature import Clock, Credentials, check_form
from infra.local.s3.storage import Storage

# A policy may allow others (acl, tags, redirects). Ours never does, so what S3 would do with them
# is not imitated.
_IMITATED_FIELDS = {
    "key",
    "content-type",
    "policy",
    "x-amz-algorithm",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-signature",
}


class Uploads:
    """Checks what arrives, and stores it."""

    def __init__(self, credentials: Credentials, storage: Storage, clock: Clock) -> None:
        self._credentials = credentials
        self._storage = storage
        self._clock = clock

    def post_form(self, environ: Environ, bucket: str) -> Response:
        """Store a form's file, if its policy is signed and allows all of it. Raises S3Error."""
        form = FormUpload(environ)
        fields = form.fields
        check_form(fields, self._credentials)
        sizes = check_policy(fields["policy"], {**fields, "bucket": bucket}, self._clock())
        _check_fields(fields)
        self._storage.bucket(bucket)
        declared = declared_in(fields)
        checksums = [Checksum(name) for name in declared]
        body = form.spool(sizes, checksums)
        for checksum in checksums:
            checksum.check(declared[checksum.name])
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

    def put_part(self, environ: Environ, bucket: str) -> Response:
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

    def check_upload(self, environ: Environ, bucket: str, key: str) -> None:
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


def _check_fields(fields: dict[str, str]) -> None:
    if not fields.get("key"):
        raise bad_request("InvalidArgument", "Bucket POST must contain a field named 'key'.")
    if any(
        name not in _IMITATED_FIELDS and not name.startswith(("x-amz-checksum-", "x-ignore-"))
        for name in fields
    ):
        raise S3Error(
            "501 Not Implemented",
            "NotImplemented",
            "A field you provided implies functionality that is not implemented",
        )
