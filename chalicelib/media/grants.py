"""Grants: the holder of one may send, or read, one object of the bucket and no other.

A grant is a signature (SigV4), computed without a call: `post_grant`, `read_url` and `part_urls`
never touch the network. The other multipart functions call S3. `s3` is a boto3 client made with
`Config(signature_version="s3v4")`.

No grant names an encryption: the bucket's default (KMS) applies to every object, and the client has
one field less to get wrong.
"""

import base64
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import Conflict, FieldError, Invalid, Unavailable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PART_SIZE = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class PostGrant:
    """One upload by form: POST `fields`, in this order, then the file, to `url` before
    `expires_at`. At most `max_bytes`.
    """

    url: str
    fields: dict[str, str]
    max_bytes: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class HeldPart:
    """A part that S3 has: its number from 1, its ETag in quotes, its size in bytes."""

    number: int
    etag: str
    size: int


@dataclass(frozen=True, slots=True)
class PartGrant:
    """PUT exactly the part's own bytes to `url`."""

    number: int
    url: str


@dataclass(frozen=True, slots=True)
class Completed:
    """The object a multipart upload became: its version, its size in bytes, its full-object
    CRC64NVME in base64.
    """

    version_id: str
    size: int
    crc64nvme: str | None


def post_grant(
    *,
    s3: "S3Client",
    bucket: str,
    key: str,
    content_type: str,
    max_bytes: int,
    sha256_hex: str | None,
    expires_s: int,
) -> PostGrant:
    """Allow one POST of 1 to `max_bytes` bytes, of exactly this content type and, if `sha256_hex`
    is given, exactly these bytes.
    """
    fields = {"Content-Type": content_type}
    if sha256_hex is not None:
        fields["x-amz-checksum-algorithm"] = "SHA256"
        fields["x-amz-checksum-sha256"] = base64.b64encode(bytes.fromhex(sha256_hex)).decode()
    conditions: list[Any] = [{name: value} for name, value in fields.items()]
    conditions.append(["content-length-range", 1, max_bytes])
    signed = s3.generate_presigned_post(
        Bucket=bucket, Key=key, Fields=fields, Conditions=conditions, ExpiresIn=expires_s
    )
    return PostGrant(
        url=signed["url"],
        fields=signed["fields"],
        max_bytes=max_bytes,
        expires_at=datetime.fromisoformat(
            json.loads(base64.b64decode(signed["fields"]["policy"]))["expiration"]
        ),
    )


def read_url(
    *,
    s3: "S3Client",
    bucket: str,
    key: str,
    version_id: str | None,
    content_type: str,
    disposition: Literal["inline", "attachment"],
    expires_s: int,
    cache_control: str | None = None,
) -> str:
    """Return a URL that opens exactly this version, or, of what only we write (None), the newest.

    S3 serves it with our `content_type` and `disposition`, and with `cache_control` if given,
    whatever the uploader declared.
    """
    optional = {"VersionId": version_id, "ResponseCacheControl": cache_control}
    return s3.generate_presigned_url(
        "get_object",
        Params={
            "Bucket": bucket,
            "Key": key,
            "ResponseContentType": content_type,
            "ResponseContentDisposition": disposition,
            **{name: value for name, value in optional.items() if value},
        },
        ExpiresIn=expires_s,
    )


def part_count(size: int) -> int:
    """Return how many parts an upload of `size` bytes has."""
    return -(-size // PART_SIZE)


def part_length(size: int, number: int) -> int:
    """Return the exact bytes of part `number`, from 1. All but the last have `PART_SIZE`."""
    return min(PART_SIZE, size - (number - 1) * PART_SIZE)


def start_multipart(*, s3: "S3Client", bucket: str, key: str, content_type: str) -> str:
    """Begin an upload in parts and return its id.

    The bucket's lifecycle aborts it if it is never completed. Raises Unavailable.
    """
    with _unavailable():
        started = s3.create_multipart_upload(
            Bucket=bucket,
            Key=key,
            ContentType=content_type,
            # The only algorithm whose full-object value S3 computes itself: phones send none.
            ChecksumAlgorithm="CRC64NVME",
            ChecksumType="FULL_OBJECT",
        )
    return started["UploadId"]


def list_held(*, s3: "S3Client", bucket: str, key: str, upload_id: str) -> tuple[HeldPart, ...]:
    """Return the parts that S3 has, by number.

    Raises Conflict `upload_gone` when the upload was completed or aborted, Unavailable.
    """
    try:
        with _unavailable("NoSuchUpload"):
            pages = s3.get_paginator("list_parts").paginate(
                Bucket=bucket, Key=key, UploadId=upload_id
            )
            return tuple(
                HeldPart(part["PartNumber"], part["ETag"], part["Size"])
                for page in pages
                for part in page.get("Parts", ())
            )
    except ClientError as error:
        raise Conflict("upload_gone") from error


def part_urls(
    *,
    s3: "S3Client",
    bucket: str,
    key: str,
    upload_id: str,
    size: int,
    numbers: Sequence[int],
    expires_s: int,
) -> tuple[PartGrant, ...]:
    """Return a URL for each of `numbers` of an upload of `size` bytes in all.

    Raises Invalid for a number that the upload does not have.
    """
    last = part_count(size)
    wrong = [index for index, number in enumerate(numbers) if not 1 <= number <= last]
    if wrong:
        raise Invalid(
            *(
                FieldError(f"numbers.{index}", "part_out_of_range", (("last", str(last)),))
                for index in wrong
            )
        )
    return tuple(
        PartGrant(
            number,
            s3.generate_presigned_url(
                "upload_part",
                Params={
                    "Bucket": bucket,
                    "Key": key,
                    "UploadId": upload_id,
                    "PartNumber": number,
                    # Becomes a signed header, so that a body of another length is refused.
                    "ContentLength": part_length(size, number),
                },
                ExpiresIn=expires_s,
            ),
        )
        for number in numbers
    )


def complete_multipart(
    *, s3: "S3Client", bucket: str, key: str, upload_id: str, size: int
) -> Completed:
    """Join the parts into one object of exactly `size` bytes. Repeated, return the same object.

    Raises Conflict: `parts_missing` (`numbers`, comma-separated), `size_mismatch` (a part, or the
    existing object, is not as declared), `upload_gone` (neither parts nor object: begin again).
    Raises Unavailable.
    """
    try:
        held = {
            part.number: part
            for part in list_held(s3=s3, bucket=bucket, key=key, upload_id=upload_id)
        }
    except Conflict:
        return _completed_before(s3=s3, bucket=bucket, key=key, size=size)
    wanted = range(1, part_count(size) + 1)
    missing = [str(number) for number in wanted if number not in held]
    if missing:
        raise Conflict("parts_missing", numbers=",".join(missing))
    if len(held) != len(wanted) or any(
        held[number].size != part_length(size, number) for number in wanted
    ):
        raise Conflict("size_mismatch")
    try:
        with _unavailable("NoSuchUpload", "PreconditionFailed", "ConditionalRequestConflict"):
            s3.complete_multipart_upload(
                Bucket=bucket,
                Key=key,
                UploadId=upload_id,
                MultipartUpload={
                    "Parts": [
                        {"PartNumber": number, "ETag": held[number].etag} for number in wanted
                    ]
                },
                MpuObjectSize=size,
                # Of two calls at once only one makes the object, and no later upload adds a
                # version.
                IfNoneMatch="*",
            )
    except ClientError as error:
        if error.response["Error"]["Code"] == "ConditionalRequestConflict":
            raise Unavailable from error
    return _completed_before(s3=s3, bucket=bucket, key=key, size=size)


def abort_multipart(*, s3: "S3Client", bucket: str, key: str, upload_id: str) -> None:
    """Drop an unfinished upload and its parts; nothing happens when there is none."""
    try:
        with _unavailable("NoSuchUpload"):
            s3.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload_id)
    except ClientError:
        return


def _completed_before(*, s3: "S3Client", bucket: str, key: str, size: int) -> Completed:
    try:
        with _unavailable("404", "NoSuchKey"):
            head = s3.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
    except ClientError as error:
        raise Conflict("upload_gone") from error
    if head["ContentLength"] != size:
        raise Conflict("size_mismatch")
    return Completed(
        version_id=head["VersionId"], size=size, crc64nvme=head.get("ChecksumCRC64NVME")
    )


@contextmanager
def _unavailable(*expected: str) -> Iterator[None]:
    """Raise Unavailable for every fault of S3, except those with `expected` codes, which pass."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] in expected:
            raise
        raise Unavailable from error
    except BotoCoreError as error:
        raise Unavailable from error
