"""The type of a file by its first bytes, and the result of an upload."""

import base64
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple, Self

from chalicelib.domain.reports.media import Manifest, MediaState, advances
from chalicelib.domain.reports.report import Medium
from chalicelib.kernel.derived import RejectReason

_MAGIC = (
    ("image/jpeg", b"\xff\xd8\xff"),
    ("image/png", b"\x89PNG\r\n\x1a\n"),
    ("audio/amr", b"#!AMR\n"),
    ("audio/amr", b"#!AMR-WB\n"),
    ("audio/mpeg", b"ID3"),
)
_EBML = b"\x1a\x45\xdf\xa3"
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
_HEIF_BRANDS = {b"mif1", b"msf1"}
_MP4_BRANDS = {
    b"isom",
    b"mp41",
    b"mp42",
    b"avc1",
    b"M4V ",
    b"M4VH",
    b"M4VP",
    b"MSNV",
    b"mmp4",
    b"dash",
    b"f4v ",
    b"XAVC",
    b"M4A ",
}


def sniff(head: bytes) -> str | None:
    """Return the accepted type that a file's first bytes indicate; None for any other.

    `head` has 64 bytes or more, if the file has them. The rest of the file may still be of another
    type: a container of videos may hold sound alone, which `of_sound` names. A WebM is accepted for
    its sound only, so it is `audio/webm` even when it holds a video; its decoder rejects that.
    """
    for content_type, magic in _MAGIC:
        if head.startswith(magic):
            return content_type
    if head[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(head[8:12])
    if head[:4] == b"OggS" and head[28:36] == b"OpusHead":
        return "audio/ogg"
    if head[:4] == _EBML and b"\x42\x82\x84webm" in head[:64]:
        return "audio/webm"
    if _is_mp3_frame(head):
        return "audio/mpeg"
    if head[4:8] == b"ftyp":
        return _sniff_brands(head)
    return None


def _is_mp3_frame(head: bytes) -> bool:
    """Return whether this begins with the header of a frame of MPEG layer III."""
    first = int.from_bytes(head[:4])
    sync, layer, rate = first >> 21, first >> 17 & 3, first >> 12 & 15
    return sync == 0x7FF and layer == 1 and rate not in (0, 15) and first >> 10 & 3 != 3


def _sniff_brands(head: bytes) -> str | None:
    """Return the type by the brands of an ISO base media file, the major one first."""
    size = int.from_bytes(head[:4])
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, min(size, len(head)) - 3, 4))]
    # A HEIF brand names the container, not the codec: AVIF has it too.
    if brands[0] in _HEIF_BRANDS:
        return (
            "image/heic"
            if _HEIC_BRANDS.intersection(brands)
            else None
            if b"avif" in brands
            else "image/heif"
        )
    for brand in brands:
        if brand in _HEIC_BRANDS:
            return "image/heic"
        if brand == b"qt  ":
            return "video/quicktime"
        if brand[:3] in (b"3gp", b"3g2"):
            return "video/3gpp"
        if brand in _MP4_BRANDS or brand[:3] == b"iso":
            return "video/mp4"
    return None


_OF_SOUND: Mapping[str, str] = MappingProxyType(
    {"video/mp4": "audio/mp4", "video/3gpp": "audio/3gpp"}
)


def of_sound(content_type: str) -> str | None:
    """Return the type of a container that holds sound alone; None when none such is accepted."""
    return _OF_SOUND.get(content_type)


# Of 64. Reduced pictures of real photos differ by 7 at most, those of mere noise by 18; pictures of
# two scenes by about 30.
_MOST_ALIKE = 18


def differ(edges: str | None, others: str | None) -> bool:
    """Return whether two pictures with these hashes visibly show something else."""
    if edges is None or others is None:
        return False
    return (int(edges, 16) ^ int(others, 16)).bit_count() > _MOST_ALIKE


class Verdict(NamedTuple):
    """The final state of a medium. `found` are the fields of a `Medium` that come with it, `edges`
    the hash of what its original shows.
    """

    state: MediaState
    found: Mapping[str, Any]
    edges: str | None = None

    @classmethod
    def of(cls, manifest: Manifest) -> Self:
        """Return the verdict that `make_thumbnails` has reached."""
        found = {
            "reason": manifest.reason,
            "content_type": manifest.content_type,
            "size": manifest.size,
            "checksum": manifest.checksum.model_dump() if manifest.checksum else None,
            "version_id": manifest.version_id,
            "sequencer": manifest.sequencer,
            "width": manifest.width,
            "height": manifest.height,
            "duration_s": manifest.duration_s,
            "codec": manifest.codec,
            "thumb_version": manifest.thumb_version,
            "preview_version": manifest.preview_version,
            "playback_version": manifest.playback_version,
            "clip_version": manifest.clip_version,
            "no_clip": manifest.no_clip,
            "sealed_hint": _decoded(manifest.sealed_hint),
            "sealed_sketch": _decoded(manifest.sealed_sketch),
        }
        return cls(manifest.state, found, manifest.edges)

    @classmethod
    def rejected(cls, reason: RejectReason) -> Self:
        """Return the verdict on what nobody has looked at: it never came, or was withdrawn."""
        return cls(MediaState.REJECTED, {"reason": reason})

    def settles(self, medium: Medium) -> bool:
        """Return whether the medium has no verdict yet: the first one stays."""
        return advances(medium.state, self.state)

    def applied_to(self, medium: Medium, now: datetime) -> Medium:
        """Return the medium with this verdict, recorded at `now`."""
        known = {name: value for name, value in self.found.items() if value is not None}
        return medium.model_copy(update={"state": self.state, "recorded_at": now, **known})


def _decoded(sealed: str | None) -> bytes | None:
    return base64.b64decode(sealed) if sealed else None
