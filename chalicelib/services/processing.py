"""Processing of one upload: make a thumbnail and a preview, and write a manifest as the verdict."""

import base64
import hashlib
import logging
from collections.abc import Callable
from typing import Any

from chalicelib.domain.ids import OwnerKind, owner_of, report_id_of
from chalicelib.domain.incidents import PublicDayKey
from chalicelib.domain.media import (
    ACCEPTED,
    Checksum,
    DerivedName,
    Hint,
    Manifest,
    MediaKey,
    MediaKind,
    MediaState,
    Pictures,
    Rejected,
    RejectReason,
    derived_key,
    parse_original_key,
    sniff,
)
from chalicelib.domain.sealing import row_info, seal
from chalicelib.domain.sent_files import is_sent
from chalicelib.errors import NotFound
from chalicelib.media.bucket import MediaBucket
from chalicelib.media.objects import Version
from chalicelib.media.sandbox import derive
from chalicelib.services.sketches import sketch_picture
from chalicelib.store import keys
from chalicelib.store.report_keys import ReportKeys

log = logging.getLogger(__name__)

HEAD_BYTES = 256 << 10  # read from every original, to detect its type


def make_thumbnails(
    *,
    bucket: MediaBucket,
    report_keys: ReportKeys,
    day_key: Callable[[], PublicDayKey | None] = lambda: None,
    key: str,
    version_id: str | None = None,
    sequencer: str | None = None,
) -> Manifest | None:
    """Process the first version of the original `key`: write its pictures, then its manifest.

    `day_key` returns the key to which sketches are sealed; None while it is not known. `version_id`
    and `sequencer` are from the S3 event; None when there was no event. Repeated, write new
    versions with the same pictures. The manifest names the versions of its own pictures.

    Return None, and write nothing, when `key` is not an original, has no versions any more, or the
    event is about a later version; and when its report is withdrawn or deleted. Raises Unavailable,
    and RuntimeError when decoding fails for a reason other than the file. Both can be tried again.
    """
    where = parse_original_key(key)
    try:
        public_key = _sealing_key(where, report_keys) if where else None
        first = bucket.first_version(key) if where else None
        if where is None or first is None or (version_id and version_id != first.version_id):
            return None
        original = _Original(bucket, key, first)
        pictures, found = _judge(original)
    except NotFound:
        return None  # The original or its report is gone.
    manifest = Manifest(
        version_id=original.version_id,
        size=original.size,
        sequencer=sequencer,
        thumb_version=pictures and _put_picture(bucket, where, "thumb.jpg", pictures.thumb),
        preview_version=pictures and _put_picture(bucket, where, "preview.jpg", pictures.preview),
        sealed_hint=_sealed_hint(pictures, where, public_key),
        sealed_sketch=_sealed_sketch(pictures, where, day_key) if public_key else None,
        **found,
    )
    body = manifest.model_dump_json(exclude_none=True).encode()
    bucket.put(derived_key(*where, "manifest.json"), body, "application/json")
    return manifest


def _sealing_key(where: MediaKey, report_keys: ReportKeys) -> bytes | None:
    """Return the key to which a hint is sealed. A bulletin has none, and keeps no hint.

    Neither does what officers sent, nor a report with a key that is not its own. Raises NotFound
    when nothing may be derived for the report.
    """
    owner = owner_of(where.owner_id)
    if owner.kind is not OwnerKind.REPORT:
        return None
    public = report_keys.public_key(owner.id)
    if public is not None and report_id_of(public) != owner.id:
        log.error("content_key_altered")
        return None
    return None if is_sent(where.media_id) else public


def _put_picture(bucket: MediaBucket, where: MediaKey, name: DerivedName, picture: bytes) -> str:
    return bucket.put(derived_key(*where, name), picture, "image/jpeg")


def _sealed_hint(
    pictures: Pictures | None, where: MediaKey, public_key: bytes | None
) -> str | None:
    hint: Hint | None = pictures.looked.hint if pictures else None
    if hint is None or public_key is None:
        return None
    row = row_info(keys.media_owner(where.owner_id), keys.media(where.media_id), "hint")
    plain = hint.model_dump_json(exclude_none=True).encode()
    return base64.b64encode(seal(public_key, plain, row)).decode()


def _sealed_sketch(
    pictures: Pictures | None, where: MediaKey, day_key: Callable[[], PublicDayKey | None]
) -> str | None:
    edges = pictures.looked.edges if pictures else None
    sealed = sketch_picture(*where, edges, day_key()) if edges else None
    return base64.b64encode(sealed).decode() if sealed else None


class _Original:
    """One version of an original. Its first bytes are read at once, the others on demand."""

    def __init__(self, bucket: MediaBucket, key: str, version: Version) -> None:
        self._bucket, self._key = bucket, key
        self.version_id, self.size = version.version_id, version.size
        self.head = self._fetch(0, min(self.size, HEAD_BYTES)) if self.size else b""

    def read(self, offset: int, length: int) -> bytes:
        if offset + length <= len(self.head):
            return self.head[offset : offset + length]
        return self._fetch(offset, length)

    def read_whole(self) -> None:
        self.head += (
            self._fetch(len(self.head), self.size - len(self.head))
            if len(self.head) < self.size
            else b""
        )

    def checksum(self) -> Checksum | None:
        """Return a SHA-256 when the whole file was read; else the checksum that S3 has."""
        if len(self.head) == self.size:
            return Checksum(
                algorithm="sha256", type="full_object", value=hashlib.sha256(self.head).hexdigest()
            )
        return self._bucket.head(self._key, self.version_id).checksum

    def _fetch(self, offset: int, length: int) -> bytes:
        return self._bucket.read(self._key, self.version_id, offset=offset, length=length)


def _judge(original: _Original) -> tuple[Pictures | None, dict[str, Any]]:
    """Return the pictures, None when the original is rejected, and what the manifest says."""
    content_type = sniff(original.head)
    pictures, reason = None, None
    try:
        pictures = _derive(original, content_type)
    except Rejected as rejected:
        reason = rejected.reason
    return pictures, {
        "state": MediaState.READY if pictures else MediaState.REJECTED,
        "reason": reason,
        "content_type": content_type,
        "checksum": original.checksum(),
        **(pictures.looked.model_dump(exclude={"hint", "edges"}) if pictures else {}),
    }


def _derive(original: _Original, content_type: str | None) -> Pictures:
    if content_type is None:
        raise Rejected(RejectReason.UNSUPPORTED_FORMAT)
    accepted = ACCEPTED[content_type]
    if original.size > accepted.max_bytes:
        raise Rejected(RejectReason.TOO_LARGE)
    if accepted.kind is MediaKind.IMAGE:
        original.read_whole()
    return derive(content_type, original.size, original.read)
