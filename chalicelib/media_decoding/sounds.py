"""Decoding of sounds: make a clean copy of an untrusted recording, to be played in a browser.

The sound is decoded, mixed to one channel and encoded anew, and only this is kept. So the copy
cannot contain a name, a place, a picture or trailing bytes. This module runs in a decoder's child;
nothing else imports it.
"""

import io
from collections.abc import Iterable, Iterator

import av

# PyAV imports these when it opens a file, but the child cannot import anything then.
import av.audio.stream
import av.container.output
import av.subtitles.stream
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError
from av.packet import Packet

from chalicelib.kernel.derived import PLAYBACK_SECONDS, Rejected, RejectReason, Sound, SoundInfo
from chalicelib.media_decoding.boxes import without_names
from chalicelib.media_decoding.videos import DEMUXER, OURS, read_hint, rejecting

_PCM = {"pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_alaw", "pcm_mulaw"}
# Of each type of file its demuxer, and what may be in it.
_ISO = ("mov", frozenset({"aac", "alac", "amrnb", "amrwb", "opus"}))
_KINDS = {
    "audio/mp4": _ISO,
    "audio/3gpp": _ISO,
    "audio/amr": ("amr", frozenset({"amrnb", "amrwb"})),
    "audio/mpeg": ("mp3", frozenset({"mp3float"})),
    "audio/wav": ("wav", frozenset(_PCM)),
    "audio/ogg": ("ogg", frozenset({"opus"})),
    "audio/webm": ("matroska", frozenset({"opus"})),
}
# A WAV may say that it has one sample a second: each becomes RATE samples of the copy.
_LEAST_RATE = 4_000
RATE = 24_000
BITS_A_SECOND = 48_000
# Nothing that differs from run to run, and no name of a library.
_BITEXACT = 0x800000

# Fail at the import if PyAV lacks one of the codecs, instead of rejecting files.
for _name in sorted(frozenset[str]().union(*(codecs for _, codecs in _KINDS.values()))):
    av.Codec(_name, "r")
av.Codec("aac", "w")


def derive(data: bytes, content_type: str) -> Sound:
    """Return the first ten minutes of a sound as mono AAC in an MP4.

    Raises Rejected for a fault of the file, and MemoryError. Any other error is a fault of this
    system.
    """
    demuxer, codecs = _KINDS[content_type]
    options = DEMUXER if demuxer == "mov" else {}
    with (
        rejecting(),
        av.open(io.BytesIO(data), "r", format=demuxer, container_options=options) as container,
    ):
        stream = _choose_stream(container, codecs)
        playback, heard_s = _encode(_frames(container, stream))
        if not heard_s:
            raise Rejected(RejectReason.UNREADABLE)
        duration = container.duration / av.time_base if container.duration else 0
        # Of a recording that was cut short, the index promises more than there is.
        whole = max(duration, heard_s) if heard_s >= PLAYBACK_SECONDS else heard_s
        info = SoundInfo(
            duration_s=round(whole, 3),
            codec=stream.codec_context.name.removesuffix("float"),
            hint=read_hint({**stream.metadata, **container.metadata}),
        )
    return Sound(playback, info)


def try_encoder() -> None:
    """Encode silence once. So a later encoder needs nothing that is not loaded."""
    frame = AudioFrame(format="fltp", layout="mono", samples=1024)
    frame.sample_rate = RATE
    frame.planes[0].update(bytes(frame.planes[0].buffer_size))
    _encode(AudioResampler(format="fltp", layout="mono", rate=RATE).resample(frame))


def _choose_stream(container: InputContainer, codecs: frozenset[str]) -> AudioStream:
    streams, pictures = container.streams.audio, container.streams.video
    if not streams:
        raise Rejected(RejectReason.UNREADABLE)
    # A cover is no video. It is not decoded.
    if any(not each.disposition & each.disposition.attached_pic for each in pictures):
        raise Rejected(RejectReason.UNSUPPORTED_FORMAT)
    for stream in streams:
        codec = stream.codec_context
        if codec is not None and codec.name in codecs:
            if codec.sample_rate < _LEAST_RATE:
                raise Rejected(RejectReason.UNREADABLE)
            stream.codec_context.thread_type, stream.codec_context.thread_count = "NONE", 1
            return stream
    raise Rejected(RejectReason.UNSUPPORTED_CODEC)


def _frames(container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
    """Yield what can be decoded, mixed to one channel. A packet that cannot is left out."""
    resampler = AudioResampler(format="fltp", layout="mono", rate=RATE)
    for packet in _packets(container, stream):
        try:
            frames = stream.decode(packet)
        except MemoryError:
            raise
        except FFmpegError:
            continue
        for frame in frames:
            yield from resampler.resample(frame)
    yield from resampler.resample(None)


def _packets(container: InputContainer, stream: AudioStream) -> "Iterator[Packet[AudioStream]]":
    """Yield the packets up to the end, or to where the file is broken."""
    packets = container.demux(stream)
    while True:
        try:
            yield next(packets)
        except StopIteration:
            return
        except FFmpegError as error:
            if error.errno in OURS:
                raise
            return


def _encode(frames: Iterable[AudioFrame]) -> tuple[bytes, float]:
    """Return frames as an MP4, and how many seconds it has."""
    result, written = io.BytesIO(), 0
    with av.open(result, "w", format="mp4", options={"fflags": "+bitexact"}) as output:
        track = output.add_stream("aac", rate=RATE, layout="mono", options={"aac_coder": "fast"})
        track.bit_rate = BITS_A_SECOND
        track.codec_context.thread_count = 1
        track.codec_context.flags |= _BITEXACT
        for frame in frames:
            if written >= PLAYBACK_SECONDS * RATE:
                break
            frame.pts = written  # a gap in the original is none in the copy
            written += frame.samples
            _mux(output, track, frame)
        _mux(output, track, None)
    return without_names(result.getvalue()), written / RATE


def _mux(output: OutputContainer, track: AudioStream, frame: AudioFrame | None) -> None:
    for packet in track.encode(frame):
        output.mux(packet)
