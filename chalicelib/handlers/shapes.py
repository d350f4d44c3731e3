"""What the views of several modules share: their base, times, codes, and a few small shapes.

A view is built from what the domain returns: `HoldView.model_validate(hold)`. Where it shows more
than that has, `HoldView.of(hold, url=…)` adds the rest. In the OpenAPI document a view has the name
of what it shows: `HoldView` is `Hold` there.
"""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

from chalicelib.domain import geo, times
from chalicelib.domain.codes import Extensible, category_codes, channel_codes, scope_of
from chalicelib.domain.languages import text
from chalicelib.domain.messages import Sender
from chalicelib.domain.models import NotNull


class Shape(BaseModel):
    """Base of views. Built at first use: most calls need few of them."""

    model_config = ConfigDict(
        defer_build=True, from_attributes=True, json_schema_serialization_defaults_required=True
    )

    @classmethod
    def of(cls, source: BaseModel, **more: Any) -> Self:
        """Return the view of a domain object, with members that it does not have itself."""
        return cls.model_validate({**dict(source), **more})


Timestamp = Annotated[
    datetime,
    PlainSerializer(times.render, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""An aware time; it goes out as RFC 3339 in UTC with three decimals."""

Category = Annotated[str, Extensible(category_codes)]
Channel = Annotated[str, Extensible(channel_codes)]
District = Annotated[str, Extensible(geo.report_districts)]
Station = Annotated[str, Extensible(geo.stations)]
ScopeCategory = Annotated[str, Extensible(scope_of(category_codes))]
ScopeDistrict = Annotated[str, Extensible(scope_of(geo.districts))]
"""Codes as they go out: clients accept those that they do not know. A scope's may be `*`."""


def _is_none(value: Any) -> bool:
    return value is None


def left_out() -> Any:
    """Return the default of a member that is left out where there is nothing to say.

    The field's type is `Annotated[X | None, NotNull()]`: null never goes out.
    """
    return Field(default=None, exclude_if=_is_none)


class Emergency(Shape):
    number: str
    text: str

    @classmethod
    def in_language(cls, number: str, language: str) -> Self:
        return cls(number=number, text=text("emergency.text", language, number=number))


class MessageView(Shape):
    """`from`: an officer, who stays unnamed, or the reporter."""

    id: str
    from_: Sender = Field(validation_alias="sender", serialization_alias="from")
    text: str
    sent_at: Timestamp


class NoteView(Shape):
    id: str
    by: str
    text: str
    at: Timestamp


class CoarseArea(Shape):
    """Where a bulletin matters, each part if there is one. `geohash`: a cell about 5 km wide."""

    district: Annotated[District | None, NotNull()] = left_out()
    text: Annotated[str | None, NotNull()] = left_out()
    geohash: Annotated[str | None, NotNull()] = left_out()
