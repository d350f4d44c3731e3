"""The audit bucket: `batches/<hour>/<name>` and `digests/<hour>.json`, and what a comparison with
AWS's own record found: `comparisons/<hour>.json`.

The bucket locks each object when it is written.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from chalicelib.aws_errors import unavailable
from chalicelib.domain.seals import Batch

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_ABSENT = ("NoSuchKey", "404")
_EXISTING = ("PreconditionFailed", "ConditionalRequestConflict")


class Seals:
    """The objects of the audit bucket.

    Every method raises Unavailable when S3 fails or cannot be reached.
    """

    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def put_batch(self, hour: str, batch: Batch) -> None:
        self._put(f"batches/{hour}/{batch.name}", batch.content)

    def batch(self, hour: str, name: str) -> Batch | None:
        content = self._read(f"batches/{hour}/{name}")
        return Batch(name, content) if content is not None else None

    def batches(self, hour: str) -> list[str]:
        """Return the names of the batches of an hour."""
        prefix = f"batches/{hour}/"
        return [key.removeprefix(prefix) for key in self._keys(prefix)]

    def first_hour(self) -> str | None:
        """Return the hour of the first batch; None while there is none."""
        key = next(self._keys("batches/"), None)
        return key.split("/")[1] if key else None

    def put_digest(self, hour: str, content: bytes) -> bool:
        """Write the digest of an hour. Return False, and change nothing, when it exists."""
        return self._put(f"digests/{hour}.json", content)

    def digest(self, hour: str) -> bytes | None:
        return self._read(f"digests/{hour}.json")

    def digested_hours(self, after: str | None = None) -> Iterator[str]:
        """Yield the hours that have a digest, in order. With `after`, only later hours."""
        start = f"digests/{after}.json" if after else None
        return (
            key.removeprefix("digests/").removesuffix(".json")
            for key in self._keys("digests/", start)
        )

    def put_comparison(self, hour: str, content: bytes) -> bool:
        """Write the comparison of an hour. Return False, and change nothing, when it exists."""
        return self._put(f"comparisons/{hour}.json", content)

    def last_comparison(self, after: str, until: str) -> bytes | None:
        """Return the last comparison of the hours after `after`, up to `until`; None when there is
        none.

        An object of a later hour is not ours: it would end all comparisons.
        """
        last = f"comparisons/{until}.json"
        keys = self._keys("comparisons/", f"comparisons/{after}.json")
        key = max((key for key in keys if key <= last), default=None)
        return self._read(key) if key else None

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

    def _read(self, key: str) -> bytes | None:
        try:
            with unavailable(*_ABSENT):
                return self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except ClientError:
            return None

    def _keys(self, prefix: str, start: str | None = None) -> Iterator[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix, StartAfter=start or prefix
        )
        with unavailable():
            for page in pages:
                yield from (str(found["Key"]) for found in page.get("Contents", ()))
