"""The cutter against damaged and hostile files: it never fails, and never takes long."""

import struct
from collections.abc import Callable

import pytest

from tests import media_samples as samples
from tests.media_samples import CANARY, box, full_box, jpeg_segment
from tests.web import phone_files as files
from tests.web.cutter import Cutter

MAKERS: dict[str, Callable[[], bytes]] = {
    "jpg": files.jpeg,
    "png": files.png,
    "webp": files.webp,
    "heic": lambda: files.heif(version=1, in_idat=True),
    "mp4": files.video,
    "mov": lambda: files.video("mov"),
    "m4a": lambda: samples.recording(container="ipod", named=True),
    "amr": samples.amr,
}
SEEDS = 150


@pytest.mark.parametrize("kind", MAKERS)
def test_damage_never_makes_it_fail(cutter: Cutter, kind: str) -> None:
    whole = MAKERS[kind]()
    for seed in range(SEEDS):
        data = samples.mutate(whole, seed)
        cut = cutter.cut(data, f"damaged.{kind}", place=bool(seed % 2), time=bool(seed % 3))
        assert len(cut.data) <= len(data) + 64


@pytest.mark.parametrize("kind", MAKERS)
def test_a_file_may_stop_anywhere(cutter: Cutter, kind: str) -> None:
    whole = MAKERS[kind]()
    for length in range(0, len(whole), max(1, len(whole) // 60)):
        cutter.cut(whole[:length], f"short.{kind}")


FTYP = box(b"ftyp", b"isom", bytes(4))
MANY = 60_000


def _movie(*boxes: bytes) -> bytes:
    return FTYP + box(b"moov", *boxes) + box(b"mdat", CANARY)


def _track(table: bytes) -> bytes:
    handler = full_box(b"hdlr", 0, 0, bytes(4), b"vide", bytes(13))
    return box(b"trak", box(b"mdia", handler, box(b"minf", box(b"stbl", table))))


def _chunks(count: int, offsets: bytes = b"") -> bytes:
    return _movie(
        _track(
            full_box(b"stsz", 0, 0, struct.pack(">II", 0xFFFFFFFF, 0xFFFFFFFF))
            + full_box(b"stsc", 0, 0, struct.pack(">IIII", 1, 1, 0xFFFFFFFF, 1))
            + full_box(b"stco", 0, 0, struct.pack(">I", count), offsets)
        )
    )


HOSTILE: dict[str, bytes] = {
    "boxes.mp4": FTYP + box(b"free") * MANY,
    "inner.mp4": _movie(box(b"free") * MANY),
    "endless.mp4": FTYP + struct.pack(">I4sQ", 1, b"moov", 1 << 62),
    "negative.mp4": FTYP + struct.pack(">I4sQ", 1, b"moov", 0xFFFFFFFFFFFFFFFF),
    "zero.mp4": FTYP + struct.pack(">I4sQ", 1, b"moov", 0),
    "small.mp4": FTYP + struct.pack(">I4s", 4, b"moov"),
    "chunks.mp4": _chunks(0xFFFFFFFF),
    "scattered.mp4": _chunks(MANY, b"".join(struct.pack(">I", n * 8) for n in range(MANY))),
    "deep.mp4": FTYP + box(b"moov") * 3,
    "items.heic": box(b"ftyp", b"heic", bytes(4))
    + full_box(
        b"meta",
        0,
        0,
        full_box(b"hdlr", 0, 0, bytes(4), b"pict", bytes(13)),
        full_box(b"iinf", 1, 0, b"\xff" * 4),
        full_box(b"iloc", 2, 0, b"\0\0", b"\xff" * 40),
    ),
    "segments.jpg": b"\xff\xd8" + jpeg_segment(0xE2, b"ICC_PROFILE\0") * MANY + b"\xff\xd9",
    "fill.jpg": b"\xff\xd8" + b"\xff" * 3_000_000,
    "stuffed.jpg": b"\xff\xd8" + jpeg_segment(0xDA, b"") + b"\xff\x00" * 1_500_000,
    "exif.jpg": b"\xff\xd8"
    + jpeg_segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0" + b"\xff" * 60_000)
    + b"\xff\xd9",
    "loop.jpg": b"\xff\xd8"
    + jpeg_segment(
        0xE1,
        b"Exif\0\0II*\0\x08\0\0\0\x01\0" + struct.pack("<HHII", 0x8769, 4, 1, 8) + b"\x08\0\0\0",
    )
    + b"\xff\xd9",
    "chunks.png": samples.PNG_MAGIC + samples.png_chunk(b"IDAT", b"") * MANY,
    "long.png": samples.PNG_MAGIC + struct.pack(">I4s", 0xFFFFFFFF, b"IDAT") + bytes(20),
    "chunks.webp": b"RIFF" + struct.pack("<I", MANY * 8 + 4) + b"WEBP" + b"ALPH\0\0\0\0" * MANY,
    "places.mp4": _movie(box(b"udta", b"\xa9" * 4_000_000)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_sent_back_unknown(cutter: Cutter, name: str) -> None:
    data = HOSTILE[name]
    cut = cutter.cut(data, name)
    assert not cut.known
    assert len(cut.data) <= len(data)


def test_a_note_beyond_its_box_is_not_known(cutter: Cutter) -> None:
    data = files.heif(version=1, in_idat=True)
    # The last number of the table is the length of the last note.
    at = data.index(b"uuid") - 8
    cut = cutter.cut(data[:at] + struct.pack(">I", 1 << 20) + data[at + 4 :], "photo.heic")
    assert not cut.known


def test_a_note_that_lies_where_the_picture_is_destroys_nothing(cutter: Cutter) -> None:
    """The table of places gives the notes the place of the picture."""
    data = files.heif()
    table = data.index(b"iloc") + 12
    row = 14
    rows = [data[table + n * row : table + (n + 1) * row] for n in range(3)]
    hostile = (
        data[: table + row]
        + b"".join(rows[n][:6] + rows[0][6:] for n in (1, 2))
        + data[table + 3 * row :]
    )
    cut = cutter.cut(hostile, "photo.heic")
    assert not cut.known
    coded = data[data.index(b"mdat") + 4 :][:200]
    assert coded in cut.data
