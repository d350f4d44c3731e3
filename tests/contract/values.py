"""Values that no document can give: ids, codes that an admin may add, and times near now.

Generated ones are valid by the document and mean nothing here. Where a case is valid, its members
of these names get real values; what is right of all the others is for the document to say.
"""

import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

type Values = Mapping[str, Callable[[Any], Any]]


def settle(body: Any, values: Values) -> Any:
    """Return `body` with real values for the members that have one, at any depth. Null stays."""
    if isinstance(body, list):
        return [settle(each, values) for each in body]
    if not isinstance(body, dict):
        return body
    return {
        name: values[name](value) if name in values and value is not None else settle(value, values)
        for name, value in body.items()
    }


def one_of(known: Sequence[str]) -> Callable[[Any], Any]:
    """Return a choice among known codes: the same for the same generated value. Lists are chosen
    each by each; entries that are objects have their `code` chosen."""

    def choose(value: Any) -> Any:
        if isinstance(value, list):
            chosen = [choose(each) for each in value]
            return [each for number, each in enumerate(chosen) if each not in chosen[:number]]
        if isinstance(value, dict):
            return value | {"code": choose(value["code"])} if "code" in value else value
        return known[zlib.crc32(str(value).encode()) % len(known)] if value not in known else value

    return choose


def in_languages(known: Sequence[str]) -> Callable[[Any], Any]:
    """Return a text by known languages, in the place of one by any.

    All texts have the first one, as a title and a body need a language in common.
    """
    return lambda value: (
        dict(zip(known, value.values(), strict=False)) if isinstance(value, dict) else value
    )


def from_now(by: timedelta) -> Callable[[Any], str]:
    """Return the time that is `by` from now, whatever was generated."""
    return lambda value: (datetime.now(UTC) + by).isoformat(timespec="milliseconds")


def always(known: Any) -> Callable[[Any], Any]:
    return lambda value: known
