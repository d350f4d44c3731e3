"""What pydantic found wrong, as the fields of an `Invalid`."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from chalicelib import errors
from chalicelib.domain import languages

_SAFE_FIELD = re.compile(r"[A-Za-z0-9_]{1,40}")
_QUOTED = re.compile(r"'([^']*)'")
# In pydantic's path, but no field: that a name itself is wrong, and the tag of one form among
# several.
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


# How pydantic names what is of another type than it should be.
_OF_A_TYPE = ("_type", "_parsing", "_from_float")
_ABOUT_A_TYPE = ("int_", "bool_", "model_", "dict_", "tuple_", "list_", "string_")


def as_fields(invalid: ValidationError) -> errors.Invalid:
    """Return what pydantic found, by fields and in codes that have a wording.

    A kind without one is `invalid`.
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
    """Return what a wording may show: numbers, and the values that are allowed.

    Those are in our own errors as `allowed`, in pydantic's of a closed set as `expected`.
    """
    params = [
        (name, str(value)) for name, value in context.items() if isinstance(value, int | float)
    ]
    allowed = context.get("allowed") or ", ".join(_QUOTED.findall(str(context.get("expected", ""))))
    return (*params, ("allowed", allowed)) if allowed else tuple(params)


def field_path(path: tuple[int | str, ...]) -> str:
    """Return the dotted path of a field.

    A name that was made up by the sender is repeated only when it is a plain word.
    """
    named = [*path[:1], *(part for part in path[1:] if not _PYDANTICS.fullmatch(str(part)))]
    return (
        ".".join(str(part) if _SAFE_FIELD.fullmatch(str(part)) else "?" for part in named) or "body"
    )
