"""A recording becomes a clean copy that browsers play; other files are rejected."""

from array import array
from collections.abc import Callable
from io import BytesIO
from random import Random

import av
import pytest

from chalicelib.domain.media import of_sound, sniff
from chalicelib.kernel.derived import PLAYBACK_SECONDS, Rejected, RejectReason, Sound
from chalicelib.media_decoding import sounds
from chalicelib.media_decoding.boxes import boxes, is_bare_sound
from chalicelib.store.media.decoding import MAX_PLAYBACK
from tests import media_samples as samples
from tests.decoding import DECODING, file_of
from tests.media_samples import CANARY

KINDS: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "aac in mp4": (samples.recording, "audio/mp4", "aac"),
    "aac of an ipod": (lambda: samples.recording(container="ipod"), "audio/mp4", "aac"),
    "alac in mp4": (lambda: samples.recording(codec="alac"), "audio/mp4", "alac"),
    "aac in 3gp": (lambda: samples.recording(container="3gp"), "audio/3gpp", "aac"),
    "amr in 3gp": (samples.amr_in_3gp, "audio/3gpp", "amrnb"),
    "wide amr in 3gp": (lambda: samples.amr_in_3gp(wide=True), "audio/3gpp", "amrwb"),
    "amr": (samples.amr, "audio/amr", "amrnb"),
    "mp3": (lambda: samples.other_sound("mp3"), "audio/mpeg", "mp3"),
    "mp3 with a cover": (lambda: samples.other_sound("mp3", cover=True), "audio/mpeg", "mp3"),
    "mp3 without a tag": (lambda: untagged(samples.other_sound("mp3")), "audio/mpeg", "mp3"),
    "wav": (lambda: samples.other_sound("wav"), "audio/wav", "pcm_s16le"),
    "wav of a telephone": (
        lambda: samples.other_sound("wav", codec="pcm_alaw"),
        "audio/wav",
        "pcm_alaw",
    ),
    "opus in ogg": (lambda: samples.other_sound("ogg"), "audio/ogg", "opus"),
    "opus in webm": (lambda: samples.other_sound("webm"), "audio/webm", "opus"),
    "wide amr": (lambda: samples.amr(wide=True), "audio/amr", "amrwb"),
}


def type_of(data: bytes) -> str:
    found = sniff(data[:64]) or ""
    return of_sound(found) or found


def untagged(mp3: bytes) -> bytes:
    """Return an MP3 without the tag at its start, whose size is of seven bits a byte."""
    size = sum(byte << 7 * at for at, byte in enumerate(reversed(mp3[6:10])))
    return mp3[10 + size :]


def derive(data: bytes) -> Sound:
    sound = sounds.derive(data, type_of(data))
    assert is_bare_sound(sound.playback)
    assert CANARY not in sound.playback
    return sound


def reason(data: bytes, content_type: str = "audio/mp4") -> RejectReason:
    with pytest.raises(Rejected) as rejected:
        sounds.derive(data, content_type)
    return rejected.value.reason


def length_of(playback: bytes) -> float:
    """Play a copy to its end, and return its length in seconds. It is one channel of AAC."""
    with av.open(BytesIO(playback), "r") as copy:
        [track] = copy.streams.audio
        assert len(copy.streams) == 1
        assert (track.codec_context.name, track.codec_context.layout.name) == ("aac", "mono")
        return sum(frame.samples for frame in copy.decode(track)) / track.codec_context.sample_rate


@pytest.mark.parametrize("kind", KINDS)
def test_each_container_and_codec_gives_a_copy_of_the_same_length(kind: str) -> None:
    make, content_type, codec = KINDS[kind]
    data = make()
    assert type_of(data) == content_type
    sound = derive(data)
    assert sound.info.codec == codec
    assert sound.info.duration_s == pytest.approx(1, abs=0.1)
    assert length_of(sound.playback) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("kind", KINDS)
def test_each_comes_out_of_its_process_as_it_would_without_one(kind: str) -> None:
    make, content_type, _ = KINDS[kind]
    data = make()
    assert DECODING.hear(content_type, file_of(data)) == derive(data)


def test_the_same_file_gives_the_same_bytes_without_a_name_of_a_library() -> None:
    first, second = (derive(samples.recording()).playback for _ in range(2))
    assert first == second
    assert b"Lav" not in first


def test_names_and_places_in_the_original_are_not_in_the_copy() -> None:
    data = samples.recording(named=True)
    assert CANARY in data
    derive(data)


def test_it_is_as_loud_as_it_was() -> None:
    def loudest(data: bytes) -> float:
        with av.open(BytesIO(data), "r") as file:
            resampler = av.AudioResampler(format="flt", layout="mono", rate=24000)
            frames = [f for each in file.decode(audio=0) for f in resampler.resample(each)]
        return max(max(map(abs, array("f", bytes(frame.planes[0])))) for frame in frames)

    data = samples.recording()
    assert loudest(derive(data).playback) == pytest.approx(loudest(data), rel=0.3)


def test_only_the_first_ten_minutes_are_copied_and_the_length_is_that_of_the_whole() -> None:
    data = samples.amr(PLAYBACK_SECONDS + 100)
    sound = DECODING.hear("audio/amr", file_of(data))
    assert length_of(sound.playback) == pytest.approx(PLAYBACK_SECONDS, abs=0.2)
    assert sound.info.duration_s == pytest.approx(PLAYBACK_SECONDS + 100, rel=0.05)
    assert len(sound.playback) < MAX_PLAYBACK


def test_a_recording_that_was_cut_short_is_heard_as_far_as_it_goes() -> None:
    data = samples.amr(10)
    sound = derive(data[: len(data) // 2])
    assert length_of(sound.playback) == pytest.approx(5, abs=0.2)
    assert sound.info.duration_s == pytest.approx(5, abs=0.2)


def test_packets_that_do_not_decode_are_left_out() -> None:
    data = bytearray(samples.recording(5))
    start = data.find(b"mdat") + 2000
    data[start : start + 400] = Random(2).randbytes(400)
    assert 3 < length_of(derive(bytes(data)).playback) < 6


def test_what_is_no_sound_is_rejected() -> None:
    assert reason(samples.recording()[:300]) is RejectReason.UNREADABLE
    assert reason(b"#!AMR\n", "audio/amr") is RejectReason.UNREADABLE
    assert reason(samples.video([samples.scene()] * 2)) is RejectReason.UNREADABLE
    assert reason(samples.recording(codec="flac")) is RejectReason.UNSUPPORTED_CODEC


@pytest.mark.parametrize("container", ["mp3", "wav", "ogg", "webm"])
def test_a_recording_of_a_browser_that_was_cut_short_is_heard_as_far_as_it_goes(
    container: str,
) -> None:
    data = samples.other_sound(container, 4)
    assert CANARY in data
    assert 0.5 < length_of(derive(data[: len(data) // 2]).playback) < 3
    for end in (12, 40, 64):
        assert reason(data[:end], type_of(data)) is RejectReason.UNREADABLE


def test_a_video_in_the_place_of_a_recording_is_rejected() -> None:
    film = samples.webm_video()
    assert sniff(film[:64]) == "audio/webm"
    assert reason(film, "audio/webm") is RejectReason.UNSUPPORTED_FORMAT


def test_what_a_container_of_sound_may_not_hold_is_rejected() -> None:
    assert (
        reason(samples.other_sound("wav", codec="adpcm_ms"), "audio/wav")
        is RejectReason.UNSUPPORTED_CODEC
    )
    tagged = b"ID3\x04\0\0\0\0\0\0"
    assert reason(tagged + samples.jpeg(), "audio/mpeg") is RejectReason.UNREADABLE


@pytest.mark.parametrize(("rate", "channels"), [(1, 1), (0, 1), (48_000, 30_000)])
def test_a_wav_that_would_grow_is_rejected(rate: int, channels: int) -> None:
    body = bytes(200_000)
    header = samples.wav_header(rate, channels, size=len(body))
    assert sniff(header[:64]) == "audio/wav"
    assert reason(header + body, "audio/wav") is RejectReason.UNREADABLE


@pytest.mark.parametrize(
    "kind",
    ["aac in mp4", "amr in 3gp", "amr", "mp3 with a cover", "wav", "opus in ogg", "opus in webm"],
)
def test_damaged_files_are_rejected_or_give_a_bare_copy(kind: str) -> None:
    data = KINDS[kind][0]()
    content_type = KINDS[kind][1]
    for seed in range(60):
        dice = Random(seed)
        damaged = bytearray(data)
        for _ in range(dice.randint(1, 30)):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        try:
            sound = sounds.derive(bytes(damaged), content_type)
        except (Rejected, MemoryError):
            continue
        assert is_bare_sound(sound.playback)


def test_a_copy_with_anything_else_in_it_is_not_bare() -> None:
    bare = derive(samples.recording()).playback
    assert is_bare_sound(bare)
    free = next(each for each in boxes(bare) if each.kind == b"free")
    moov = next(each for each in boxes(bare) if each.kind == b"moov")
    names = next(each for each in boxes(bare, moov.content, moov.end) if each.kind == b"free")
    mvhd = next(boxes(bare, moov.content, moov.end))
    assert mvhd.kind == b"mvhd"
    found = {
        name: bare.index(name) for name in (b"SoundHandler", b"soun", b"url ", b"mp4a", b"stsd")
    }

    def altered(at: int, put: bytes) -> bytes:
        return bare[:at] + put + bare[at + len(put) :]

    wrong = {
        "cut short": bare[:-1],
        "more at the end": bare + b"\0",
        "a second file": bare + bare,
        "another box": altered(free.start + 4, b"uuid"),
        "names": altered(names.start + 4, b"udta"),
        "free space that is used": altered(names.content, b"a"),
        "a time": altered(mvhd.content + 4, b"\0\0\0\1"),
        "a name": altered(found[b"SoundHandler"], b"Anna's phone"),
        "a track of pictures": altered(found[b"soun"], b"vide"),
        "another codec": altered(found[b"mp4a"], b"avc1"),
        "two sounds": altered(found[b"stsd"] + 11, b"\2"),
        "what is in another file": altered(found[b"url "] + 7, b"\0"),
        "an original": samples.recording(named=True),
        "a video": samples.video([samples.scene()] * 2),
        "nothing": b"",
    }
    assert [name for name, data in wrong.items() if is_bare_sound(data)] == []


def test_a_decoder_that_sends_something_else_is_not_believed() -> None:
    with pytest.raises(Rejected) as rejected:
        DECODING.hear("image/jpeg", file_of(samples.jpeg()))
    assert rejected.value.reason is RejectReason.UNPROCESSABLE
    with pytest.raises(Rejected) as rejected:
        DECODING.derive("audio/mp4", file_of(samples.recording()))
    assert rejected.value.reason is RejectReason.UNPROCESSABLE
