"""The objects of one bucket, by version: the first version of a key counts, whatever came after."""

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.media import Checksum
from chalicelib.errors import NotFound, Unavailable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef, ObjectIdentifierTypeDef

# MethodNotAllowed: a delete marker.
_MISSING = frozenset({"404", "NoSuchKey", "NoSuchVersion", "MethodNotAllowed"})
_CHECKSUMS = ("SHA256", "CRC64NVME", "CRC32C", "CRC32", "SHA1")


@dataclass(frozen=True, slots=True)
class Version:
    version_id: str
    size: int


@dataclass(frozen=True, slots=True)
class Head:
    """`content_type` is what the uploader declared; `checksum` is S3's own, None where it keeps
    none.
    """

    version_id: str
    size: int
    content_type: str
    checksum: Checksum | None


@dataclass(frozen=True, slots=True)
class Objects:
    """One bucket. Every method raises NotFound for a missing object, Unavailable when S3 fails."""

    s3: "S3Client"
    bucket: str

    def first_version(self, key: str) -> Version | None:
        """Return the oldest existing version of `key`. S3 lists versions from newest to oldest."""
        first = None
        with _unavailable():
            for page in self.s3.get_paginator("list_object_versions").paginate(
                Bucket=self.bucket, Prefix=key
            ):
                for version in page.get("Versions", ()):
                    # Keys are listed in order: after a longer one, ours are complete.
                    if version["Key"] != key:
                        return first
                    first = Version(version["VersionId"], version["Size"])
        return first

    def head(self, key: str, version_id: str | None = None) -> Head:
        with _unavailable():
            options: dict[str, Any] = _version(version_id)
            found = self.s3.head_object(
                Bucket=self.bucket, Key=key, ChecksumMode="ENABLED", **options
            )
        return Head(
            found.get("VersionId", ""),
            found["ContentLength"],
            found.get("ContentType", ""),
            _read_checksum(found),
        )

    def read(
        self, key: str, version_id: str | None = None, *, offset: int = 0, length: int | None = None
    ) -> bytes:
        """Return `length` bytes from `offset` (None: all) of a version (None: the newest)."""
        end = "" if length is None else offset + length - 1
        ranged = {"Range": f"bytes={offset}-{end}"} if offset or length is not None else {}
        with _unavailable():
            options: dict[str, Any] = _version(version_id) | ranged
            response = self.s3.get_object(Bucket=self.bucket, Key=key, **options)
            with response["Body"] as body:
                return body.read()

    def put(self, key: str, body: bytes, content_type: str) -> str:
        """Write an object and return its version id."""
        with _unavailable():
            return self.s3.put_object(
                Bucket=self.bucket, Key=key, Body=body, ContentType=content_type
            ).get("VersionId", "")

    def delete_all(self, prefix: str) -> int:
        """Delete all versions and markers of every key with this prefix; return how many.

        Raises Unavailable when any is left: repeat the call.
        """
        return self._delete(prefix, lambda found: True)

    def _delete(self, prefix: str, wanted: Callable[[str], bool]) -> int:
        deleted = 0
        with _unavailable():
            for page in self.s3.get_paginator("list_object_versions").paginate(
                Bucket=self.bucket, Prefix=prefix
            ):
                found: list[ObjectIdentifierTypeDef] = [
                    {"Key": one["Key"], "VersionId": one["VersionId"]}
                    for one in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
                    if wanted(one["Key"])
                ]
                if not found:
                    continue
                response = self.s3.delete_objects(
                    Bucket=self.bucket, Delete={"Objects": found, "Quiet": True}
                )
                if response.get("Errors"):
                    raise Unavailable
                deleted += len(found)
        return deleted

    def delete_key(self, key: str) -> int:
        """Delete every version and marker of exactly this key; return how many."""
        return self._delete(key, lambda found: found == key)

    def ages(self, prefix: str) -> Iterator[tuple[str, datetime]]:
        """Yield every key with this prefix, and the time of its newest version or marker."""
        newest: dict[str, datetime] = {}
        with _unavailable():
            for page in self.s3.get_paginator("list_object_versions").paginate(
                Bucket=self.bucket, Prefix=prefix
            ):
                for one in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                    key, made = one["Key"], one["LastModified"]
                    newest[key] = max(newest.get(key, made), made)
        yield from newest.items()


def _version(version_id: str | None) -> dict[str, str]:
    return {"VersionId": version_id} if version_id else {}


def _read_checksum(found: "HeadObjectOutputTypeDef") -> Checksum | None:
    for algorithm in _CHECKSUMS:
        value = found.get(f"Checksum{algorithm}")
        if isinstance(value, str):
            # Where S3 names no type: an ETag with a dash is that of an upload in parts.
            kind = found.get("ChecksumType") or (
                "COMPOSITE" if "-" in found["ETag"] else "FULL_OBJECT"
            )
            return Checksum(
                algorithm=algorithm.lower(),
                type=kind.lower(),
                value=_as_hex(value) if algorithm == "SHA256" else value,
            )
    return None


def _as_hex(value: str) -> str:
    """Return S3's base64 of a digest in hex.

    A composite one keeps its suffix, a dash and the number of parts.
    """
    digest, dash, parts = value.partition("-")
    return base64.b64decode(digest).hex() + dash + parts


@contextmanager
def _unavailable() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] in _MISSING:
            raise NotFound from None
        raise Unavailable from error
    except BotoCoreError as error:
        raise Unavailable from error
