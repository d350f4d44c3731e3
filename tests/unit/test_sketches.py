"""Sketches: equal texts always match, near ones nearly always, and others hardly ever."""

import hashlib
import random
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.reports.incidents import BANDS, Sketch, likeness
from chalicelib.kernel import geo

HAN = [chr(code) for code in range(0x4E00, 0x4E00 + 2500)]
PLACES = st.tuples(
    st.floats(-90, 90, allow_nan=False), st.floats(-180, 180, exclude_max=True, allow_nan=False)
)


def equal_bands(one: str, other: str) -> int:
    left, right = (Sketch.of_report(text, None).bands for text in (one, other))
    return sum(a == b for a, b in zip(left, right, strict=True))


def chinese(seed: int, length: int = 60) -> str:
    chosen = random.Random(seed)
    return "".join(chosen.choice(HAN) for _ in range(length))


def edited(text: str, edits: int, seed: int) -> str:
    chosen, letters = random.Random(seed), list(text)
    for _ in range(edits):
        letters[chosen.randrange(len(letters))] = chosen.choice(HAN)
    return "".join(letters)


@given(st.text(min_size=1, max_size=300))
def test_equal_texts_have_equal_sketches(text: str) -> None:
    assert Sketch.of_report(text, None) == Sketch.of_report(text, None)


@given(st.text(st.sampled_from(HAN), min_size=1, max_size=80))
def test_spaces_punctuation_and_width_make_no_difference(text: str) -> None:
    spaced = "，".join(text) + " ！"
    assert Sketch.of_report(f"{text}AB1", None) == Sketch.of_report(f"{spaced}ａｂ１", None)


@given(st.text(st.sampled_from("，！？：；（）ａé①ﬁ人e\u0301 ") | st.characters(), max_size=80))
def test_a_text_has_the_sketch_of_its_compatible_form(text: str) -> None:
    narrow = unicodedata.normalize("NFKC", text)
    assert Sketch.of_report(text, None) == Sketch.of_report(narrow, None)


@pytest.mark.parametrize(
    ("text", "digest"),
    [
        ("着火了！！在建国路93号（东门），有人：快来；电话是13800138000？", "edde0a4b9701b9cc"),
        ("Ｆｉｒｅ №12, ﬁrst floor: é e\u0301 Straße_x ① ㈠ ℃", "65d7a249e52037b9"),
    ],
)
def test_a_sketch_of_the_last_release_is_read(text: str, digest: str) -> None:
    sketch = Sketch.of_report(text, None)
    packed = sketch.pack()
    before = b"\1" + packed[1:8] + packed[9:]  # a cell had a letter less
    assert hashlib.sha256(before).hexdigest().startswith(digest)
    assert Sketch.unpack(before) == sketch


@given(st.text(max_size=200), st.none() | PLACES)
def test_a_sketch_is_read_as_it_was_written(text: str, place: tuple[float, float] | None) -> None:
    sketch = Sketch.of_report(text, place)
    assert Sketch.unpack(sketch.pack()) == sketch
    assert len(sketch.pack()) == len(Sketch().pack())


@pytest.mark.parametrize("packed", [b"", b"\3" + Sketch().pack()[1:], Sketch().pack() + b"\0"])
def test_other_bytes_are_no_sketch(packed: bytes) -> None:
    with pytest.raises(ValueError, match="not a sketch"):
        Sketch.unpack(packed)


def test_what_names_no_cell_is_no_sketch() -> None:
    packed = Sketch(cell="aaaaaa").pack()
    with pytest.raises(ValueError, match="substring"):
        Sketch.unpack(packed)


def test_chinese_texts_with_a_word_changed_nearly_always_match() -> None:
    matched = [equal_bands(chinese(n), edited(chinese(n), 1, n)) >= 2 for n in range(300)]
    assert sum(matched) >= 297


def test_other_chinese_texts_hardly_ever_match() -> None:
    assert sum(equal_bands(chinese(n), chinese(n + 1000)) >= 2 for n in range(1000)) == 0


@given(st.integers(0, 10_000))
def test_a_text_of_the_greatest_length_is_read_up_to_a_limit(seed: int) -> None:
    text = chinese(seed, 2000)
    assert Sketch.of_report(text, None).bands == Sketch.of_report(text + "更多", None).bands


def test_likeness_grows_with_equal_bands() -> None:
    grown = [likeness(bands) for bands in range(BANDS + 1)]
    assert grown == sorted(grown)
    assert (grown[0], grown[-1]) == (0, 1)


@pytest.mark.parametrize("picture", [None, "0" * 16, "f" * 16, "0000000000000003"])
def test_a_picture_with_few_edges_is_like_no_other(picture: str | None) -> None:
    assert Sketch.of_picture(picture).is_empty


@given(PLACES)
def test_a_place_a_cell_away_is_in_a_neighbour(place: tuple[float, float]) -> None:
    lat, lon = place
    cell = geo.encode(lat, lon, 6)
    bounds = geo.bounds(cell)
    around = geo.neighbours(cell)
    height, width = bounds.north - bounds.south, bounds.east - bounds.west
    for north in (-0.99, 0, 0.99):
        for east in (-0.99, 0, 0.99):
            there = lat + north * height
            if not -90 <= there < 90:
                continue
            beside = geo.encode(there, (lon + east * width + 180) % 360 - 180, 6)
            assert beside in (cell, *around)


@given(PLACES)
def test_a_cell_has_eight_neighbours_but_at_the_poles(place: tuple[float, float]) -> None:
    cell = geo.encode(*place, 6)
    around = geo.neighbours(cell)
    assert cell not in around
    assert len(set(around)) == len(around)
    bounds = geo.bounds(cell)
    assert len(around) == (5 if bounds.north == 90 or bounds.south == -90 else 8)
