"""The typed fields of each category, as the catalogue has them. None is required."""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from pydantic_core import PydanticCustomError, PydanticKnownError

from chalicelib.domain.catalogue.codes import unknown_value
from chalicelib.domain.catalogue.model import (
    BooleanField,
    Category,
    ChoiceField,
    DetailField,
    Form,
    IntegerField,
    TextField,
    TimeField,
    Urgency,
    UrgencyCode,
)
from chalicelib.kernel import times
from chalicelib.kernel.errors import FieldError, Invalid
from chalicelib.kernel.text import LINE_MAX, bounded

type Value = bool | int | str

_URGENCIES: tuple[UrgencyCode, ...] = ("low", "normal", "high", "critical")
_NAMEABLE = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)


class Details(NamedTuple):
    """Values as stored: text in form C, times as rendered UTC.

    `version` is that of the declarations they were checked against, `urgency` the one that they
    call for, if any.
    """

    values: Mapping[str, Value]
    version: int
    urgency: UrgencyCode | None


def check_forms(forms: Sequence[Form], details: Mapping[str, Any]) -> Details:
    """Check values against the first of these forms that they fit, the newest first.

    An app may have kept an old catalogue, and its report must not be lost. Raises Invalid for the
    newest form, which names fields as `details.<name>`: `unknown_field`, `wrong_type`,
    `out_of_range`, `too_long`, `blank`, `bad_characters`, `unknown_value`, `not_a_time`.
    """
    present, *earlier = forms
    try:
        return _check_form(present, details)
    except Invalid:
        for form in earlier:
            with suppress(Invalid):
                return _check_form(form, details)
        raise


def _check_form(form: Form, details: Mapping[str, Any]) -> Details:
    fields = {field.name: field for field in form.details}
    values: dict[str, Value] = {}
    errors: list[FieldError] = []
    for name, value in details.items():
        if name not in fields:
            errors.append(
                FieldError(
                    f"details.{name}" if _NAMEABLE.fullmatch(name) else "details", "unknown_field"
                )
            )
            continue
        try:
            values[name] = _check(fields[name], value)
        except PydanticCustomError as wrong:
            params = tuple((key, str(each)) for key, each in (wrong.context or {}).items())
            errors.append(FieldError(f"details.{name}", wrong.type, params))
    if errors:
        raise Invalid(*errors)
    in_order = {name: values[name] for name in fields if name in values}
    return Details(in_order, form.details_version, _raised(form, in_order))


def _check(field: DetailField, value: Any) -> Value:
    match field:
        case BooleanField():
            if not isinstance(value, bool):
                raise _wrong("wrong_type")
            return value
        case IntegerField():
            return _check_integer(field, value)
        case _:
            if not isinstance(value, str):
                raise _wrong("wrong_type")
            return _check_string(field, value)


def _check_integer(field: IntegerField, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong("wrong_type")
    if not field.minimum <= value <= field.maximum:
        raise _wrong("out_of_range", minimum=field.minimum, maximum=field.maximum)
    return value


def _check_string(field: ChoiceField | TimeField | TextField, value: str) -> str:
    match field:
        case ChoiceField():
            if value not in field.options:
                raise unknown_value(field.options)
            return value
        case TimeField():
            try:
                return times.render(times.parse(value))
            except ValueError:
                raise _wrong("not_a_time") from None
        case TextField():
            try:
                one_line = field.max_length <= LINE_MAX
                return bounded(value, field.max_length, one_line=one_line)
            except PydanticKnownError:
                raise _wrong("too_long", max_length=field.max_length) from None


def _wrong(code: str, **context: int) -> PydanticCustomError:
    return PydanticCustomError(code, "Not as declared.", context)


def _raised(form: Form, values: Mapping[str, Value]) -> UrgencyCode | None:
    """Return the highest urgency that the values call for."""
    called_for = [
        field.raises.urgency
        for field in form.details
        if isinstance(field, BooleanField | ChoiceField)
        and field.raises
        and values.get(field.name) in field.raises.answers
    ]
    return max(called_for, key=_URGENCIES.index, default=None)


def initial_urgency(category: Category, raised: UrgencyCode | None) -> Urgency:
    """Return the category's urgency, or the higher one that the details raise it to."""
    start = Urgency(category.urgency)
    return max(start, Urgency(raised), key=lambda urgency: urgency.rank) if raised else start
