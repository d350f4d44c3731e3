"""The texts of a report, as its models declare them: what tests send follows from these."""

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Annotated, Any, Literal, TypeAliasType, get_args, get_origin

from pydantic import BaseModel

from chalicelib.domain.catalogue.model import TextField, catalogue
from chalicelib.domain.reports.report import Submission
from chalicelib.kernel.text import Clear

DETAILS = "details"
PLACE = {"lat": 39.92, "lon": 116.44}  # in Chaoyang
# What has a pattern of its own.
PATTERNED = {"contact.phone": "+86 138 4242 4242", "contact.email": "canary@e.cn"}


def texts(model: type[BaseModel]) -> Iterator[str]:
    """Yield the path of each field that can hold words of a person: each `str` that is not declared
    as clear, and what has no type.
    """
    for name, field in model.model_fields.items():
        for below in dict.fromkeys(_texts(field.annotation, field.metadata)):
            yield f"{name}{below}"


def _texts(declared: Any, marks: list[Any]) -> Iterator[str]:
    if isinstance(declared, TypeAliasType):
        yield from _texts(declared.__value__, marks)
    elif get_origin(declared) is Annotated:
        inner, *more = get_args(declared)
        yield from _texts(inner, [*marks, *more])
    elif get_origin(declared) is not Literal and get_args(declared):
        for each in get_args(declared):
            yield from _texts(each, [])
    elif declared in (Any, object):
        yield ""
    elif not isinstance(declared, type) or issubclass(declared, Enum):
        return
    elif issubclass(declared, BaseModel):
        yield from (f".{below}" for below in texts(declared))
    elif issubclass(declared, str) and not any(isinstance(each, Clear) for each in marks):
        yield ""


def written_in(category: str) -> list[str]:
    """Return the paths of all texts of a report, with those of the category's own fields."""
    fields = catalogue().category(category).details
    own = [f"{DETAILS}.{each.name}" for each in fields if isinstance(each, TextField)]
    return [*(path for path in texts(Submission) if path != DETAILS), *own]


def canaries(category: str, prefix: str) -> dict[str, str]:
    """Return something to say for each text of a report, by its path."""
    paths = written_in(category)
    return {path: PATTERNED.get(path, f"{prefix}-{path.replace('.', '-')}") for path in paths}


def saying(
    said: Mapping[str, str], category: str, place: Mapping[str, float] = PLACE
) -> dict[str, Any]:
    """Return the body of a report that says this, by the paths of its texts."""
    body: dict[str, Any] = {"category": category, "location": dict(place)}
    for path, text in said.items():
        above, _, name = path.rpartition(".")
        (body.setdefault(above, {}) if above else body)[name] = text
    return body
