"""The typed extra fields of each category: declared in `catalogue.json`, answered if at all, never
required.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import PydanticCustomError, PydanticKnownError

from chalicelib.domain import times
from chalicelib.domain.catalogue import catalogue
from chalicelib.domain.catalogue.model import (
    BooleanField,
    Category,
    ChoiceField,
    DetailField,
    IntegerField,
    TextField,
    TimeField,
    UrgencyCode,
)
from chalicelib.domain.codes import unknown_value
from chalicelib.domain.languages import DEFAULT, text
from chalicelib.domain.text import bounded
from chalicelib.errors import FieldError, Invalid

type Answer = bool | int | str

_URGENCIES: tuple[UrgencyCode, ...] = ("low", "normal", "high", "critical")
_NAMEABLE = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Details:
    """Answers as kept: text in form C, times as rendered UTC; the version they were checked by; the
    urgency they call for, if any.
    """

    values: Mapping[str, Answer]
    version: int
    urgency: UrgencyCode | None


def validate_details(category: str, details: Mapping[str, Any]) -> Details:
    """Check answers against the declarations of a category.

    Raises Invalid, which names fields as `details.<name>`: `unknown_field`, `wrong_type`,
    `out_of_range`, `too_long`, `blank`, `bad_characters`, `unknown_value`, `not_a_time`. Raises
    KeyError for an unknown category.
    """
    declared = catalogue().category(category)
    fields = {field.name: field for field in declared.details}
    values: dict[str, Answer] = {}
    errors: list[FieldError] = []
    for name, answer in details.items():
        if name not in fields:
            errors.append(
                FieldError(
                    f"details.{name}" if _NAMEABLE.fullmatch(name) else "details", "unknown_field"
                )
            )
            continue
        try:
            values[name] = _check(fields[name], answer)
        except PydanticCustomError as wrong:
            params = tuple((key, str(value)) for key, value in (wrong.context or {}).items())
            errors.append(FieldError(f"details.{name}", wrong.type, params))
    if errors:
        raise Invalid(*errors)
    in_order = {name: values[name] for name in fields if name in values}
    return Details(in_order, declared.details_version, _raised(declared, in_order))


def json_schema(category: str) -> dict[str, Any]:
    """JSON Schema (2020-12) of the answers of a category. KeyError for an unknown category."""
    declared = catalogue().category(category)
    return {
        "type": "object",
        "title": text(f"category.{category}", DEFAULT),
        "properties": {field.name: _schema(category, field) for field in declared.details},
        "additionalProperties": False,
    }


def _check(field: DetailField, answer: Any) -> Answer:
    match field:
        case BooleanField():
            if not isinstance(answer, bool):
                raise _wrong("wrong_type")
            return answer
        case IntegerField():
            if not isinstance(answer, int) or isinstance(answer, bool):
                raise _wrong("wrong_type")
            if not field.minimum <= answer <= field.maximum:
                raise _wrong("out_of_range", minimum=field.minimum, maximum=field.maximum)
            return answer
    if not isinstance(answer, str):
        raise _wrong("wrong_type")
    match field:
        case ChoiceField():
            if answer not in field.options:
                raise unknown_value(field.options)
            return answer
        case TimeField():
            try:
                return times.render(times.parse(answer))
            except ValueError:
                raise _wrong("not_a_time") from None
        case TextField():
            try:
                return bounded(answer, field.max_length)
            except PydanticKnownError:
                raise _wrong("too_long", max_length=field.max_length) from None


def _wrong(code: str, **context: int) -> PydanticCustomError:
    return PydanticCustomError(code, "Not as declared.", context)


def _raised(category: Category, values: Mapping[str, Answer]) -> UrgencyCode | None:
    """The highest urgency that the answers call for."""
    called_for = [
        field.raises.urgency
        for field in category.details
        if isinstance(field, BooleanField | ChoiceField)
        and field.raises
        and values.get(field.name) in field.raises.answers
    ]
    return max(called_for, key=_URGENCIES.index, default=None)


def _schema(category: str, field: DetailField) -> dict[str, Any]:
    key = f"detail.{category}.{field.name}"
    return {"title": text(key, DEFAULT)} | _type_schema(field)


def _type_schema(field: DetailField) -> dict[str, Any]:
    match field:
        case TextField():
            return {"type": "string", "minLength": 1, "maxLength": field.max_length}
        case IntegerField():
            return {"type": "integer", "minimum": field.minimum, "maximum": field.maximum}
        case BooleanField():
            return {"type": "boolean"}
        case ChoiceField():
            return {"type": "string", "enum": list(field.options)}
        case TimeField():
            return {"type": "string", "format": "date-time"}
