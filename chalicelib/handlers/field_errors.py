"""Turn the errors of pydantic into the fields of an `Invalid`."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from chalicelib import errors
from chalicelib.domain import languages

_SAFE_FIELD = re.compile(r"[A-Za-z0-9_]{1,40}")
_QUOTED = re.compile(r"'([^']*)'")
# Parts of pydantic's paths that are not fields: the mark of a wrong key, and the tag of a union.
_PYDANTICS = re.compile(r"\[key\]|\([a-z]+\)")

_CODES = {
    "missing": "required",
    "extra_forbidden": "unknown_field",
    "string_too_long": "too_long",
    "string_too_short": "blank",
    "too_long": "too_many",
    "too_short": "too_few",
    "greater_than": "out_of_range",
    "greater_than_equal": "out_of_range",
    "less_than": "out_of_range",
    "less_than_equal": "out_of_range",
    "finite_number": "out_of_range",
    "enum": "unknown_value",
    "literal_error": "unknown_value",
    "string_pattern_mismatch": "unknown_value",
}


# Parts of pydantic's codes for a value of the wrong type.
_OF_A_TYPE = ("_type", "_parsing", "_from_float")
_ABOUT_A_TYPE = ("int_", "bool_", "model_", "dict_", "tuple_", "list_", "string_")


def as_fields(invalid: ValidationError) -> errors.Invalid:
    """Return pydantic's errors as fields with codes of the API.

    A code without a text in `domain/texts/` becomes `invalid`.
    """
    found = []
    for each in invalid.errors(include_url=False, include_input=False):
        code = _CODES.get(each["type"], each["type"])
        if f"field.{code}" not in languages.texts(languages.DEFAULT):
            code = (
                "wrong_type"
                if code.endswith(_OF_A_TYPE) or code.startswith(_ABOUT_A_TYPE)
                else "invalid"
            )
        params = _params(each.get("ctx") or {})
        found.append(errors.FieldError(field_path(each["loc"]), code, params))
    return errors.Invalid(*found)


def _params(context: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return the values that a text may show: numbers, and the allowed values.

    Our own errors have the allowed values in `allowed`, those of pydantic in `expected`.
    """
    params = [
        (name, str(value)) for name, value in context.items() if isinstance(value, int | float)
    ]
    allowed = context.get("allowed") or ", ".join(_QUOTED.findall(str(context.get("expected", ""))))
    return (*params, ("allowed", allowed)) if allowed else tuple(params)


def field_path(path: tuple[int | str, ...]) -> str:
    """Return the dotted path of a field.

    A name that the sender chose is returned only when it is a plain word; otherwise it is `?`.
    """
    # A name alone is the sender's own, however it looks. Before others it is the tag of the body.
    first = 1 if len(path) == 1 else 0
    named = [*path[:first], *(part for part in path[first:] if not _PYDANTICS.fullmatch(str(part)))]
    return (
        ".".join(str(part) if _SAFE_FIELD.fullmatch(str(part)) else "?" for part in named) or "body"
    )
