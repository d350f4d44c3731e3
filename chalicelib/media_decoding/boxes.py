"""The boxes of an MP4: what a copied sound may consist of, and nothing else."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

_HEADER = struct.Struct(">I4s")
# What holds other boxes, and what these are: one track of sound, without names, places or pictures.
_WITHIN = {
    b"": (b"ftyp", b"free", b"mdat", b"moov"),
    b"moov": (b"mvhd", b"trak", b"free"),
    b"trak": (b"tkhd", b"edts", b"mdia"),
    b"edts": (b"elst",),
    b"mdia": (b"mdhd", b"hdlr", b"minf"),
    b"minf": (b"smhd", b"dinf", b"stbl"),
    b"dinf": (b"dref",),
    b"stbl": (b"stsd", b"stts", b"stsc", b"stsz", b"stco", b"sgpd", b"sbgp"),
}
# Version 0, no flags, and no times of creation and change.
_NO_TIME = bytes(12)
_TIMED = {b"mvhd": b"\0\0\0", b"tkhd": b"\0\0\x03", b"mdhd": b"\0\0\0"}

# What is the same in each: what handles it, no balance, and that all is in this file.
_SAME = {
    b"hdlr": bytes(8) + b"soun" + bytes(12) + b"SoundHandler\0",
    b"smhd": bytes(8),
    b"dref": bytes(7) + b"\1" + b"\0\0\0\x0curl \0\0\0\1",
}
# One AAC, described in this many bytes at most.
_ONE, _CODEC, _MOST_DESCRIBED = bytes(7) + b"\1", b"mp4a", 128


class Box(NamedTuple):
    """A box: its kind, and where it and its content begin and end."""

    kind: bytes
    start: int
    content: int
    end: int


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """Yield the boxes that fill this part of a file exactly. Raises ValueError when they do not."""
    at, end = start, len(data) if end is None else end
    while at < end:
        if end - at < _HEADER.size:
            raise ValueError("cut short")
        size, kind = _HEADER.unpack_from(data, at)
        if not _HEADER.size <= size <= end - at:
            raise ValueError("does not fit")
        yield Box(kind, at, at + _HEADER.size, at + size)
        at += size


def without_names(data: bytes) -> bytes:
    """Return an MP4 with the box for names, which the muxer always writes, as free space."""
    for outer in boxes(data):
        for box in boxes(data, outer.content, outer.end) if outer.kind == b"moov" else ():
            if box.kind == b"udta":
                empty = bytes(box.end - box.content)
                data = data[: box.start + 4] + b"free" + empty + data[box.end :]
    return data


def is_bare_sound(data: bytes) -> bool:
    """Return whether this is an MP4 of one track of sound that contains nothing else."""
    try:
        kinds = list(_kinds(data, b"", 0, len(data)))
    except ValueError:
        return False
    return all(kinds.count(once) == 1 for once in (b"ftyp", b"moov", b"trak", b"smhd"))


def _kinds(data: bytes, parent: bytes, start: int, end: int) -> Iterator[bytes]:
    """Yield the kinds of all boxes. Raises ValueError when one has no business here."""
    for box in boxes(data, start, end):
        if box.kind not in _WITHIN[parent]:
            raise ValueError("a box of another kind")
        content = data[box.content : box.end]
        if box.kind == b"free" and any(content):
            raise ValueError("free space that is used")
        if box.kind in _TIMED and content[:12] != _NO_TIME[:1] + _TIMED[box.kind] + _NO_TIME[4:]:
            raise ValueError("a time")
        if content != _SAME.get(box.kind, content):
            raise ValueError("a text, or another kind of track")
        if box.kind == b"stsd" and not (
            content[:8] == _ONE and content[12:16] == _CODEC and len(content) <= _MOST_DESCRIBED
        ):
            raise ValueError("more than one sound, or another codec")
        yield box.kind
        if box.kind in _WITHIN:
            yield from _kinds(data, box.kind, box.content, box.end)
