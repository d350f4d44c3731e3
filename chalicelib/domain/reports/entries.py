"""Entries of a report: messages, officers' notes, and later or moving places."""

import math
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from chalicelib.domain.reports.report import Location
from chalicelib.kernel import errors, geo, times
from chalicelib.kernel.models import TINY_AS_ZERO, Input, NotNull, Record
from chalicelib.kernel.text import ReporterText
from chalicelib.kernel.times import Moment

# So many messages of one reporter may come at once, and then one in each such time.
MESSAGES_AT_ONCE = 20
MESSAGE_EVERY = timedelta(seconds=30)


class Sender(StrEnum):
    OFFICER = "officer"
    REPORTER = "reporter"


def paced(
    until: datetime | None,
    now: datetime,
    *,
    at_once: int = MESSAGES_AT_ONCE,
    every: timedelta = MESSAGE_EVERY,
) -> datetime:
    """Return until when a reporter's messages, with one at `now`, use up what they may be.

    `until` is the same before that message. `at_once` may come together, and then one in `every`.
    Raises SlowDown, with the time to wait, when they are too many.
    """
    after = max(until or now, now) + every
    wait = after - now - at_once * every
    if wait > timedelta():
        raise errors.SlowDown(math.ceil(wait.total_seconds()))
    return after


class NewMessage(Input):
    """A message or note as it is sent."""

    text: ReporterText


class SeenConversation(Input):
    """What an officer has read of the conversation before this call: `message_count` of the report
    as it was opened. If there are more messages by now, nothing is written (409 `new_message`).
    """

    messages_seen: Annotated[int | None, NotNull(), Field(ge=0)] = None

    @field_validator("messages_seen")
    @classmethod
    def _is_a_number(cls, value: int | None) -> int:
        if value is None:
            raise PydanticCustomError("wrong_type", "Leave `messages_seen` out, or send a number.")
        return value

    def require_seen(self, count: int) -> None:
        """Raise Conflict `new_message` when the conversation has another number of messages than
        were seen: with more than there are, one that comes meanwhile would count as seen.
        """
        if self.messages_seen is not None and count != self.messages_seen:
            raise errors.Conflict("new_message")


class NewOfficerMessage(NewMessage, SeenConversation):
    """A message of an officer as it is sent. One that asks for media lets the reporter send more of
    them. `messages_seen` is the `message_count` of the opened report.
    """

    asks_for_media: bool = False


class Message(Record):
    """One message. `by` is the officer's username and never leaves the officers' side.

    `altered` is True when the stored text does not open: then `text` is empty.
    """

    id: str
    sender: Sender
    text: str
    sent_at: datetime
    by: str | None = None
    altered: bool | None = None


class Note(Record):
    """A note among officers; reporters never see one. `altered` is as in a message."""

    id: str
    by: str
    text: str
    at: datetime
    altered: bool | None = None


class SealedMessage(Record):
    """A message as it is stored."""

    id: str
    sender: Sender
    sealed: bytes
    sent_at: datetime
    by: str | None = None


class SealedNote(Record):
    """A note as it is stored."""

    id: str
    by: str
    sealed: bytes
    at: datetime


MAX_POSITIONS_PER_REPORT = 200
# So many may come at once, such as those of a time without a network, and then one in each such
# time.
POSITIONS_AT_ONCE = 20
POSITION_EVERY = timedelta(seconds=10)


class NewPosition(Location):
    """A later place of what was reported, in degrees of `datum`.

    `at` is when the phone found it. `heading` (degrees, clockwise from north) and `speed` (metres
    per second) are those of the Geolocation API of browsers.
    """

    at: Moment | None = None
    heading: Annotated[float, Field(ge=0, le=360), TINY_AS_ZERO] | None = None
    speed: Annotated[float, Field(ge=0, le=1000), TINY_AS_ZERO] | None = None


class PlaceAt(Record):
    """The content of a position, stored sealed. `place` is in WGS-84; `location` is as sent."""

    location: dict[str, Any]
    place: dict[str, float]
    at: datetime | None = None
    heading: float | None = None
    speed: float | None = None


class Position(Record):
    """A position, opened. `altered` is True when the stored one does not open: then it is empty."""

    id: str
    received_at: datetime
    location: dict[str, Any] | None = None
    place: dict[str, float] | None = None
    at: datetime | None = None
    heading: float | None = None
    speed: float | None = None
    altered: bool | None = None

    @property
    def district(self) -> str | None:
        """The district of this place, which may be another than that of the report."""
        return geo.district_of(self.place["lat"], self.place["lon"]) if self.place else None


class SealedPosition(Record):
    """A position as it is stored."""

    id: str
    sealed: bytes
    received_at: datetime


def to_minute(message: Message) -> Message:
    """Return a message as officers see it: a reporter's is timed to the minute."""
    if message.sender is not Sender.REPORTER:
        return message
    return message.model_copy(update={"sent_at": times.to_minute(message.sent_at)})
