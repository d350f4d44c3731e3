"""What the gate keeps in moto's S3, and what moto's S3 lacks.

moto holds an object over 5 MiB in a temporary file, but reads it whole to answer any GET, and joins
a multipart upload in memory several times over. Here bodies stay on disk: what a phone sends
becomes the object, or the part, without being copied; parts are joined from file to file; `read`
gives pieces.

Importing this module changes moto, once, in four places: how a key takes its value and its ETag,
how an upload is completed, how events are sent (`object_events`).
"""

import tempfile
from collections.abc import Iterator
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3 import models, notifications
from moto.s3.exceptions import (
    EntityTooSmall,
    InvalidPart,
    InvalidPartOrder,
    MalformedXML,
    MissingBucket,
)
from moto.s3.models import FakeBucket, FakeKey, FakeMultipart
from moto.settings import S3_UPLOAD_PART_MIN_SIZE
from moto.utilities.utils import get_partition, md5_hash

from infra.local.object_events import tell_as_aws_does
from infra.local.s3_checksums import Checksum
from infra.local.s3_errors import not_found
from infra.local.s3_forms import PIECE, OnDisk


class Storage:
    """moto's buckets of one region's partition."""

    def __init__(self, region: str) -> None:
        self._backend = models.s3_backends[DEFAULT_ACCOUNT_ID][get_partition(region)]

    def bucket(self, name: str) -> FakeBucket:
        try:
            return self._backend.get_bucket(name)
        except MissingBucket as error:
            raise not_found(
                "NoSuchBucket", "The specified bucket does not exist", BucketName=name
            ) from error

    def upload(self, bucket: str, key: str, upload_id: str) -> FakeMultipart | None:
        """The unfinished multipart upload of this id and key."""
        upload = self.bucket(bucket).multiparts.get(upload_id)
        return upload if upload is not None and upload.key_name == key else None

    def completed(self, bucket: str, key: str, upload_id: str) -> bool:
        """Whether the present object came of this upload: completing it again is then no error."""
        found = self._backend.get_object(bucket, key)
        return found is not None and found.multipart is not None and found.multipart.id == upload_id

    def put_form(
        self,
        bucket: str,
        key: str,
        body: OnDisk,
        content_type: str,
        checksum: tuple[str, str] | None,
    ) -> FakeKey:
        """Make `body` the object's newest version, and tell it."""
        stored = self._backend.put_object(
            bucket,
            key,
            body,  # type: ignore[arg-type]
            checksum_value=checksum[1] if checksum else None,
            disable_notification=True,
        )
        stored.set_metadata({"Content-Type": content_type})
        if checksum:
            stored.checksum_algorithm = checksum[0].upper()
            stored.checksum_type = "FULL_OBJECT"
        notifications.send_event(
            DEFAULT_ACCOUNT_ID,
            notifications.S3NotificationEvent.OBJECT_CREATED_POST_EVENT,
            self.bucket(bucket),
            stored,
        )
        return stored

    def put_part(self, bucket: str, upload_id: str, number: int, body: OnDisk) -> str:
        """Make `body` that part of the upload, whatever it was before. Returns its ETag."""
        return self._backend.upload_part(bucket, upload_id, number, body).etag  # type: ignore[arg-type]

    def read(
        self, bucket: str, key: str, version_id: str | None, begin: int, end: int
    ) -> Iterator[bytes]:
        """Bytes `begin` to `end`, exclusive, of a version, in pieces. The version must be there."""
        stored = self._backend.get_object(bucket, key, version_id=version_id)
        assert stored is not None  # noqa: S101 - the gate has just seen its headers
        return _pieces(stored, begin, end)


def _pieces(key: FakeKey, begin: int, end: int) -> Iterator[bytes]:
    while begin < end:
        with key.lock:  # One file position, many readers.
            key._value_buffer.seek(begin)
            piece = key._value_buffer.read(min(PIECE, end - begin))
        if not piece:
            return
        yield piece
        begin += len(piece)


def _take_value(key: FakeKey, value: bytes | OnDisk) -> None:
    if isinstance(value, OnDisk):
        key._value_buffer = value.file  # type: ignore[assignment]
        key.contentsize = value.size
    else:
        _set_value(key, value)


def _etag(key: FakeKey) -> str:
    """As `FakeKey.etag`, which reads 16 MiB at a time, past the lock."""
    if key._etag is None:
        digest = md5_hash()
        for piece in _pieces(key, 0, key.contentsize):
            digest.update(piece)
        key._etag = digest.hexdigest()
    return f'"{key._etag}"'


def _complete(
    upload: FakeMultipart, listed: Iterator[tuple[int, str]]
) -> tuple[Any, str, tuple[str, str, int] | None]:
    """As `FakeMultipart.complete`, from disk to disk, and with CRC64NVME over the whole, the
    algorithm S3 takes when none was named.
    """
    algorithm = upload.metadata.get("x-amz-checksum-algorithm", "CRC64NVME")
    if algorithm != "CRC64NVME":
        return _complete_in_memory(upload, listed)
    parts: list[FakeKey] = []
    last = 0
    for number, etag in listed:
        if number <= last:
            raise InvalidPartOrder
        last = number
        part = upload.parts.get(number)
        if part is None or part.etag.strip('"') != etag.strip('"'):
            raise InvalidPart
        if parts and parts[-1].contentsize < S3_UPLOAD_PART_MIN_SIZE:
            raise EntityTooSmall
        parts.append(part)
    if not parts:
        raise MalformedXML
    whole = tempfile.TemporaryFile()  # noqa: SIM115 - becomes the object
    checksum = Checksum("crc64nvme")
    etags = md5_hash()
    for part in parts:
        etags.update(bytes.fromhex(part.etag.strip('"')))
        for piece in _pieces(part, 0, part.contentsize):
            whole.write(piece)
            checksum.update(piece)
    # else each part stays on disk beside the whole, an open file, for as long as the object is
    # there
    upload.dispose()
    return (
        OnDisk(whole, whole.tell()),
        f"{etags.hexdigest()}-{len(parts)}",
        ("FULL_OBJECT", checksum.base64(), 1),
    )


_value: Any = FakeKey.value
_set_value = _value.fset
_complete_in_memory = FakeMultipart.complete
FakeKey.value = property(_value.fget, _take_value)  # type: ignore[method-assign, assignment]
FakeKey.etag = property(_etag)  # type: ignore[method-assign, assignment]
FakeMultipart.complete = _complete  # type: ignore[method-assign, assignment]
tell_as_aws_does()
