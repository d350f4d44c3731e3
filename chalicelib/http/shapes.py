"""Schemas of responses that several modules share: their base class, times, codes, small schemas.

A view is built from an object of the domain: `HoldView.model_validate(hold)`. If it has more
members than that object, `HoldView.of(hold, url=…)` adds them. The OpenAPI document omits the
suffix: `HoldView` is `Hold` there.
"""

from datetime import date, datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

from chalicelib.domain.catalogue.codes import (
    Extensible,
    agency_codes,
    category_codes,
    channel_codes,
    scope_of,
)
from chalicelib.domain.reports.entries import Sender
from chalicelib.http.requests import TAG
from chalicelib.kernel import geo, times
from chalicelib.kernel.languages import text
from chalicelib.kernel.models import NotNull, Query, left_out


class Shape(BaseModel):
    """Base of views. Pydantic builds each at its first use, because most calls need only a few."""

    model_config = ConfigDict(
        defer_build=True, from_attributes=True, json_schema_serialization_defaults_required=True
    )

    @classmethod
    def of(cls, source: BaseModel, **more: Any) -> Self:
        """Return the view of a domain object, with `more` members added."""
        return cls.model_validate({**vars(source), **more})


Timestamp = Annotated[
    datetime,
    PlainSerializer(times.render, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""An aware time. It is returned as RFC 3339 in UTC, with milliseconds."""

Minute = Annotated[
    datetime,
    AfterValidator(times.to_minute),
    PlainSerializer(times.render, return_type=str),
    WithJsonSchema(
        {"type": "string", "format": "date-time", "description": "To the minute: seconds are zero."}
    ),
]
"""When a reporter did something, as officers see it: a `Timestamp` without its seconds."""

Date = Annotated[
    date,
    PlainSerializer(date.isoformat, return_type=str),
    WithJsonSchema({"type": "string", "format": "date"}),
]
"""A day by the clocks of the city: `YYYY-MM-DD`."""

Category = Annotated[str, Extensible(category_codes)]
Channel = Annotated[str, Extensible(channel_codes)]
District = Annotated[str, Extensible(geo.report_districts)]
AgencyName = Annotated[str, Extensible(agency_codes)]
Station = Annotated[str, Extensible(geo.stations)]
ScopeCategory = Annotated[str, Extensible(scope_of(category_codes))]
ScopeDistrict = Annotated[str, Extensible(scope_of(geo.districts))]
"""Codes in responses. Clients must accept unknown ones. A scope may contain `*`."""


Tag = Annotated[Annotated[str, Field(pattern=TAG)] | None, NotNull()]
"""What a reading gives to approve exactly what was read: `tag: Tag = left_out()`."""


class ChallengeView(Shape):
    """The challenge of a proof of work, in the header `Tipline-Proof`.

    A proof is `<challenge>:<counter>,<counter>,…`, with a counter for each of `rounds`. Round `i`,
    from 0, is right when the SHA-256 of `<challenge>:<Idempotency-Key>:<i>:<counter>` begins with
    `bits` zero bits. The key is in lower case, the counter in decimal.
    """

    challenge: str
    bits: int
    rounds: int
    expires_at: Timestamp


class Emergency(Shape):
    number: str
    text: str

    @classmethod
    def in_language(cls, number: str, language: str) -> Self:
        return cls(number=number, text=text("emergency.text", language))


class MessageView(Shape):
    """A message of the conversation. `from` does not name the officer.

    `altered` is true when somebody changed the stored text. Then `text` is empty.
    """

    id: str
    from_: Sender = Field(validation_alias="sender", serialization_alias="from")
    text: str
    sent_at: Timestamp
    altered: Annotated[bool | None, NotNull()] = left_out()


class NoteView(Shape):
    """A note of an officer. `altered` is as in a message."""

    id: str
    by: str
    text: str
    at: Timestamp
    altered: Annotated[bool | None, NotNull()] = left_out()


class MessagePage(Shape):
    """A page of the conversation, oldest first. `next_cursor` leads to the messages before it."""

    items: list[MessageView]
    next_cursor: str | None


class EntryQuery(Query):
    cursor: str | None = Field(
        default=None,
        description="The `messages_cursor`, `notes_cursor` or `positions_cursor` of the report, or "
        "the `next_cursor` of the page after. Without one, the response has the latest page.",
    )


class CoarseArea(Shape):
    """The area of a bulletin. All parts are optional. `geohash` is a cell about 5 km wide."""

    district: Annotated[District | None, NotNull()] = left_out()
    text: Annotated[str | None, NotNull()] = left_out()
    geohash: Annotated[str | None, NotNull()] = left_out()
