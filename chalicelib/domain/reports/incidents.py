"""Incidents: which reports may be about one event, by their sketches.

A sketch has the geohash cell of the place, a hash of the text, and a MinHash of the text's grams of
three characters, so that it needs no words and works for Chinese. Of a picture it has a perceptual
hash. A sketch could be guessed, so the function that makes it seals it to the public half of the
day's key. HMACs under the secret of that key are compared, which is deleted after three days: then
nothing can be compared or opened any more (docs/adr/0031-incidents.md).

MinHash by one permutation: https://proceedings.mlr.press/v32/shrivastava14.html
"""

import hashlib
import hmac
import re
import struct
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple, Self

from chalicelib.kernel import geo, times
from chalicelib.kernel.sealing import PrivateKey, Unreadable, seal

BANDS = 8
"""The parts of a text's MinHash. Two texts are compared by how many of these are equal."""
_SLOTS_A_BAND = 3
_SLOTS = BANDS * _SLOTS_A_BAND
_GRAM = 3
# A text is read up to here, so that a long one does not slow intake down.
_READ = 2000
# Shorter texts are equal by chance, or can be guessed: "help" says nothing.
_SHORTEST = 12
PICTURE_BANDS = 4
"""The parts of a picture's hash, of 16 bits each."""
# The marks of Chinese texts that NFKC makes narrow. Without them it finds nothing to change in most
# texts, and is done at once: a text of 1,000 characters takes 90 µs less.
_FULL_WIDTH = tuple(zip("，！？：；（）", ",!?:;()", strict=True))
# A picture with fewer edges, such as a dark one, is like many others.
_FEWEST_BITS = 8

# The forms of a sketch, the present one last. In the first a cell had six characters.
_FORMS = {
    version: struct.Struct(f">BB{cell}s16s{8 * BANDS}s8s") for version, cell in ((1, 6), (2, 7))
}
_VERSION = 2
_HAS_PLACE, _HAS_SAME, _HAS_TEXT, _HAS_PICTURE = 1, 2, 4, 8
_MASK = 2**64 - 1
_ODD = 0x9E3779B97F4A7C15


class Sketch(NamedTuple):
    """The traits that are compared. `cell` is a geohash of seven characters (120 m by 150 m), of
    six in a sketch of before; `same` the hash of a whole text, `bands` the parts of its MinHash,
    `picture` a perceptual hash (8 bytes).
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
            cell=geo.encode(*place, geo.NEAR_LENGTH + 1) if place else None,
            same=_hash(words.encode(), 16) if len(words) >= _SHORTEST else None,
            bands=tuple(_text_bands(words[:_READ])) if len(words) >= _SHORTEST else (),
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
    def area(self) -> str:
        """The cell of six characters (1.2 km by 0.6 km); empty without a place."""
        return (self.cell or "")[: geo.NEAR_LENGTH]

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
        return _FORMS[_VERSION].pack(
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
            _, has, cell, same, bands, picture = _FORMS[packed[0]].unpack(packed)
            found = cls(
                cell=cell.decode("ascii") if has & _HAS_PLACE else None,
                same=same if has & _HAS_SAME else None,
                bands=tuple(bands[at : at + 8] for at in range(0, len(bands), 8))
                if has & _HAS_TEXT
                else (),
                picture=picture if has & _HAS_PICTURE else None,
            )
        except (LookupError, struct.error) as error:
            raise ValueError("not a sketch") from error
        if found.cell:
            geo.bounds(found.cell)  # raises for what is no cell
        return found


def likeness(equal_bands: int) -> float:
    """Return the share of grams that two texts have in common, estimated from their equal bands."""
    return float((equal_bands / BANDS) ** (1 / _SLOTS_A_BAND))


def _normalized(text: str) -> str:
    """Return the letters and digits of a text: neither case, width, spaces nor punctuation."""
    for mark, narrow in _FULL_WIDTH:
        text = text.replace(mark, narrow)
    letters = unicodedata.normalize("NFKC", text).casefold()
    return "".join(re.findall(r"[^\W_]+", letters))


def _text_bands(words: str) -> Iterator[bytes]:
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


KEY_LIFE = timedelta(days=3)
"""How long the key of a day lives, from the beginning of the day, and all that is under it."""
NEAR_IN_TIME = timedelta(hours=2)
SOON = timedelta(minutes=30)
"""Where no text or picture is alike, an event that nobody has reported for so long is over."""
MOST_IN_BUCKET = 16
"""How many reports are kept of those with one key: the latest. Of a place, of each spot in it."""
_MOST_AT_PLACE = 128
MOST_SIMILAR = {"alike": 20, "here": 6, "beside": 12, "far": 4, "kin": 8}
"""How many of the most similar reports are kept of a report: with a text or a picture like its own;
and of those that are near alone: at its spot, beside it, and further away, and of categories that
are kin to its own. So no kind pushes another one out.
"""

_DAY_BYTES = 4
_FEWEST_TEXT_BANDS = 2
_FEWEST_PICTURE_BANDS = 3
# How alike two places are, and how many cells of seven characters two places are across at the most
# that are so. No more is shown of a distance, or the places could be drawn.
_BESIDE = 2
_ACROSS = ((1, 0.6), (_BESIDE, 0.5), (6, 0.3))
_FURTHER = 0.2
# A report is linked to so many of the latest at its spot, and to the first that is kept: who files
# and withdraws a few parts nobody. Of any other spot it is linked to the latest.
_LATEST_HERE = 3


class Why(StrEnum):
    """Why two reports may be about one event."""

    PLACE = "place"
    TEXT = "text"
    PICTURE = "picture"


def day_of(now: datetime) -> date:
    """Return the day whose key counts at `now`. Days change in UTC."""
    return now.astimezone(UTC).date()


def ends_at(day: date) -> datetime:
    """Return when the key of a day is deleted."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + KEY_LIFE


class PublicDayKey(NamedTuple):
    """The public half of the key of a day: it seals sketches, and opens none."""

    day: date
    public: bytes

    def seal(self, sketch: Sketch, row: bytes) -> bytes:
        """Return the sketch, sealed for one row (`sealing.row_info`), with the day in front."""
        day = self.day.toordinal().to_bytes(_DAY_BYTES)
        return day + seal(self.public, sketch.pack(), row)


def sealed_day(sealed: bytes) -> date:
    """Return the day to whose key a sketch was sealed. Raises Unreadable."""
    try:
        return date.fromordinal(int.from_bytes(sealed[:_DAY_BYTES]))
    except (ValueError, OverflowError):
        raise Unreadable from None


class DayKey:
    """The key of a day: `secret` is 32 random bytes."""

    def __init__(self, day: date, secret: bytes) -> None:
        self.day = day
        self._secret = secret

    @cached_property
    def public(self) -> bytes:
        return self._private.public

    def open(self, sealed: bytes, row: bytes) -> Sketch:
        """Return a sketch. Raises Unreadable."""
        try:
            return Sketch.unpack(self._private.open(sealed[_DAY_BYTES:], row))
        except ValueError:
            raise Unreadable from None

    def name(self, what: str, value: bytes) -> str:
        """Return the keyed hash that stands for a value in the table."""
        return hmac.digest(self._label("name"), what.encode() + b"\0" + value, "sha256")[:16].hex()

    @cached_property
    def _private(self) -> PrivateKey:
        return PrivateKey(self._label("seal"))

    def _label(self, label: str) -> bytes:
        return hmac.digest(self._secret, f"tipline/incidents/1/{label}".encode(), hashlib.sha256)

    def __repr__(self) -> str:
        return f"DayKey({self.day})"  # the secret must be in no log


class Sighting(NamedTuple):
    """An opened sketch: of which report, in which category (None: of a picture), and when."""

    report_id: str
    at: datetime
    category: str | None
    sketch: Sketch
    is_critical: bool = False


class Trait(NamedTuple):
    """One way in which a report is like others: those in the bucket `name`.

    `area` is the cell of a place. `is_kin`: those in the bucket are of a category that is kin.
    """

    name: str
    why: Why
    area: str = ""
    is_kin: bool = False


def traits_of(sighting: Sighting, key: DayKey) -> tuple[Trait, ...]:
    """Return the traits that a report is found by."""
    sketch = sighting.sketch
    place = [sketch.area] if sketch.area and sighting.category else []
    return (
        *(_place(key, sighting.category, area) for area in place),
        *_bands(key, Why.TEXT, sketch.bands),
        *_bands(key, Why.PICTURE, sketch.picture_bands),
    )


def sought_by(sighting: Sighting, key: DayKey, kin: Iterable[str]) -> tuple[Trait, ...]:
    """Return the traits of similar reports: those of the report, the cells around its own, and all
    of these in the categories that are kin to its own.
    """
    area = sighting.sketch.area if sighting.category else ""
    around = geo.neighbours(area) if area else ()
    return (
        *traits_of(sighting, key),
        *(_place(key, sighting.category, each) for each in around),
        *(
            _place(key, category, each, is_kin=True)
            for category in (kin if area else ())
            for each in (area, *around)
        ),
    )


def same_text(sighting: Sighting, key: DayKey) -> str | None:
    """Return the name of the bucket of reports with this very text; None for a short one.

    Of critical reports it has those of one cell alone, and None stands for one without a place: two
    events must not look like one.
    """
    same, area = sighting.sketch.same, sighting.sketch.area
    if same is None or not sighting.is_critical:
        return key.name("same", same) if same else None
    return key.name("same", same + area.encode()) if area else None


def _place(key: DayKey, category: str | None, area: str, *, is_kin: bool = False) -> Trait:
    return Trait(key.name("place", f"{category}/{area}".encode()), Why.PLACE, area, is_kin)


def _bands(key: DayKey, why: Why, bands: Iterable[bytes]) -> Iterator[Trait]:
    for position, band in enumerate(bands):
        yield Trait(key.name(f"{why}/{position}", band), why)


class Entry(NamedTuple):
    """A report in a bucket. `spot` is the last letter of its cell: where it is in the area."""

    at: datetime
    report_id: str
    spot: str = ""

    @classmethod
    def of(cls, sighting: Sighting) -> Self:
        return cls(sighting.at, sighting.report_id, (sighting.sketch.cell or "")[geo.NEAR_LENGTH :])

    def render(self) -> str:
        """Return the entry in a form that sorts by its time, to the minute."""
        return f"{times.render(times.to_minute(self.at))}#{self.report_id}#{self.spot}"

    @classmethod
    def parse(cls, text: str) -> Self:
        at, report_id, *spot = text.split("#")
        return cls(times.parse(at), report_id, "".join(spot))


def with_latest(entries: Sequence[Entry], new: Entry, why: Why) -> list[Entry]:
    """Return the entries of a bucket with a new one, without those that are kept no longer."""
    if any(each.report_id == new.report_id for each in entries):
        return list(entries)
    found = [*entries, new]
    if why is not Why.PLACE:
        return found[-MOST_IN_BUCKET:]
    last = max(each.at for each in found)
    found = [each for each in found if last - each.at <= NEAR_IN_TIME]
    here = [each for each in found if each.spot == new.spot]
    gone = here[:-MOST_IN_BUCKET]
    return [each for each in found if each not in gone][-_MOST_AT_PLACE:]


class Similar(NamedTuple):
    """A report that may be about the same event. `score` is from 0 to 1.

    `apart_m` is known of two that are at one spot or beside each other: how many metres the middles
    of their cells of seven characters are apart. Where the place is alike, the two themselves are
    at most `distance_m` apart. `is_kin`: its category is another one.
    """

    report_id: str
    why: tuple[Why, ...]
    score: float
    apart_m: int | None = None
    distance_m: int | None = None
    is_kin: bool = False

    def merged(self, other: "Similar | None") -> "Similar":
        """Return this with the reasons of `other`, which is about the same report."""
        if other is None:
            return self
        why = tuple(each for each in Why if each in (*self.why, *other.why))
        score = max(self.score, other.score)
        apart_m = _least(self.apart_m, other.apart_m)
        distance_m = _least(self.distance_m, other.distance_m)
        is_kin = self.is_kin or other.is_kin
        return Similar(self.report_id, why, score, apart_m, distance_m, is_kin)


def similar_reports(
    sighting: Sighting, sought: Iterable[Trait], buckets: Mapping[str, Sequence[Entry]]
) -> list[Similar]:
    """Return the reports in `buckets` that are similar to one, the most similar first.

    `buckets` has the entries of each bucket by its name.
    """
    equal: dict[str, Counter[Why]] = {}
    near: dict[str, _Near] = {}
    for trait in sought:
        entries = buckets.get(trait.name, ())
        if trait.why is Why.PLACE:
            near |= _near(sighting, trait, entries)
            continue
        for entry in entries:
            if entry.report_id != sighting.report_id:
                equal.setdefault(entry.report_id, Counter())[trait.why] += 1
    # The latest first, of those that are equally near.
    found = dict.fromkeys((*equal, *reversed(near)))
    judged = (_judged(each, equal.get(each), near.get(each)) for each in found)
    return most_similar(each for each in judged if each)


def most_similar(similar: Iterable[Similar]) -> list[Similar]:
    """Return the most similar ones of each kind, best first; of the equally similar those that come
    first.
    """
    by_score = sorted(similar, key=lambda each: -each.score)
    kinds: dict[str, list[Similar]] = {}
    for each in by_score:
        kinds.setdefault(_kind(each), []).append(each)
    kept = {each.report_id for kind, some in kinds.items() for each in some[: MOST_SIMILAR[kind]]}
    return [each for each in by_score if each.report_id in kept]


def _kind(similar: Similar) -> str:
    """Return the kind of `MOST_SIMILAR` that a report is."""
    if similar.why != (Why.PLACE,):
        return "alike"
    if similar.is_kin:
        return "kin"
    return "far" if similar.apart_m is None else "beside" if similar.apart_m else "here"


def _least(*values: int | None) -> int | None:
    return min((each for each in values if each is not None), default=None)


class _Near(NamedTuple):
    """How near a report is to another one."""

    score: float
    apart_m: int | None
    distance_m: int
    is_kin: bool


def _near(sighting: Sighting, trait: Trait, entries: Iterable[Entry]) -> dict[str, _Near]:
    """Return the reports of a place that one is linked to by it."""
    by_spot: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.report_id == sighting.report_id or abs(entry.at - sighting.at) > NEAR_IN_TIME:
            continue
        by_spot.setdefault(entry.spot, []).append(entry)
    found: dict[str, _Near] = {}
    for spot, some in by_spot.items():
        near = _nearness(sighting.sketch, trait, spot)
        latest = [*some[:1], *some[-_LATEST_HERE:]] if near.apart_m == 0 else some[-1:]
        for entry in latest:
            is_soon = abs(entry.at - sighting.at) <= SOON
            found[entry.report_id] = near if is_soon else near._replace(score=_FURTHER)
    return found


def _nearness(sketch: Sketch, trait: Trait, spot: str) -> _Near:
    cell, area = sketch.cell or "", sketch.area
    furthest = geo.across_m(area) * (1 if trait.area == area else 2)
    if not spot or cell == area:
        return _Near(_FURTHER, None, furthest, trait.is_kin)
    apart_m, most_m = geo.apart_m(cell, trait.area + spot)
    across = geo.apart_m(cell, cell)[1]
    for cells, score in _ACROSS:
        if most_m <= cells * across + 1:
            near_m = apart_m if cells <= _BESIDE else None
            distance_m = min(furthest, cells * geo.across_m(cell))
            return _Near(score, near_m, distance_m, trait.is_kin)
    return _Near(_FURTHER, None, furthest, trait.is_kin)


def _judged(report_id: str, equal: Counter[Why] | None, near: _Near | None) -> Similar | None:
    scores = {why: _score(why, bands) for why, bands in (equal or {}).items()}
    if near:
        scores[Why.PLACE] = near.score
    counted = {why: score for why, score in scores.items() if score}
    if not counted:
        return None
    unlike = 1.0
    for score in counted.values():
        unlike *= 1 - score
    why = tuple(each for each in Why if each in counted)
    where = (near.apart_m, near.distance_m, near.is_kin) if near else ()
    return Similar(report_id, why, round(1 - unlike, 2), *where)


def _score(why: Why, equal: int) -> float:
    match why:
        case Why.TEXT:
            return likeness(equal) if equal >= _FEWEST_TEXT_BANDS else 0.0
        case _:
            return equal / PICTURE_BANDS if equal >= _FEWEST_PICTURE_BANDS else 0.0
