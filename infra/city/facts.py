"""Read the files of a city strictly, and check city.json."""

import json
import math
import re
import zoneinfo
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from chalicelib.kernel.city import City

FILE = "city.json"
HINT = "languages, default_language, time_zone, emergency_number and datums"
# As `TAG_PATTERN` in `chalicelib/kernel/languages.py`, which reads a city when it is imported.
_TAG = re.compile("[a-z]{2,8}(-[a-z0-9]{1,8})*")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@.]+")
_NUMBER = re.compile("[0-9+*#][0-9 *#-]{1,19}")
_DATUMS = ("wgs84", "gcj02", "bd09")
_MAP_CODE = re.compile("[a-z][a-z0-9_]{0,39}")
_TYPES = re.compile(r"https://[^\s{}]+/")
_MAP_URL = re.compile(r"https://[^/\s{}]+/\S*")

_MISSING = "is missing. Add it."
_UNKNOWN = "is not known. Remove it, or correct its name."


class Problem(NamedTuple):
    """One mistake. `file` is relative to the folder, `place` is in the file or empty, `wrong` says
    what is wrong and what to do.
    """

    file: str
    place: str
    wrong: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.file, self.place, self.wrong) if part)


class Unreadable(Exception):
    """A file is not there or is not JSON. `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def read(folder: Path, name: str, hint: str) -> Any:
    """Return the content of a JSON file.

    Raises Unreadable when it is not there (`hint` says what it must hold), cannot be read, is not
    JSON in UTF-8, or has a name twice in one object.
    """
    try:
        content = (folder / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise Unreadable(Problem(name, "", f"is not there. Write it: {hint}.")) from None
    except UnicodeDecodeError as error:
        wrong = f"is not UTF-8, from byte {error.start} on. Save it as UTF-8."
        raise Unreadable(Problem(name, "", wrong)) from None
    except OSError as error:
        wrong = f"cannot be read ({error.strerror}). It must be a file that you may read."
        raise Unreadable(Problem(name, "", wrong)) from None
    try:
        found = json.loads(
            content, object_pairs_hook=lambda pairs: _once(name, pairs), parse_constant=_no_number
        )
        json.dumps(found, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise Unreadable(Problem(name, place, f"is not JSON ({error.msg}). Correct it.")) from None
    except RecursionError:
        wrong = "has too many brackets inside each other. Correct it."
        raise Unreadable(Problem(name, "", wrong)) from None
    except UnicodeEncodeError as error:
        half = str(error.object)[error.start].encode("ascii", "backslashreplace").decode()
        wrong = f"has {half}, which is half a character. Write the character itself."
        raise Unreadable(Problem(name, "", wrong)) from None
    except ValueError as error:
        raise Unreadable(Problem(name, "", f"{error}.")) from None
    return found


def _once(name: str, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            wrong = "is there twice in one object. Remove one of them."
            raise Unreadable(Problem(name, key, wrong))
        found[key] = value
    return found


def _no_number(constant: str) -> float:
    raise ValueError(f"has {constant}, which is not JSON. Write a number")


def is_number(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool)


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
    for name in ("oversight_email", "review_address"):
        address = getattr(city, name)
        if address is not None and not _EMAIL.fullmatch(address):
            yield name, f"{address!r} is no e-mail address. Write one, or leave it out."
    if not _TYPES.fullmatch(city.problem_types):
        yield (
            "problem_types",
            "is no address of https that ends with /. Write one, or leave it out.",
        )
    for datum in city.datums:
        if datum not in _DATUMS:
            yield "datums", f"{datum!r} is not known. Use some of: {', '.join(_DATUMS)}."
    for name in ("answer_days", "requests_kept_months"):
        if not 1 <= getattr(city, name) <= 120:
            yield name, "is not from 1 to 120. Write such a number."
    if "wgs84" not in city.datums:
        yield "datums", "lack wgs84, which phones send. Add it."
    yield from _wrong_maps(city)


def keys(said: Any) -> list[str]:
    """Return the keys of the texts that city.json needs, when it is right."""
    return [f"map.{each['code']}" for each in said.get("maps", ())]


def _wrong_maps(city: City) -> Iterator[tuple[str, str]]:
    for at, each in enumerate(city.maps):
        if not _MAP_CODE.fullmatch(each.code) or each.code in [one.code for one in city.maps[:at]]:
            yield (
                f"maps[{at}].code",
                "is no code of its own. Write up to 40 lower-case letters, digits and _.",
            )
        if each.datum not in city.datums:
            yield f"maps[{at}].datum", f"{each.datum!r} is not one of datums. Add it there."
        # It stands in a link of the console: only a place may be filled in.
        places = sorted(re.findall(r"\{[^}]*\}?", each.url))
        if not _MAP_URL.fullmatch(each.url) or places != ["{lat}", "{lon}"]:
            yield (
                f"maps[{at}].url",
                "is no address of a place. Write https://… with {lat} and {lon}, each once.",
            )


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
