"""A PNG looks the same whoever decodes its pixels, FFmpeg or Pillow."""

from collections.abc import Callable
from io import BytesIO

import pytest
from PIL import Image, PngImagePlugin

from chalicelib.kernel.derived import Rejected, RejectReason
from chalicelib.media_decoding import images
from tests import media_samples as samples

# An odd width: the last pixels of a row are no full vector of a processor.
SIZE = (163, 41)
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
           (0, 1, 1, 2))  # fmt: skip
_COLOURS = {"RGB": 2, "RGBA": 6}


def scene(mode: str = "RGB") -> Image.Image:
    image = samples.scene(*SIZE)
    if mode.endswith("A"):
        image.putalpha(Image.linear_gradient("L").resize(SIZE))
    return image.convert(mode)


def png(image: Image.Image, **options: object) -> bytes:
    return samples.encode(image, "PNG", **options)


def interlaced(mode: str, kind: int = 0) -> bytes:
    """Return a PNG by Adam7, which Pillow does not write. Its rows have a filter of this kind."""
    image, rows = scene(mode), bytearray()
    for left, top, across, down in _PASSES:
        for row in range(top, image.height, down):
            rows.append(kind)
            for column in range(left, image.width, across):
                rows += bytes(image.getpixel((column, row)))  # type: ignore[arg-type]
    return samples.png(*SIZE, bytes(rows), colour=_COLOURS[mode], interlaced=True)


def in_many_chunks(data: bytes, size: int = 50) -> bytes:
    begin = data.index(b"IDAT") - 4
    length = int.from_bytes(data[begin : begin + 4])
    pixels = data[begin + 8 : begin + 8 + length]
    parts = [pixels[at : at + size] for at in range(0, length, size)]
    chunks = b"".join(samples.png_chunk(b"IDAT", part) for part in [b"", *parts])
    return data[:begin] + chunks + data[begin + 12 + length :]


def with_late_exif() -> bytes:
    data = png(scene())
    end = data.index(b"IEND") - 4
    return data[:end] + samples.png_chunk(b"eXIf", samples.exif(6)[6:]) + data[end:]


def plain(mode: str, kind: int = 0, less: int = 0) -> bytes:
    """Return a PNG whose rows have a filter of this kind, and of which some bytes are missing."""
    size, raw = SIZE[0] * len(mode), scene(mode).tobytes()
    rows = b"".join(bytes([kind]) + raw[at : at + size] for at in range(0, len(raw), size))
    return samples.png(*SIZE, rows[: len(rows) - less], colour=_COLOURS[mode])


FORMS: dict[str, Callable[[], bytes]] = {
    "rgb": lambda: png(scene()),
    "rgba": lambda: png(scene("RGBA")),
    "rgb, one colour of which is transparent": lambda: png(scene(), transparency=(255, 255, 255)),
    "grey": lambda: png(scene("L")),
    "grey with alpha": lambda: png(scene("LA")),
    "palette": lambda: png(scene("P"), transparency=0),
    "one bit": lambda: png(scene("1")),
    "grey of 16 bits": lambda: png(scene("L").convert("I;16")),
    "rgb of 16 bits": lambda: samples.png(2, 1, b"\0" + bytes(range(12)), depth=16),
    "rgba of 16 bits": lambda: samples.png(1, 1, b"\0" + bytes(range(8)), depth=16, colour=6),
    "interlaced rgb": lambda: interlaced("RGB"),
    "interlaced rgba": lambda: interlaced("RGBA"),
    "in many chunks": lambda: in_many_chunks(png(scene())),
    "animated": lambda: png(scene(), save_all=True, append_images=[scene().rotate(180)]),
    "with its Exif behind its pixels": with_late_exif,
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_looks_as_pillow_shows_it(form: str) -> None:
    data = FORMS[form]()
    ours = images.load_decoder("image/png")(BytesIO(data))
    pillows = PngImagePlugin.PngImageFile(BytesIO(data))
    for image in (ours, pillows):
        image.load()
    assert (ours.mode, ours.size, ours.info) == (pillows.mode, pillows.size, pillows.info)
    assert ours.tobytes() == pillows.tobytes()
    assert dict(ours.getexif()) == dict(pillows.getexif())


@pytest.mark.parametrize(("width", "height"), [(163, 41), (2331, 277), (256, 1290), (1, 300_000)])
@pytest.mark.parametrize("factor", [1, 2, 4, 16])
def test_it_is_reduced_while_it_is_decoded_as_pillow_reduces_it(
    width: int, height: int, factor: int
) -> None:
    noise = [Image.effect_noise((width, height), 90) for _ in range(3)]
    data = png(Image.merge("RGB", noise))
    ours = images.load_decoder("image/png")(BytesIO(data))
    ours.draft("RGB", (width // factor, height // factor) if width > 8 else (1, height))
    ours.load()
    pillows = PngImagePlugin.PngImageFile(BytesIO(data)).reduce(factor if width > 8 else 1)
    assert ours.size == pillows.size
    assert ours.tobytes() == pillows.tobytes()


def test_what_is_transparent_or_damaged_is_not_reduced() -> None:
    """What is transparent is first painted on white."""
    size = 1 + 3 * SIZE[0]
    for data in (FORMS["rgb, one colour of which is transparent"](), FORMS["rgba"](),
                 plain("RGB", less=size)):  # fmt: skip
        ours = images.load_decoder("image/png")(BytesIO(data))
        ours.draft("RGB", (20, 5))
        pillows = PngImagePlugin.PngImageFile(BytesIO(data))
        assert ours.convert("RGBA").tobytes() == pillows.convert("RGBA").tobytes()


@pytest.mark.parametrize("mode", _COLOURS)
@pytest.mark.parametrize("make", [plain, interlaced])
def test_what_phones_write_is_decoded_by_ffmpeg(make: Callable[..., bytes], mode: str) -> None:
    """Only Pillow refuses filters that there are not."""
    unknown = make(mode, kind=9)
    with pytest.raises(OSError, match="unrecognized"):
        PngImagePlugin.PngImageFile(BytesIO(unknown)).load()
    assert images.derive(unknown, "image/png").info.width == SIZE[0]
    assert images.derive(make(mode), "image/png").info.width == SIZE[0]


@pytest.mark.parametrize("mode", _COLOURS)
def test_a_picture_without_its_last_row_is_shown_as_pillow_shows_it(mode: str) -> None:
    """FFmpeg does not show it."""
    data = plain(mode, less=1 + SIZE[0] * len(mode))
    shown = images.load_decoder("image/png")(BytesIO(data))
    pillows = PngImagePlugin.PngImageFile(BytesIO(data))
    assert shown.convert("RGB").tobytes() == pillows.convert("RGB").tobytes()
    assert shown.tobytes() != scene(mode).tobytes()


@pytest.mark.parametrize(
    "data",
    [
        plain("RGB", less=1),
        plain("RGBA", less=1000),
        png(scene())[:100],
        png(scene("RGBA"))[:-60],
        png(scene())[:33],
    ],
)
def test_a_picture_that_is_cut_short_is_unreadable(data: bytes) -> None:
    with pytest.raises(Rejected) as rejected:
        images.derive(data, "image/png")
    assert rejected.value.reason is RejectReason.UNREADABLE
