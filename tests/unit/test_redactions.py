"""What is marked in a picture is black in every pixel, and leaves no trace beside its box."""

import io
import math
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from chalicelib.domain.reports.media import (
    UNITS,
    Area,
    MarkedRegion,
    Redaction,
    RedactionState,
    boxes,
    refusal,
)
from chalicelib.kernel.derived import PictureInfo, Pictures, Rejected, RejectReason
from chalicelib.kernel.times import parse
from chalicelib.media_decoding import images
from chalicelib.store.media.decoding import jpeg_size
from tests import media_samples as samples
from tests.decoding import DECODING

NOW = parse("2026-11-24T08:30:00Z")


@st.composite
def regions(draw: st.DrawFn) -> MarkedRegion:
    """Draw a region of any size at any place, some of them at an edge, and some very thin."""

    def span() -> tuple[float, float]:
        start = draw(st.floats(0, 0.999) | st.just(0.0))
        length = draw(st.floats(1e-7, 1) | st.just(1 - start))
        return start, length

    (x, width), (y, height) = span(), span()
    return MarkedRegion(x=x, y=y, width=width, height=height)


sizes = st.tuples(st.integers(1, 200), st.integers(1, 200))


def noise(size: tuple[int, int], seed: int) -> Image.Image:
    return Image.frombytes("RGB", size, random.Random(seed).randbytes(size[0] * size[1] * 3))


def as_preview(image: Image.Image) -> bytes:
    """Code an image as the previews are."""
    return images.render(image, PictureInfo(width=1, height=1)).preview


def redact(preview: bytes, *regions: MarkedRegion) -> Pictures:
    areas = [each.area for each in regions]
    return images.redact(preview, boxes(areas, decoded(preview).size))


def touched(region: MarkedRegion, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return the box of the pixels that a region touches, worked out without its millionths."""
    width, height = size
    return (
        min(width - 1, math.floor(region.x * width)),
        min(height - 1, math.floor(region.y * height)),
        max(1, math.ceil(min(1, region.x + region.width) * width - 1e-9)),
        max(1, math.ceil(min(1, region.y + region.height) * height - 1e-9)),
    )


def decoded(jpeg: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(jpeg))
    image.load()
    return image


def is_black(image: Image.Image, box: tuple[int, int, int, int]) -> bool:
    part = image.crop(box)
    return part.getcolors() == [(part.width * part.height, (0, 0, 0))]


@given(size=sizes, marked=st.lists(regions(), min_size=1, max_size=4), seed=st.integers(0, 99))
def test_no_pixel_of_a_region_survives(
    size: tuple[int, int], marked: list[MarkedRegion], seed: int
) -> None:
    redacted = redact(as_preview(noise(size, seed)), *marked)
    shown = decoded(redacted.preview)
    assert shown.size == size
    assert all(is_black(shown, touched(region, size)) for region in marked)
    assert jpeg_size(redacted.preview)
    assert jpeg_size(redacted.thumb)


@given(size=sizes, region=regions(), seed=st.integers(0, 99))
def test_what_was_in_a_region_changes_nothing_in_the_redacted_picture(
    size: tuple[int, int], region: MarkedRegion, seed: int
) -> None:
    one = noise(size, seed)
    other = one.copy()
    box = touched(region, size)
    other.paste(noise(size, seed + 100).crop(box), box)
    first, second = (redact(as_preview(image), region).preview for image in (one, other))
    assert first == second


@pytest.mark.parametrize("orientation", [1, 2, 3, 4, 5, 6, 7, 8, 0, 9])
@pytest.mark.parametrize("size", [(1000, 700), (333, 777), (2400, 1800), (17, 23)])
def test_of_a_photo_in_any_orientation_what_officers_marked_is_black(
    orientation: int, size: tuple[int, int]
) -> None:
    preview = images.derive(samples.jpeg(*size, orientation=orientation), "image/jpeg").preview
    shown = decoded(preview)
    region = MarkedRegion(x=0.3, y=0.6, width=0.25, height=0.2)
    box = touched(region, shown.size)
    assert not is_black(shown, box)
    redacted = decoded(redact(preview, region).preview)
    assert redacted.size == shown.size
    assert is_black(redacted, box)
    if min(size) > 100:
        assert not is_black(redacted, (0, 0, shown.width // 8, shown.height // 8))


WHOLE = (Area(0, 0, UNITS, UNITS),)


def test_a_preview_that_would_unpack_to_too_much_is_refused() -> None:
    bomb = as_preview(samples.scene(64, 64))
    at = bomb.index(b"\xff\xc0") + 5
    bomb = bomb[:at] + (60_000).to_bytes(2) * 2 + bomb[at + 4 :]
    with pytest.raises(Rejected) as rejected:
        DECODING.redact("owner", bomb, WHOLE)
    assert rejected.value.reason is RejectReason.UNREADABLE


def test_a_damaged_preview_is_redacted_or_refused_and_never_a_fault() -> None:
    whole = as_preview(samples.scene(320, 240))
    outcomes = set()
    for seed in range(60):
        try:
            picture = DECODING.redact("owner", samples.mutate(whole, seed), WHOLE)
        except Rejected:
            outcomes.add("refused")
            continue
        outcomes.add("redacted")
        shown = decoded(picture)
        assert jpeg_size(picture)
        assert is_black(shown, (0, 0, *shown.size))
    assert outcomes == {"refused", "redacted"}


@given(region=regions())
def test_an_area_is_never_smaller_than_its_region(region: MarkedRegion) -> None:
    area = region.area
    assert 0 <= area.left < area.right <= UNITS
    assert 0 <= area.top < area.bottom <= UNITS
    assert area.left / UNITS <= region.x + 1e-12
    assert area.right / UNITS >= min(1, region.x + region.width) - 1e-12


def test_what_an_app_sends_back_is_the_same_area() -> None:
    area = MarkedRegion(x=0.29, y=0.1, width=0.57, height=0.7).area
    assert area == Area(290_000, 100_000, 860_000, 800_000)


def redaction(name: str, *areas: Area, **more: Any) -> Redaction:
    return Redaction(id=name, by="li", at=NOW, areas=areas, **more)


LEFT, RIGHT = Area(0, 0, 400_000, UNITS), Area(600_000, 0, UNITS, UNITS)
INNER = Area(1, 1, 2, 2)


def test_a_redaction_knows_what_it_covers_also_at_second_hand() -> None:
    first = redaction("first", INNER)
    second = redaction("second", LEFT).after(first)
    third = redaction("third", RIGHT, LEFT).after(second)
    assert third.covers == ("first", "second")
    assert [third.is_at_least(name) for name in ("first", "second", "third")] == [True] * 3
    assert redaction("less", RIGHT).after(third).covers == ()
    assert not redaction("none").after(third).is_at_least("third")


@pytest.mark.parametrize("state", list(RedactionState))
def test_only_what_is_ready_and_hides_enough_is_passed_on(state: RedactionState) -> None:
    present = redaction("now", LEFT, state=state, covers=("before",))
    ready = state is RedactionState.READY
    for agreed in (None, "now", "before"):
        assert refusal(present, agreed) == (None if ready else "redaction_not_ready")
    assert refusal(present, "another") == ("redaction_changed" if ready else "redaction_not_ready")
    assert refusal(None, "now") == "redaction_changed"
    assert refusal(None, None) is None
