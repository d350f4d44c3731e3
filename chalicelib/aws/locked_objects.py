"""Objects of the audit bucket, which locks each when it is written.

Only the oldest version of an object is read: it is the one that was written. The owner of the
bucket can add a version or a delete marker later, but cannot take the oldest away.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from chalicelib.aws.errors import code_of, unavailable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_ABSENT = ("NoSuchKey", "NoSuchVersion", "404")
_EXISTING = ("PreconditionFailed", "ConditionalRequestConflict")
_LOST = ("NoSuchUpload", "InvalidPart")
_CONTENT_TYPE = "application/json"


@dataclass(slots=True)
class StoredObject:
    """An object under a key: the oldest version (None when there are delete markers
    alone) with its size in bytes and the time at which it was written, and how many versions and
    delete markers there are.
    """

    key: str
    version: str | None = None
    size: int = 0
    versions: int = 0
    markers: int = 0
    written_at: datetime | None = None


class Upload(NamedTuple):
    """An object that is written in parts, of which nobody sees anything until it is complete. S3
    gave it the id, and each part its ETag and its SHA-256.
    """

    id: str
    parts: tuple[tuple[str, str], ...] = ()


class UploadLost(Exception):
    """S3 has the upload no longer, or not these parts."""


class LockedObjects:
    """The objects of the bucket. Every method raises Unavailable when S3 fails or cannot be
    reached.
    """

    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def objects(self, prefix: str, after: str = "") -> Iterator[StoredObject]:
        """Yield what the bucket has with this prefix, by key. With `after`, only later keys."""
        begin: Any = {"KeyMarker": after} if after else {}
        pages = self._s3.get_paginator("list_object_versions").paginate(
            Bucket=self._bucket, Prefix=prefix, **begin
        )
        found: dict[str, StoredObject] = {}
        with unavailable():
            for page in pages:
                # From newest to oldest: the last one counts.
                for each in page.get("Versions", ()):
                    stored = found.setdefault(each["Key"], StoredObject(each["Key"]))
                    stored.version, stored.size = each["VersionId"], each["Size"]
                    stored.written_at = each["LastModified"]
                    stored.versions += 1
                for marker in page.get("DeleteMarkers", ()):
                    key = marker["Key"]
                    found.setdefault(key, StoredObject(key)).markers += 1
                # The last key may go on in the next page.
                *whole, _ = sorted(found) or [""]
                yield from (found.pop(key) for key in whole)
        yield from found.values()

    def read(self, stored: StoredObject, begin: int = 0, end: int | None = None) -> bytes | None:
        """Return the content of the oldest version, or its bytes from `begin` until before `end`;
        None when it is gone since it was listed.
        """
        if stored.version is None:
            return None
        some: Any = {} if end is None else {"Range": f"bytes={begin}-{end - 1}"}
        try:
            with unavailable(*_ABSENT):
                return self._s3.get_object(
                    Bucket=self._bucket, Key=stored.key, VersionId=stored.version, **some
                )["Body"].read()
        except ClientError:
            return None

    def find(self, key: str) -> StoredObject | None:
        """Return the object under this key, or None."""
        return next((each for each in self.objects(key) if each.key == key), None)

    def content(self, key: str) -> bytes | None:
        """Return the content of the oldest version under this key, or None."""
        found = self.find(key)
        return self.read(found) if found else None

    def put(self, key: str, content: bytes) -> bool:
        """Write an object. Return False, and change nothing, when it exists."""
        try:
            with unavailable(*_EXISTING):
                self._s3.put_object(
                    Bucket=self._bucket,
                    Key=key,
                    Body=content,
                    ContentType=_CONTENT_TYPE,
                    IfNoneMatch="*",
                )
        except ClientError:
            return False
        return True

    def begin_upload(self, key: str) -> Upload:
        """Begin an object in parts. What is never completed stays, and nobody sees it."""
        with unavailable():
            # A bucket with a default retention takes no part without a checksum.
            begun = self._s3.create_multipart_upload(
                Bucket=self._bucket, Key=key, ContentType=_CONTENT_TYPE, ChecksumAlgorithm="SHA256"
            )
        return Upload(begun["UploadId"])

    def put_part(self, key: str, upload: Upload, content: bytes) -> Upload:
        """Write the next part, 5 MiB at least unless it is the last one. Return the upload with it.
        Raises UploadLost.
        """
        try:
            with unavailable(*_LOST):
                part = self._s3.upload_part(
                    Bucket=self._bucket,
                    Key=key,
                    UploadId=upload.id,
                    PartNumber=len(upload.parts) + 1,
                    Body=content,
                    ChecksumAlgorithm="SHA256",
                )
        except ClientError as error:
            raise UploadLost from error
        return upload._replace(parts=(*upload.parts, (part["ETag"], part["ChecksumSHA256"])))

    def complete_upload(self, key: str, upload: Upload) -> bool:
        """Let the parts be the object. Return False, and change nothing, when it exists. Raises
        UploadLost.
        """
        parts: Any = [
            {"PartNumber": number, "ETag": etag, "ChecksumSHA256": sha256}
            for number, (etag, sha256) in enumerate(upload.parts, 1)
        ]
        try:
            with unavailable(*_EXISTING, *_LOST):
                self._s3.complete_multipart_upload(
                    Bucket=self._bucket,
                    Key=key,
                    UploadId=upload.id,
                    MultipartUpload={"Parts": parts},
                    IfNoneMatch="*",
                )
        except ClientError as error:
            if code_of(error) in _LOST:
                raise UploadLost from error
            return False
        return True
