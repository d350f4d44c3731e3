"""The files that are measured: as phones make them, generated, and a real photo where it is."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFilter

from chalicelib.domain.media import sniff
from tests import media_samples as samples

TWELVE, FORTY_EIGHT = (4032, 3024), (8064, 6048)
SCREEN = (1080, 2400)

# A collection that lies beside the project on some machines: `test_processing.py` has it, too.
_COLLECTION = Path(__file__).parents[4] / "shared" / "data" / "phone-media"
_COLLECTED = {"Galaxy photo": "galaxy-s7-edge.jpg", "iPhone HEIC": "iphone.heic"}


class File(NamedTuple):
    name: str
    content_type: str
    path: Path


def write(folder: Path) -> Iterator[File]:
    """Write the files, and yield each. The real ones come last."""
    made = {
        "12 MP JPEG": photo(*TWELVE),
        "48 MP JPEG": photo(*FORTY_EIGHT),
        "12 MP HEIC": samples.heic(*TWELVE, quarter_turns=1, picture=_sharp_look),
        "PNG screenshot": samples.encode(_screenshot(), "PNG"),
        "12 MP PNG photo": samples.encode(_look(*TWELVE), "PNG"),
        "12 MP PNG": samples.encode(_look(*TWELVE).quantize(256), "PNG"),
    }
    real = {
        name: (_COLLECTION / file).read_bytes()
        for name, file in _COLLECTED.items()
        if (_COLLECTION / file).is_file()
    }
    for name, data in (made | real).items():
        path = folder / name
        path.write_bytes(data)
        yield File(name, sniff(data[:4096]) or "", path)


def photo(width: int, height: int) -> bytes:
    """Return a JPEG of 0.3 bytes a pixel, turned by its Exif: as most phones' photos are."""
    return samples.encode(_look(width, height), "JPEG", quality=96, exif=samples.exif(6))


def _look(width: int, height: int, blur: float = 1.2) -> Image.Image:
    """Return something between a wall and a lawn."""
    detail = [
        Image.effect_noise((width, height), 50).filter(ImageFilter.GaussianBlur(blur))
        for _ in range(3)
    ]
    return Image.blend(samples.scene(width, height), Image.merge("RGB", detail), 0.5)


def _sharp_look(width: int, height: int) -> Image.Image:
    """Return one that a HEIC needs 0.11 bytes a pixel for, as on a phone."""
    return _look(width, height, blur=0.9)


def _screenshot() -> Image.Image:
    """Return a phone's screen with a photo and lines of text: what a phone makes PNGs of."""
    width, height = SCREEN
    screen = Image.new("RGBA", SCREEN, "white")
    shown = Image.open(BytesIO(samples.encode(_look(width, width * 3 // 4), "JPEG", quality=80)))
    screen.paste(shown, (0, 120))
    draw = ImageDraw.Draw(screen)
    for top in range(120 + shown.height + 40, height, 48):
        draw.text((40, top), "A white van stood at the corner for an hour. " * 2, "black", size=28)
    return screen
