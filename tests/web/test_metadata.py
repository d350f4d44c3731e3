"""What a resident's browser cuts from pictures, videos and sounds before it sends them.

Each file is made with a canary in all that it says of itself. None may be left, and every pixel and
every sample must be as it was.
"""

import hashlib
from collections.abc import Callable
from io import BytesIO

import av
import pi_heif
import pytest
from PIL import Image, ImageCms

from tests import media_samples as samples
from tests.media_samples import CANARY, box
from tests.web import phone_files as files
from tests.web.cutter import Cut, Cutter

WHERE = {0x10001, 0x10002, 0x10003, 0x10004}
WHEN = {0x0132, 0x9003, 0x9004, 0x9011}
ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.fixture(autouse=True, scope="module")
def _heif() -> None:
    pi_heif.register_heif_opener()  # type: ignore[attr-defined]


def nothing_left(cut: Cut) -> bool:
    return cut.known and CANARY not in cut.data


PICTURES: dict[str, Callable[[], bytes]] = {
    "photo.jpg": files.jpeg,
    "progressive.jpg": lambda: files.jpeg(progressive=True),
    "grey.jpg": lambda: samples.encode(
        samples.scene().convert("L"), "JPEG", exif=files.exif(), comment=CANARY
    ),
    "cmyk.jpg": lambda: samples.encode(
        samples.scene().convert("CMYK"), "JPEG", exif=files.exif(), comment=CANARY
    ),
    "profile.jpg": lambda: files.jpeg(icc_profile=ICC),
    "restarts.jpg": lambda: files.jpeg(restart_marker_blocks=2),
    "photo.png": files.png,
    "profile.png": lambda: files.png(icc_profile=ICC),
    "moving.png": lambda: files.png(
        save_all=True, append_images=[samples.scene().rotate(90), samples.scene().rotate(180)]
    ),
    "photo.webp": files.webp,
    "lossless.webp": lambda: files.webp(lossless=True, icc_profile=ICC),
    "moving.webp": lambda: files.webp(save_all=True, append_images=[samples.scene().rotate(180)]),
    "photo.heic": files.heif,
    "wide.heic": lambda: files.heif(version=1),
    "wider.heic": lambda: files.heif(version=2),
    "within.heic": lambda: files.heif(version=1, in_idat=True),
    "photo.heif": lambda: files.heif(b"mif1"),
}


@pytest.mark.parametrize("name", PICTURES)
def test_nothing_is_left_in_a_picture_and_no_pixel_changes(cutter: Cutter, name: str) -> None:
    data = PICTURES[name]()
    assert CANARY in data
    cut = cutter.cut(data, name)
    assert nothing_left(cut), cut.removed
    assert {"device"} <= cut.removed
    assert files.pixels(cut.data) == files.pixels(data)
    assert set(files.tags(cut.data)) <= {0x0112}


@pytest.mark.parametrize("name", ["profile.jpg", "profile.png", "lossless.webp"])
def test_the_colours_of_a_picture_stay(cutter: Cutter, name: str) -> None:
    cut = cutter.cut(PICTURES[name](), name)
    assert Image.open(BytesIO(cut.data)).info["icc_profile"] == ICC


@pytest.mark.parametrize("name", ["photo.webp", "lossless.webp", "moving.webp"])
def test_a_webp_promises_no_notes_that_are_gone(cutter: Cutter, name: str) -> None:
    cut = cutter.cut(PICTURES[name](), name)
    assert cut.data[12:16] == b"VP8X"
    assert not cut.data[20] & 0x0C


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("make", [files.jpeg, files.png], ids=["jpeg", "png"])
def test_a_picture_stays_upright(
    cutter: Cutter, make: Callable[[int], bytes], orientation: int
) -> None:
    cut = cutter.cut(make(orientation), "photo.jpg")
    assert nothing_left(cut)
    # A normal picture needs no Exif at all.
    expected = {} if orientation == 1 else {0x0112: orientation}
    assert files.tags(cut.data) == expected


def test_a_jpeg_promises_no_thumbnail_that_is_gone(cutter: Cutter) -> None:
    data = files.jpeg()
    assert data[18:20] == b"\3\2"
    assert cutter.cut(data, "photo.jpg").data[18:20] == b"\0\0"


def test_a_second_picture_behind_the_first_goes(cutter: Cutter) -> None:
    data = samples.encode(
        samples.scene(), "MPO", save_all=True, append_images=[samples.scene(60, 40)]
    )
    cut = cutter.cut(data, "photo.jpg")
    assert cut.known
    assert files.pixels(cut.data) == files.pixels(data)[:1]


def test_a_heic_stays_upright(cutter: Cutter) -> None:
    cut = cutter.cut(files.heif(), "photo.heic")
    upright = samples.encode(Image.open(BytesIO(cut.data)).convert("RGB"), "PNG")
    assert samples.is_upright(upright)


@pytest.mark.parametrize("name", ["photo.jpg", "photo.png", "photo.webp", "photo.heic"])
@pytest.mark.parametrize(
    ("place", "time"), [(True, False), (False, True), (True, True)], ids=["place", "time", "both"]
)
def test_place_and_time_stay_if_the_person_wants_it(
    cutter: Cutter, name: str, place: bool, time: bool
) -> None:
    data = PICTURES[name]()
    cut = cutter.cut(data, name, place=place, time=time)
    assert nothing_left(cut)
    before, after = files.tags(data), files.tags(cut.data)
    # The day of a place is a time as well.
    expected = (
        (WHERE if place else set())
        | (WHEN if time else set())
        | ({0x1001D} if place and time else set())
    )
    assert set(after) - {0x0112} == expected
    assert {tag: before[tag] for tag in expected} == {tag: after[tag] for tag in expected}
    assert ("place" in cut.removed) is not place
    assert ("time" in cut.removed) is not time


VIDEOS: dict[str, Callable[[], bytes]] = {
    "video.mp4": lambda: files.with_maker_boxes(files.video()),
    "silent.mp4": lambda: files.video(sound=None),
    "video.mov": lambda: files.video("mov"),
    "hevc.mov": lambda: files.video("mov", "libx265"),
    "raw-sound.mov": lambda: files.video("mov", sound="pcm_s16le"),
    "old-sound.mov": lambda: files.with_one_byte_samples(files.video("mov", sound="pcm_s16le")),
    "video.3gp": lambda: files.video("3gp", "mpeg4", texts=False),
    "fragments.mp4": lambda: files.video(texts=False, fragmented=True),
    "voice.m4a": lambda: samples.recording(container="ipod", named=True),
    "voice.3gp": lambda: samples.amr_in_3gp(),
}


@pytest.mark.parametrize("name", VIDEOS)
def test_nothing_is_left_in_a_video_and_all_of_it_plays(cutter: Cutter, name: str) -> None:
    data = VIDEOS[name]()
    cut = cutter.cut(data, name)
    assert nothing_left(cut), cut.removed
    assert files.ISO6709 not in cut.data
    assert b"2026-11-24" not in cut.data
    assert files.decoded(cut.data) == files.decoded(data)
    with av.open(BytesIO(cut.data), "r") as video:
        named = {**video.metadata}
        for stream in video.streams:
            named |= stream.metadata
    assert set(named) <= {
        *(
            "major_brand",
            "minor_version",
            "compatible_brands",
            "language",
            "vendor_id",
            "handler_name",
        ),
        "encoder",
    }


@pytest.mark.parametrize(
    ("name", "type"),
    [
        ("video.mp4", "video/mp4"),
        ("video.mov", "video/quicktime"),
        ("video.3gp", "video/3gpp"),
        ("voice.m4a", "audio/mp4"),
        ("voice.3gp", "audio/3gpp"),
    ],
)
def test_a_video_is_declared_as_what_it_holds(cutter: Cutter, name: str, type: str) -> None:
    assert cutter.cut(VIDEOS[name](), name).type == type


@pytest.mark.parametrize("name", ["video.mp4", "video.mov"])
def test_place_and_time_of_a_video_stay_if_the_person_wants_it(cutter: Cutter, name: str) -> None:
    data = VIDEOS[name]()
    cut = cutter.cut(data, name, place=True, time=True)
    assert nothing_left(cut)
    assert files.decoded(cut.data) == files.decoded(data)
    assert files.ISO6709 in cut.data
    with av.open(BytesIO(cut.data), "r") as video:
        assert video.metadata["creation_time"].startswith("2026-11-24T00:30:00")

    only_place = cutter.cut(data, name, place=True)
    assert files.ISO6709 in only_place.data
    assert b"2026-11-24" not in only_place.data
    only_time = cutter.cut(data, name, time=True)
    assert files.ISO6709 not in only_time.data


def test_the_notes_beside_a_video_are_overwritten(cutter: Cutter) -> None:
    data = files.video()
    assert data.count(CANARY) > 3
    cut = cutter.cut(data, "video.mp4")
    assert "tracks" in cut.removed
    with av.open(BytesIO(cut.data), "r") as video:
        assert [stream.type for stream in video.streams] == ["video", "audio"]
    assert len(cut.data) == len(data)


def test_notes_in_fragments_are_not_known(cutter: Cutter) -> None:
    assert not cutter.cut(files.video(fragmented=True), "video.mp4").known


@pytest.mark.parametrize("wide", [False, True], ids=["narrow", "wide"])
def test_amr_is_sent_as_it_is(cutter: Cutter, wide: bool) -> None:
    data = samples.amr(wide=wide)
    cut = cutter.cut(data, "voice.amr")
    assert (cut.data, cut.type, cut.known) == (data, "audio/amr", True)
    assert not cutter.cut(data + CANARY, "voice.amr").known


@pytest.mark.parametrize(
    ("data", "type"),
    [
        (b"", "image/jpeg"),
        (b"<html>", "image/jpeg"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (samples.png(1, 1, b"")[:50], "image/png"),
        (box(b"ftyp", b"isom", bytes(4)) + b"x" * 100, "video/mp4"),
        (box(b"ftyp", b"heic", bytes(4)) + box(b"meta", bytes(50)), "image/heic"),
    ],
    ids=["empty", "html", "start", "short", "no index", "no picture"],
)
def test_what_is_not_understood_is_said_to_be_unknown(
    cutter: Cutter, data: bytes, type: str
) -> None:
    cut = cutter.cut(data, "photo.jpg")
    assert not cut.known
    assert cut.type == type


def test_a_picture_that_stops_early_is_cut_as_far_as_it_goes(cutter: Cutter) -> None:
    whole = files.jpeg()
    cut = cutter.cut(whole[: whole.rindex(b"\xff\xd9")], "photo.jpg")
    assert not cut.known
    assert CANARY not in cut.data


def test_cut_again_nothing_changes(cutter: Cutter) -> None:
    for name, make in {**PICTURES, **VIDEOS}.items():
        once = cutter.cut(make(), name)
        again = cutter.cut(once.data, name)
        assert again.known, name
        assert hashlib.sha256(again.data).digest() == hashlib.sha256(once.data).digest(), name
