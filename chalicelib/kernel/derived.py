"""Results of decoding a file, and reasons to reject it: shared by `decode` and its callers.

The standard library alone: `decode` has one file to open, and would load pydantic for longer than
it takes. Callers validate these classes with pydantic, which reads their annotations
(`store/media/decoding.py`).
"""

import re
import struct
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, NamedTuple

from annotated_types import Ge, Le

MAX_PIXELS = 40_000_000
"""What is decoded. A larger JPEG still passes, since it is decoded at a fraction of its size; and a
48 MP HEIC, as phones make them.
"""
THUMB_PX = 400
PREVIEW_PX = 1600
"""The longer side of each derived picture is at most this."""

MOST_SHOWN_PIXELS = 10 * MAX_PIXELS
"""What any accepted file can show: a video has pixels that are up to ten times as wide as high."""

PLAYBACK_SECONDS = 600
"""Of a sound, so much is derived: the beginning."""

MAX_CLIP_BYTES = 100 << 20
"""A clip is made of a video of at most this size."""

type Size = tuple[int, int]
"""A width and a height in pixels."""

# The most that a file can claim, which is far more than it can have: a row takes no number at will.
_MOST_SIDE, _MOST_SECONDS = 10**9, 10**13

_CODEC = re.compile(r"[a-z0-9_]{1,32}")
_EDGES = re.compile(r"[0-9a-f]{16}")
_STRICT = {"extra": "forbid", "allow_inf_nan": False}


class RejectReason(StrEnum):
    """Why a medium was rejected. `reason_text` says it in the language of the request."""

    NOT_RECEIVED = "not_received"  # nothing came within UPLOAD_PATIENCE
    SIZE_MISMATCH = "size_mismatch"  # the parts do not add up to the declared size
    TOO_LARGE = "too_large"  # more bytes than its real type allows
    UNSUPPORTED_FORMAT = "unsupported_format"  # the bytes are of none of the accepted types
    # an accepted container, but the video in it is of none of the accepted codecs
    UNSUPPORTED_CODEC = "unsupported_codec"
    UNREADABLE = "unreadable"  # an accepted type, but broken or cut short
    TOO_MANY_PIXELS = "too_many_pixels"  # larger than can be decoded within the limits
    NO_VIDEO = "no_video"  # a container without a picture in it, and no accepted sound
    # it made its decoder crash, or work for longer or with more memory than any file needs
    UNPROCESSABLE = "unprocessable"
    WITHDRAWN = "withdrawn"  # the report was withdrawn before there was a verdict


class NoClip(StrEnum):
    """Why there is no clean clip of a video."""

    TOO_LARGE = "too_large"  # more than MAX_CLIP_BYTES
    # not as phones write it: another codec, an index in fragments, or one that is damaged
    UNSUPPORTED = "unsupported"


class Rejected(Exception):
    """These bytes cannot be accepted."""

    def __init__(self, reason: RejectReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


def fit(size: Size, longest: int) -> Size:
    """Return `size` scaled down so that its longer side is at most `longest`. Never scale up."""
    scale = min(1.0, longest / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


@dataclass(frozen=True, slots=True)
class Hint:
    """The metadata of the original. For officers, apart from what the reporter said, and never
    in a derived picture.

    `taken_at` has a zone only where the original gives one. `lat` and `lon` are WGS-84 degrees,
    both or neither.
    """

    taken_at: datetime | None = None
    lat: Annotated[float, Ge(-90), Le(90)] | None = None
    lon: Annotated[float, Ge(-180), Le(180)] | None = None

    __pydantic_config__ = _STRICT

    def __post_init__(self) -> None:
        if (self.lat is None) != (self.lon is None):
            raise ValueError("lat and lon come together")


@dataclass(frozen=True, slots=True)
class PictureInfo:
    """The facts of a picture or video: its upright size, and of a video its length in seconds
    and codec.

    `edges` is a hash of what the picture shows (64 bits in hexadecimal digits).
    """

    width: Annotated[int, Ge(1), Le(_MOST_SIDE)]
    height: Annotated[int, Ge(1), Le(_MOST_SIDE)]
    duration_s: Annotated[float, Ge(0), Le(_MOST_SECONDS)] | None = None
    codec: str | None = None
    hint: Hint | None = None
    edges: str | None = None

    __pydantic_config__ = _STRICT

    def __post_init__(self) -> None:
        if self.codec is not None and not _CODEC.fullmatch(self.codec):
            raise ValueError("no name of a codec")
        if self.edges is not None and not _EDGES.fullmatch(self.edges):
            raise ValueError("no hash of a picture")


@dataclass(frozen=True, slots=True)
class SoundInfo:
    """The facts of a sound: its length in seconds, also beyond what is derived, and its
    codec.
    """

    duration_s: Annotated[float, Ge(0), Le(_MOST_SECONDS)]
    codec: str
    hint: Hint | None = None

    __pydantic_config__ = _STRICT

    def __post_init__(self) -> None:
        if not _CODEC.fullmatch(self.codec):
            raise ValueError("no name of a codec")


SPAN = struct.Struct(">II")
"""A span of an original in an answer of `decode`: its offset and its length."""


class Clip(NamedTuple):
    """An MP4 with the frames and sound of a video and nothing else: its first bytes, and the
    spans of the original that follow, each an offset and a length.
    """

    head: bytes
    spans: tuple[tuple[int, int], ...]


class Pictures(NamedTuple):
    """The files from a picture or video: two JPEGs without metadata, and its facts; and, when it
    was asked for, the clip of a video.
    """

    thumb: bytes
    preview: bytes
    info: PictureInfo
    clip: Clip | NoClip | None = None


class Sound(NamedTuple):
    """The file from a sound: an MP4 of one track without metadata, and its facts."""

    playback: bytes
    info: SoundInfo
