"""The clean clip of a video: the same frames and sound, under an index that is written anew.

Nothing is decoded or encoded. Of the original only its index (`moov`) is read. What a player needs
of it is copied field by field, so nothing else of the file can come along: no place, maker, time or
name, no track of a sensor, no box that is not known here. The clip is this new index and spans of
the original, which the caller copies. docs/adr/0073-clips.md.
"""

import struct
from array import array
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, chain, pairwise
from typing import NamedTuple

from chalicelib.kernel.derived import Clip, NoClip

type Read = Callable[[int, int], bytes]
"""`read(offset, length)` returns exactly these bytes of the file."""

MAX_HEAD = 1_500_000
"""Bytes of the new index: half an hour of video and sound has one million."""
MAX_SPANS = 50_000
# Of the original: boxes at its top, bytes of its index, chunks of samples in a track.
_MOST_OUTER, _MOST_INDEX, _MOST_CHUNKS = 16, 4 << 20, 200_000
# Bytes of the settings of a codec.
_MOST_SETTINGS, _MOST_SOUND_SETTINGS = 4096, 128

_FTYP = b"isom\0\0\2\0isomiso2mp41"
_PICTURES = {b"avc1": b"avcC", b"avc3": b"avcC", b"hvc1": b"hvcC", b"hev1": b"hvcC"}
_SOUND = b"mp4a"
# Colours by number, not by a profile; and the shape of pixels.
_EXTRAS = ((b"colr", (10, 11)), (b"pasp", (8,)))
# Enabled, and part of the movie.
_SHOWN = b"\0\0\3"
# No language; it is where QuickTime has the phone's.
_UNDETERMINED = b"\x55\xc4\0\0"
_ALL_IN_THIS_FILE = bytes(7) + b"\1" + b"\0\0\0\x0curl \0\0\0\1"
_ABOUT = {b"vide": (b"vmhd", b"\0\0\0\1" + bytes(8)), b"soun": (b"smhd", bytes(8))}
# Bytes of an entry of each table, by version where they differ.
_ENTRIES = {b"elst": (12, 20), b"stts": (8,), b"ctts": (8, 8), b"stsc": (12,), b"stss": (4,)}
# Bytes of each header by version.
_HEADERS = {b"mvhd": (100, 112), b"tkhd": (84, 96), b"mdhd": (24, 36)}


class _Unsuitable(Exception):
    """This is no index as phones write it."""


class _Track(NamedTuple):
    """A track: the kind of its samples and, of one to keep, where its chunks begin, how long they
    are, and `box`, which returns it with the box that says where its chunks are.
    """

    kind: bytes
    starts: Sequence[int] = ()
    lengths: Sequence[int] = ()
    box: Callable[[bytes], bytes] = bytes


def derive(read: Read, size: int) -> Clip | NoClip:
    """Return the clip of a file of `size` bytes, or why there is none."""
    try:
        return _derive(read, size)
    except _Unsuitable:
        return NoClip.UNSUPPORTED


def is_bare(clip: Clip, size: int) -> bool:
    """Return whether this is a clip of a file of `size` bytes as `derive` makes it: its index is
    the one that it would itself get, and no byte of the file comes twice.
    """
    if len(clip.head) > MAX_HEAD or len(clip.spans) > MAX_SPANS:
        return False
    ends = list(chain(*((start, start + length) for start, length in clip.spans)))
    if not ends or ends[-1] > size or any(a > b for a, b in pairwise(ends)):
        return False
    begin, total = len(clip.head), sum(length for _, length in clip.spans)
    again = derive(lambda at, length: clip.head[at : at + length], begin + total)
    return again == Clip(clip.head, ((begin, total),))


def _derive(read: Read, size: int) -> Clip:
    index = _children(_find_index(read, size))
    if b"mvex" in index:  # the frames are in fragments, each with an index of its own
        raise _Unsuitable
    header = _timeless(b"mvhd", index)
    # What QuickTime has there is a preview and a selection of its player.
    movie = _box(b"mvhd", header[:-28], bytes(24), header[-4:])
    tracks = _choose([track for each in index.get(b"trak", ()) if (track := _track(each))])
    spans, places = _lay_out(tracks, size)
    total = sum(length for _, length in spans)

    def head(begin: int) -> bytes:
        boxes = [
            track.box(_box(b"stco", bytes(4), len(each).to_bytes(4), _coded(begin, each)))
            for track, each in zip(tracks, places, strict=True)
        ]
        data = struct.pack(">I4s", 8 + total, b"mdat")
        return _box(b"ftyp", _FTYP) + _box(b"moov", movie, *boxes) + data

    whole = head(len(head(0)))
    if not total or len(whole) > MAX_HEAD or len(spans) > MAX_SPANS:
        raise _Unsuitable
    return Clip(whole, spans)


def _find_index(read: Read, size: int) -> bytes:
    at = 0
    for _ in range(_MOST_OUTER):
        if size - at < 16:
            break
        length, kind, large = struct.unpack(">I4sQ", read(at, 16))
        header = 16 if length == 1 else 8
        length = large if length == 1 else length or size - at
        if not header <= length <= size - at:
            break
        if kind == b"moov" and length <= _MOST_INDEX:
            return read(at + header, length - header)
        at += length
    raise _Unsuitable


def _children(data: bytes) -> dict[bytes, list[bytes]]:
    """Return the contents of the boxes in `data`, by their kinds."""
    found: dict[bytes, list[bytes]] = {}
    at = 0
    while len(data) - at >= 8:
        length, kind = struct.unpack_from(">I4s", data, at)
        if not 8 <= length <= len(data) - at:
            raise _Unsuitable
        found.setdefault(kind, []).append(data[at + 8 : at + length])
        at += length
    if any(data[at:]):  # QuickTime ends some lists with four zero bytes
        raise _Unsuitable
    return found


def _one(boxes: dict[bytes, list[bytes]], kind: bytes, least: int = 0) -> bytes:
    """Return the only box of a kind."""
    found = boxes.get(kind, ())
    if len(found) != 1 or len(found[0]) < least:
        raise _Unsuitable
    return found[0]


def _track(data: bytes) -> _Track | None:
    """Return a track of pictures or of sound; None for what a sensor wrote, and of other kinds."""
    track = _children(data)
    media = _children(_one(track, b"mdia"))
    handler = _one(media, b"hdlr", 12)[8:12]
    if handler not in _ABOUT:
        return None
    table = _children(_one(_children(_one(media, b"minf")), b"stbl"))
    if not (starts := _offsets(table)):
        return None
    kind, description = _description(_one(table, b"stsd", 16), handler)
    if kind == handler:
        return _Track(kind)
    shown, runs = _timeless(b"tkhd", track), _table(b"stsc", table)
    outer = [_box(b"tkhd", shown[:1], _SHOWN, shown[4:])]
    if b"edts" in track and b"elst" in (edits := _children(_one(track, b"edts"))):
        outer.append(_box(b"edts", _box(b"elst", _table(b"elst", edits))))
    timed = _box(b"mdhd", _timeless(b"mdhd", media)[:-4], _UNDETERMINED)
    handled = _box(b"hdlr", bytes(8), handler, bytes(13))
    about = _box(*_ABOUT[handler]) + _box(b"dinf", _box(b"dref", _ALL_IN_THIS_FILE))
    ends, sizes = _sample_sizes(_one(table, b"stsz", 12))
    inner = [
        _box(b"stsd", bytes(7), b"\1", description),
        _box(b"stts", _table(b"stts", table)),
        *(_box(each, _table(each, table)) for each in (b"ctts", b"stss") if each in table),
        _box(b"stsc", runs),
        _box(b"stsz", sizes),
    ]

    def box(chunks: bytes) -> bytes:
        within = _box(b"minf", about, _box(b"stbl", *inner, chunks))
        return _box(b"trak", *outer, _box(b"mdia", timed, handled, within))

    return _Track(kind, starts, list(_lengths(runs, ends, len(starts))), box)


def _choose(tracks: Sequence[_Track]) -> list[_Track]:
    """Return the first track of pictures and the first of sound, in the order of the file.

    Raises _Unsuitable when there is no picture or, of a video with sound, no sound that is kept.
    """
    pictures = [track for track in tracks if track.kind in _PICTURES]
    sounds = [track for track in tracks if track.kind == _SOUND]
    if not pictures or (not sounds and any(track.kind == b"soun" for track in tracks)):
        raise _Unsuitable
    return [track for track in tracks if track is pictures[0] or track in sounds[:1]]


def _timeless(kind: bytes, boxes: dict[bytes, list[bytes]]) -> bytes:
    """Return a header without its flags, and with zeros for when it was made and changed."""
    found = _one(boxes, kind, 4)
    version = found[0]
    if version > 1 or len(found) < _HEADERS[kind][version]:
        raise _Unsuitable
    times = (8, 16)[version]
    return found[:1] + bytes(3 + times) + found[4 + times : _HEADERS[kind][version]]


def _table(kind: bytes, boxes: dict[bytes, list[bytes]]) -> bytes:
    """Return a table without what follows its entries."""
    found, sizes = _one(boxes, kind, 8), _ENTRIES[kind]
    if found[0] >= len(sizes):
        raise _Unsuitable
    end = 8 + int.from_bytes(found[4:8]) * sizes[found[0]]
    if end > len(found):
        raise _Unsuitable
    return found[:1] + bytes(3) + found[4:end]


def _numbers(data: bytes, code: str) -> "array[int]":
    numbers = array(code, data)
    numbers.byteswap()
    return numbers


def _sample_sizes(found: bytes) -> tuple[Sequence[int], bytes]:
    """Return where each sample would end if they followed each other from 0, and the table. Those
    that are all of one size are a range, however many are claimed.
    """
    each, count = struct.unpack_from(">2I", found, 4)
    end = 12 if each else 12 + 4 * count
    if found[0] or end > len(found):
        raise _Unsuitable
    one_size = range(0, (count + 1) * each, each or 1)
    ends = one_size if each else array("Q", accumulate(_numbers(found[12:end], "I"), initial=0))
    return ends, bytes(4) + found[4:end]


def _offsets(table: dict[bytes, list[bytes]]) -> Sequence[int]:
    kind, code = (b"stco", "I") if b"stco" in table else (b"co64", "Q")
    found = _one(table, kind, 8)
    count, width = int.from_bytes(found[4:8]), array(code).itemsize
    if found[0] or count > _MOST_CHUNKS or 8 + count * width > len(found):
        raise _Unsuitable
    return _numbers(found[8 : 8 + count * width], code)


def _lengths(runs: bytes, ends: Sequence[int], chunks: int) -> Iterator[int]:
    """Yield the bytes of each chunk. Those of a run, up to the next, have equally many samples."""
    numbers = _numbers(runs[8:], "I")
    firsts = [*numbers[::3], chunks + 1]
    if firsts[0] != 1 or any(a >= b for a, b in pairwise(firsts)) or set(numbers[2::3]) != {1}:
        raise _Unsuitable
    counts = (
        count
        for count, (a, b) in zip(numbers[1::3], pairwise(firsts), strict=True)
        for _ in range(a, b)
    )
    samples = list(accumulate(counts, initial=0))
    if samples[-1] != len(ends) - 1:
        raise _Unsuitable
    for before, after in pairwise(samples):
        yield ends[after] - ends[before]


def _description(found: bytes, handler: bytes) -> tuple[bytes, bytes]:
    """Return the kind of the samples, and how they are described: of what is not kept, nothing."""
    formats = _children(found[8:])
    [(kind, entries)] = formats.items() if len(formats) == 1 else [(b"", [])]
    is_kept = kind == _SOUND if handler == b"soun" else kind in _PICTURES
    if not is_kept:
        return handler, b""
    entry = _one({kind: entries}, kind, 28)
    if handler == b"soun":
        if entry[8:10] > b"\0\1":
            raise _Unsuitable
        inner = _children(entry[44 if entry[9] else 28 :])
        inner = _children(inner[b"wave"][0]) if b"wave" in inner else inner
        settings = _one(inner, b"esds")
        if len(settings) > _MOST_SOUND_SETTINGS:
            raise _Unsuitable
        about = bytes(8) + entry[16:18] + b"\0\x10" + bytes(4) + entry[24:28]
        return kind, _box(kind, bytes(7) + b"\1", about, _box(b"esds", settings))
    inner = _children(entry[78:])
    settings = _one(inner, _PICTURES[kind])
    if len(settings) > _MOST_SETTINGS:
        raise _Unsuitable
    boxes = [_box(_PICTURES[kind], settings)]
    for extra, sizes in _EXTRAS:
        boxes += [_box(extra, each) for each in inner.get(extra, ())[:1] if len(each) in sizes]
    about = bytes(16) + entry[24:28] + b"\0\x48\0\0" * 2 + bytes(5) + b"\1" + bytes(32)
    return kind, _box(kind, bytes(7) + b"\1", about, b"\0\x18\xff\xff", *boxes)


def _lay_out(
    tracks: Sequence[_Track], size: int
) -> tuple[tuple[tuple[int, int], ...], list[list[int]]]:
    """Return the spans of the file that have the chunks, in its order; and for each track how far
    behind the first byte of the clip's data its chunks are.
    """
    places = [[0] * len(track.starts) for track in tracks]
    spans: list[tuple[int, int]] = []
    end = total = 0
    for start, length, number, chunk in sorted(
        (start, length, number, chunk)
        for number, track in enumerate(tracks)
        for chunk, (start, length) in enumerate(zip(track.starts, track.lengths, strict=True))
    ):
        if not end <= start <= size - length:
            raise _Unsuitable
        places[number][chunk] = total
        if spans and start == end:
            spans[-1] = spans[-1][0], spans[-1][1] + length
        else:
            spans.append((start, length))
        end, total = start + length, total + length
    return tuple(spans), places


def _coded(begin: int, places: Sequence[int]) -> bytes:
    numbers = array("I", (begin + place for place in places))
    numbers.byteswap()
    return numbers.tobytes()


def _box(kind: bytes, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">I4s", 8 + len(content), kind) + content
