"""The codes that a caller may name: categories, channels and districts.

An unknown code is the field error `unknown_value`, whose context `allowed` lists the known codes:
all of them are public. An admin or another city may add codes, so the OpenAPI document gives a
pattern and lists today's codes as `x-extensible-enum`: clients accept others.
"""

from collections.abc import Callable, Collection
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, Field, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError

from chalicelib.domain.catalogue import learnt
from chalicelib.domain.catalogue.model import catalogue
from chalicelib.domain.officers.model import ALL, OVERSIGHT
from chalicelib.kernel import geo
from chalicelib.kernel.city import city
from chalicelib.kernel.languages import LANGUAGES
from chalicelib.kernel.text import Code


def unknown_value(allowed: Collection[str]) -> PydanticCustomError:
    """Return the error of a value that is none of `allowed`."""
    return PydanticCustomError(
        "unknown_value", "Not one of: {allowed}.", {"allowed": ", ".join(allowed)}
    )


def category_codes() -> tuple[str, ...]:
    return tuple(category.code for category in catalogue().categories)


def known_category_codes() -> tuple[str, ...]:
    """Return the codes of the city's categories, and of those that admins have added."""
    return (*category_codes(), *learnt.codes())


def channel_codes() -> tuple[str, ...]:
    return tuple(channel.code for channel in catalogue().channels)


def agency_codes() -> tuple[str, ...]:
    return tuple(agency.code for agency in catalogue().agencies)


def _one_of(codes: Callable[[], Collection[str]]) -> AfterValidator:
    def check(code: str) -> str:
        if code not in codes():
            raise unknown_value(codes())
        return code

    return AfterValidator(check)


class Extensible(NamedTuple):
    """Documents a code: `codes` are those of today, and others may come."""

    codes: Callable[[], Collection[str]]

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        known = list(self.codes())
        pattern = _SCOPE_PATTERN if ALL in known else _PATTERN
        return {"type": "string", "pattern": pattern, "x-extensible-enum": known}


_PATTERN = "^[a-z][a-z0-9_]{0,39}$"
_SCOPE_PATTERN = r"^(\*|[a-z][a-z0-9_]{0,39})$"


def scope_of(codes: Callable[[], Collection[str]]) -> Callable[[], Collection[str]]:
    """Return the codes that a scope may name: these, and `*` for all of them."""
    return lambda: (ALL, *codes())


CategoryCode = Annotated[Code, _one_of(known_category_codes), Extensible(category_codes)]
ListedCategory = Annotated[
    str, _one_of(lambda: (*known_category_codes(), OVERSIGHT)), Extensible(category_codes)
]
"""A category by which officers list reports: also that of reports about the police."""
ChannelCode = Annotated[str, _one_of(channel_codes), Extensible(channel_codes)]
AgencyCode = Annotated[str, _one_of(agency_codes), Extensible(agency_codes)]
DistrictCode = Annotated[str, _one_of(geo.districts), Extensible(geo.districts)]
"""A district of the areas file."""
ReportDistrict = Annotated[str, _one_of(geo.report_districts), Extensible(geo.report_districts)]
"""A district that a report can have: also `outside` and `unknown`."""
CategoryScope = Annotated[
    str, _one_of(scope_of(known_category_codes)), Extensible(scope_of(category_codes))
]
"""A category, or `*` for all of them."""
DistrictScope = Annotated[
    str, _one_of(scope_of(geo.districts)), Extensible(scope_of(geo.districts))
]
"""A district, or `*` for all of them."""


def _accepted(datum: geo.Datum) -> geo.Datum:
    if datum not in city().datums:
        raise unknown_value(city().datums)
    return datum


AcceptedDatum = Annotated[geo.Datum, Field(strict=False), AfterValidator(_accepted)]
"""A datum that the city accepts. WGS-84 always is."""
LanguageCode = Annotated[str, _one_of(lambda: LANGUAGES)]
