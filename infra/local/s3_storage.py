"""What the gate keeps in moto's S3, and what moto's S3 lacks.

moto holds an object over 5 MiB in a temporary file, but reads it whole to answer any GET, and joins a multipart upload in memory several
times over. Here bodies stay on disk: what a phone sends becomes the object, or the part, without being copied; parts are joined from file
to file; `read` gives pieces.

Importing this module changes moto, once, in three places: how a key takes its value, how an upload is completed, how events are sent.
"""

import itertools
import json
import re
import tempfile
import threading
import time
from collections.abc import Iterator
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3 import models, notifications
from moto.s3.exceptions import EntityTooSmall, InvalidPart, InvalidPartOrder, MalformedXML, MissingBucket
from moto.s3.models import FakeBucket, FakeKey, FakeMultipart
from moto.settings import S3_UPLOAD_PART_MIN_SIZE
from moto.utilities.utils import get_partition, md5_hash

from infra.local.s3_checksums import Checksum
from infra.local.s3_errors import not_found
from infra.local.s3_forms import PIECE, OnDisk

Event = notifications.S3NotificationEvent
# The events we imitate, and the call each is told to come of.
REASONS: dict[str, str] = {
    Event.OBJECT_CREATED_PUT_EVENT: "PutObject",
    Event.OBJECT_CREATED_POST_EVENT: "POST Object",
    Event.OBJECT_CREATED_COPY_EVENT: "CopyObject",
    Event.OBJECT_CREATED_COMPLETE_MULTIPART_UPLOAD_EVENT: "CompleteMultipartUpload",
    Event.OBJECT_REMOVED_DELETE_EVENT: "DeleteObject",
}


class Storage:
    """moto's buckets of one region's partition."""

    def __init__(self, region: str) -> None:
        self._backend = models.s3_backends[DEFAULT_ACCOUNT_ID][get_partition(region)]

    def bucket(self, name: str) -> FakeBucket:
        try:
            return self._backend.get_bucket(name)
        except MissingBucket as error:
            raise not_found("NoSuchBucket", "The specified bucket does not exist", BucketName=name) from error

    def upload(self, bucket: str, key: str, upload_id: str) -> FakeMultipart | None:
        """The unfinished multipart upload of this id and key."""
        upload = self.bucket(bucket).multiparts.get(upload_id)
        return upload if upload is not None and upload.key_name == key else None

    def completed(self, bucket: str, key: str, upload_id: str) -> bool:
        """Whether the present object came of this upload: completing it again is then no error."""
        found = self._backend.get_object(bucket, key)
        return found is not None and found.multipart is not None and found.multipart.id == upload_id

    def put_form(self, bucket: str, key: str, body: OnDisk, content_type: str, checksum: tuple[str, str] | None) -> FakeKey:
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
        notifications.send_event(DEFAULT_ACCOUNT_ID, Event.OBJECT_CREATED_POST_EVENT, self.bucket(bucket), stored)
        return stored

    def put_part(self, bucket: str, upload_id: str, number: int, body: OnDisk) -> str:
        """Make `body` that part of the upload, whatever it was before. Returns its ETag."""
        return self._backend.upload_part(bucket, upload_id, number, body).etag  # type: ignore[arg-type]

    def read(self, bucket: str, key: str, version_id: str | None, begin: int, end: int) -> Iterator[bytes]:
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


def _complete(upload: FakeMultipart, listed: Iterator[tuple[int, str]]) -> tuple[Any, str, tuple[str, str, int] | None]:
    """As `FakeMultipart.complete`, from disk to disk, and with CRC64NVME over the whole, the algorithm S3 takes when none was named."""
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
    return OnDisk(whole, whole.tell()), f"{etags.hexdigest()}-{len(parts)}", ("FULL_OBJECT", checksum.base64(), 1)


def _send_event(account_id: str, bucket: FakeBucket, event_name: str, key: Any) -> None:
    """Send S3's event through EventBridge to the queues of the rules that match, each by its InputTransformer.

    moto gives every event one sequencer and no transformation. S3 sends none of two that moto does: a Put before
    CompleteMultipartUpload, and tags changed with each Put.
    """
    if event_name not in REASONS or (event_name == Event.OBJECT_CREATED_PUT_EVENT and key.multipart is not None):
        return
    from moto.events.models import events_backends
    from moto.sqs.models import sqs_backends

    stored = {"key": key.name, "version-id": key.version_id, "sequencer": _next_sequencer()}
    if isinstance(key, FakeKey):  # a delete marker has neither
        stored |= {"size": key.size, "etag": key.etag.strip('"')}
    event = {
        "version": "0",
        "id": f"{next(_ids):032x}",
        "detail-type": notifications._detail_type(event_name),
        "source": "aws.s3",
        "account": account_id,
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "region": bucket.region_name,
        "resources": [bucket.arn],
        "detail": {
            "version": "0",
            "bucket": {"name": bucket.name},
            "object": stored,
            "requester": account_id,
            "source-ip-address": "127.0.0.1",
            "reason": REASONS[event_name],
        },
    }
    for bus in events_backends[account_id][bucket.region_name].event_buses.values():
        for rule in bus.rules.values():
            if rule.state != "ENABLED" or not rule.event_pattern.matches_event(event):  # type: ignore[arg-type]
                continue
            for target in rule.targets:
                _, _, service, region, account, queue = target["Arn"].split(":", 5)
                if service == "sqs":
                    sqs_backends[account][region].send_message(queue, _transformed(event, target.get("InputTransformer")))


def _transformed(event: dict[str, Any], transformer: dict[str, Any] | None) -> str:
    """The queue message. In a JSON template each `<name>` stands for the JSON of the value at its path, absent ones for null."""
    if not transformer:
        return json.dumps(event)

    def value(match: re.Match[str]) -> str:
        found: Any = event
        for step in transformer["InputPathsMap"][match[1]].removeprefix("$.").split("."):
            found = found.get(step) if isinstance(found, dict) else None
        return json.dumps(found)

    return re.sub(r"<([\w.-]+)>", value, transformer["InputTemplate"])


_ids = itertools.count(1)
_sequence_lock = threading.Lock()
_last_sequence = 0


def _next_sequencer() -> str:
    """Hexadecimal, and later is greater when compared as text, for every key."""
    global _last_sequence
    with _sequence_lock:
        _last_sequence = max(_last_sequence + 1, time.time_ns())
        return f"{_last_sequence:018X}"


_value: Any = FakeKey.value
_set_value = _value.fset
_complete_in_memory = FakeMultipart.complete
FakeKey.value = property(_value.fget, _take_value)  # type: ignore[method-assign, assignment]
FakeMultipart.complete = _complete  # type: ignore[method-assign, assignment]
notifications._send_event_bridge_message = _send_event
