"""The codes that a caller may name: categories, channels and districts.

Each is checked here alone. An unknown code is the field error `unknown_value`, whose context
`allowed` lists the codes that there are: all of them are public.
"""

from collections.abc import Callable, Collection
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from chalicelib.domain import geo
from chalicelib.domain.catalogue import catalogue
from chalicelib.domain.languages import LANGUAGES
from chalicelib.domain.officers import ALL


def unknown_value(allowed: Collection[str]) -> PydanticCustomError:
    """Return the error of a value that is none of `allowed`."""
    return PydanticCustomError(
        "unknown_value", "Not one of: {allowed}.", {"allowed": ", ".join(allowed)}
    )


def category_codes() -> tuple[str, ...]:
    return tuple(category.code for category in catalogue().categories)


def channel_codes() -> tuple[str, ...]:
    return tuple(channel.code for channel in catalogue().channels)


def _one_of(codes: Callable[[], Collection[str]]) -> AfterValidator:
    def check(code: str) -> str:
        if code not in codes():
            raise unknown_value(codes())
        return code

    return AfterValidator(check)


def _documented(codes: Collection[str]) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "enum": list(codes)})


CategoryCode = Annotated[str, _one_of(category_codes), _documented(category_codes())]
ChannelCode = Annotated[str, _one_of(channel_codes), _documented(channel_codes())]
DistrictCode = Annotated[str, _one_of(geo.districts)]
"""A district of the areas file."""
ReportDistrict = Annotated[str, _one_of(geo.report_districts)]
"""A district that a report can have: also `outside` and `unknown`."""
CategoryScope = Annotated[str, _one_of(lambda: (ALL, *category_codes()))]
"""A category, or `*` for all of them."""
DistrictScope = Annotated[str, _one_of(lambda: (ALL, *geo.districts()))]
"""A district, or `*` for all of them."""
LanguageCode = Annotated[str, _one_of(lambda: LANGUAGES)]
