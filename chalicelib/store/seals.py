"""The audit bucket: `batches/<hour>/<name>` and `digests/<hour>.json`, and what a comparison with
AWS's own record found: `comparisons/<hour>.json`.

The bucket locks each object when it is written. So of each object the oldest version is what was
written, and the only one that is read: whoever owns the bucket can still add a version or a delete
marker, but not take the oldest away.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from chalicelib.aws_errors import unavailable
from chalicelib.domain.seals import (
    Batch,
    batch_key,
    digest_key,
    hour_of_digest,
    place_of_batch,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_ABSENT = ("NoSuchKey", "NoSuchVersion", "404")
_EXISTING = ("PreconditionFailed", "ConditionalRequestConflict")


@dataclass(slots=True)
class StoredObject:
    """What the bucket has under a key: the oldest version (None when there are delete markers
    alone), and how many versions and delete markers there are.
    """

    key: str
    version: str | None = None
    versions: int = 0
    markers: int = 0


class Seals:
    """The objects of the audit bucket.

    Every method raises Unavailable when S3 fails or cannot be reached.
    """

    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def put_batch(self, hour: str, batch: Batch) -> None:
        self._put(batch_key(hour, batch.name), batch.content)

    def batches(self, hour: str) -> dict[str, StoredObject]:
        """Return the batches of an hour by their names. What has not the name of a batch is left
        out.
        """
        found = ((place_of_batch(each.key), each) for each in self.objects(f"batches/{hour}/"))
        return {place[1]: each for place, each in found if place and each.version}

    def batch(self, stored: StoredObject) -> Batch | None:
        """Return a batch with its content; None when it is gone since it was listed."""
        content = self.read(stored)
        return Batch(stored.key.rpartition("/")[2], content) if content is not None else None

    def first_hour(self) -> str | None:
        """Return the hour of the first batch; None while there is none."""
        for each in self.objects("batches/"):
            if each.version and (place := place_of_batch(each.key)):
                return place[0]
        return None

    def put_digest(self, hour: str, content: bytes) -> bool:
        """Write the digest of an hour. Return False, and change nothing, when it exists."""
        return self._put(digest_key(hour), content)

    def digest(self, hour: str) -> bytes | None:
        return self._read(digest_key(hour))

    def digested_hours(self, after: str | None = None) -> Iterator[str]:
        """Yield the hours that have a digest, in order. With `after`, only later hours."""
        for each in self.objects("digests/", digest_key(after) if after else ""):
            if each.version and (hour := hour_of_digest(each.key)):
                yield hour

    def put_comparison(self, hour: str, content: bytes) -> bool:
        """Write the comparison of an hour. Return False, and change nothing, when it exists."""
        return self._put(f"comparisons/{hour}.json", content)

    def last_comparison(self, after: str, until: str) -> bytes | None:
        """Return the last comparison of the hours after `after`, up to `until`; None when there is
        none.

        An object of a later hour is not ours: it would end all comparisons.
        """
        last = f"comparisons/{until}.json"
        found = self.objects("comparisons/", f"comparisons/{after}.json")
        keys = [each for each in found if each.version and each.key <= last]
        return self.read(keys[-1]) if keys else None

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

    def _read(self, key: str) -> bytes | None:
        found = next((each for each in self.objects(key) if each.key == key), None)
        return self.read(found) if found else None

    def _put(self, key: str, content: bytes) -> bool:
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
