"""Videos: one upright still, length and codec, from as few bytes as possible. Runs in the sandbox;
nothing else imports it.

Phones write the index (`moov`) at the end as often as at the start, so the file is read by ranges:
the index, then the first key frame.
"""

import errno
import io
import re
from collections.abc import Callable
from datetime import datetime
from itertools import islice

import av

# Imported now: the library would import it while opening a file, when the sandbox cannot.
import av.subtitles.stream
from av.container import InputContainer
from av.container.streams import StreamContainer
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from chalicelib.domain.media import (
    MAX_PIXELS,
    PREVIEW_PX,
    Hint,
    Looked,
    Pictures,
    Rejected,
    RejectReason,
)
from chalicelib.media.images import fit, render

type Read = Callable[[int, int], bytes]
"""`read(offset, length)` gives exactly these bytes of the file."""

BLOCK = 256 << 10
CODECS = frozenset({"h264", "hevc", "mpeg4", "h263"})
PACKETS_TRIED = 100
LATER_SECONDS = (1, 3)

# Fails now if the library was built without one of them, instead of rejecting the first file.
for _name in sorted(CODECS):
    av.Codec(_name, "r")

# What the decoders raise about a file, except faults of the system: too many open files, say.
_ABOUT_THE_FILE = (FFmpegError, ValueError, EOFError)
_OURS = frozenset({errno.EMFILE, errno.ENFILE})

# The container's index has all that is needed, so nothing more is read to probe the streams.
_DEMUXER = {
    "probesize": "32",
    "analyzeduration": "0",
    "enable_drefs": "0",
    "use_absolute_path": "0",
}
_TURNS = {
    90: Image.Transpose.ROTATE_90,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_270,
}


def derive(read: Read, size: int) -> Pictures:
    """Derive from a video of `size` bytes in an ISO container (MP4, MOV, 3GP).

    Raises Rejected and MemoryError; anything else is our fault.
    """
    try:
        with av.open(
            Blocks(read, size), "r", format="mov", container_options=_DEMUXER
        ) as container:
            stream = _choose_stream(container.streams)
            duration = container.duration / av.time_base if container.duration else None
            frame = _choose_frame(container, stream)
            image, width, height = _upright(frame, stream)
            hint = _read_hint({**stream.metadata, **container.metadata})
            looked = Looked(
                width=width,
                height=height,
                duration_s=round(duration, 3) if duration and duration > 0 else None,
                codec=stream.codec_context.name,
                hint=hint,
            )
    except MemoryError:
        raise
    except _ABOUT_THE_FILE as error:
        if isinstance(error, FFmpegError) and error.errno in _OURS:
            raise
        raise Rejected(RejectReason.UNREADABLE) from None
    return render(image, looked)


class Blocks(io.RawIOBase):
    """A seekable file over `read`, which is called for whole blocks, each once.

    Missing neighbours are read in one call.
    """

    def __init__(self, read: Read, size: int) -> None:
        self._read, self._size = read, size
        self._at = 0
        self._held: dict[int, bytes] = {}

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError("before the start")
        self._at = start + offset
        return self._at

    def read(self, length: int = -1, /) -> bytes:
        left = max(0, self._size - self._at)
        length = left if length < 0 else min(length, left)
        if not length:
            return b""
        first, last = self._at // BLOCK, (self._at + length - 1) // BLOCK
        self._fill(first, last)
        span = b"".join(self._held[number] for number in range(first, last + 1))
        begin = self._at - first * BLOCK
        self._at += length
        return span[begin : begin + length]

    def _fill(self, first: int, last: int) -> None:
        missing = [number for number in range(first, last + 1) if number not in self._held]
        if not missing:
            return
        offset = missing[0] * BLOCK
        span = self._read(offset, min((missing[-1] + 1) * BLOCK, self._size) - offset)
        for number in range(missing[0], missing[-1] + 1):
            self._held[number] = span[number * BLOCK - offset :][:BLOCK]


def _choose_stream(streams: StreamContainer) -> VideoStream:
    moving = [
        stream
        for stream in streams.video
        if not stream.disposition & stream.disposition.attached_pic
    ]
    if not moving:
        raise Rejected(RejectReason.NO_VIDEO if len(streams) else RejectReason.UNREADABLE)
    for stream in moving:
        if stream.codec_context is not None and stream.codec_context.name in CODECS:
            return stream
    raise Rejected(RejectReason.UNSUPPORTED_CODEC)


def _choose_frame(container: InputContainer, stream: VideoStream) -> VideoFrame:
    """Return the first key frame that is not of one colour: many videos begin black."""
    codec = stream.codec_context
    if codec.width * codec.height > MAX_PIXELS:
        raise Rejected(RejectReason.TOO_MANY_PIXELS)
    # The frame may be larger than the index says.
    codec.options = {"max_pixels": str(MAX_PIXELS)}
    codec.thread_type, codec.thread_count = "NONE", 1
    first = _next_key_frame(container, stream)
    for seconds in LATER_SECONDS:
        if first and not _is_flat(first):
            break
        try:
            container.seek(int(seconds * av.time_base), backward=False)
        except FFmpegError:  # the video is shorter
            break
        frame = _next_key_frame(container, stream)
        if frame and (not first or not _is_flat(frame)):
            first = frame
    if not first:
        raise Rejected(RejectReason.UNREADABLE)
    return first


def _next_key_frame(container: InputContainer, stream: VideoStream) -> VideoFrame | None:
    """Return the next key frame, or None.

    Flushing the decoder after its one packet yields the frame at once.
    """
    codec = stream.codec_context
    for packet in islice(container.demux(stream), PACKETS_TRIED):
        if not packet.is_keyframe or not packet.size:
            continue
        try:
            frames = [*stream.decode(packet), *codec.decode(None)]
        except MemoryError:
            raise
        except FFmpegError:
            frames = []
        codec.flush_buffers()
        if frames:
            return frames[0]
    return None


def _is_flat(frame: VideoFrame) -> bool:
    image: Image.Image = frame.reformat(32, 32, format="gray", interpolation="AREA").to_image()  # type: ignore[no-untyped-call]
    low, high = image.convert("L").getextrema()
    return bool(high - low < 32)  # type: ignore[operator]


def _upright(frame: VideoFrame, stream: VideoStream) -> tuple[Image.Image, int, int]:
    """Return the frame at preview size, with square pixels, turned as a player would; and the size
    at which it is shown.
    """
    shape = stream.sample_aspect_ratio or 1
    width = max(1, round(frame.width * shape)) if 0.1 < shape < 10 else frame.width
    height = frame.height
    box = fit((width, height), PREVIEW_PX)
    image: Image.Image = frame.reformat(*box, format="rgb24", interpolation="AREA").to_image()  # type: ignore[no-untyped-call]
    turn = round(frame.rotation / 90) * 90 % 360
    if turn in _TURNS:
        image = image.transpose(_TURNS[turn])
    return (image, height, width) if turn in (90, 270) else (image, width, height)


def _read_hint(metadata: dict[str, str]) -> Hint | None:
    hint = Hint(taken_at=_read_time(metadata), **_read_place(metadata))
    return None if hint == Hint() else hint


def _read_time(metadata: dict[str, str]) -> datetime | None:
    written = (
        metadata.get("com.apple.quicktime.creationdate") or metadata.get("creation_time") or ""
    )
    try:
        taken_at = datetime.fromisoformat(written)
    except ValueError:
        return None
    # A camera without a clock counts from 1904 or 1970.
    return taken_at if taken_at.year >= 1990 else None


def _read_place(metadata: dict[str, str]) -> dict[str, float]:
    """Read ISO 6709, such as `+52.3693+006.6761+10.534988/`.

    0, 0 is what a phone writes that does not know.
    """
    written = metadata.get("com.apple.quicktime.location.ISO6709") or metadata.get("location") or ""
    match = re.match(r"([+-]\d{1,2}(?:\.\d{1,9})?)([+-]\d{1,3}(?:\.\d{1,9})?)(?:[+-]|/|$)", written)
    if not match:
        return {}
    lat, lon = float(match[1]), float(match[2])
    return {"lat": lat, "lon": lon} if abs(lat) <= 90 and abs(lon) <= 180 and (lat or lon) else {}
