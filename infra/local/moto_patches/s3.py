"""What is changed of moto's S3."""

import base64
import itertools
import json
import re
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any

from awscrt import checksums
from moto.events.models import events_backends
from moto.s3 import notifications
from moto.s3.exceptions import (
    EntityTooSmall,
    InvalidPart,
    InvalidPartOrder,
    MalformedXML,
    NoSuchUpload,
)
from moto.s3.models import FakeBucket, FakeDeleteMarker, FakeKey, FakeMultipart, S3Backend
from moto.settings import S3_UPLOAD_PART_MIN_SIZE
from moto.sqs.models import sqs_backends
from moto.utilities.utils import md5_hash

from infra.local.moto_patches.patch import Patch

# Bodies that stay on disk. moto holds an object over 5 MiB in a temporary file, but takes it only
# as bytes, and reads it for its ETag in pieces of 16 MiB and past the lock that guards the file's
# position. Here a file that was written once becomes the object without being copied, and is read
# in small pieces under the lock.

PIECE = 256 * 1024


@dataclass(frozen=True, slots=True)
class OnDisk:
    """A body in an unnamed temporary file, `size` bytes long."""

    file: IO[bytes]
    size: int


def pieces_of(key: FakeKey, begin: int, end: int) -> Iterator[bytes]:
    """Read bytes `begin` to `end`, exclusive, in pieces."""
    while begin < end:
        with key.lock:  # One file position, many readers.
            key._value_buffer.seek(begin)
            piece = key._value_buffer.read(min(PIECE, end - begin))
        if not piece:
            return
        yield piece
        begin += len(piece)


_value: Any = FakeKey.value


def _set_value(key: FakeKey, value: bytes | OnDisk) -> None:
    if isinstance(value, OnDisk):
        key._value_buffer = value.file  # type: ignore[assignment]
        key.contentsize = value.size
    else:
        _value.fset(key, value)


def _etag(key: FakeKey) -> str:
    if key._etag is None:
        digest = md5_hash()
        for piece in pieces_of(key, 0, key.contentsize):
            digest.update(piece)
        key._etag = digest.hexdigest()
    return f'"{key._etag}"'


BODIES = Patch(
    (FakeKey, "value", property(_value.fget, _set_value)), (FakeKey, "etag", property(_etag))
)

# Uploads in parts that are joined on disk. moto joins the parts in memory, several times over, once
# more for the checksum of the whole, and takes them in any order. Here they go from file to file,
# past CRC64NVME over the full object: the algorithm of our grants, and the one that S3 takes when
# none was named.

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


MULTIPART = Patch((FakeMultipart, "complete", _complete))

# Uploads in parts under a lock. moto puts no default retention on what came in parts, and fails by
# KeyError when an upload was completed or ended meanwhile.

_complete_upload, _upload_part = S3Backend.complete_multipart_upload, S3Backend.upload_part


def _complete_locked(
    self: S3Backend, bucket_name: str, multipart_id: str, body: Iterator[tuple[int, str]]
) -> FakeKey | None:
    bucket = _bucket_of(self, bucket_name, multipart_id)
    key = _complete_upload(self, bucket_name, multipart_id, body)
    if key and bucket.has_default_lock:
        key.lock_mode, key.lock_until = bucket.default_lock_mode, bucket.default_retention()
    return key


def _upload_known(
    self: S3Backend, bucket_name: str, multipart_id: str, part_id: int, value: bytes
) -> FakeKey:
    _bucket_of(self, bucket_name, multipart_id)
    return _upload_part(self, bucket_name, multipart_id, part_id, value)


def _bucket_of(backend: S3Backend, bucket_name: str, upload_id: str) -> FakeBucket:
    bucket = backend.get_bucket(bucket_name)
    if upload_id not in bucket.multiparts:
        raise NoSuchUpload(upload_id=upload_id)
    return bucket


LOCKED_UPLOADS = Patch(
    (S3Backend, "complete_multipart_upload", _complete_locked),
    (S3Backend, "upload_part", _upload_known),
)

# Object versions in S3's order, at the cost of what is listed. moto copies every version in the
# bucket for each list, bodies and all: beside one video of 200 MB, a list of one small key took a
# second and half a gigabyte. It also puts two versions of one millisecond in the wrong order, and
# finds nothing more after a version that was deleted since the last page. Here nothing is copied,
# and only keys with the prefix are looked at.

MOST_IN_PAGE = 1000

type _Page = tuple[list[FakeKey], list[str], list[FakeDeleteMarker], str | None, str | None]


_list_in_memory = S3Backend.list_object_versions


def _list_object_versions(
    self: S3Backend,
    bucket_name: str,
    delimiter: str | None = None,
    key_marker: str | None = None,
    max_keys: int | None = None,
    prefix: str = "",
    version_id_marker: str | None = None,
) -> _Page:
    """Return what moto's method returns: versions, common prefixes, delete markers, and the markers
    of the next page, None where there is none. Nothing of ours asks for common prefixes.
    """
    if delimiter:
        asked = (delimiter, key_marker, max_keys, prefix, version_id_marker)
        return _list_in_memory(self, bucket_name, *asked)
    most = MOST_IN_PAGE if max_keys is None else min(max_keys, MOST_IN_PAGE)
    versions = _versions(self.get_bucket(bucket_name), prefix, key_marker or "", version_id_marker)
    found = list(itertools.islice(versions, most + 1))
    page = found[:most]
    last = page[-1] if page and len(found) > most else None
    return (
        [version for version in page if isinstance(version, FakeKey)],
        [],
        [version for version in page if isinstance(version, FakeDeleteMarker)],
        last.name if last else None,
        last.version_id if last else None,
    )


def _versions(bucket: FakeBucket, prefix: str, key: str, version_id: str | None) -> Iterator[Any]:
    """Go through all that follows a version: by key, and of a key from newest to oldest. If that
    version has been deleted, the key's others follow: who deletes page by page must come to the
    end.
    """
    for name in sorted(each for each in list(bucket.keys) if each.startswith(prefix)):
        if name < key or (name == key and not version_id):
            continue
        # moto appends each new version to its key's list, and looks whether it is the latest.
        versions: list[Any] = list(reversed(bucket.keys.getlist(name, [])))
        for place, version in enumerate(versions):
            version.is_latest = place == 0
        ids = [version.version_id for version in versions]
        known = name == key and version_id in ids
        yield from versions[ids.index(version_id) + 1 :] if known else versions


OBJECT_VERSIONS = Patch((S3Backend, "list_object_versions", _list_object_versions))

# S3's events through EventBridge to the queues, as AWS shapes them. moto gives every event the same
# sequencer, and sends it to a queue whole, with the uploader's address, whatever the rule's
# transformer says. Here the sequencer grows and the transformer transforms, so that consumers read
# the same as in the cloud. S3 sends none of two events that moto does: a Put before
# CompleteMultipartUpload, and tags changed with each Put.

Event = notifications.S3NotificationEvent
# The events that are sent, and the call that each names as its reason.
REASONS: dict[str, str] = {
    Event.OBJECT_CREATED_PUT_EVENT: "PutObject",
    Event.OBJECT_CREATED_POST_EVENT: "POST Object",
    Event.OBJECT_CREATED_COPY_EVENT: "CopyObject",
    Event.OBJECT_CREATED_COMPLETE_MULTIPART_UPLOAD_EVENT: "CompleteMultipartUpload",
    Event.OBJECT_REMOVED_DELETE_EVENT: "DeleteObject",
}


# Numbers that grow, also from one process to the next.
_sequence = itertools.count(time.time_ns())


def _send(account_id: str, bucket: Any, event_name: str, key: Any) -> None:
    if event_name not in REASONS or (
        event_name == Event.OBJECT_CREATED_PUT_EVENT and key.multipart is not None
    ):
        return
    event: Any = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": notifications._detail_type(event_name),
        "source": "aws.s3",
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "region": bucket.region_name,
        "detail": {
            "bucket": {"name": bucket.name},
            "object": {
                "key": key.name,
                # A delete marker has neither.
                **(
                    {"size": key.size, "etag": key.etag.strip('"')}
                    if isinstance(key, FakeKey)
                    else {}
                ),
                "version-id": key.version_id,
                # In S3's form: hexadecimal, of equal length.
                "sequencer": f"{next(_sequence):018X}",
            },
            "source-ip-address": "203.0.113.7",
            "reason": REASONS[event_name],
        },
    }
    queues = sqs_backends[account_id][bucket.region_name]
    for bus in events_backends[account_id][bucket.region_name].event_buses.values():
        for rule in bus.rules.values():
            if rule.event_pattern.matches_event(event):
                for target in rule.targets:
                    queues.send_message(
                        queue_name=target["Arn"].rpartition(":")[2],
                        message_body=_transformed(event, target),
                    )


def _transformed(event: Mapping[str, Any], target: Mapping[str, Any]) -> str:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html"""
    transformer = target.get("InputTransformer")
    if transformer is None:
        return json.dumps(event)
    paths = transformer["InputPathsMap"]
    return re.sub(
        r"<([^<>]+)>",
        lambda match: json.dumps(_at(event, paths[match[1]])),
        transformer["InputTemplate"],
    )


def _at(event: Any, path: str) -> Any:
    for name in path.removeprefix("$.").split("."):
        event = event[name]
    return event


OBJECT_EVENTS = Patch((notifications, "_send_event_bridge_message", _send))
