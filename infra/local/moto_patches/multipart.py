"""Uploads in parts that are joined on disk.

moto joins the parts in memory, several times over, once more for the checksum of the whole, and
takes them in any order. Here they go from file to file, past CRC64NVME over the full object: the
algorithm of our grants, and the one that S3 takes when none was named.
"""

import base64
import tempfile
from collections.abc import Iterator
from typing import Any

from awscrt import checksums
from moto.s3.exceptions import EntityTooSmall, InvalidPart, InvalidPartOrder, MalformedXML
from moto.s3.models import FakeKey, FakeMultipart
from moto.settings import S3_UPLOAD_PART_MIN_SIZE
from moto.utilities.utils import md5_hash

from infra.local.moto_patches.bodies import OnDisk, pieces_of
from infra.local.moto_patches.patch import Patch

_complete_in_memory = FakeMultipart.complete


def _complete(
    upload: FakeMultipart, listed: Iterator[tuple[int, str]]
) -> tuple[Any, str, tuple[str, str, int] | None]:
    """Return the body, the ETag and the checksum, as `FakeMultipart.complete` does."""
    algorithm = upload.metadata.get("x-amz-checksum-algorithm", "CRC64NVME")
    if algorithm != "CRC64NVME":
        return _complete_in_memory(upload, listed)
    parts = _listed_parts(upload, listed)
    whole = tempfile.TemporaryFile()  # noqa: SIM115 - becomes the object
    checksum = 0
    etags = md5_hash()
    for part in parts:
        etags.update(bytes.fromhex(part.etag.strip('"')))
        for piece in pieces_of(part, 0, part.contentsize):
            whole.write(piece)
            checksum = checksums.crc64nvme(piece, checksum)
    # Else each part stays on disk beside the whole, an open file, for as long as the object is
    # there.
    upload.dispose()
    return (
        OnDisk(whole, whole.tell()),
        f"{etags.hexdigest()}-{len(parts)}",
        ("FULL_OBJECT", base64.b64encode(checksum.to_bytes(8, "big")).decode(), 1),
    )


def _listed_parts(upload: FakeMultipart, listed: Iterator[tuple[int, str]]) -> list[FakeKey]:
    """Return the parts that make the object, in order. Raises moto's errors for a list that S3
    refuses.
    """
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
    return parts


PATCH = Patch((FakeMultipart, "complete", _complete))
