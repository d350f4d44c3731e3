"""Sketches: the little of a report or a picture that shows which others may be about one event.

A sketch has the geohash cell of the place, a hash of the text, and a MinHash of the text's grams of
three characters, so that it needs no words and works for Chinese. Of a picture it has a perceptual
hash. It is guessable, so it leaves the function that makes it sealed (`domain/incidents.py`).

MinHash by one permutation: https://proceedings.mlr.press/v32/shrivastava14.html
"""

import hashlib
import struct
import unicodedata
import zlib
from collections.abc import Iterator
from typing import NamedTuple, Self

from chalicelib.domain import geohash

BANDS = 8
"""The parts of a text's MinHash. Two texts are compared by how many of these are equal."""
_SLOTS_A_BAND = 3
_SLOTS = BANDS * _SLOTS_A_BAND
_GRAM = 3
# A text is read up to here, so that a long one does not slow intake down.
_READ = 2000
# Shorter texts are equal by chance: "help" says nothing.
_SHORTEST_SAME = 12
PICTURE_BANDS = 4
"""The parts of a picture's hash, of 16 bits each."""
# A picture with fewer edges, such as a dark one, is like many others.
_FEWEST_BITS = 8

_FORM = struct.Struct(f">BB6s16s{8 * BANDS}s8s")
_VERSION = 1
_HAS_PLACE, _HAS_SAME, _HAS_TEXT, _HAS_PICTURE = 1, 2, 4, 8
_MASK = 2**64 - 1
_ODD = 0x9E3779B97F4A7C15


class Sketch(NamedTuple):
    """What is compared. `cell` is a geohash of six characters, `same` the hash of a whole text,
    `bands` the parts of its MinHash, `picture` a perceptual hash (8 bytes).
    """

    cell: str | None = None
    same: bytes | None = None
    bands: tuple[bytes, ...] = ()
    picture: bytes | None = None

    @classmethod
    def of_report(cls, text: str | None, place: tuple[float, float] | None) -> Self:
        """Return the sketch of a text and a place, (latitude, longitude) in WGS-84."""
        words = _normalized(text) if text else ""
        return cls(
            cell=geohash.encode(*place, geohash.NEAR_LENGTH) if place else None,
            same=_hash(words.encode(), 16) if len(words) >= _SHORTEST_SAME else None,
            bands=tuple(_bands(words[:_READ])) if words else (),
        )

    @classmethod
    def of_picture(cls, picture: str | None) -> Self:
        """Return the sketch of a picture, by its perceptual hash in hexadecimal digits."""
        found = bytes.fromhex(picture) if picture else b""
        bits = int.from_bytes(found).bit_count()
        has_edges = _FEWEST_BITS <= bits <= 64 - _FEWEST_BITS
        return cls(picture=found if has_edges else None)

    @property
    def is_empty(self) -> bool:
        return not any(self)

    @property
    def picture_bands(self) -> tuple[bytes, ...]:
        """The parts of the picture's hash; none without one."""
        size = 8 // PICTURE_BANDS
        return (
            tuple(self.picture[at : at + size] for at in range(0, len(self.picture or b""), size))
            if self.picture
            else ()
        )

    def pack(self) -> bytes:
        """Return the sketch as bytes. All have one length, which so says nothing."""
        has = (
            _HAS_PLACE * (self.cell is not None)
            | _HAS_SAME * (self.same is not None)
            | _HAS_TEXT * bool(self.bands)
            | _HAS_PICTURE * (self.picture is not None)
        )
        return _FORM.pack(
            _VERSION,
            has,
            (self.cell or "").encode(),
            self.same or b"",
            b"".join(self.bands),
            self.picture or b"",
        )

    @classmethod
    def unpack(cls, packed: bytes) -> Self:
        """Return the sketch in these bytes. Raises ValueError when they hold none."""
        try:
            version, has, cell, same, bands, picture = _FORM.unpack(packed)
            found = cls(
                cell=cell.decode("ascii") if has & _HAS_PLACE else None,
                same=same if has & _HAS_SAME else None,
                bands=tuple(bands[at : at + 8] for at in range(0, len(bands), 8))
                if has & _HAS_TEXT
                else (),
                picture=picture if has & _HAS_PICTURE else None,
            )
        except struct.error as error:
            raise ValueError("not a sketch") from error
        if version != _VERSION:
            raise ValueError("not a sketch of this version")
        if found.cell:
            geohash.bounds(found.cell)  # raises for what is no cell
        return found


def likeness(equal_bands: int) -> float:
    """Return the share of grams that two texts have in common, estimated from their equal bands."""
    return float((equal_bands / BANDS) ** (1 / _SLOTS_A_BAND))


def _normalized(text: str) -> str:
    """Return the letters and digits of a text: neither case, width, spaces nor punctuation."""
    letters = unicodedata.normalize("NFKC", text).casefold()
    return "".join(filter(str.isalnum, letters))


def _bands(words: str) -> Iterator[bytes]:
    slots = _slots(words)
    for at in range(0, _SLOTS, _SLOTS_A_BAND):
        yield _hash(struct.pack(">3Q", *slots[at : at + _SLOTS_A_BAND]), 8)


def _slots(words: str) -> list[int]:
    """Return the MinHash of the grams of a text: the least hash in each of the slots.

    A slot without a gram borrows from the next one that has any, and notes how far that was.
    """
    data, crc32 = words.encode("utf-32-le"), zlib.crc32
    last = max(1, len(data) - 4 * (_GRAM - 1))
    least: list[int | None] = [None] * _SLOTS
    for gram in {data[at : at + 4 * _GRAM] for at in range(0, last, 4)}:
        mixed = crc32(gram) * _ODD & _MASK
        value, slot = divmod(mixed ^ mixed >> 32, _SLOTS)
        known = least[slot]
        if known is None or value < known:
            least[slot] = value
    return [_borrowed(least, slot) for slot in range(_SLOTS)]


def _borrowed(least: list[int | None], slot: int) -> int:
    for distance in range(_SLOTS):
        value = least[(slot + distance) % _SLOTS]
        if value is not None:
            return (value + distance * _ODD) & _MASK
    raise ValueError("a text has at least one gram")


def _hash(data: bytes, size: int) -> bytes:
    return hashlib.blake2b(data, digest_size=size).digest()
