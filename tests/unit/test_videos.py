"""A video gives an upright frame, its length and codec from few bytes; other files are rejected."""

import struct
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from chalicelib.domain.media import sniff
from chalicelib.kernel.derived import Pictures, Rejected, RejectReason
from chalicelib.media_decoding import videos
from chalicelib.store.media.decoding import jpeg_size
from tests import media_samples as samples
from tests.media_samples import CANARY, scene

PHONE = Path(__file__).parents[3] / "shared" / "data" / "phone-media"


def derive(data: bytes) -> Pictures:
    pictures = videos.derive(lambda offset, length: data[offset : offset + length], len(data))
    for picture in (pictures.thumb, pictures.preview):
        assert jpeg_size(picture)
        assert CANARY not in picture
    return pictures


def reason(data: bytes) -> RejectReason:
    with pytest.raises(Rejected) as rejected:
        derive(data)
    return rejected.value.reason


KINDS: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "h.264 mp4": (lambda: samples.video([scene(160, 96)] * 5, sound=True), "video/mp4", "h264"),
    "index first": (
        lambda: samples.video([scene(160, 96)] * 5, index_first=True),
        "video/mp4",
        "h264",
    ),
    "hevc mov": (
        lambda: samples.video([scene(160, 96)] * 5, "libx265", container="mov", sound=True),
        "video/quicktime",
        "hevc",
    ),
    "mpeg-4 mp4": (lambda: samples.video([scene(160, 96)] * 5, "mpeg4"), "video/mp4", "mpeg4"),
    "h.264 3gp": (
        lambda: samples.video([scene(160, 96)] * 5, container="3gp"),
        "video/3gpp",
        "h264",
    ),
    "h.263 3gp": (
        lambda: samples.video([scene(176, 144)] * 5, "h263", container="3gp"),
        "video/3gpp",
        "h263",
    ),
    "mpeg-4 3gp": (
        lambda: samples.video([scene(160, 96)] * 5, "mpeg4", container="3gp"),
        "video/3gpp",
        "mpeg4",
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_container_and_codec_gives_its_still_length_and_codec(kind: str) -> None:
    make, content_type, codec = KINDS[kind]
    data = make()
    pictures = derive(data)
    assert sniff(data[:64]) == content_type
    assert samples.is_upright(pictures.preview)
    assert pictures.info.codec == codec
    assert pictures.info.duration_s == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_turned_phone_gives_an_upright_still(turn: int) -> None:
    stored = scene(160, 96).rotate(-turn, expand=True)
    pictures = derive(samples.video([stored] * 2, turn=turn))
    assert samples.is_upright(pictures.thumb)
    assert (pictures.info.width, pictures.info.height) == (160, 96)


def test_pixels_that_are_not_square_are_made_so() -> None:
    info = derive(samples.video([scene(176, 144)] * 2, "h263", container="3gp")).info
    assert (info.width, info.height) == (192, 144)  # the pixels of CIF are 12:11


def test_white_is_white_and_black_is_black() -> None:
    for shade in (0, 255):
        preview = Image.open(
            BytesIO(derive(samples.video([Image.new("RGB", (64, 64), (shade,) * 3)] * 2)).preview)
        )
        assert abs(preview.getpixel((30, 30))[0] - shade) < 6  # type: ignore[index]


def test_a_black_beginning_is_passed_over() -> None:
    video = [Image.new("RGB", (160, 96))] * 10 + [scene(160, 96)] * 10
    assert samples.is_upright(derive(samples.video(video, rate=10, options={"g": "10"})).preview)


def test_a_video_that_is_black_throughout_is_still_a_video() -> None:
    assert (
        derive(samples.video([Image.new("RGB", (160, 96))] * 50, options={"g": "10"})).info.codec
        == "h264"
    )


def test_a_large_frame_is_brought_down_to_the_preview() -> None:
    pictures = derive(samples.video([scene(2560, 1440)], options={"preset": "ultrafast"}))
    assert Image.open(BytesIO(pictures.preview)).size == (1600, 900)
    assert Image.open(BytesIO(pictures.thumb)).size == (400, 225)
    assert pictures.info.width == 2560


# Hints


def test_time_and_place_are_a_hint_and_nowhere_in_the_pictures() -> None:
    written = {
        "creation_time": "2026-11-24T08:30:00Z",
        "location": "+39.9200-116.4400/",
        "comment": CANARY.decode(),
    }
    hint = derive(samples.video([scene()], metadata=written)).info.hint
    assert hint is not None
    assert hint.taken_at == datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
    assert (hint.lat, hint.lon) == (39.92, -116.44)


@pytest.mark.parametrize("place", ["", "+00.0000+000.0000/", "+91.0+000.0/", "somewhere", "+39.92"])
def test_a_place_that_is_none_is_no_hint(place: str) -> None:
    assert derive(samples.video([scene()], metadata={"location": place})).info.hint is None


@pytest.mark.parametrize("time", ["1904-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "soon"])
def test_a_clock_that_was_never_set_is_no_hint(time: str) -> None:
    assert videos.read_hint({"creation_time": time}) is None


# Refused


def test_sound_alone_is_no_video() -> None:
    assert reason(samples.recording()) is RejectReason.NO_VIDEO


def test_a_codec_that_phones_do_not_use_is_unsupported() -> None:
    assert reason(samples.video([scene()], "libvpx-vp9")) is RejectReason.UNSUPPORTED_CODEC


@pytest.mark.parametrize("index_first", [True, False])
def test_a_file_cut_short_is_unreadable(index_first: bool) -> None:
    data = samples.video([scene(320, 240).effect_spread(40)] * 5, index_first=index_first)
    assert (
        reason(data[: len(data) // 8 if index_first else len(data) * 2 // 3])
        is RejectReason.UNREADABLE
    )


@pytest.mark.parametrize(
    "hostile",
    [
        b"\0\0\0\x18ftypmp42\0\0\0\0isommp42",
        b"\0\0\0\x18ftypmp42\0\0\0\0isommp42<html><script>alert(1)</script>" + bytes(500),
        b"\0\0\0\x18ftypmp42\0\0\0\0isommp42\x1a\x45\xdf\xa3" + bytes(500),
        b"\0\0\0\x18ftypmp42\0\0\0\0isommp42" + struct.pack(">I", 1) + b"moov" + b"\xff" * 200,
        b"\0\0\0\x18ftypmp42\0\0\0\0isommp42" + b"\0\0\1\0moov" * 40,
    ],
)
def test_a_right_start_with_nothing_behind_it_is_unreadable(hostile: bytes) -> None:
    assert reason(hostile) is RejectReason.UNREADABLE


def patched(data: bytes, kind: bytes, at: int, value: bytes) -> bytes:
    start = data.index(kind) + 4 + at
    return data[:start] + value + data[start + len(value) :]


def with_size_in_index(data: bytes, width: int, height: int) -> bytes:
    return patched(data, b"avc1" + bytes(6), 24, struct.pack(">HH", width, height))


def test_frames_over_the_cap_are_not_decoded_whatever_the_index_says_of_them() -> None:
    large = samples.video([Image.new("RGB", (7680, 5400))], options={"preset": "ultrafast"})
    assert reason(with_size_in_index(large, 160, 96)) is RejectReason.TOO_MANY_PIXELS


def test_an_index_that_says_16k_of_a_small_frame_gives_the_small_frame() -> None:
    assert (
        derive(with_size_in_index(samples.video([scene(160, 96)]), 16384, 8640)).info.height == 96
    )


def test_a_length_of_ten_hours_is_only_a_number() -> None:
    data = samples.video([scene(160, 96)] * 2)
    (timescale,) = struct.unpack_from(">I", data, data.index(b"mvhd") + 4 + 12)
    long = patched(data, b"mvhd", 16, struct.pack(">I", 36000 * timescale))
    assert samples.is_upright(derive(long).preview)


@pytest.mark.parametrize(
    "fault", [ImportError, TypeError, AttributeError, NameError, OSError(24, "Too many open files")]
)
def test_a_fault_that_is_not_the_decoders_word_on_the_file_is_no_verdict(
    fault: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> object:
        raise fault

    monkeypatch.setattr(videos, "_upright", fail)
    with pytest.raises(fault if isinstance(fault, type) else type(fault)):
        derive(samples.video([scene()]))


# Few bytes


class Counter:
    def __init__(self, path: Path) -> None:
        self.path, self.size = path, path.stat().st_size
        self.asked: list[tuple[int, int]] = []

    def read(self, offset: int, length: int) -> bytes:
        self.asked.append((offset, length))
        with self.path.open("rb") as file:
            file.seek(offset)
            return file.read(length)


@pytest.mark.slow
def test_200_mb_with_the_index_at_the_end_cost_one_per_cent_and_ten_reads(tmp_path: Path) -> None:
    path = tmp_path / "long.mp4"
    samples.large_video(path, 200_000_000)
    counter = Counter(path)
    pictures = videos.derive(counter.read, counter.size)
    assert pictures.info.width == 1920
    assert path.read_bytes().rindex(b"moov") > 199_000_000
    assert len(counter.asked) <= 10
    assert sum(length for _, length in counter.asked) <= counter.size / 100


def test_a_block_is_asked_for_once_and_neighbours_together() -> None:
    data = bytes(range(256)) * 4096 * 2
    asked = []

    def read(offset: int, length: int) -> bytes:
        asked.append((offset, length))
        return data[offset : offset + length]

    file = videos.Blocks(read, len(data))
    for at, length in (
        (5, 10),
        (0, 100),
        (videos.BLOCK - 1, 2 * videos.BLOCK),
        (len(data) - 3, 100),
        (len(data) + 9, 5),
        (100, 0),
    ):
        file.seek(at)
        assert file.read(length) == data[at : at + length]
    assert asked == [
        (0, videos.BLOCK),
        (videos.BLOCK, 2 * videos.BLOCK),
        (len(data) - videos.BLOCK, videos.BLOCK),
    ]
    assert file.seek(-4, 2) == len(data) - 4
    assert file.read() == data[-4:]


# Real files of phones


@pytest.mark.skipif(not PHONE.is_dir(), reason="the collection of phone media is not here")
@pytest.mark.parametrize(
    ("name", "size", "codec", "length"),
    [
        ("phone-video.mp4", (1280, 720), "h264", 3.635),
        ("ftyp3gp5.mp4", (720, 1280), "h264", 1.323),
        ("sample.3gp", (176, 144), "mpeg4", 4.933),
    ],
)
def test_real_phone_videos_give_their_stills(
    name: str, size: tuple[int, int], codec: str, length: float
) -> None:
    info = derive((PHONE / name).read_bytes()).info
    assert (info.width, info.height, info.codec, info.duration_s) == (*size, codec, length)
    assert info.hint is not None
    assert (info.hint.lat is not None) == (name == "phone-video.mp4")
