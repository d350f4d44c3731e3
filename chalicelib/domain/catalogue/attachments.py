"""Limits of attachments: accepted types, sizes and numbers; and the platforms of pushes."""

import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, NamedTuple

from pydantic import Field, ValidationInfo, WithJsonSchema, field_validator
from pydantic_core import PydanticCustomError

from chalicelib.kernel.models import Input
from chalicelib.kernel.text import Code, Id

MIB = 1 << 20
REDUCED_TYPE = "image/jpeg"
REDUCED_MAX_BYTES = 160 * 1024
"""Of the reduced picture that may come before a photo: on slow 3G it takes a few seconds."""
POST_MAX_BYTES = 16 * MIB
"""A video above this goes up in parts; below, and every picture, by one presigned POST."""
PART_SIZE = 8 * MIB
MAX_PARTS_PER_CALL = 8
MAX_MEDIA_PER_CALL = 5
MAX_MEDIA_PER_REPORT = 10
MAX_BYTES_PER_REPORT = 500 * MIB
"""What the media of a report may have together, and once more each time that an officer asks."""


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
        "audio/mpeg": _AUDIO,
        "audio/wav": _AUDIO,
        "audio/ogg": _AUDIO,
        "audio/webm": _AUDIO,
    }
)

_SHA256 = "^[0-9A-Fa-f]{64}$"


class Declared(Input):
    """A medium that the client will upload: its type, its size in bytes, its SHA-256.

    `sha256` is hexadecimal, in lower or upper case. S3 then accepts only a file with this hash. It
    is not possible for a video that is uploaded in parts.
    """

    content_type: Annotated[Code, WithJsonSchema({"type": "string", "enum": list(ACCEPTED)})]
    size: Annotated[int, Field(ge=1, json_schema_extra={"maximum": _VIDEO.max_bytes})]
    sha256: Annotated[Id, WithJsonSchema({"type": "string", "pattern": _SHA256})] | None = None

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


class DeclaredFile(Declared):
    """The same of a file of a report. `reduced` is the size in bytes of a reduced picture that is
    uploaded before a photo: a JPEG, made on the phone, upright and without metadata.
    """

    reduced: Annotated[int, Field(ge=1, le=REDUCED_MAX_BYTES)] | None = None

    @field_validator("reduced")
    @classmethod
    def _of_a_photo(cls, value: int | None, info: ValidationInfo) -> int | None:
        accepted = ACCEPTED.get(info.data.get("content_type", ""))
        if value is not None and accepted and accepted.kind is not MediaKind.IMAGE:
            raise PydanticCustomError("reduced_not_a_photo", "only of a photo")
        return value


_PICTURES = [name for name, accepted in ACCEPTED.items() if accepted.kind is MediaKind.IMAGE]


class DeclaredPicture(Declared):
    """The same where only pictures are shown. Another accepted type is refused by the use case."""

    content_type: Annotated[Code, WithJsonSchema({"type": "string", "enum": _PICTURES})]
    size: Annotated[int, Field(ge=1, json_schema_extra={"maximum": _IMAGE.max_bytes})]


def goes_in_parts(content_type: str, size: int) -> bool:
    """Return whether an accepted medium goes up by multipart (a video above POST_MAX_BYTES)."""
    return ACCEPTED[content_type].kind is MediaKind.VIDEO and size > POST_MAX_BYTES


class Platform(StrEnum):
    """Who brings a push to the phone: Apple's APNs or Google's FCM."""

    APNS = "apns"
    FCM = "fcm"
