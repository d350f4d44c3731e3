"""The two bases of the domain's models: for what is sent, and for what is stored."""

import re
from typing import Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetJsonSchemaHandler
from pydantic_core import CoreSchema


class Input(BaseModel):
    """Base of what callers send: nothing is coerced, and nothing unknown is accepted."""

    # Both are built at first use: a call needs few models, and each build delays a cold start.
    model_config = ConfigDict(
        extra="forbid", strict=True, allow_inf_nan=False, frozen=True, defer_build=True
    )


class Query(BaseModel):
    """Base of query strings: texts are read as what they say; nothing unknown is accepted."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


def read_number(value: Any) -> Any:
    """Return the number that a text of a query says; anything else as it is."""
    is_number = isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value, re.ASCII)
    return int(value) if is_number else value


class Record(BaseModel):
    """Base of what is stored. Unknown fields are ignored: a newer release may have written them."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)


class NotNull:
    """Documents a field that may be left out, but is never null: `Annotated[X | None, NotNull()]`.

    Null itself is refused, or left out of a response, by the model.
    """

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        documented = handler(schema)
        options = [each for each in documented.get("anyOf", ()) if each != {"type": "null"}]
        if len(options) != 1:
            raise TypeError("only a field that is one type or None can be documented so")
        rest = {name: value for name, value in documented.items() if name != "anyOf"}
        return {**rest, **options[0]}


def left_out() -> Any:
    """Return the default of a member that is left out when it has no value.

    The type of the field is `Annotated[X | None, NotNull()]`, because null is never returned.
    """
    return Field(default=None, exclude_if=_is_none)


def _is_none(value: Any) -> bool:
    return value is None


def _tiny_as_zero(value: float) -> float:
    # The table takes no number below 1e-130, and a report must not fail because of one.
    return value if abs(value) > 1e-100 else 0.0


# After the bounds, so that the OpenAPI document states these.
TINY_AS_ZERO = AfterValidator(_tiny_as_zero)
