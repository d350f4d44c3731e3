"""A clip has the frames and sound of its video bit by bit, and nothing else of the file."""

import struct
import tracemalloc
from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.kernel.derived import Clip, NoClip
from chalicelib.media_decoding import clips
from chalicelib.media_decoding.boxes import boxes
from tests import media_samples as samples
from tests.decoding import DECODING, file_of
from tests.media_samples import CANARY, box, full_box, scene

PHONE = Path(__file__).parents[3] / "shared" / "data" / "phone-media"
WHERE = b"+39.9200+116.4400/"
NAMED = {
    "creation_time": "2026-11-24T08:30:00Z", "location": WHERE.decode(), "comment": CANARY.decode(),
}  # fmt: skip
FRAMES = [scene(160, 96)] * 5

KINDS: dict[str, Callable[[], bytes]] = {
    "h.264 mp4": lambda: samples.video(FRAMES, sound=True, metadata=NAMED),
    "index first": lambda: samples.video(FRAMES, sound=True, index_first=True, metadata=NAMED),
    "h.264 mov": lambda: samples.video(FRAMES, container="mov", sound=True, metadata=NAMED),
    "hevc mov": lambda: samples.video(FRAMES, "libx265", container="mov", sound=True),
    "3gp": lambda: samples.video(FRAMES, container="3gp", sound=True, metadata=NAMED),
    "silent, turned": lambda: samples.video(FRAMES, turn=90, metadata=NAMED),
}


def derive(data: bytes) -> Clip | NoClip:
    def read(offset: int, length: int) -> bytes:
        assert 0 <= offset <= offset + length <= len(data)
        return data[offset : offset + length]

    return clips.derive(read, len(data))


def clip_of(data: bytes) -> bytes:
    """Return the clip as it is stored. Its caller finds it to be one."""
    clip = derive(data)
    assert isinstance(clip, Clip)
    assert clips.is_bare(clip, len(data))
    return clip.head + b"".join(data[at : at + length] for at, length in clip.spans)


def played(data: bytes) -> dict[str, Any]:
    """Return what another reader finds: of each track its codec and its packets with their times,
    and how the picture is turned.
    """
    found: dict[str, Any] = {}
    for kind in ("video", "audio"):
        with av.open(BytesIO(data), "r") as file:
            for stream in [each for each in file.streams if each.type == kind][:1]:
                packets = [
                    (packet.pts, packet.dts, packet.duration, packet.is_keyframe, bytes(packet))
                    for packet in file.demux(stream)
                ]
                codec = stream.codec_context
                found[kind] = codec.name, codec.extradata, stream.time_base, packets
    with av.open(BytesIO(data), "r") as file:
        found["turned"] = {frame.rotation for frame in file.decode(video=0)}
    return found


def assert_clean(clip: bytes) -> None:
    assert [each.kind for each in boxes(clip)] == [b"ftyp", b"moov", b"mdat"]
    with av.open(BytesIO(clip), "r") as file:
        said = [file.metadata, *(stream.metadata for stream in file.streams)]
    allowed = {"major_brand", "minor_version", "compatible_brands", "language", "vendor_id"}
    assert {name for each in said for name in each} <= allowed


@pytest.mark.parametrize("kind", KINDS)
def test_frames_and_sound_are_the_same_and_nothing_else_is(kind: str) -> None:
    data = KINDS[kind]()
    clip = clip_of(data)
    assert played(clip) == played(data)
    assert_clean(clip)
    assert not any(word in clip for word in (WHERE, CANARY, b"udta", b"Handler"))


@pytest.mark.skipif(not PHONE.is_dir(), reason="the collection of phone media is not here")
@pytest.mark.parametrize("name", ["phone-video.mp4", "ftyp3gp5.mp4"])
def test_videos_of_real_phones_keep_their_frames_and_lose_the_rest(name: str) -> None:
    data = (PHONE / name).read_bytes()
    clip = clip_of(data)
    assert played(clip) == played(data)
    assert_clean(clip)
    assert b"Core Media" not in clip


@pytest.mark.parametrize("kind", KINDS)
def test_it_comes_out_of_its_process_beside_the_still(kind: str) -> None:
    data = KINDS[kind]()
    asked = DECODING.derive("video/mp4", file_of(data), clip=True)
    assert asked.clip == derive(data)
    assert asked._replace(clip=None) == DECODING.derive("video/mp4", file_of(data))


# What is put into an index that stands at the end of its file, where no offset depends on it.


@cache
def phone() -> bytes:
    data = samples.video(FRAMES, sound=True)
    assert [each.kind for each in boxes(data)][-1] == b"moov"
    return data


def with_index(change: Callable[[bytes], bytes], data: bytes | None = None) -> bytes:
    """Return the video with its index changed by `change`, which gets the content of `moov`."""
    data = data or phone()
    *_, moov = boxes(data)
    return data[: moov.start] + box(b"moov", change(data[moov.content :]))


def rebuilt(content: bytes, path: tuple[bytes, ...], change: Callable[[bytes], bytes]) -> bytes:
    """Return boxes in which the content of all of those at `path` is changed."""
    parts = []
    for each in boxes(content):
        inner = content[each.content : each.end]
        if each.kind == path[0]:
            inner = rebuilt(inner, path[1:], change) if path[1:] else change(inner)
        parts.append(box(each.kind, inner))
    return b"".join(parts)


def in_index(*path: bytes, change: Callable[[bytes], bytes]) -> bytes:
    return with_index(lambda content: rebuilt(content, path, change))


STBL = (b"trak", b"mdia", b"minf", b"stbl")


@pytest.mark.parametrize(
    "path", [(), (b"trak",), (b"trak", b"mdia"), (b"trak", b"mdia", b"minf"), STBL]
)
@pytest.mark.parametrize("kind", [b"udta", b"meta", b"uuid", b"free", b"skip", b"\xa9xyz", b"junk"])
def test_a_box_that_no_player_needs_is_gone_wherever_it_is(
    path: tuple[bytes, ...], kind: bytes
) -> None:
    extra = box(kind, WHERE)
    if path:
        named = in_index(*path, change=lambda content: content + extra)
    else:
        named = with_index(lambda content: content + extra)
    assert clip_of(named) == clip_of(phone())


def test_what_stands_behind_the_entries_of_a_table_is_gone() -> None:
    for table in (b"stsd", b"stts", b"stsc", b"stsz", b"stco", b"stss"):
        named = in_index(*STBL, table, change=lambda content: content + box(b"free", WHERE))
        found = derive(named)
        assert found == NoClip.UNSUPPORTED or clip_of(named) == clip_of(phone())


def test_times_names_and_languages_are_neutral() -> None:
    def stamp(content: bytes) -> bytes:
        return content[:4] + struct.pack(">II", 3_800_000_001, 3_800_000_002) + content[12:]

    stamped = with_index(lambda content: rebuilt(content, (b"mvhd",), stamp))
    for path in ((b"trak", b"tkhd"), (b"trak", b"mdia", b"mdhd")):
        stamped = with_index(lambda content, path=path: rebuilt(content, path, stamp), stamped)  # type: ignore[misc]
    named = with_index(
        lambda content: rebuilt(
            content, (b"trak", b"mdia", b"hdlr"), lambda hdlr: hdlr[:24] + b"Wang's phone\0"
        ),
        stamped,
    )
    assert clip_of(named) == clip_of(phone())


def test_the_track_of_a_sensor_is_gone_with_its_samples() -> None:
    def as_sensor(hdlr: bytes) -> bytes:
        return hdlr.replace(b"soun", b"meta")

    both = played(phone())
    clip = clip_of(in_index(b"trak", b"mdia", b"hdlr", change=as_sensor))
    assert played(clip) == {"video": both["video"], "turned": {0}}
    # The samples of the sound lie among those of the picture.
    sound = sum(len(packet[4]) for packet in both["audio"][3])
    assert len(phone()) - len(clip) > sound > 0


def test_an_index_with_long_offsets_is_read_too() -> None:
    def long(stbl: bytes) -> bytes:
        parts = []
        for each in boxes(stbl):
            content = stbl[each.content : each.end]
            if each.kind == b"stco":
                offsets = struct.unpack(f">{len(content[8:]) // 4}I", content[8:])
                wide = struct.pack(f">{len(offsets)}Q", *offsets)
                parts.append(box(b"co64", content[:8], wide))
            else:
                parts.append(box(each.kind, content))
        return b"".join(parts)

    assert clip_of(in_index(*STBL, change=long)) == clip_of(phone())


def test_the_edits_that_keep_sound_in_step_are_kept() -> None:
    edit = full_box(b"elst", 0, 0, struct.pack(">IIiI", 1, 400, 512, 1 << 16))

    def edited(trak: bytes) -> bytes:
        kept = b"".join(trak[each.start : each.end] for each in boxes(trak) if each.kind != b"edts")
        return kept + box(b"edts", edit)

    data = in_index(b"trak", change=edited)
    clip = clip_of(data)
    assert clip.count(edit) == 2
    assert played(clip) == played(data)


# Without a clip


@pytest.mark.parametrize(
    "make",
    [
        lambda: samples.video(FRAMES, "mpeg4", sound=True),
        lambda: samples.video([scene(176, 144)] * 5, "h263", container="3gp"),
        lambda: in_index(*STBL, b"stsd", change=lambda stsd: stsd.replace(b"mp4a", b"samr")),
        lambda: with_index(lambda content: content + box(b"mvex", bytes(8))),
        samples.recording,
        samples.jpeg,
        lambda: b"",
    ],
)  # fmt: skip
def test_what_is_not_as_phones_write_it_has_none(make: Callable[[], bytes]) -> None:
    assert derive(make()) is NoClip.UNSUPPORTED


def test_a_file_that_was_cut_short_has_none() -> None:
    data = samples.video(FRAMES, sound=True, index_first=True)
    assert derive(data[:-1]) is NoClip.UNSUPPORTED
    assert derive(phone()[:-1]) is NoClip.UNSUPPORTED


def test_no_byte_of_the_file_is_copied_twice() -> None:
    """Or a small file could be made into a clip without an end."""

    def same(stco: bytes) -> bytes:
        (first,) = struct.unpack_from(">I", stco, 8)
        return stco[:8] + struct.pack(">I", first) * (len(stco[8:]) // 4)

    alike = in_index(*STBL, b"stco", change=same)
    apart = in_index(*STBL, b"stco", change=lambda stco: stco[:8] + bytes(len(stco) - 8))
    assert (derive(alike), derive(apart)) == (NoClip.UNSUPPORTED,) * 2


NUMBERS = st.sampled_from([0, 1, 2, 7, 8, 9, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF8, 0xFFFFFFFF])
DAMAGE = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), NUMBERS | st.integers(0, 2**32 - 1)),
    min_size=1,
    max_size=6,
)


@given(st.sampled_from(sorted(KINDS)), DAMAGE, st.none() | st.floats(0, 1, exclude_max=True))
def test_lying_sizes_and_counts_give_an_answer_within_bounds(
    kind: str, damage: list[tuple[float, int]], cut: float | None
) -> None:
    data = bytearray(hostile(kind))
    start = data.rindex(b"moov") - 4
    end = data.find(b"mdat", start) - 4
    end = end if end > start else len(data)
    for place, value in damage:
        at = start + int(place * (end - start - 4))
        data[at : at + 4] = value.to_bytes(4)
    if cut is not None:
        del data[int(cut * len(data)) :]
    tracemalloc.start()
    try:
        clip = derive(bytes(data))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 << 20
    if isinstance(clip, Clip):
        assert clips.is_bare(clip, len(data))
        assert len(clip.head) + sum(length for _, length in clip.spans) < 2 * len(data) + 1000


@cache
def hostile(kind: str) -> bytes:
    return KINDS[kind]()


@pytest.mark.parametrize("size", [struct.pack(">I4sQ", 1, b"free", n) for n in (0, 15, 2**64 - 1)])
def test_a_long_size_that_lies_ends_the_search(size: bytes) -> None:
    assert derive(size + phone()) is NoClip.UNSUPPORTED


def test_boxes_without_end_are_not_followed_for_ever() -> None:
    asked = []

    def read(offset: int, length: int) -> bytes:
        asked.append(length)
        return (struct.pack(">I4s", 8, b"free") * 2)[:length]

    assert clips.derive(read, 100 << 20) is NoClip.UNSUPPORTED
    assert len(asked) <= 16


def test_counts_near_their_limit_take_no_memory() -> None:
    """All samples are of one size, and only their number says how many."""

    def many(stsz: bytes) -> bytes:
        return stsz[:4] + struct.pack(">II", 1, 2**32 - 1)

    tracemalloc.start()
    try:
        assert derive(in_index(*STBL, b"stsz", change=many)) is NoClip.UNSUPPORTED
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def in_chunks(count: int, apart: int = 1, times: int = 0) -> bytes:
    """Return a silent video of so many chunks, a byte each, and so many entries of durations."""
    tables = {
        b"stsz": struct.pack(">3I", 0, 1, count),
        b"stsc": struct.pack(">5I", 0, 1, 1, 1, 1),
        b"stco": struct.pack(f">2I{count}I", 0, count, *range(0, count * apart, apart)),
        b"stts": struct.pack(">2I", 0, times) + bytes(8 * times),
    }

    def change(stbl: bytes) -> bytes:
        kept = b"".join(stbl[each.start : each.end] for each in boxes(stbl) if each.kind == b"stsd")
        return kept + b"".join(box(kind, content) for kind, content in tables.items())

    return with_index(lambda content: rebuilt(content, STBL, change), samples.video(FRAMES))


def test_an_index_has_as_many_parts_as_a_video_of_this_size_may_have() -> None:
    def is_clip(data: bytes) -> bool:
        return isinstance(derive(data), Clip)

    assert is_clip(in_chunks(200_000))
    assert not is_clip(in_chunks(200_001))
    assert is_clip(in_chunks(clips.MAX_SPANS, apart=2))
    assert not is_clip(in_chunks(clips.MAX_SPANS + 1, apart=2))
    assert is_clip(in_chunks(1, times=180_000))
    assert not is_clip(in_chunks(1, times=190_000))
    assert is_clip(with_index(lambda content: content + box(b"free", bytes(4_000_000))))
    assert not is_clip(with_index(lambda content: content + box(b"free", bytes(4 << 20))))


# What the caller takes for a clip


def test_only_an_index_as_it_would_be_made_is_taken_for_a_clip() -> None:
    data = phone()
    clip = derive(data)
    assert isinstance(clip, Clip)
    named = clip.head.replace(b"vide", b"meta", 1)
    start, length = clip.spans[0]
    for other in (
        Clip(named, clip.spans),
        Clip(clip.head[:-1] + b"x", clip.spans),
        Clip(clip.head + box(b"uuid", WHERE), clip.spans),
        Clip(clip.head, ()),
        Clip(clip.head, (*clip.spans, (0, 1))),
        Clip(clip.head, ((start, length - 1), *clip.spans[1:])),
        Clip(clip.head, ((len(data) - 1, length), *clip.spans[1:])),
        Clip(bytes(clips.MAX_HEAD + 1), clip.spans),
        Clip(clip.head, (*((start, 0),) * clips.MAX_SPANS, *clip.spans)),
    ):
        assert not clips.is_bare(other, len(data))
