"""Decoding of videos: make pictures of one frame, from as few bytes of the file as possible.

Many phones write the index (`moov`) at the end of the file. So ranges of the file are read: the
index, then the first key frame. This module runs in a decoder's child; nothing else imports it.
"""

import errno
import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice

import av

# PyAV imports this when it opens a file, but the child cannot import anything then.
import av.subtitles.stream
from av.container import InputContainer
from av.container.streams import StreamContainer
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from chalicelib.kernel.derived import (
    MAX_PIXELS,
    PREVIEW_PX,
    Hint,
    PictureInfo,
    Pictures,
    Rejected,
    RejectReason,
    fit,
)
from chalicelib.media_decoding import clips
from chalicelib.media_decoding.images import render

type Read = Callable[[int, int], bytes]
"""`read(offset, length)` returns exactly these bytes of the file."""

BLOCK = 256 << 10
CODECS = frozenset({"h264", "hevc", "mpeg4", "h263"})
PACKETS_TRIED = 100
LATER_SECONDS = (1, 3)

# Fail at the import if PyAV lacks one of the codecs, instead of rejecting files.
for _name in sorted(CODECS):
    av.Codec(_name, "r")

# The errors of the decoders about a file, except for errors of the operating system in `OURS`
# (too many open files).
ABOUT_THE_FILE = (FFmpegError, ValueError, EOFError)
OURS = frozenset({errno.EMFILE, errno.ENFILE})

# The index of the container has all that is needed, so the streams need not be probed.
DEMUXER = {"probesize": "32", "analyzeduration": "0", "enable_drefs": "0", "use_absolute_path": "0"}
_TURNS = {
    90: Image.Transpose.ROTATE_90,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_270,
}


def derive(read: Read, size: int, *, clip: bool = False) -> Pictures:
    """Return the pictures of a video of `size` bytes in an ISO container (MP4, MOV, 3GP), and with
    `clip` what is played of it.

    Raises Rejected for a fault of the file, and MemoryError. Any other error is a fault of this
    system.
    """
    file = Blocks(read, size)
    with rejecting(), av.open(file, "r", format="mov", container_options=DEMUXER) as container:
        stream = _choose_stream(container.streams)
        duration = container.duration / av.time_base if container.duration else None
        frame = _choose_frame(container, stream)
        image, width, height = _upright(frame, stream)
        hint = read_hint({**stream.metadata, **container.metadata})
        info = PictureInfo(
            width=width,
            height=height,
            duration_s=round(duration, 3) if duration and duration > 0 else None,
            codec=stream.codec_context.name,
            hint=hint,
        )
    pictures = render(image, info)
    # The blocks with the index are there already.
    return pictures._replace(clip=clips.derive(file.read_at, size)) if clip else pictures


@contextmanager
def rejecting() -> Iterator[None]:
    """Raise Rejected for what a decoder says of a file; not for what it says of the system."""
    try:
        yield
    except MemoryError:
        raise
    except ABOUT_THE_FILE as error:
        if isinstance(error, FFmpegError) and error.errno in OURS:
            raise
        raise Rejected(RejectReason.UNREADABLE) from None


class Blocks(io.RawIOBase):
    """A seekable file that reads whole blocks with `read`, each block once.

    Adjacent missing blocks are read with one call.
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

    def read_at(self, offset: int, length: int) -> bytes:
        self.seek(offset)
        return self.read(length)

    def read(self, length: int = -1, /) -> bytes:
        remaining = max(0, self._size - self._at)
        length = remaining if length < 0 else min(length, remaining)
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
    """Return the first key frame that is not of one colour, because many videos begin black."""
    codec = stream.codec_context
    if codec.width * codec.height > MAX_PIXELS:
        raise Rejected(RejectReason.TOO_MANY_PIXELS)
    # The real frame may be larger than the size in the index.
    codec.options = {"max_pixels": str(MAX_PIXELS)}
    codec.thread_type, codec.thread_count = "NONE", 1
    first = _next_key_frame(container, stream)
    for seconds in LATER_SECONDS:
        if first and not _is_flat(first):
            break
        try:
            container.seek(int(seconds * av.time_base), backward=False)
        except FFmpegError:
            break  # The video is shorter.
        frame = _next_key_frame(container, stream)
        if frame and (not first or not _is_flat(frame)):
            first = frame
    if not first:
        raise Rejected(RejectReason.UNREADABLE)
    return first


def _next_key_frame(container: InputContainer, stream: VideoStream) -> VideoFrame | None:
    """Return the next key frame, or None.

    The decoder is flushed after each packet, so that it returns the frame immediately.
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
    image = _scale(frame, (32, 32), "gray")
    low, high = image.convert("L").getextrema()
    return bool(high - low < 32)  # type: ignore[operator]


def _upright(frame: VideoFrame, stream: VideoStream) -> tuple[Image.Image, int, int]:
    """Return the frame as a player shows it, at preview size, and the full width and height.

    Its pixels are square, and it is rotated as the video says.
    """
    shape = stream.sample_aspect_ratio or 1
    width = max(1, round(frame.width * shape)) if 0.1 < shape < 10 else frame.width
    height = frame.height
    box = fit((width, height), PREVIEW_PX)
    image = _scale(frame, box, "rgb24")
    turn = round(frame.rotation / 90) * 90 % 360
    if turn in _TURNS:
        image = image.transpose(_TURNS[turn])
    return (image, height, width) if turn in (90, 270) else (image, width, height)


def _scale(frame: VideoFrame, size: tuple[int, int], colours: str) -> Image.Image:
    """Return the frame at this size. The child may start no threads."""
    scaled = frame.reformat(*size, format=colours, interpolation="AREA", threads=1)
    image: Image.Image = scaled.to_image(threads=1)  # type: ignore[no-untyped-call]
    return image


def read_hint(metadata: dict[str, str]) -> Hint | None:
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
    # Earlier: a camera whose clock was never set, which begins at 1904 or 1970.
    return taken_at if taken_at.year >= 1990 else None


def _read_place(metadata: dict[str, str]) -> dict[str, float]:
    """Return the place in an ISO 6709 string such as `+52.3693+006.6761+10.534988/`.

    Empty for 0, 0, which a phone writes when it does not know its position.
    """
    written = metadata.get("com.apple.quicktime.location.ISO6709") or metadata.get("location") or ""
    match = re.match(r"([+-]\d{1,2}(?:\.\d{1,9})?)([+-]\d{1,3}(?:\.\d{1,9})?)(?:[+-]|/|$)", written)
    if not match:
        return {}
    lat, lon = float(match[1]), float(match[2])
    return {"lat": lat, "lon": lon} if abs(lat) <= 90 and abs(lon) <= 180 and (lat or lon) else {}
