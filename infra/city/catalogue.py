"""Check catalogue.json."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError

from chalicelib.domain.catalogue.model import (
    LEAST_REVIEW_DAYS,
    MOST_REVIEW_DAYS,
    WAITING,
    Catalogue,
    Category,
    ChoiceField,
    DetailField,
    Entry,
    LifecycleState,
)
from chalicelib.domain.notices.addresses import https_address
from chalicelib.domain.officers.model import OVERSIGHT
from infra.city.areas import CODE
from infra.city.facts import Problem, of_pydantic

FILE = "catalogue.json"
HINT = "categories, channels and app"
_VERSION = re.compile(r"[0-9]{1,4}(\.[0-9]{1,4}){0,3}")
# Requests go to `<endpoint>/requests.json`, so nothing comes after its path, and no file ends it.
_ENDPOINT = re.compile(
    r"https://[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?(/[\w~-][\w.~-]*)*(?<!\.json)(?<!\.xml)/?",
    re.ASCII | re.IGNORECASE,
)
_MAX_SHARDS = 64
_MAX_MINUTES = 43_200


def problems(said: Any) -> list[Problem]:
    """Return what is wrong with the content of catalogue.json."""
    seed = _read(said)
    if isinstance(seed, list):
        return seed
    checks = (_wrong_entries, _wrong_categories, _wrong_channels, _wrong_agencies, _wrong_app)
    return [Problem(FILE, place, wrong) for check in checks for place, wrong in check(seed)]


def keys(said: Any) -> list[str]:
    """Return the keys of the texts that a catalogue needs which is right."""
    seed = _read(said)
    if isinstance(seed, list):
        raise ValueError(f"not a catalogue: {seed}")
    needed = [f"category.{category.code}" for category in seed.categories]
    for category in seed.categories:
        for field in (field for form in category.forms() for field in form.details):
            key = f"detail.{category.code}.{field.name}"
            options = field.options if isinstance(field, ChoiceField) else ()
            needed += [key, *(f"{key}.{option}" for option in options)]
    for agency in seed.agencies:
        needed += [f"agency.{agency.code}", f"agency_how.{agency.code}"]
    return needed + [
        f"{kind}.{channel.code}"
        for channel in seed.channels
        for kind in ("channel", "bulletin.instruction")
    ]


def _read(said: Any) -> Catalogue | list[Problem]:
    """Return the catalogue, or what keeps it from being read."""
    if not isinstance(said, dict):
        return [Problem(FILE, "", f"is not an object. It has {HINT}.")]
    # The number is not in this file.
    whole = json.dumps(said | {"emergency": {"number": ""}})
    try:
        return TypeAdapter(Catalogue).validate_json(whole, strict=True, extra="forbid")
    except ValidationError as refused:
        return [_of_field(error) for error in refused.errors() if _is_of_its_type(said, error)]


def _is_of_its_type(said: Any, error: Any) -> bool:
    """Return whether an error in a field of a category is about the type that the field has.

    Pydantic tries all types, and names the errors of each.
    """
    path = list(error["loc"])
    tried = next((part for part in path if str(part) in _TYPES), None)
    if tried is None:
        return True
    field = said
    for part in path[: path.index(tried)]:
        field = field[part]
    if not isinstance(field, dict):
        return str(tried) == next(iter(_TYPES))
    declared = field.get("type")
    if declared in _TYPES.values():
        return _TYPES[str(tried)] == declared
    # Of an unknown type, one error is enough.
    return str(tried) == next(iter(_TYPES)) and error["loc"][-1] == "type"


# How pydantic names the types that it tries.
_TYPES = {
    "call[TextField]": "text",
    "call[IntegerField]": "integer",
    "call[BooleanField]": "boolean",
    "call[ChoiceField]": "choice",
    "call[TimeField]": "time",
}


def _of_field(error: Any) -> Problem:
    inner = tuple(part for part in error["loc"] if str(part) not in _TYPES)
    if inner[-1:] == ("type",) and len(inner) < len(error["loc"]):
        error = error | {"msg": f"Should be one of: {', '.join(_TYPES.values())}"}
    return of_pydantic(FILE, error | {"loc": inner})


def _wrong_entries(seed: Catalogue) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with codes, in both lists."""
    lists: dict[str, tuple[Entry, ...]] = {"categories": seed.categories, "channels": seed.channels}
    for name, entries in lists.items():
        yield from _wrong_codes(name, [entry.code for entry in entries])
        for number, entry in enumerate(entries):
            if entry.activates_at and entry.state not in WAITING:
                yield (
                    f"{name}[{number}].activates_at",
                    "is for what is planned, paused or shadow. Remove it, or change the state.",
                )


def _wrong_codes(place: str, codes: list[str]) -> Iterator[tuple[str, str]]:
    for number, code in enumerate(codes):
        if not CODE.fullmatch(code):
            yield (
                f"{place}[{number}]",
                f"{code!r} is not a code. Write lower-case letters, digits and _, up to 40, a"
                " letter first.",
            )
    for code, times in Counter(codes).items():
        if times > 1:
            yield place, f"have {code!r} {times} times. Name each once."


def _wrong_categories(seed: Catalogue) -> Iterator[tuple[str, str]]:
    always = [category for category in seed.categories if category.always_open]
    if not seed.categories:
        yield "categories", "are none. Add at least one that is active and always open."
    elif len(always) != 1:
        yield (
            "categories",
            f"have {len(always)} that are always open. Set always_open for exactly one: whoever"
            " finds no other category chooses that one.",
        )
    elif always[0].state is not LifecycleState.ACTIVE:
        yield (
            "categories",
            f"have {always[0].code!r} always open, and its state is {always[0].state.value}. Make"
            " it active.",
        )
    for number, category in enumerate(seed.categories):
        place = f"categories[{number}]"
        if not 1 <= category.shards <= _MAX_SHARDS:
            yield f"{place}.shards", f"is {category.shards}. Write 1 to {_MAX_SHARDS}."
        for urgency, minutes in category.deadlines.items():
            if urgency not in ("low", "normal", "high") or not 0 <= minutes <= _MAX_MINUTES:
                yield (
                    f"{place}.deadlines.{urgency}",
                    f"is {minutes}. Write 0 to {_MAX_MINUTES} minutes, for low, normal or high.",
                )
        if not LEAST_REVIEW_DAYS <= category.review_days <= MOST_REVIEW_DAYS:
            yield (
                f"{place}.review_days",
                f"is {category.review_days}. Write {LEAST_REVIEW_DAYS} to {MOST_REVIEW_DAYS} days.",
            )
        yield from _wrong_kin(f"{place}.kin", category, seed)
        yield from _wrong_form(place, category.details)
        for inner, form in enumerate(category.earlier):
            yield from _wrong_form(f"{place}.earlier[{inner}]", form.details)
        versions = sorted(form.details_version for form in category.earlier)
        if versions != list(range(1, category.details_version)):
            yield (
                f"{place}.earlier",
                f"has the versions {versions}, and details_version is {category.details_version}."
                " Keep each version from 1 on: reports have answers of it.",
            )


def _wrong_kin(place: str, category: Category, seed: Catalogue) -> Iterator[tuple[str, str]]:
    known = {each.code: each for each in seed.categories}
    for code, times in Counter(category.kin).items():
        if code == category.code:
            yield place, f"names {code!r} itself. Name other categories."
        elif code == OVERSIGHT:
            yield place, f"names {code!r}: reports about the police are apart. Remove it."
        elif code not in known:
            yield place, f"names the category {code!r}, which is not there. Correct or add it."
        elif times > 1 or (category.code in known[code].kin and category.code > code):
            yield place, f"names {code!r} twice. It counts in both directions: name it once."
        elif category.never_limited or known[code].never_limited:
            limits = category.code if category.never_limited else code
            yield (
                place,
                f"names {code!r}, and {limits!r} is never limited: its reports stand for"
                " themselves. Remove it.",
            )


def _wrong_form(place: str, details: Sequence[DetailField]) -> Iterator[tuple[str, str]]:
    yield from _wrong_codes(f"{place}.details", [field.name for field in details])
    for inner, field in enumerate(details):
        yield from _wrong_field(f"{place}.details[{inner}]", field)


def _wrong_field(place: str, field: DetailField) -> Iterator[tuple[str, str]]:
    if isinstance(field, ChoiceField):
        yield from _wrong_codes(f"{place}.options", list(field.options))
    raises = getattr(field, "raises", None)
    allowed = field.options if isinstance(field, ChoiceField) else (True, False)
    for answer in raises.answers if raises else ():
        if answer not in allowed:
            yield (
                f"{place}.raises.answers",
                f"{answer!r} is no answer of this field. Choose from: {json.dumps(allowed)}.",
            )


def _wrong_channels(seed: Catalogue) -> Iterator[tuple[str, str]]:
    if not any(channel.state is LifecycleState.ACTIVE for channel in seed.channels):
        yield "channels", "have none that is active. Make at least one active, to publish in it."
    known = [category.code for category in seed.categories]
    for number, channel in enumerate(seed.channels):
        if channel.state is LifecycleState.SHADOW:
            yield f"channels[{number}].state", "is shadow, which is for categories. Choose another."
        if not channel.outcomes or len(set(channel.outcomes)) < len(channel.outcomes):
            yield f"channels[{number}].outcomes", "is empty, or names one twice. Name each once."
        place = f"channels[{number}].fed_by"
        if not channel.fed_by:
            yield place, "is empty: nobody could work in this channel. Name a category."
        for code in channel.fed_by:
            if code not in known:
                yield place, f"names the category {code!r}, which is not there. Correct or add it."


def _wrong_agencies(seed: Catalogue) -> Iterator[tuple[str, str]]:
    yield from _wrong_codes("agencies", [agency.code for agency in seed.agencies])
    outside = [agency for agency in seed.agencies if agency.outside]
    if seed.agencies and len(outside) != 1:
        yield (
            "agencies",
            f"have {len(outside)} for reports from outside the districts. Set outside for exactly"
            " one: officers are led to it.",
        )
    for number, agency in enumerate(seed.agencies):
        place = f"agencies[{number}]"
        needed = {"endpoint": agency.endpoint, "service_code": agency.service_code}
        if not agency.is_sent_to:
            said = any((*needed.values(), agency.jurisdiction_id))
            if said or (agency.publishes, agency.lists) != (True, True):
                yield place, "has no server of Open311: keep code, receives and outside alone."
            continue
        for name, value in needed.items():
            if not value:
                yield f"{place}.{name}", "is missing. An agency that receives by open311 has one."
        if agency.endpoint and (fault := _fault_of(agency.endpoint)):
            yield (
                f"{place}.endpoint",
                f"is no address that can be called: {fault} Write what stands before"
                " /requests.json: https, a public name, and a path of plain names.",
            )


def _fault_of(endpoint: str) -> str | None:
    """Return why no request can be sent to an address; None when one can."""
    try:
        https_address(endpoint)
    except ValueError as refused:
        return str(refused)
    return None if _ENDPOINT.fullmatch(endpoint) else "Nothing can be added to it."


def _wrong_app(seed: Catalogue) -> Iterator[tuple[str, str]]:
    if not _VERSION.fullmatch(seed.app.minimum_version):
        yield "app.minimum_version", f'is {seed.app.minimum_version!r}. Write it like "1.0.0".'
