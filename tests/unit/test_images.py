"""Images of phones become upright, small and clean; hostile images are rejected or harmless."""

import struct
import zlib
from collections.abc import Callable
from datetime import datetime
from io import BytesIO
from math import log10
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageFile, ImageFilter, ImageStat

from chalicelib.domain.media import sniff
from chalicelib.kernel.derived import Pictures, Rejected, RejectReason
from chalicelib.media_decoding import images
from chalicelib.media_decoding.resizing import shrink
from chalicelib.store.media.decoding import jpeg_size
from tests import media_samples as samples
from tests.media_samples import CANARY, encode, scene

PHONE = Path(__file__).parents[3] / "shared" / "data" / "phone-media"


def derive(data: bytes) -> Pictures:
    content_type = sniff(data)
    assert content_type is not None
    pictures = images.derive(data, content_type)
    for picture, longest in ((pictures.thumb, 400), (pictures.preview, 1600)):
        assert jpeg_size(picture)
        assert CANARY not in picture
        assert max(Image.open(BytesIO(picture)).size) <= longest
    return pictures


def reason(data: bytes) -> RejectReason:
    with pytest.raises(Rejected) as rejected:
        derive(data)
    return rejected.value.reason


# Upright


@pytest.mark.parametrize("orientation", [None, *range(1, 9)])
def test_each_orientation_of_a_jpeg_comes_out_upright(orientation: int | None) -> None:
    pictures = derive(samples.jpeg(orientation=orientation))
    assert samples.is_upright(pictures.thumb)
    assert samples.is_upright(pictures.preview)
    assert (pictures.info.width, pictures.info.height) == (120, 80)


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_is_ignored(orientation: int) -> None:
    assert samples.is_upright(derive(samples.jpeg(orientation=orientation)).preview)


@pytest.mark.parametrize("orientation", [3, 6])
@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_png_and_webp_are_turned_as_well(format: str, orientation: int) -> None:
    turn = samples.TRANSPOSED[orientation]
    assert turn is not None
    stored = scene().transpose(turn)
    pictures = derive(encode(stored, format, exif=samples.exif(orientation)))
    assert samples.is_upright(pictures.preview)
    assert pictures.info.width == 120


@pytest.mark.parametrize("turns", range(4))
def test_a_heic_is_turned_by_its_own_property_and_not_by_its_exif_again(turns: int) -> None:
    pictures = derive(samples.heic(quarter_turns=turns, orientation=(1, 8, 3, 6)[turns]))
    assert samples.is_upright(pictures.preview)
    assert (pictures.info.width, pictures.info.height) == (128, 96)


def test_a_heif_by_its_general_brand_is_read() -> None:
    assert samples.is_upright(derive(samples.heic(brand=b"mif1")).preview)


def test_a_heic_without_exif_is_read() -> None:
    plain = samples.heic().replace(b"Exif\0", b"Exiv\0")  # an item of an unknown kind
    pictures = derive(plain)
    assert samples.is_upright(pictures.preview)
    assert pictures.info.hint is None


# Every kind


VARIANTS: dict[str, Callable[[], bytes]] = {
    "progressive jpeg": lambda: samples.jpeg(progressive=True),
    "grey jpeg": lambda: encode(scene().convert("L"), "JPEG"),
    "arithmetic sampling 4:4:4": lambda: samples.jpeg(subsampling=0),
    "cmyk jpeg": lambda: encode(scene().convert("CMYK"), "JPEG"),
    "png": lambda: encode(scene(), "PNG"),
    "palette png": lambda: encode(scene().convert("P"), "PNG"),
    "palette png with transparency": lambda: encode(scene().convert("P"), "PNG", transparency=0),
    "alpha png": lambda: encode(scene().convert("RGBA"), "PNG"),
    "grey and alpha png": lambda: encode(scene().convert("LA"), "PNG"),
    "1-bit png": lambda: encode(scene().convert("1"), "PNG"),
    "16-bit colour png": lambda: samples.png(
        120,
        80,
        b"".join(
            b"\0" + bytes(v for p in row for c in p for v in (c, 0)) for row in rows_of(scene())
        ),
        16,
    ),
    "16-bit grey png": lambda: encode(Image.new("I;16", (50, 40), 40000), "PNG"),
    "webp": lambda: encode(scene(), "WEBP"),
    "lossless webp with alpha": lambda: encode(scene().convert("RGBA"), "WEBP", lossless=True),
    "animated webp": lambda: encode(
        scene(), "WEBP", save_all=True, append_images=[Image.new("RGB", (120, 80))] * 5
    ),
    "animated png": lambda: encode(
        scene(), "PNG", save_all=True, append_images=[Image.new("RGB", (120, 80))] * 5
    ),
    "heic": lambda: samples.heic(),
}
COLOURLESS = {"grey jpeg", "1-bit png", "16-bit grey png", "grey and alpha png"}


def rows_of(image: Image.Image) -> list[list[tuple[int, int, int]]]:
    return [[image.getpixel((x, y)) for x in range(image.width)] for y in range(image.height)]  # type: ignore[misc]


@pytest.mark.parametrize("variant", VARIANTS)
def test_each_variant_that_phones_and_screens_make_is_derived(variant: str) -> None:
    pictures = derive(VARIANTS[variant]())
    image = Image.open(BytesIO(pictures.preview))
    assert image.mode == "RGB"
    assert variant in COLOURLESS or samples.is_upright(pictures.preview)


def test_16_bits_of_grey_are_cut_to_8_and_not_clipped() -> None:
    preview = Image.open(BytesIO(derive(VARIANTS["16-bit grey png"]()).preview))
    assert abs(preview.getpixel((20, 20))[0] - 40000 // 256) < 3  # type: ignore[index]


def test_what_is_transparent_is_white() -> None:
    preview = Image.open(
        BytesIO(derive(encode(Image.new("RGBA", (50, 50), (0, 0, 0, 0)), "PNG")).preview)
    )
    assert min(preview.getpixel((25, 25))) > 250  # type: ignore[arg-type]


def test_a_motion_photo_is_seen_by_its_still() -> None:
    film = samples.video([Image.new("RGB", (64, 64))])
    pictures = derive(samples.jpeg() + film)
    assert samples.is_upright(pictures.preview)
    assert b"ftyp" not in pictures.preview


# Size


@pytest.mark.parametrize(
    ("size", "thumb", "preview"),
    [
        ((4032, 3024), (400, 300), (1600, 1200)),
        ((3024, 4032), (300, 400), (1200, 1600)),
        ((1601, 10), (400, 2), (1600, 10)),
        ((50, 40), (50, 40), (50, 40)),
        ((1, 1), (1, 1), (1, 1)),
    ],
)
def test_pictures_fit_their_box_and_are_never_enlarged(
    size: tuple[int, int], thumb: tuple[int, int], preview: tuple[int, int]
) -> None:
    pictures = derive(encode(Image.new("RGB", size), "JPEG"))
    assert Image.open(BytesIO(pictures.thumb)).size == thumb
    assert Image.open(BytesIO(pictures.preview)).size == preview


@pytest.mark.parametrize("size", [(65500, 1), (1, 65500)])
def test_a_picture_of_one_line_keeps_a_pixel(size: tuple[int, int]) -> None:
    pictures = derive(encode(Image.new("RGB", size), "JPEG"))
    assert min(Image.open(BytesIO(pictures.thumb)).size) == 1


def test_a_48_megapixel_jpeg_passes_by_its_reduced_size() -> None:
    pictures = derive(samples.jpeg(8064, 6048))
    assert samples.is_upright(pictures.preview)
    assert pictures.info.width == 8064


@pytest.mark.parametrize("side", [60000, 13000, 6400])
def test_a_png_above_the_cap_is_refused_by_its_header(side: int) -> None:
    assert reason(samples.png(side, side, b"")) is RejectReason.TOO_MANY_PIXELS


def test_a_webp_above_the_cap_is_refused_before_its_canvas_is_made() -> None:
    chunk = (
        b"VP8X"
        + struct.pack("<I", 10)
        + bytes(4)
        + struct.pack("<I", 9999)[:3]
        + struct.pack("<I", 9999)[:3]
    )
    assert (
        reason(b"RIFF" + struct.pack("<I", len(chunk) + 4) + b"WEBP" + chunk)
        is RejectReason.TOO_MANY_PIXELS
    )


def test_a_jpeg_of_four_gigapixels_is_refused_by_its_header() -> None:
    data = bytearray(samples.jpeg())
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", 65500, 65500)
    assert reason(bytes(data)) is RejectReason.TOO_MANY_PIXELS


# Clean


# C2PA, as cameras put it into a picture: a box in APP11, here with no more than its names.
JUMBF = b"JP\0\1\0\0\0\1" + struct.pack(">I", 64) + b"jumb" + b"\0\0\0\x20jumdc2pa" + CANARY


def with_chunk(png: bytes, kind: bytes, body: bytes) -> bytes:
    """Return a PNG with one more chunk after its header."""
    end = len(b"\x89PNG\r\n\x1a\n") + 25
    return png[:end] + samples.png_chunk(kind, body) + png[end:]


METADATA: dict[str, Callable[[], bytes]] = {
    "exif, gps, maker note": lambda: samples.jpeg(orientation=6),
    "comment": lambda: samples.jpeg(comment=CANARY),
    "xmp": lambda: samples.jpeg(xmp=b"<x:xmpmeta>" + CANARY),
    "icc": lambda: samples.jpeg(icc_profile=CANARY * 100),
    "adobe and vendor segments": lambda: samples.with_segments(
        samples.jpeg(),
        b"".join(samples.jpeg_segment(marker, CANARY) for marker in (0xE2, 0xE3, 0xED, 0xEE, 0xEF)),
    ),
    "manifest of a camera": lambda: samples.with_segments(
        samples.jpeg(), samples.jpeg_segment(0xEB, JUMBF)
    ),
    "png manifest of a camera": lambda: with_chunk(encode(scene(), "PNG"), b"caBX", JUMBF),
    "thumbnail in exif": lambda: samples.with_segments(
        samples.jpeg(), samples.jpeg_segment(0xE1, b"Exif\0\0" + CANARY + samples.jpeg(16, 16))
    ),
    "html after the end": lambda: samples.jpeg() + b"<html><script>" + CANARY,
    "zip after the end": lambda: samples.jpeg() + b"PK\x03\x04" + CANARY,
    "gif in a comment": lambda: samples.jpeg(comment=b"GIF89a" + CANARY),
    "png text": lambda: encode(scene(), "PNG", pnginfo=png_text()),
    "png exif": lambda: encode(scene(), "PNG", exif=samples.exif()),
    "webp exif, xmp, icc": lambda: encode(
        scene(), "WEBP", exif=samples.exif(), xmp=CANARY, icc_profile=CANARY
    ),
    "heic exif": lambda: samples.heic(),
}


def png_text() -> "object":
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("Comment", CANARY.decode())
    info.add_text("XML:com.adobe.xmp", CANARY.decode(), zip=True)
    info.add_itxt("Title", CANARY.decode())
    return info


@pytest.mark.parametrize("where", METADATA)
def test_no_byte_of_metadata_survives(where: str) -> None:
    data = METADATA[where]()
    assert CANARY in data or where == "png text"
    pictures = derive(data)
    for picture in (pictures.thumb, pictures.preview):
        for trace in (b"Exif", b"http", b"ICC_PROFILE", b"Adobe", b"html", b"PK\x03\x04", b"jumb"):
            assert trace not in picture


def test_a_segment_more_is_not_a_bare_jpeg() -> None:
    bare = derive(samples.jpeg()).thumb
    scan = bare.index(b"\xff\xda")
    for marker in (*range(0xE0, 0xF0), 0xFE):
        assert not jpeg_size(samples.with_segments(bare, samples.jpeg_segment(marker, b"x")))
    for other in (
        bare + b"\0",
        bare[:-2],
        bare[:100],
        b"",
        b"\xff\xd8\xff\xd9\0",
        bare[2:],
        encode(scene(), "PNG"),
        encode(scene(), "JPEG", progressive=True),
        bare[:-2] + bare[scan:],
        bare[:-2] + bytes(3 * 400 * 400) + bare[-2:],
        bare[:20] + samples.jpeg_segment(0xDB, bytes(2048)) + bare[20:],
        bare[:scan] + samples.jpeg_segment(0xDA, bytes(2048)) + bare[scan:],
    ):
        assert not jpeg_size(other)
    jfif_with_thumbnail = (
        bare[:4] + struct.pack(">H", 16 + 3) + bare[6:18] + b"\1\1" + b"xyz" + bare[20:]
    )
    assert not jpeg_size(jfif_with_thumbnail)


# Hints


def test_time_and_place_of_the_original_are_a_hint() -> None:
    for data in (
        samples.jpeg(orientation=1),
        samples.heic(),
        encode(scene(), "PNG", exif=samples.exif()),
    ):
        hint = derive(data).info.hint
        assert hint is not None
        assert hint.taken_at == datetime.fromisoformat("2026-11-24T08:30:00+08:00")
        assert (hint.lat, hint.lon) == (39.92, 116.44)


def test_an_original_without_metadata_gives_no_hint() -> None:
    assert derive(encode(scene(), "JPEG")).info.hint is None


def hint_of(gps: dict[int, object], taken: object = None) -> object:
    exif = Image.Exif()
    exif.get_ifd(0x8825).update(gps)
    if taken is not None:
        exif.get_ifd(0x8769)[0x9003] = taken
    return derive(samples.jpeg(exif=exif.tobytes())).info.hint


@pytest.mark.parametrize(
    "gps",
    [
        {1: "N", 2: (0.0, 0.0, 0.0), 3: "E", 4: (0.0, 0.0, 0.0)},
        {1: "N", 2: (91.0, 0.0, 0.0), 3: "E", 4: (0.0, 0.0, 0.0)},
        {1: "N", 3: "E"},
        {2: (1.0, 2.0, 3.0)},
    ],
)
def test_a_place_that_is_none_is_no_hint(gps: dict[int, object]) -> None:
    assert hint_of(gps) is None


def test_a_place_of_divisions_by_zero_is_no_hint() -> None:
    whole = samples.exif()
    broken = whole.replace(struct.pack(">LL", 39, 1), struct.pack(">LL", 39, 0))
    assert broken != whole
    hint = derive(samples.jpeg(exif=broken)).info.hint
    assert hint is not None
    assert hint.lat is None


@pytest.mark.parametrize(
    "taken",
    [
        "0000:00:00 00:00:00",
        "yesterday",
        "    :  :     :  :  ",
        "2026:02:30 00:00:00",
        "0001:01:01 00:00:00",
    ],
)
def test_a_time_that_is_none_is_no_hint(taken: str) -> None:
    assert hint_of({}, taken) is None


def test_south_and_west_are_negative() -> None:
    hint = hint_of({1: "S", 2: (33.0, 30.0, 0.0), 3: "W", 4: (70.0, 30.0, 0.0)})
    assert (hint.lat, hint.lon) == (-33.5, -70.5)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "exif",
    [
        b"Exif\0\0" + b"\xff" * 40,
        b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\1" * 90,
        b"Exif\0\0MM\0*\xff\xff\xff\xff",
    ],
)
def test_exif_that_cannot_be_read_costs_only_the_hint(exif: bytes) -> None:
    of_jpeg = samples.with_segments(encode(scene(), "JPEG"), samples.jpeg_segment(0xE1, exif))
    for data in (of_jpeg, encode(scene(), "PNG", exif=exif), encode(scene(), "WEBP", exif=exif)):
        pictures = derive(data)
        assert pictures.info.hint is None
        assert samples.is_upright(pictures.preview)


# Hostile


def test_a_file_cut_short_is_unreadable_and_not_half_a_picture() -> None:
    for whole in (
        samples.jpeg(800, 600),
        encode(scene(), "PNG"),
        encode(scene(), "WEBP"),
        samples.heic(),
    ):
        assert reason(whole[: len(whole) * 2 // 3]) is RejectReason.UNREADABLE
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False


@pytest.mark.parametrize(
    "hostile",
    [
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8\xff" + b"\xff" * 5000,
        b"\xff\xd8\xff<html><script>alert(1)</script>",
        b"\x89PNG\r\n\x1a\n",
        b"\x89PNG\r\n\x1a\n<svg onload=alert(1)>",
        b"RIFF\x04\0\0\0WEBP",
        b"RIFF\xff\xff\xff\xffWEBPVP8L" + bytes(100),
        b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
        b"\0\0\0\x18ftypheic\0\0\0\0mif1heic\xff\xff\xff\xffmeta" + bytes(100),
    ],
)
def test_a_right_start_with_nothing_behind_it_is_unreadable(hostile: bytes) -> None:
    assert reason(hostile) is RejectReason.UNREADABLE


def test_text_that_swells_when_unpacked_is_refused() -> None:
    bomb = samples.png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(64 << 20), 9))
    assert reason(samples.png(8, 8, bytes(8 * 25), extra=bomb)) is RejectReason.UNREADABLE


def test_sixty_thousand_segments_are_read_past() -> None:
    pictures = derive(
        samples.with_segments(samples.jpeg(), samples.jpeg_segment(0xEF, CANARY) * 60_000)
    )
    assert samples.is_upright(pictures.preview)


def test_ten_thousand_frames_cost_no_more_than_the_first() -> None:
    control = samples.png_chunk(b"acTL", struct.pack(">II", 10_000, 0))
    frame = samples.png_chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, 8, 8, 0, 0, 1, 10, 0, 0))
    assert derive(samples.png(8, 8, bytes(8 * 25), extra=control + frame)).info.width == 8


def test_exif_that_is_too_long_is_not_looked_at() -> None:
    orientation_far_out = samples.exif(6) + bytes(images.MAX_EXIF_BYTES)
    assert derive(encode(scene(), "PNG", exif=orientation_far_out)).info.hint is None


@pytest.mark.parametrize(
    "fault",
    [
        ImportError,
        TypeError,
        AttributeError,
        NameError,
        OSError(24, "Too many open files"),
        DeprecationWarning,
    ],
)
def test_a_fault_that_is_not_the_decoders_word_on_the_file_is_no_verdict(
    fault: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> object:
        raise fault

    monkeypatch.setattr(images, "_flatten", fail)
    with pytest.raises(fault if isinstance(fault, type) else type(fault)):
        derive(samples.jpeg())


# Real files of phones


@pytest.mark.skipif(not PHONE.is_dir(), reason="the collection of phone media is not here")
@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("iphone-6.jpg", (3264, 2448)),
        ("galaxy-s7-edge.jpg", (4032, 3024)),
        ("iphone.heic", (3024, 4032)),
    ],
)
def test_real_phone_pictures_are_derived_with_their_hints(name: str, size: tuple[int, int]) -> None:
    pictures = derive((PHONE / name).read_bytes())
    assert (pictures.info.width, pictures.info.height) == size
    assert pictures.info.hint is not None
    assert pictures.info.hint.lat is not None
    assert pictures.info.hint.taken_at is not None


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
