"""Objects of the audit bucket, which locks each when it is written.

Only the oldest version of an object is read: it is the one that was written. The owner of the
bucket can add a version or a delete marker later, but cannot take the oldest away.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from chalicelib.aws.errors import unavailable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_ABSENT = ("NoSuchKey", "NoSuchVersion", "404")
_EXISTING = ("PreconditionFailed", "ConditionalRequestConflict")


@dataclass(slots=True)
class StoredObject:
    """An object under a key: the oldest version (None when there are delete markers
    alone), and how many versions and delete markers there are.
    """

    key: str
    version: str | None = None
    versions: int = 0
    markers: int = 0


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
                    stored.version, stored.versions = each["VersionId"], stored.versions + 1
                for marker in page.get("DeleteMarkers", ()):
                    key = marker["Key"]
                    found.setdefault(key, StoredObject(key)).markers += 1
                # The last key may go on in the next page.
                *whole, _ = sorted(found) or [""]
                yield from (found.pop(key) for key in whole)
        yield from found.values()

    def read(self, stored: StoredObject) -> bytes | None:
        """Return the content of the oldest version; None when it is gone since it was listed."""
        if stored.version is None:
            return None
        try:
            with unavailable(*_ABSENT):
                return self._s3.get_object(
                    Bucket=self._bucket, Key=stored.key, VersionId=stored.version
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
                    ContentType="application/json",
                    IfNoneMatch="*",
                )
        except ClientError:
            return False
        return True
