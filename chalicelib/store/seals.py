"""The audit bucket: `batches/<hour>/<name>` and `digests/<hour>.json`, each under its lock from the
moment it is written.
"""

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import errors
from chalicelib.domain.seals import Batch

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log = logging.getLogger(__name__)

_ABSENT = frozenset({"NoSuchKey", "404"})
_THERE_ALREADY = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})


class Seals:
    """Raises Unavailable for every fault of S3 or of the way there."""

    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def put_batch(self, hour: str, batch: Batch) -> None:
        self._put(f"batches/{hour}/{batch.name}", batch.content)

    def batch(self, hour: str, name: str) -> Batch | None:
        content = self._read(f"batches/{hour}/{name}")
        return Batch(name, content) if content is not None else None

    def batches(self, hour: str) -> list[str]:
        """Return the names of an hour's batches."""
        prefix = f"batches/{hour}/"
        return [key.removeprefix(prefix) for key in self._keys(prefix)]

    def first_hour(self) -> str | None:
        """Return the hour of the first batch; None while there is none."""
        key = next(self._keys("batches/"), None)
        return key.split("/")[1] if key else None

    def put_digest(self, hour: str, content: bytes) -> bool:
        """Write a digest. Return False when there is one of this hour already, which stays."""
        return self._put(f"digests/{hour}.json", content)

    def digest(self, hour: str) -> bytes | None:
        return self._read(f"digests/{hour}.json")

    def digested_hours(self, after: str | None = None) -> Iterator[str]:
        """Yield the hours that have a digest, in their order; with `after`, only later ones."""
        start = f"digests/{after}.json" if after else None
        return (
            key.removeprefix("digests/").removesuffix(".json")
            for key in self._keys("digests/", start)
        )

    def _put(self, key: str, content: bytes) -> bool:
        try:
            self._s3.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=content,
                ContentType="application/json",
                IfNoneMatch="*",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in _THERE_ALREADY:
                return False
            raise _unavailable(error) from error
        except BotoCoreError as error:
            raise _unavailable(error) from error
        return True

    def _read(self, key: str) -> bytes | None:
        try:
            return self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in _ABSENT:
                return None
            raise _unavailable(error) from error
        except BotoCoreError as error:
            raise _unavailable(error) from error

    def _keys(self, prefix: str, start: str | None = None) -> Iterator[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix, StartAfter=start or prefix
        )
        try:
            for page in pages:
                yield from (str(found["Key"]) for found in page.get("Contents", ()))
        except (ClientError, BotoCoreError) as error:
            raise _unavailable(error) from error


def _unavailable(error: Exception) -> errors.Unavailable:
    log.warning("seals_failed", extra={"error": type(error).__name__})
    return errors.Unavailable()
