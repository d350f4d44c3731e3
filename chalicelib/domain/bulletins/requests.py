"""What officers send: a draft, its changes, and the text of an outcome or a withdrawal."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from chalicelib import errors
from chalicelib.domain import times
from chalicelib.domain.bulletins.area import AnyArea
from chalicelib.domain.bulletins.model import MAX_PICTURES, About, end_errors
from chalicelib.domain.catalogue import catalogue
from chalicelib.domain.languages import LANGUAGES
from chalicelib.domain.text import bounded
from chalicelib.domain.times import Moment

TITLE_MAX, BODY_MAX, OUTCOME_MAX, REASON_MAX = 200, 4000, 1000, 500
"""Characters."""


class _Strict(BaseModel):
    # Built at first use: most calls have nothing to do with bulletins.
    model_config = ConfigDict(
        extra="forbid", strict=True, allow_inf_nan=False, frozen=True, defer_build=True
    )


def _language(code: str) -> str:
    if code not in LANGUAGES:
        raise PydanticCustomError("unknown_value", "Not a language of ours.")
    return code


LanguageTag = Annotated[str, AfterValidator(_language)]


def _text(max_length: int) -> AfterValidator:
    return AfterValidator(lambda value: bounded(value, max_length))


def _by_language(max_length: int) -> WithJsonSchema:
    one = {"type": "string", "minLength": 1, "maxLength": max_length}
    return WithJsonSchema(
        {
            "type": "object",
            "properties": dict.fromkeys(LANGUAGES, one),
            "additionalProperties": False,
            "minProperties": 1,
        }
    )


Title = Annotated[
    dict[LanguageTag, Annotated[str, _text(TITLE_MAX)]],
    Field(min_length=1),
    _by_language(TITLE_MAX),
]
Body = Annotated[
    dict[LanguageTag, Annotated[str, _text(BODY_MAX)]], Field(min_length=1), _by_language(BODY_MAX)
]
Outcome = Annotated[
    dict[LanguageTag, Annotated[str, _text(OUTCOME_MAX)]],
    Field(min_length=1),
    _by_language(OUTCOME_MAX),
]
Reason = Annotated[
    str,
    _text(REASON_MAX),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": REASON_MAX}),
]


def _known_channel(code: str) -> str:
    if code not in {channel.code for channel in catalogue().channels}:
        raise PydanticCustomError("unknown_value", "Not a channel of the catalogue.")
    return code


ChannelCode = Annotated[
    str,
    AfterValidator(_known_channel),
    WithJsonSchema({"type": "string", "enum": [channel.code for channel in catalogue().channels]}),
]


class Draft(_Strict):
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
        """Return what the clock alone shows to be wrong with a draft that has other errors too.

        So that a response names all of them at once.
        """
        try:
            due, about = times.parse(sent["expires_at"]), About(sent.get("about", About.OTHER))
        except (KeyError, TypeError, ValueError):
            return []
        return end_errors(due, about, now)


class Changes(_Strict):
    """The body of `PATCH /v1/officer/bulletins/{id}`.

    A given field replaces the whole of that field; null clears it. `media` names which of the
    bulletin's own pictures it shows, in their order.
    """

    channel: ChannelCode | None = None
    title: Title | None = None
    body: Body | None = None
    area: AnyArea | None = None
    about: Annotated[About, Field(strict=False)] | None = None
    guardian_consent: bool | None = None
    expires_at: Moment | None = None
    media: Annotated[tuple[str, ...], Field(max_length=MAX_PICTURES, strict=False)] | None = None
