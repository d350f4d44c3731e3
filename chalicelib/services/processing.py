"""Processing of one upload: make a thumbnail and a preview, and write a manifest as the verdict."""

import hashlib

from chalicelib.domain.media import (
    ACCEPTED,
    Checksum,
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
from chalicelib.errors import NotFound
from chalicelib.media.bucket import MediaBucket
from chalicelib.media.objects import Version
from chalicelib.media.sandbox import derive

HEAD_BYTES = 256 << 10  # read from every original, to detect its type


def make_thumbnails(
    *, bucket: MediaBucket, key: str, version_id: str | None = None, sequencer: str | None = None
) -> Manifest | None:
    """Process the first version of the original `key`: write its pictures, then its manifest.

    `version_id` and `sequencer` are from the S3 event; None when there was no event. Repeated,
    write the same bytes to the same keys.

    Return None, and write nothing, when `key` is not an original, has no versions any more, or the
    event is about a later version. Raises Unavailable, and RuntimeError when decoding fails for a
    reason other than the file. Both can be tried again.
    """
    where = parse_original_key(key)
    first = bucket.first_version(key) if where else None
    if where is None or first is None or (version_id and version_id != first.version_id):
        return None
    try:
        original = _Original(bucket, key, first)
        manifest, pictures = _judge(original, where, sequencer)
    except NotFound:
        return None  # It was deleted in the meantime.
    if pictures:
        bucket.put(derived_key(*where, "thumb.jpg"), pictures.thumb, "image/jpeg")
        bucket.put(derived_key(*where, "preview.jpg"), pictures.preview, "image/jpeg")
    body = manifest.model_dump_json(exclude_none=True).encode()
    bucket.put(derived_key(*where, "manifest.json"), body, "application/json")
    return manifest


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


def _judge(
    original: _Original, where: MediaKey, sequencer: str | None
) -> tuple[Manifest, Pictures | None]:
    content_type = sniff(original.head)
    pictures, reason = None, None
    try:
        pictures = _derive(original, content_type)
    except Rejected as rejected:
        reason = rejected.reason
    manifest = Manifest(
        state=MediaState.READY if pictures else MediaState.REJECTED,
        reason=reason,
        content_type=content_type,
        size=original.size,
        checksum=original.checksum(),
        version_id=original.version_id,
        sequencer=sequencer,
        thumb=derived_key(*where, "thumb.jpg") if pictures else None,
        preview=derived_key(*where, "preview.jpg") if pictures else None,
        **dict(pictures.looked) if pictures else {},
    )
    return manifest, pictures


def _derive(original: _Original, content_type: str | None) -> Pictures:
    if content_type is None:
        raise Rejected(RejectReason.UNSUPPORTED_FORMAT)
    accepted = ACCEPTED[content_type]
    if original.size > accepted.max_bytes:
        raise Rejected(RejectReason.TOO_LARGE)
    if accepted.kind is MediaKind.IMAGE:
        original.read_whole()
    return derive(content_type, original.size, original.read)
