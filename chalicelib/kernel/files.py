"""Files in the media bucket: their keys, checksums, and grants to upload one.

EventBridge sees only an object's key, so the id of a medium shows that its report was critical:
`CRITICAL_PREFIX`.
"""

import re
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

type DerivedName = Literal[
    "thumb.jpg",
    "preview.jpg",
    "playback.m4a",
    "clip.mp4",
    "manifest.json",
    "early/manifest.json",
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


def reduced_key(owner_id: str, media_id: str) -> str:
    """Return where the reduced picture of a photo is uploaded to. It begins as its original's key,
    so that what holds for all originals holds for it: lanes, rights, deletion.
    """
    return f"{original_key(owner_id, media_id)}/reduced"


def derived_key(owner_id: str, media_id: str, name: DerivedName) -> str:
    return f"derived/{owner_id}/{media_id}/{name}"


def originals_prefix(owner_id: str) -> str:
    return f"originals/{owner_id}/"


def derived_prefix(owner_id: str) -> str:
    return f"derived/{owner_id}/"


def unproved_prefix(owner_id: str, media_id: str, *, reduced: bool = False) -> str:
    """Return where it is recorded when a file ended its decoder: a key for each time."""
    return f"{derived_prefix(owner_id)}{media_id}/{'early/' if reduced else ''}unproved/"


def parse_original_key(key: str) -> MediaKey | None:
    """Return whose original is at this key; None for any other key."""
    return _parse(_ORIGINAL, key)


def parse_reduced_key(key: str) -> MediaKey | None:
    """Return whose reduced picture is at this key; None for any other key."""
    return _parse(rf"{_ORIGINAL}/reduced", key)


def parse_manifest_key(key: str) -> MediaKey | None:
    """Return whose manifest is at this key; None for any other key."""
    return parse_derived_key(key, "manifest.json")


def parse_derived_key(key: str, name: DerivedName) -> MediaKey | None:
    """Return whose object of this name is at this key; None for any other key."""
    return _parse(rf"derived/({_ID})/({_ID})/{re.escape(name)}", key)


def is_critical(media_id: str) -> bool:
    """Return whether the report of this medium was critical when it was declared."""
    return media_id.startswith(CRITICAL_PREFIX)


def _parse(pattern: str, key: str) -> MediaKey | None:
    match = re.fullmatch(pattern, key)
    return MediaKey(match[1], match[2]) if match else None


class Found(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)


class Checksum(Found):
    """`value` is hex for `sha256`, else S3's base64 with S3's algorithm and
    type.
    """

    algorithm: str
    type: str
    value: str
