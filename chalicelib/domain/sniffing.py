"""Which accepted type a file is of, by its first bytes: whatever was declared, these count."""

from collections.abc import Mapping
from types import MappingProxyType

_MAGIC = (
    ("image/jpeg", b"\xff\xd8\xff"),
    ("image/png", b"\x89PNG\r\n\x1a\n"),
    ("audio/amr", b"#!AMR\n"),
    ("audio/amr", b"#!AMR-WB\n"),
)
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
    type: a container of videos may hold sound alone, which `of_sound` names.
    """
    for content_type, magic in _MAGIC:
        if head.startswith(magic):
            return content_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp":
        return _sniff_brands(head)
    return None


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
