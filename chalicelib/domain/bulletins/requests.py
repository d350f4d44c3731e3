"""Requests of officers for bulletins: a draft, its changes, and its ending."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from chalicelib.domain.bulletins.area import AnyArea
from chalicelib.domain.bulletins.model import (
    MAX_PICTURES,
    RESOLUTION_CODES,
    WITHDRAWAL_CODES,
    About,
    EndCode,
    Ending,
    end_errors,
)
from chalicelib.domain.catalogue.codes import ChannelCode, LanguageCode, unknown_value
from chalicelib.kernel import errors, times
from chalicelib.kernel.languages import DEFAULT, LANGUAGES, TAG_PATTERN, LocalizedText
from chalicelib.kernel.models import Input, NotNull
from chalicelib.kernel.text import Bounded
from chalicelib.kernel.times import Moment

TITLE_MAX, BODY_MAX, OUTCOME_MAX, REASON_MAX = 200, 4000, 1000, 500
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
_TEXT, _LANGUAGES = "(text)", "(languages)"
Reason = Annotated[
    Annotated[str, Bounded(REASON_MAX), Tag(_TEXT)]
    | Annotated[
        dict[LanguageCode, Annotated[str, Bounded(REASON_MAX)]],
        Field(min_length=1),
        _in_each_language(REASON_MAX),
        Tag(_LANGUAGES),
    ],
    # Chosen by its JSON type, so that an error names the fields of that form alone.
    Discriminator(lambda value: _TEXT if isinstance(value, str) else _LANGUAGES),
]
"""By language, or one text, which is in the city's first language."""


def _one_of(codes: Sequence[EndCode]) -> tuple[BeforeValidator, WithJsonSchema]:
    """Check and document a code of an ending. The error names the codes that there are."""
    allowed: Sequence[str] = [code.value for code in codes]

    def check(code: object) -> EndCode:
        if code is None:
            context = {"allowed": ", ".join(allowed)}
            raise PydanticCustomError("required", "One of: {allowed}.", context)
        if not isinstance(code, str) or code not in allowed:
            raise unknown_value(allowed)
        return EndCode(code)

    return BeforeValidator(check), WithJsonSchema({"type": "string", "enum": allowed})


class _WithCode(Input):
    """Names the allowed codes also when there is none: the check of a field needs a value."""

    @model_validator(mode="before")
    @classmethod
    def _without_a_code(cls, sent: Any) -> Any:
        return {"code": None, **sent} if isinstance(sent, dict) else sent

    @field_validator("outcome", "reason", check_fields=False)
    @classmethod
    def _is_not_null(cls, value: Any) -> Any:
        if value is None:
            raise PydanticCustomError("wrong_type", "Leave it out, or send words.")
        return value


class Resolution(_WithCode):
    """The body of `POST /v1/officer/bulletins/{id}/resolve`."""

    code: Annotated[EndCode, *_one_of(RESOLUTION_CODES)]
    outcome: Annotated[Outcome | None, NotNull()] = None

    @property
    def ending(self) -> Ending:
        return Ending(self.code, self.outcome)


class Withdrawal(_WithCode):
    """The body of `POST /v1/officer/bulletins/{id}/withdraw`.

    `reason` is by language, or one text, which is then in the city's first language.
    """

    code: Annotated[EndCode, *_one_of(WITHDRAWAL_CODES)]
    reason: Annotated[Reason | None, NotNull()] = None

    @property
    def ending(self) -> Ending:
        reason = self.reason
        words: LocalizedText | None = {DEFAULT: reason} if isinstance(reason, str) else reason
        return Ending(self.code, words)


class Refusal(Input):
    """The body of `POST /v1/officer/bulletins/{id}/decline`. Its authors read the reason."""

    reason: Annotated[str, Bounded(REASON_MAX)]


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
