"""What may be attached, how far each attachment has come, and what was found in it.

A medium belongs to a report or a bulletin, its owner. It is declared, uploaded to
`originals/{owner}/{media}` and processed by `make_thumbnails`, whose result is a `Manifest` at
`derived/{owner}/{media}/manifest.json`. Nothing declared is trusted: the manifest holds what the
bytes say.

The media of critical reports have a queue and a function of their own, so that no others are before
them. EventBridge sees nothing but an object's key, so the medium's id says it: `CRITICAL_PREFIX`.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from chalicelib.domain.derived import Hint, RejectReason
from chalicelib.domain.models import Input

MIB = 1 << 20
POST_MAX_BYTES = 16 * MIB
"""A video above this goes up in parts; below, and every picture, by one presigned POST."""
PART_SIZE = 8 * MIB
MAX_PARTS_PER_CALL = 8
MAX_MEDIA_PER_CALL = 5
MAX_MEDIA_PER_REPORT = 10
MAX_BYTES_PER_REPORT = 500 * MIB
"""What the media of a report may have together, and once more each time that an officer asks."""
GRANT_LIFE = timedelta(minutes=60)
UPLOAD_PATIENCE = timedelta(hours=24)
"""How long an upload may take before it is `rejected` as `not_received`."""


class MediaKind(StrEnum):
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"


class MediaType(NamedTuple):
    kind: MediaKind
    max_bytes: int


_IMAGE = MediaType(MediaKind.IMAGE, 25 * MIB)
_VIDEO = MediaType(MediaKind.VIDEO, 500 * MIB)
_AUDIO = MediaType(MediaKind.AUDIO, 25 * MIB)
ACCEPTED: Mapping[str, MediaType] = MappingProxyType(
    {
        "image/jpeg": _IMAGE,
        "image/png": _IMAGE,
        "image/webp": _IMAGE,
        "image/heic": _IMAGE,
        "image/heif": _IMAGE,
        "video/mp4": _VIDEO,
        "video/quicktime": _VIDEO,
        "video/3gpp": _VIDEO,
        "audio/mp4": _AUDIO,
        "audio/3gpp": _AUDIO,
        "audio/amr": _AUDIO,
    }
)

_SHA256 = "^[0-9A-Fa-f]{64}$"


class Declared(Input):
    """A medium that the client will upload: its type, its size in bytes, its SHA-256.

    `sha256` is hexadecimal, in lower or upper case. S3 then accepts only a file with this hash. It
    is not possible for a video that is uploaded in parts.
    """

    content_type: Annotated[str, WithJsonSchema({"type": "string", "enum": list(ACCEPTED)})]
    size: Annotated[int, Field(ge=1, json_schema_extra={"maximum": _VIDEO.max_bytes})]
    sha256: Annotated[str, WithJsonSchema({"type": "string", "pattern": _SHA256})] | None = None

    @field_validator("content_type")
    @classmethod
    def _accepted(cls, value: str) -> str:
        if value not in ACCEPTED:
            raise PydanticCustomError(
                "unsupported_media_type", "not one of: {allowed}", {"allowed": ", ".join(ACCEPTED)}
            )
        return value

    @field_validator("size")
    @classmethod
    def _within_its_limit(cls, value: int, info: ValidationInfo) -> int:
        accepted = ACCEPTED.get(info.data.get("content_type", ""))
        if accepted and value > accepted.max_bytes:
            raise PydanticCustomError(
                "too_large", "more than {max_bytes} bytes", {"max_bytes": accepted.max_bytes}
            )
        return value

    @field_validator("sha256")
    @classmethod
    def _enforceable(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None:
            return None
        if not re.fullmatch(_SHA256, value):
            raise PydanticCustomError("bad_sha256", "not 64 hexadecimal digits")
        content_type, size = info.data.get("content_type"), info.data.get("size")
        if content_type and size and goes_in_parts(content_type, size):
            raise PydanticCustomError(
                "sha256_not_for_multipart", "not possible for a video that goes up in parts"
            )
        return value.lower()


_PICTURES = [name for name, accepted in ACCEPTED.items() if accepted.kind is MediaKind.IMAGE]


class DeclaredPicture(Declared):
    """The same where only pictures are shown. Another accepted type is refused by the use case."""

    content_type: Annotated[str, WithJsonSchema({"type": "string", "enum": _PICTURES})]
    size: Annotated[int, Field(ge=1, json_schema_extra={"maximum": _IMAGE.max_bytes})]


def goes_in_parts(content_type: str, size: int) -> bool:
    """Return whether an accepted medium goes up by multipart (a video above POST_MAX_BYTES)."""
    return ACCEPTED[content_type].kind is MediaKind.VIDEO and size > POST_MAX_BYTES


class MediaState(StrEnum):
    """The state of a medium, in the order of processing. `ready` and `rejected` are final."""

    AWAITING = "awaiting"
    PROCESSING = "processing"
    READY = "ready"
    REJECTED = "rejected"

    @property
    def is_verdict(self) -> bool:
        return self in (MediaState.READY, MediaState.REJECTED)


_STEP = {
    MediaState.AWAITING: 0,
    MediaState.PROCESSING: 1,
    MediaState.READY: 2,
    MediaState.REJECTED: 2,
}


def advances(present: MediaState, proposed: MediaState) -> bool:
    """Return whether `proposed` is further on than `present`: a state only moves forward."""
    return _STEP[proposed] > _STEP[present]


type DerivedName = Literal[
    "thumb.jpg",
    "preview.jpg",
    "playback.m4a",
    "manifest.json",
    "redacted.jpg",
    "redacted/manifest.json",
]


class MediaKey(NamedTuple):
    """Whose medium it is, and which. `ids.owner_of` reads the owner from `owner_id`."""

    owner_id: str
    media_id: str


CRITICAL_PREFIX = "C-"
"""How the id of a medium begins whose report was critical when it was declared."""

_ID = r"[0-9A-Za-z_-]{1,64}"
_ORIGINAL = rf"originals/({_ID})/({_ID})"


def original_key(owner_id: str, media_id: str) -> str:
    return f"originals/{owner_id}/{media_id}"


def derived_key(owner_id: str, media_id: str, name: DerivedName) -> str:
    return f"derived/{owner_id}/{media_id}/{name}"


def originals_prefix(owner_id: str) -> str:
    return f"originals/{owner_id}/"


def derived_prefix(owner_id: str) -> str:
    return f"derived/{owner_id}/"


def unproved_prefix(owner_id: str, media_id: str) -> str:
    """Return where it is recorded when a file ended its decoder: a key for each time."""
    return f"{derived_prefix(owner_id)}{media_id}/unproved/"


def parse_original_key(key: str) -> MediaKey | None:
    """Return whose original is at this key; None for any other key."""
    return _parse(_ORIGINAL, key)


def parse_manifest_key(key: str) -> MediaKey | None:
    """Return whose manifest is at this key; None for any other key."""
    return parse_derived_key(key, "manifest.json")


def parse_derived_key(key: str, name: DerivedName) -> MediaKey | None:
    """Return whose object of this name is at this key; None for any other key."""
    return _parse(rf"derived/({_ID})/({_ID})/{re.escape(name)}", key)


def is_critical(media_id: str) -> bool:
    """Return whether the report of this medium was critical when it was declared."""
    return media_id.startswith(CRITICAL_PREFIX)


class Thumb(NamedTuple):
    """The thumbnail that stands for a report in lists: whose it is, and which version of it."""

    media_id: str
    version_id: str

    @classmethod
    def parse(cls, stored: str) -> Self:
        return cls(*stored.split("/", 1))

    def __str__(self) -> str:
        return f"{self.media_id}/{self.version_id}"


def _parse(pattern: str, key: str) -> MediaKey | None:
    match = re.fullmatch(pattern, key)
    return MediaKey(match[1], match[2]) if match else None


class Found(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)


class Checksum(Found):
    """`value` is hex for `sha256`, whoever computed it, else S3's base64 with S3's algorithm and
    type.
    """

    algorithm: str
    type: str
    value: str


@cache
def hints() -> TypeAdapter[Hint]:
    """Return what reads a hint from JSON, and writes it."""
    return TypeAdapter(Hint)


class Manifest(Found):
    """The verdict on one medium, as found in the first version of its original.

    `content_type`, `size`, `width` and `height` are those of the upright original; `content_type`
    is None when it is not an accepted one. `thumb_version` and `preview_version` are the versions
    of the two pictures, or `playback_version` that of the sound, present when `ready`; `reason` is
    present when `rejected`. `sequencer` is that of the event of the first upload (None without an
    event). `sealed_hint` is a `Hint` as JSON, sealed to the key of the report, in base64.
    `sealed_sketch` is what similar pictures are found by, sealed to the key of the day, in base64.
    """

    state: Literal[MediaState.READY, MediaState.REJECTED]
    reason: RejectReason | None = None
    content_type: str | None = None
    size: Annotated[int, Field(ge=0)]
    checksum: Checksum | None = None
    version_id: str
    sequencer: str | None = None
    width: int | None = None
    height: int | None = None
    duration_s: float | None = None
    codec: str | None = None
    thumb_version: str | None = None
    preview_version: str | None = None
    playback_version: str | None = None
    sealed_hint: str | None = None
    sealed_sketch: str | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        pictures = bool(self.thumb_version), bool(self.preview_version)
        heard = bool(self.playback_version)
        if self.state is MediaState.READY and (
            self.reason or not self.content_type or pictures != (not heard, not heard)
        ):
            raise ValueError("ready needs its type, and both pictures or a sound, and no reason")
        if self.state is MediaState.REJECTED and (self.reason is None or any(pictures) or heard):
            raise ValueError("rejected needs a reason, and has no picture and no sound")
        return self
