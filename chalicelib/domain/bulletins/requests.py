"""What officers send: a draft, its changes, and the text of an outcome or a withdrawal."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, WithJsonSchema

from chalicelib import errors
from chalicelib.domain import times
from chalicelib.domain.bulletins.area import AnyArea
from chalicelib.domain.bulletins.model import MAX_PICTURES, About, end_errors
from chalicelib.domain.codes import ChannelCode, LanguageCode
from chalicelib.domain.languages import LANGUAGES, TAG_PATTERN
from chalicelib.domain.models import Input, NotNull
from chalicelib.domain.text import Bounded
from chalicelib.domain.times import Moment

TITLE_MAX, BODY_MAX, OUTCOME_MAX = 200, 4000, 1000
"""Characters in each language."""


def _in_each_language(max_length: int) -> WithJsonSchema:
    """Document a text by language. Another city has other languages, so any tag is valid there."""
    one = {"type": "string", "minLength": 1, "maxLength": max_length}
    return WithJsonSchema(
        {
            "type": "object",
            "description": f"By language: {', '.join(LANGUAGES)}.",
            "additionalProperties": one,
            "propertyNames": {"pattern": TAG_PATTERN, "x-extensible-enum": list(LANGUAGES)},
            "minProperties": 1,
        }
    )


Title = Annotated[
    dict[LanguageCode, Annotated[str, Bounded(TITLE_MAX, one_line=True)]],
    Field(min_length=1),
    _in_each_language(TITLE_MAX),
]
Body = Annotated[
    dict[LanguageCode, Annotated[str, Bounded(BODY_MAX)]],
    Field(min_length=1),
    _in_each_language(BODY_MAX),
]
Outcome = Annotated[
    dict[LanguageCode, Annotated[str, Bounded(OUTCOME_MAX)]],
    Field(min_length=1),
    _in_each_language(OUTCOME_MAX),
]
Reason = Annotated[str, Bounded(500)]


class Draft(Input):
    """The body of `POST /v1/officer/bulletins`."""

    channel: ChannelCode
    title: Title
    body: Body
    area: AnyArea | None = None
    about: Annotated[About, Field(strict=False)] = About.OTHER
    guardian_consent: bool = False
    expires_at: Moment | None = None

    @classmethod
    def also_wrong(cls, sent: Mapping[str, Any], now: datetime) -> list[errors.FieldError]:
        """Return the errors that depend on the time, for a draft that has other errors too.

        A response can then list all errors at once.
        """
        try:
            due, about = times.parse(sent["expires_at"]), About(sent.get("about", About.OTHER))
        except (KeyError, TypeError, ValueError):
            return []
        return end_errors(due, about, now)


class Changes(Input):
    """The body of `PATCH /v1/officer/bulletins/{id}`.

    Send only the fields to change. Each replaces the whole old value; null removes it. `media`
    lists the ids of the bulletin's own pictures that it shows, in this order.
    """

    channel: Annotated[ChannelCode | None, NotNull()] = None
    title: Annotated[Title | None, NotNull()] = None
    body: Annotated[Body | None, NotNull()] = None
    area: AnyArea | None = None
    about: Annotated[Annotated[About, Field(strict=False)] | None, NotNull()] = None
    guardian_consent: Annotated[bool | None, NotNull()] = None
    expires_at: Moment | None = None
    media: Annotated[
        Annotated[tuple[str, ...], Field(max_length=MAX_PICTURES, strict=False)] | None, NotNull()
    ] = None
