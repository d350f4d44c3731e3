"""Media of a report or a bulletin: their states, their redactions, and officers' files.

A medium belongs to a report or a bulletin, its owner. It is declared, uploaded to
`originals/{owner}/{media}` and processed by `make_thumbnails`, whose result is a `Manifest` at
`derived/{owner}/{media}/manifest.json`. Nothing declared is trusted: the manifest holds what the
bytes say. The media of critical reports have a queue and a function of their own, so that they wait
for no others. EventBridge sees only an object's key, so the medium's id marks it:
`CRITICAL_PREFIX`.

An officer marks regions of a preview that only officers may see. What is passed on is a copy with
black boxes in place of these pixels; the preview and the original stay as they are, for officers.

Officers send pictures to a reporter, cleaned like any other. Only their ids begin with `O-`, so the
policy of the officers' function can name what it may upload.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cache
from math import ceil, floor
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import Field, TypeAdapter, model_validator

from chalicelib.domain.catalogue.attachments import MAX_MEDIA_PER_CALL, DeclaredPicture
from chalicelib.kernel.derived import Hint, NoClip, RejectReason
from chalicelib.kernel.files import Checksum, Found
from chalicelib.kernel.models import Input, Record
from chalicelib.kernel.outbox import GRANTS_EXPIRED, UPLOAD_PATIENCE

MOST_REGIONS = 50
# Edges are stored as whole millionths of a side: exact, and the same however often they are read.
UNITS = 1_000_000
# How many earlier redactions a later one remembers to cover.
_MOST_COVERED = 50

# A preview is coded in blocks of this many pixels, each as a whole.
_BLOCK = 16
# The colours of a block reach this many pixels into its neighbours when it is decoded.
_BLEED = 1


class Area(NamedTuple):
    """The edges of a region, in millionths of the picture's width and height."""

    left: int
    top: int
    right: int
    bottom: int

    def holds(self, other: "Area") -> bool:
        """Return whether `other` lies within this area."""
        return (
            self.left <= other.left
            and self.top <= other.top
            and self.right >= other.right
            and self.bottom >= other.bottom
        )


class MarkedRegion(Input):
    """A region of a preview, in fractions of its width and height, from its upper left corner.

    What lies beyond the edge of the picture is cut off.
    """

    x: Annotated[float, Field(ge=0, lt=1)]
    y: Annotated[float, Field(ge=0, lt=1)]
    width: Annotated[float, Field(gt=0, le=1)]
    height: Annotated[float, Field(gt=0, le=1)]

    @property
    def area(self) -> Area:
        """The region with its edges on whole millionths, grown outward."""
        left, right = _edges(self.x, self.width)
        top, bottom = _edges(self.y, self.height)
        return Area(left, top, right, bottom)


class NewRedaction(Input):
    """Which regions of a picture nobody but officers may see."""

    regions: tuple[MarkedRegion, ...] = Field(min_length=1, max_length=MOST_REGIONS, strict=False)

    @property
    def areas(self) -> tuple[Area, ...]:
        return tuple(region.area for region in self.regions)


class RedactionState(StrEnum):
    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"


class Redaction(Record):
    """A redaction as stored with its medium.

    `version` is that of the redacted picture; no other version is ever read. `covers` are the ids
    of earlier redactions whose areas are all within those of this one.
    """

    id: str
    by: str
    at: datetime
    areas: tuple[Area, ...]
    state: RedactionState = RedactionState.PROCESSING
    version: str | None = None
    covers: tuple[str, ...] = ()

    @property
    def mark(self) -> str:
        """Return the value that conditions of writes compare: this redaction in this state."""
        return f"{self.id}/{self.state}"

    def after(self, earlier: "Redaction | None") -> "Redaction":
        """Return this redaction as the one that follows `earlier`."""
        if earlier is None or not self._hides_all_of(earlier):
            return self
        covers = (*earlier.covers, earlier.id)[-_MOST_COVERED:]
        return self.model_copy(update={"covers": covers})

    def is_at_least(self, agreed: str) -> bool:
        """Return whether this is the redaction with the id `agreed`, or hides all that it hid."""
        return agreed in (self.id, *self.covers)

    def settled(self, version: str | None) -> "Redaction":
        """Return it with its picture; without a version it has failed."""
        state = RedactionState.READY if version else RedactionState.FAILED
        return self.model_copy(update={"state": state, "version": version})

    def _hides_all_of(self, other: "Redaction") -> bool:
        return all(any(mine.holds(theirs) for mine in self.areas) for theirs in other.areas)


class RedactionManifest(Record):
    """The result of `make_thumbnails` for the redaction with this id: the version of the picture,
    or None when it could not be made.
    """

    id: str
    version: str | None = None


def refusal(redaction: Redaction | None, agreed: str | None) -> str | None:
    """Return the code of why a picture may not be passed on; None when it may.

    `agreed` is the id of the redaction that it had when two officers agreed to pass it on; None
    when it had none.
    """
    if redaction and redaction.state is not RedactionState.READY:
        return "redaction_not_ready"
    if agreed and not (redaction and redaction.is_at_least(agreed)):
        return "redaction_changed"
    return None


def boxes(areas: Iterable[Area], size: tuple[int, int]) -> Sequence[tuple[int, int, int, int]]:
    """Return the pixels to paint over in a preview: left, top, right, bottom.

    A box has every pixel that the area touches, and every pixel that shows a trace of those: the
    JPEG codes them in blocks.
    """
    width, height = size
    return [
        (
            _from(area.left, width),
            _from(area.top, height),
            _to(area.right, width),
            _to(area.bottom, height),
        )
        for area in areas
    ]


def _from(edge: int, side: int) -> int:
    pixel = edge * side // UNITS
    return max(0, pixel // _BLOCK * _BLOCK - _BLEED)


def _to(edge: int, side: int) -> int:
    pixel = -(-edge * side // UNITS)
    return min(side, -(-pixel // _BLOCK) * _BLOCK + _BLEED)


def _edges(start: float, length: float) -> tuple[int, int]:
    first, size = Decimal(repr(start)) * UNITS, Decimal(repr(length)) * UNITS
    near = floor(first)
    return near, min(UNITS, max(near + 1, ceil(first + size)))


GRANT_LIFE = timedelta(minutes=60)
LAST_GRANT = UPLOAD_PATIENCE - (GRANTS_EXPIRED - GRANT_LIFE)
"""How long after the declaration of a medium its last grant ends: what begins in time may then take
half an hour, and storage takes no file that is `not_received` by then.
"""


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


class Thumb(NamedTuple):
    """The thumbnail that stands for a report in lists: whose it is, and which version of it."""

    media_id: str
    version_id: str

    @classmethod
    def parse(cls, stored: str) -> Self:
        return cls(*stored.split("/", 1))

    def __str__(self) -> str:
        return f"{self.media_id}/{self.version_id}"


@cache
def hints() -> TypeAdapter[Hint]:
    """Return the adapter that reads and writes a hint as JSON."""
    return TypeAdapter(Hint)


class Manifest(Found):
    """The verdict on one medium, as found in the first version of its original.

    `content_type`, `size`, `width` and `height` are those of the upright original; `content_type`
    is None when it is not an accepted one. `thumb_version` and `preview_version` are the versions
    of the two pictures, or `playback_version` that of the sound, present when `ready`; `reason` is
    present when `rejected`. `clip_version` is the version of a video's clip, `no_clip` why it has
    none. `sequencer` is that of the event of the first upload (None without an
    event). `sealed_hint` is a `Hint` as JSON, sealed to the key of the report, in base64.
    `sealed_sketch` is what similar pictures are found by, sealed to the key of the day, in base64.
    `edges` is the hash of what a picture shows. It is kept beside the picture and nowhere else.
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
    clip_version: str | None = None
    no_clip: NoClip | None = None
    sealed_hint: str | None = None
    sealed_sketch: str | None = None
    edges: str | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        pictures = bool(self.thumb_version), bool(self.preview_version)
        sound = bool(self.playback_version)
        if self.state is MediaState.READY and (
            self.reason or not self.content_type or pictures != (not sound, not sound)
        ):
            raise ValueError("ready needs its type, and both pictures or a sound, and no reason")
        if self.state is MediaState.REJECTED and (self.reason is None or any(pictures) or sound):
            raise ValueError("rejected needs a reason, and has no picture and no sound")
        if (self.clip_version or self.no_clip) and not self.preview_version:
            raise ValueError("only what has a picture has a clip, or a reason for none")
        return self


PREFIX = "O-"
MAX_SENT_FILES = 10
"""How many officers may send to the reporter of one report."""


class SentFiles(Input):
    """Pictures for the reporter, which are to be uploaded."""

    media: tuple[DeclaredPicture, ...] = Field(
        min_length=1, max_length=MAX_MEDIA_PER_CALL, strict=False
    )


def is_sent(media_id: str) -> bool:
    """Return whether officers sent this medium to the reporter."""
    return media_id.startswith(PREFIX)
