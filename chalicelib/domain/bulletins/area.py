"""The area of a bulletin: as it is sent, stored and displayed."""

import re
from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import (
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from chalicelib.domain.catalogue.codes import AcceptedDatum, DistrictCode
from chalicelib.kernel import geo
from chalicelib.kernel.languages import label, text
from chalicelib.kernel.models import Input
from chalicelib.kernel.text import Line

AreaText = Line


class Area(Input):
    """A place as it is sent. Only its geohash cell, about 5 km wide, is stored and published."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    lat: Annotated[float, Field(ge=-90, le=90)] | None = None
    lon: Annotated[float, Field(ge=-180, le=180)] | None = None
    datum: AcceptedDatum = geo.Datum.WGS84
    text: AreaText | None = None
    # Last, because its check needs the point.
    district: DistrictCode | None = None

    @field_validator("district")
    @classmethod
    def _holds_the_point(cls, district: str | None, info: ValidationInfo) -> str | None:
        values = info.data
        if district and "datum" in values and None not in (values.get("lat"), values.get("lon")):
            holder = geo.district_of(*geo.to_wgs84(values["lat"], values["lon"], values["datum"]))
            if district != holder:
                raise PydanticCustomError("not_at_the_point", "The point lies elsewhere.")
        return district

    @model_validator(mode="after")
    def _says_where(self) -> Self:
        if (self.lat is None) != (self.lon is None) or not (
            self.district or self.text or self.lat is not None
        ):
            raise PydanticCustomError(
                "needs_a_place", "Give a district, a text, or both lat and lon."
            )
        return self

    def coarse(self) -> dict[str, str]:
        """Return the public area: `district`, `text`, `geohash`, each if there is one.

        The district of a point is worked out.
        """
        stored = {"district": self.district, "text": self.text}
        if self.lat is not None and self.lon is not None:
            place = geo.to_wgs84(self.lat, self.lon, self.datum)
            stored |= {"district": geo.district_of(*place), "geohash": geo.encode(*place)}
        return {name: value for name, value in stored.items() if value}


_TEXT, _OBJECT = "(text)", "(object)"
AnyArea = Annotated[
    Annotated[AreaText, Tag(_TEXT)] | Annotated[Area, Tag(_OBJECT)],
    # Chosen by its JSON type, so that an error names the fields of that form alone.
    Discriminator(lambda value: _TEXT if isinstance(value, str) else _OBJECT),
]


def area_parts(area: str | Mapping[str, str] | None) -> Mapping[str, str]:
    """Return `district`, `text` and `geohash` of a stored area, each if there is one."""
    if area is None or isinstance(area, Mapping):
        return area or {}
    is_district = area in geo.report_districts()
    return {"district": area} if is_district else {"text": area}


def area_label(area: str | Mapping[str, str] | None, language: str) -> str | None:
    """Return the text of a stored area, with the district's name in place of its code."""
    parts = area_parts(area)
    district = label("district", parts["district"], language) if "district" in parts else None
    words = parts.get("text")
    if words and district and district not in words:
        read = text("bulletin.area_of", language, text=words, district=district)
        # Where the wording has no sign between them. The console's `apart` does the same.
        return read.replace(f"{district}{words}", f"{district}{_gap(district, words)}{words}", 1)
    return words or district or parts.get("geohash")


# Chinese letters and numbers, by the blocks of Unicode.
_HAN = "[\u3005-\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"


def _gap(before: str, after: str) -> str:
    """Return the gap between two words: none between Chinese ones, or beside a sign."""
    meet = before[-1], after[0]
    is_chinese = all(re.match(_HAN, each) for each in meet)
    return "" if is_chinese or not all(map(str.isalnum, meet)) else " "
