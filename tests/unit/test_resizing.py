"""A picture that is made smaller looks as Pillow's LANCZOS would make it, at any size."""

from math import log10

import pytest
from PIL import Image, ImageChops, ImageFilter, ImageStat

from chalicelib.media_decoding.resizing import shrink

DETAIL = ImageFilter.GaussianBlur(1.5)


def photo(width: int, height: int) -> Image.Image:
    bands = [Image.effect_noise((width, height), 50 + 10 * at).filter(DETAIL) for at in range(3)]
    return Image.merge("RGB", bands)


def decibels(image: Image.Image, size: tuple[int, int]) -> float:
    """Return the peak signal to noise ratio of our picture against Pillow's."""
    best = image.resize(size, Image.Resampling.LANCZOS)
    difference = ImageStat.Stat(ImageChops.difference(shrink(image, size), best))
    return 10 * log10(255**2 / max(sum(each**2 for each in difference.rms) / 3, 1e-9))


# How a JPEG's preview, a thumbnail, a whole HEIC's and PNG's preview are made.
@pytest.mark.parametrize("ratio", [1.0, 1.26, 2.0, 2.52, 4.0, 5.04])
def test_no_loss_is_visible(ratio: float) -> None:
    size = (400, 300)
    assert decibels(photo(round(400 * ratio), round(300 * ratio)), size) >= 45


@pytest.mark.parametrize("width", range(97, 130))
def test_a_line_may_have_any_length(width: int) -> None:
    assert decibels(photo(width * 5 // 4, 40), (width, 32)) >= 45


def test_each_colour_stays_where_it_is() -> None:
    image = Image.new("RGB", (640, 480), (10, 20, 30))
    image.paste((200, 100, 50), (320, 0, 640, 480))
    small = shrink(image, (64, 48))
    assert (small.getpixel((8, 24)), small.getpixel((56, 24))) == ((10, 20, 30), (200, 100, 50))


@pytest.mark.parametrize("size", [(1, 1), (5, 1), (2, 3), (40_000, 1), (1, 40_000), (3000, 2)])
def test_the_smallest_and_the_thinnest_pass(size: tuple[int, int]) -> None:
    image = Image.new("RGB", size, (10, 20, 30))
    wanted = min(size[0], 1600), min(size[1], 1600)
    small = shrink(image, wanted)
    assert (small.size, small.getextrema()) == (wanted, ((10, 10), (20, 20), (30, 30)))
