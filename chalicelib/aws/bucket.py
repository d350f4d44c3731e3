"""The media bucket: grants for clients, uploads in parts, and objects by version.

Of a key, only the recorded version counts; later ones are ignored, and removed. `post_grant` and
`part_urls` compute signatures and make no call to S3.
"""

import base64
import io
import json
import logging
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from chalicelib.aws.errors import code_of, unavailable
from chalicelib.aws.grants import PartGrant, PostGrant, UploadedPart, part_count, part_length
from chalicelib.kernel import errors
from chalicelib.kernel.files import Checksum, derived_prefix, originals_prefix

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef, ObjectIdentifierTypeDef

log = logging.getLogger(__name__)


type Spans = Sequence[tuple[int, int]]
"""Parts of an object, in its order: an offset and a length each."""

SPANS_AT_ONCE = 8 << 20
"""How many bytes of an object `put_spans` reads at a time."""
_BUFFER = 1 << 20

_CHECKSUMS = ("SHA256", "CRC64NVME", "CRC32C", "CRC32", "SHA1")


@dataclass(frozen=True, slots=True)
class Version:
    version_id: str
    size: int


@dataclass(frozen=True, slots=True)
class Head:
    """The metadata of one version of an object.

    `content_type` is what the uploader declared. `checksum` is from S3; None when S3 has none.
    """

    version_id: str
    size: int
    content_type: str
    checksum: Checksum | None


def read_head(found: "HeadObjectOutputTypeDef") -> Head:
    return Head(
        found.get("VersionId", ""),
        found["ContentLength"],
        found.get("ContentType", ""),
        _read_checksum(found),
    )


def _read_checksum(found: "HeadObjectOutputTypeDef") -> Checksum | None:
    for algorithm in _CHECKSUMS:
        value = found.get(f"Checksum{algorithm}")
        if isinstance(value, str):
            # If S3 does not name the type, a dash in the ETag means an upload in parts.
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
    """Return a digest of S3, which is base64, as hex.

    A composite digest keeps its suffix: a dash and the number of parts.
    """
    digest, dash, parts = value.partition("-")
    return base64.b64decode(digest).hex() + dash + parts


# S3 returns MethodNotAllowed for a delete marker.
_MISSING = ("404", "NoSuchKey", "NoSuchVersion", "MethodNotAllowed")


@dataclass(frozen=True, slots=True)
class MediaBucket:
    """One bucket. `s3` is a client that signs with SigV4.

    Every method that calls S3 raises Unavailable when S3 fails or cannot be reached.
    """

    s3: "S3Client"
    name: str

    # Grants

    def post_grant(
        self, key: str, *, content_type: str, max_bytes: int, sha256_hex: str | None, expires_s: int
    ) -> PostGrant:
        """Return a grant for one POST of 1 to `max_bytes` bytes with this content type.

        With `sha256_hex`, S3 accepts only a file with this digest.
        """
        fields = {"Content-Type": content_type}
        if sha256_hex is not None:
            fields["x-amz-checksum-algorithm"] = "SHA256"
            fields["x-amz-checksum-sha256"] = base64.b64encode(bytes.fromhex(sha256_hex)).decode()
        conditions: list[Any] = [{name: value} for name, value in fields.items()]
        conditions.append(["content-length-range", 1, max_bytes])
        signed = self.s3.generate_presigned_post(
            Bucket=self.name, Key=key, Fields=fields, Conditions=conditions, ExpiresIn=expires_s
        )
        return PostGrant(
            url=signed["url"],
            fields=signed["fields"],
            max_bytes=max_bytes,
            expires_at=datetime.fromisoformat(
                json.loads(base64.b64decode(signed["fields"]["policy"]))["expiration"]
            ),
        )

    def part_urls(
        self, key: str, *, upload_id: str, size: int, numbers: Sequence[int], expires_s: int
    ) -> tuple[PartGrant, ...]:
        """Return a URL for each of these part numbers of an upload of `size` bytes.

        Raises Invalid for a number that the upload does not have.
        """
        last = part_count(size)
        wrong = [index for index, number in enumerate(numbers) if not 1 <= number <= last]
        if wrong:
            raise errors.Invalid(
                *(
                    errors.FieldError(
                        f"numbers.{index}", "part_out_of_range", (("last", str(last)),)
                    )
                    for index in wrong
                )
            )
        return tuple(
            PartGrant(
                number,
                self.s3.generate_presigned_url(
                    "upload_part",
                    Params={
                        "Bucket": self.name,
                        "Key": key,
                        "UploadId": upload_id,
                        "PartNumber": number,
                        # This header is signed, so S3 refuses a body of another length.
                        "ContentLength": part_length(size, number),
                    },
                    ExpiresIn=expires_s,
                ),
            )
            for number in numbers
        )

    # Uploads in parts

    def start_multipart(self, key: str, content_type: str) -> str:
        """Begin an upload in parts and return its id.

        The bucket's lifecycle aborts it if it is never completed.
        """
        with unavailable():
            started = self.s3.create_multipart_upload(
                Bucket=self.name,
                Key=key,
                ContentType=content_type,
                # S3 computes this checksum of the full object itself; clients send none.
                ChecksumAlgorithm="CRC64NVME",
                ChecksumType="FULL_OBJECT",
            )
        return started["UploadId"]

    def list_parts(self, key: str, upload_id: str) -> tuple[UploadedPart, ...]:
        """Return the parts that S3 has, ordered by number.

        Raises Conflict `upload_gone` when the upload was completed or aborted.
        """
        try:
            with unavailable("NoSuchUpload"):
                pages = self.s3.get_paginator("list_parts").paginate(
                    Bucket=self.name, Key=key, UploadId=upload_id
                )
                return tuple(
                    UploadedPart(part["PartNumber"], part["ETag"], part["Size"])
                    for page in pages
                    for part in page.get("Parts", ())
                )
        except ClientError as error:
            raise errors.Conflict("upload_gone") from error

    def part_etags(self, key: str, *, upload_id: str, size: int) -> tuple[str, ...]:
        """Return the ETags of all parts of an upload of `size` bytes, ordered by number.

        Raises Conflict `parts_missing` (with `numbers`, comma-separated), `size_mismatch` (a part
        has another size), or `upload_gone` (the upload was completed or aborted).
        """
        stored = {part.number: part for part in self.list_parts(key, upload_id)}
        wanted = range(1, part_count(size) + 1)
        missing = [str(number) for number in wanted if number not in stored]
        if missing:
            raise errors.Conflict("parts_missing", numbers=",".join(missing))
        if len(stored) != len(wanted) or any(
            stored[number].size != part_length(size, number) for number in wanted
        ):
            raise errors.Conflict("size_mismatch")
        return tuple(stored[number].etag for number in wanted)

    def complete_multipart(
        self, key: str, *, upload_id: str, size: int, etags: Sequence[str]
    ) -> None:
        """Join the parts with these ETags into one object of `size` bytes.

        Return when the object exists, also if an earlier call made it. Raises Unavailable when that
        is not certain: S3 no longer knows the upload, and this role may not look for the object.
        """
        try:
            with unavailable("NoSuchUpload", "PreconditionFailed", "ConditionalRequestConflict"):
                self.s3.complete_multipart_upload(
                    Bucket=self.name,
                    Key=key,
                    UploadId=upload_id,
                    MultipartUpload={
                        "Parts": [
                            {"PartNumber": number, "ETag": etag}
                            for number, etag in enumerate(etags, start=1)
                        ]
                    },
                    MpuObjectSize=size,
                    # Of two calls at the same time only one creates the object, and a later upload
                    # adds no version.
                    IfNoneMatch="*",
                )
        except ClientError as error:
            if code_of(error) != "PreconditionFailed":
                raise errors.Unavailable from error

    def abort_multipart(self, key: str, upload_id: str) -> None:
        """Abort an unfinished upload and delete its parts. Changes nothing when there is none."""
        try:
            with unavailable("NoSuchUpload"):
                self.s3.abort_multipart_upload(Bucket=self.name, Key=key, UploadId=upload_id)
        except ClientError:
            return

    def abort_uploads(self, key: str) -> int:
        """Abort every unfinished upload of exactly this key. Return how many."""
        pages = self.s3.get_paginator("list_multipart_uploads").paginate(
            Bucket=self.name, Prefix=key
        )
        with unavailable():
            found = [
                each["UploadId"]
                for page in pages
                for each in page.get("Uploads", ())
                if each["Key"] == key
            ]
        for upload_id in found:
            self.abort_multipart(key, upload_id)
        return len(found)

    # Objects

    def first_version(self, key: str) -> Version | None:
        """Return the oldest existing version of `key`, or None."""
        # S3 lists the versions of a key from newest to oldest, so the last one is the first.
        first = None
        for page in self._version_pages(key):
            for version in page.get("Versions", ()):
                # Keys are listed in order, so no version of `key` comes after a longer key.
                if version["Key"] != key:
                    return first
                first = Version(version["VersionId"], version["Size"])
        return first

    def head(self, key: str, version_id: str | None = None) -> Head:
        """Return the metadata of a version (None: the newest). Raises NotFound."""
        options: dict[str, Any] = _version(version_id)
        with _not_found():
            return read_head(
                self.s3.head_object(Bucket=self.name, Key=key, ChecksumMode="ENABLED", **options)
            )

    def read(
        self, key: str, version_id: str | None = None, *, offset: int = 0, length: int | None = None
    ) -> bytes:
        """Return `length` bytes from `offset` (None: all) of a version (None: the newest).

        Raises NotFound.
        """
        end = "" if length is None else offset + length - 1
        ranged = {"Range": f"bytes={offset}-{end}"} if offset or length is not None else {}
        options: dict[str, Any] = _version(version_id) | ranged
        with _not_found():
            response = self.s3.get_object(Bucket=self.name, Key=key, **options)
            with response["Body"] as body:
                return body.read()

    def read_address(self, key: str, version_id: str, expires_s: int = 60) -> str:
        """Return an address from which ranges of a version can be read. Makes no call to S3."""
        with unavailable():
            return self.s3.generate_presigned_url(
                "get_object",
                Params={"Bucket": self.name, "Key": key, "VersionId": version_id},
                ExpiresIn=expires_s,
            )

    def put(self, key: str, body: bytes, content_type: str) -> str:
        """Write an object and return its version id."""
        with unavailable():
            return self.s3.put_object(
                Bucket=self.name, Key=key, Body=body, ContentType=content_type
            ).get("VersionId", "")

    def put_spans(
        self, key: str, head: bytes, spans: Spans, *, of: tuple[str, str], content_type: str
    ) -> str:
        """Write an object of `head` and the `spans` of another, whose key and version are `of`.
        Return its version id.

        At most SPANS_AT_ONCE bytes are in memory. The spans are in the order of the other object.
        """
        body = io.BufferedReader(_Spans(head, spans, partial(self.read, *of)), _BUFFER)
        with unavailable():
            return self.s3.put_object(
                Bucket=self.name, Key=key, Body=body, ContentType=content_type
            ).get("VersionId", "")

    def delete_media_of(self, owner_id: str) -> None:
        """Delete all originals of an owner, and then all files derived from them."""
        self.delete_all(originals_prefix(owner_id))
        self.delete_all(derived_prefix(owner_id))

    def delete_all(self, prefix: str) -> int:
        """Delete all versions and delete markers of every key with this prefix. Return how many.

        Raises Unavailable when some are left; the caller can repeat the call.
        """
        return self._delete(prefix, lambda key, version_id: True)

    def delete_key(self, key: str) -> int:
        """Delete all versions and delete markers of exactly this key. Return how many."""
        return self._delete(key, lambda found, version_id: found == key)

    def delete_others(self, key: str, version_id: str | None) -> int:
        """Delete all versions and delete markers of exactly this key but one version.

        Return how many. With None, delete all of them. When the version to keep is missing, delete
        nothing: one of the others may be all that is left of it.
        """
        if version_id and not self._has_version(key, version_id):
            log.warning("recorded_version_missing")
            return 0
        return self._delete(key, lambda found, each: found == key and each != version_id)

    def ages(self, prefix: str) -> Iterator[tuple[str, datetime]]:
        """Yield every key with this prefix, with the time of its newest version or marker."""
        newest: dict[str, datetime] = {}
        for page in self._version_pages(prefix):
            for one in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                key, made = one["Key"], one["LastModified"]
                newest[key] = max(newest.get(key, made), made)
        yield from newest.items()

    def _has_version(self, key: str, version_id: str) -> bool:
        return any(
            (each["Key"], each["VersionId"]) == (key, version_id)
            for page in self._version_pages(key)
            for each in page.get("Versions", ())
        )

    def _delete(self, prefix: str, wanted: Callable[[str, str], bool]) -> int:
        deleted = 0
        for page in self._version_pages(prefix):
            found: list[ObjectIdentifierTypeDef] = [
                {"Key": one["Key"], "VersionId": one["VersionId"]}
                for one in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
                if wanted(one["Key"], one["VersionId"])
            ]
            if not found:
                continue
            with unavailable():
                response = self.s3.delete_objects(
                    Bucket=self.name, Delete={"Objects": found, "Quiet": True}
                )
            if response.get("Errors"):
                raise errors.Unavailable
            deleted += len(found)
        return deleted

    def _version_pages(self, prefix: str) -> Iterator[Any]:
        pages = self.s3.get_paginator("list_object_versions").paginate(
            Bucket=self.name, Prefix=prefix
        )
        with unavailable():
            yield from pages


class _Spans(io.RawIOBase):
    """A seekable file of some first bytes, and of spans of another that `read` reads in windows."""

    def __init__(self, head: bytes, spans: Spans, read: Callable[..., bytes]) -> None:
        self._head, self._spans, self._read = head, spans, read
        self._begins = [*accumulate((size for _, size in spans), initial=len(head))]
        self._at, self._from, self._window = 0, 0, b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._begins[-1]}[whence]
        self._at = start + offset
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        part = self._part(len(buffer)) if self._at < self._begins[-1] else b""
        buffer[: len(part)] = part
        self._at += len(part)
        return len(part)

    def _part(self, most: int) -> bytes:
        """Return up to `most` bytes from here: to the end of a span, or of what was read."""
        if self._at < len(self._head):
            return self._head[self._at : self._at + most]
        number = bisect_right(self._begins, self._at) - 1
        start, size = self._spans[number]
        passed = self._at - self._begins[number]
        at, most = start + passed, min(most, size - passed)
        if not self._from <= at < self._from + len(self._window):
            last, last_size = self._spans[-1]
            self._window = b""  # before the next one is read
            window = self._read(offset=at, length=min(SPANS_AT_ONCE, last + last_size - at))
            self._from, self._window = at, window
        return self._window[at - self._from : at - self._from + most]


def _version(version_id: str | None) -> dict[str, str]:
    return {"VersionId": version_id} if version_id else {}


@contextmanager
def _not_found() -> Iterator[None]:
    """Raise NotFound for a missing object, Unavailable for every other fault."""
    try:
        with unavailable(*_MISSING):
            yield
    except ClientError:
        raise errors.NotFound from None
