"""Check city.json."""

import json
import re
import zoneinfo
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from pydantic import TypeAdapter, ValidationError

from chalicelib.kernel.city import City
from infra.city.problem import Problem

FILE = "city.json"
HINT = "languages, default_language, time_zone, emergency_number and datums"
# As `TAG_PATTERN` in `chalicelib/kernel/languages.py`, which reads a city when it is imported.
_TAG = re.compile("[a-z]{2,8}(-[a-z0-9]{1,8})*")
_NUMBER = re.compile("[0-9+*#][0-9 *#-]{1,19}")
_DATUMS = ("wgs84", "gcj02", "bd09")

_MISSING = "is missing. Add it."
_UNKNOWN = "is not known. Remove it, or correct its name."


def problems(said: Any) -> list[Problem]:
    """Return what is wrong with the content of city.json."""
    try:
        city = TypeAdapter(City).validate_json(json.dumps(said), strict=True, extra="forbid")
    except ValidationError as refused:
        return [of_pydantic(FILE, error) for error in refused.errors()]
    return [Problem(FILE, place, wrong) for place, wrong in _wrong(city)]


def of_pydantic(file: str, error: Any) -> Problem:
    """Return what pydantic found, with its place as it stands in the file: `channels[0].state`."""
    place = ""
    for part in error["loc"]:
        # A tag of a union is no part of the file.
        place += f"[{part}]" if isinstance(part, int) else f".{part}"
    wrong = {
        "string_type": _not_a_text(error),
        "missing": _MISSING,
        "missing_argument": _MISSING,
        "extra_forbidden": _UNKNOWN,
        "unexpected_keyword_argument": _UNKNOWN,
        "arguments_type": "is not an object. Correct it.",
    }.get(error["type"], f"{error['msg']}. Correct it.")
    return Problem(file, place.removeprefix("."), wrong)


def _not_a_text(error: Any) -> str:
    said = error["input"]
    if isinstance(said, int | float) and not isinstance(said, bool):
        return f'is a number. Write it in quotes: "{said}".'
    return "is not a text. Write one, in quotes."


def _wrong(city: City) -> Iterator[tuple[str, str]]:
    yield from _wrong_languages(city)
    if city.time_zone not in zoneinfo.available_timezones():
        yield (
            "time_zone",
            f"{city.time_zone!r} is not in the tz database. {_advice(city.time_zone)}",
        )
    if not _NUMBER.fullmatch(city.emergency_number):
        yield (
            "emergency_number",
            f"{city.emergency_number!r} cannot be dialled. Write two to twenty digits, +, * or #.",
        )
    for datum in city.datums:
        if datum not in _DATUMS:
            yield "datums", f"{datum!r} is not known. Use some of: {', '.join(_DATUMS)}."
    if "wgs84" not in city.datums:
        yield "datums", "lack wgs84, which phones send. Add it."


def _wrong_languages(city: City) -> Iterator[tuple[str, str]]:
    if not city.languages:
        yield "languages", 'are none. List at least one, such as "en".'
    for language in city.languages:
        if not _TAG.fullmatch(language):
            yield (
                "languages",
                f'{language!r} is not a tag in lower case. Write it like "en" or "pt-br".',
            )
    if len(set(city.languages)) < len(city.languages):
        yield "languages", "name one twice. Name each once."
    language = city.default_language
    if language not in city.languages:
        yield (
            "default_language",
            f"{language!r} is not one of languages. Choose one of them, or add it there.",
        )


def _advice(zone: str) -> str:
    close = get_close_matches(zone, zoneinfo.available_timezones(), 1, 0.5)
    return f"Did you mean {close[0]!r}?" if close else 'Write it like "Asia/Shanghai".'
