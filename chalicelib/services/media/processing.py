"""Process one upload or redaction, and write the manifest as the verdict."""

import base64
import hashlib
import logging
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from chalicelib.aws import keys
from chalicelib.aws.bucket import MediaBucket, Version
from chalicelib.domain.catalogue.attachments import (
    ACCEPTED,
    REDUCED_MAX_BYTES,
    REDUCED_TYPE,
    MediaKind,
)
from chalicelib.domain.media import of_sound, sniff
from chalicelib.domain.reports.incidents import PublicDayKey
from chalicelib.domain.reports.media import Manifest, MediaState, RedactionManifest, hints, is_sent
from chalicelib.kernel.derived import (
    MAX_CLIP_BYTES,
    Clip,
    Hint,
    NoClip,
    Pictures,
    Rejected,
    RejectReason,
    Sound,
)
from chalicelib.kernel.errors import NotFound
from chalicelib.kernel.files import (
    Checksum,
    DerivedName,
    MediaKey,
    derived_key,
    parse_derived_key,
    parse_original_key,
    parse_reduced_key,
    unproved_prefix,
)
from chalicelib.kernel.ids import OwnerKind, owner_of, report_id_of
from chalicelib.kernel.sealing import row_info, seal
from chalicelib.services.reports.sealed_rows import sketch_picture
from chalicelib.store.media.decoding import Decoding, File, Unproved
from chalicelib.store.media.rows import ReportKeys

log = logging.getLogger(__name__)

HEAD_BYTES = 256 << 10  # read from every original, to detect its type

# What ended or outlasted its decoder is perhaps not at fault: the system may be. So often, and so
# far apart, it must have happened before the file is rejected for it.
PROOFS, PROOFS_APART = 3, timedelta(hours=1)


class Arrived(NamedTuple):
    """An original or a reduced picture that has arrived. `version_id` and `sequencer` are from the
    S3 event; None when there was no event.
    """

    key: str
    version_id: str | None = None
    sequencer: str | None = None


def make_thumbnails(
    arrived: Arrived,
    *,
    bucket: MediaBucket,
    decoding: Decoding,
    report_keys: ReportKeys,
    day_key: Callable[[], PublicDayKey | None] = lambda: None,
    now: datetime,
) -> Manifest | None:
    """Process the first version of an original: write its pictures, then its manifest. So is a
    reduced picture, whose manifest is another. Of it nothing is sealed: its original says all.

    `day_key` returns the key to which sketches are sealed; None while it is not known. Repeated,
    write new versions with the same pictures. The manifest names the versions of its own pictures.

    Return None, and write nothing, when the key is not an original, has no versions any more, or
    the event is about a later version; and when its report is withdrawn or deleted. Raises
    Unavailable, and Undecided when decoding fails for a reason other than the file. Both can be
    tried again.
    """
    where = parse_original_key(arrived.key) or parse_reduced_key(arrived.key)
    try:
        public_key = _sealing_key(where, report_keys) if where else None
        first = bucket.first_version(arrived.key) if where else None
        if where is None or first is None:
            return None
        if arrived.version_id and arrived.version_id != first.version_id:
            return None
        original = _Original(bucket, arrived.key, where, first)
        if original.is_reduced:
            public_key = None
        derived, found = _judge(original, decoding, now)
    except NotFound:
        return None  # The original or its report is gone.
    pictures = derived if isinstance(derived, Pictures) else None
    sound = derived if isinstance(derived, Sound) else None
    hint = pictures.info.hint if pictures else sound.info.hint if sound else None
    manifest = Manifest(
        version_id=original.version_id,
        size=original.size,
        sequencer=arrived.sequencer,
        thumb_version=pictures and _put(bucket, where, "thumb.jpg", pictures.thumb),
        preview_version=pictures and _put(bucket, where, "preview.jpg", pictures.preview),
        playback_version=sound and _put(bucket, where, "playback.m4a", sound.playback),
        **_put_clip(original, pictures),
        sealed_hint=_sealed_hint(hint, where, public_key),
        sealed_sketch=_sealed_sketch(pictures, where, day_key) if public_key else None,
        edges=pictures and pictures.info.edges,
        **found,
    )
    body = manifest.model_dump_json(exclude_none=True).encode()
    name: DerivedName = "early/manifest.json" if original.is_reduced else "manifest.json"
    bucket.put(derived_key(*where, name), body, "application/json")
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


def _put(bucket: MediaBucket, where: MediaKey, name: DerivedName, derived: bytes) -> str:
    content_type = "audio/mp4" if name == "playback.m4a" else "image/jpeg"
    return bucket.put(derived_key(*where, name), derived, content_type)


def _put_clip(original: "_Original", pictures: Pictures | None) -> dict[str, Any]:
    """Write the clip of a video, and return the fields of the manifest about it."""
    if pictures is None or not original.is_played:
        return {}
    if original.size > MAX_CLIP_BYTES:
        return {"no_clip": NoClip.TOO_LARGE}
    if not isinstance(pictures.clip, Clip):
        return {"no_clip": pictures.clip}
    return {"clip_version": original.put_clip(pictures.clip)}


def _sealed_hint(hint: Hint | None, where: MediaKey, public_key: bytes | None) -> str | None:
    if hint is None or public_key is None:
        return None
    row = row_info(keys.media_owner(where.owner_id), keys.media(where.media_id), "hint")
    plain = hints().dump_json(hint, exclude_none=True)
    return base64.b64encode(seal(public_key, plain, row)).decode()


def _sealed_sketch(
    pictures: Pictures | None, where: MediaKey, day_key: Callable[[], PublicDayKey | None]
) -> str | None:
    edges = pictures.info.edges if pictures else None
    sealed = sketch_picture(*where, edges, day_key()) if edges else None
    return base64.b64encode(sealed).decode() if sealed else None


class _Original:
    """One version of an original. Its first bytes are read at once, the others on demand."""

    def __init__(self, bucket: MediaBucket, key: str, where: MediaKey, version: Version) -> None:
        self._bucket, self._key, self.where = bucket, key, where
        self.version_id, self.size = version.version_id, version.size
        self.head = self._fetch(0, min(self.size, HEAD_BYTES)) if self.size else b""

    @property
    def is_reduced(self) -> bool:
        """Whether this is the reduced picture of a photo."""
        return parse_reduced_key(self._key) is not None

    @property
    def is_played(self) -> bool:
        """Whether this may be a recording, or have a clip. What officers show is a picture."""
        is_report = owner_of(self.where.owner_id).kind is OwnerKind.REPORT
        return is_report and not is_sent(self.where.media_id)

    @property
    def file(self) -> File:
        return File(self.where.owner_id, self.size, self._read, self._address)

    def read_whole(self) -> None:
        self.head += (
            self._fetch(len(self.head), self.size - len(self.head))
            if len(self.head) < self.size
            else b""
        )

    def put_clip(self, clip: Clip) -> str:
        """Write the clip of this video and return its version id."""
        key, this = derived_key(*self.where, "clip.mp4"), (self._key, self.version_id)
        return self._bucket.put_spans(key, *clip, of=this, content_type="video/mp4")

    def checksum(self) -> Checksum | None:
        """Return a SHA-256 when the whole file was read; else the checksum that S3 has."""
        if len(self.head) == self.size:
            return Checksum(
                algorithm="sha256", type="full_object", value=hashlib.sha256(self.head).hexdigest()
            )
        return self._bucket.head(self._key, self.version_id).checksum

    def is_proved(self, decoding: Decoding, now: datetime) -> bool:
        """Record that the file has ended or outlasted its decoder, and return whether that is its
        own fault: it happened PROOFS times, and each time the next file was opened.
        """
        if not decoding.is_working(self.where.owner_id):
            return False
        prefix = unproved_prefix(*self.where, reduced=self.is_reduced)
        kept = sorted(
            datetime.fromisoformat(key.removeprefix(prefix)) for key, _ in self._bucket.ages(prefix)
        )
        times: list[datetime] = []
        for time in (*kept, now):
            if not times or time - times[-1] >= PROOFS_APART:  # two may be recorded at once
                times.append(time)
        if times[-1] == now:
            self._bucket.put(f"{prefix}{now.isoformat()}", b"", "text/plain")
        return len(times) >= PROOFS

    def _read(self, offset: int, length: int) -> bytes:
        if offset + length <= len(self.head):
            return self.head[offset : offset + length]
        return self._fetch(offset, length)

    def _address(self) -> str:
        return self._bucket.read_address(self._key, self.version_id)

    def _fetch(self, offset: int, length: int) -> bytes:
        return self._bucket.read(self._key, self.version_id, offset=offset, length=length)


def _judge(
    original: _Original, decoding: Decoding, now: datetime
) -> tuple[Pictures | Sound | None, dict[str, Any]]:
    """Return the pictures or the sound, None for a rejected original, and the manifest's fields."""
    content_type = sniff(original.head)
    derived, reason = None, None
    try:
        content_type, derived = _derive(original, content_type, decoding)
    except Rejected as rejected:
        reason = rejected.reason
    except Unproved:
        if not original.is_proved(decoding, now):
            raise
        reason = RejectReason.UNPROCESSABLE
    found = asdict(derived.info) if derived else {}
    return derived, {
        "state": MediaState.READY if derived else MediaState.REJECTED,
        "reason": reason,
        "content_type": content_type,
        "checksum": original.checksum(),
        **{name: value for name, value in found.items() if name not in ("hint", "edges")},
    }


def _derive(
    original: _Original, content_type: str | None, decoding: Decoding
) -> tuple[str, Pictures | Sound]:
    """Return the derived files, and the real type: a container of videos may hold sound alone."""
    if content_type is None:
        raise Rejected(RejectReason.UNSUPPORTED_FORMAT)
    _require_size(original, content_type)
    if original.is_reduced and content_type != REDUCED_TYPE:
        raise Rejected(RejectReason.UNSUPPORTED_FORMAT)
    if ACCEPTED[content_type].kind is MediaKind.AUDIO:
        return content_type, _hear(original, content_type, decoding)
    if ACCEPTED[content_type].kind is MediaKind.IMAGE:
        original.read_whole()
    try:
        is_video = ACCEPTED[content_type].kind is MediaKind.VIDEO
        wants_clip = is_video and original.size <= MAX_CLIP_BYTES
        return content_type, decoding.derive(content_type, original.file, clip=wants_clip)
    except Rejected as rejected:
        sound = of_sound(content_type)
        if rejected.reason is not RejectReason.NO_VIDEO or sound is None:
            raise
        return sound, _hear(original, sound, decoding)


def _hear(original: _Original, content_type: str, decoding: Decoding) -> Sound:
    if not original.is_played:
        raise Rejected(RejectReason.NO_VIDEO)
    _require_size(original, content_type)
    original.read_whole()
    return decoding.hear(content_type, original.file)


def _require_size(original: _Original, content_type: str) -> None:
    most = REDUCED_MAX_BYTES if original.is_reduced else ACCEPTED[content_type].max_bytes
    if original.size > most:
        raise Rejected(RejectReason.TOO_LARGE)


def make_redacted(
    *, bucket: MediaBucket, decoding: Decoding, report_keys: ReportKeys, key: str
) -> RedactionManifest | None:
    """Make the redacted picture that the medium of the preview `key` waits for, then its manifest.

    What is to be redacted, and which version of the preview, is read from the medium: so however
    late or often this is called, it makes what is wanted now.

    Return None, and write nothing, when the medium waits for none, and when its report is withdrawn
    or deleted. Raises Unavailable, and Undecided when decoding fails for a reason other than the
    file. Both can be tried again.
    """
    where = parse_derived_key(key, "preview.jpg")
    if where is None or owner_of(where.owner_id).kind is not OwnerKind.REPORT:
        return None
    try:
        report_keys.public_key(where.owner_id)
        wanted = report_keys.wanted_redaction(where.owner_id, where.media_id)
        if wanted is None:
            return None
        preview = bucket.read(key, wanted.preview_version)
    except NotFound:
        return None  # The preview or its report is gone.
    version = None
    try:
        picture = decoding.redact(where.owner_id, preview, wanted.redaction.areas)
        version = bucket.put(derived_key(*where, "redacted.jpg"), picture, "image/jpeg")
    except Rejected as rejected:
        log.warning("redaction_failed", extra={"reason": rejected.reason.value})
    manifest = RedactionManifest(id=wanted.redaction.id, version=version)
    body = manifest.model_dump_json(exclude_none=True).encode()
    bucket.put(derived_key(*where, "redacted/manifest.json"), body, "application/json")
    return manifest
