"""The route of the city's areas, as GeoJSON."""

from functools import cache
from typing import Annotated, Literal

from pydantic import Field

from chalicelib.domain import geo
from chalicelib.domain.codes import Extensible
from chalicelib.domain.languages import text
from chalicelib.handlers.requests import Call
from chalicelib.handlers.responses import Response, conditional
from chalicelib.handlers.routes import Content, Routes
from chalicelib.handlers.shapes import Shape

routes = Routes("Public")

# They change with a deployment only.
_MAX_AGE_S = 3600

Position = Annotated[list[float], Field(min_length=2, max_length=3)]
"""Longitude before latitude, in degrees of WGS-84."""
Ring = Annotated[list[Position], Field(min_length=4)]


class Polygon(Shape):
    """An outer ring and its holes. The last position of a ring is the first one again."""

    type: Literal["Polygon"]
    coordinates: list[Ring]


class MultiPolygon(Shape):
    """Several polygons, each an outer ring and its holes."""

    type: Literal["MultiPolygon"]
    coordinates: list[list[Ring]]


class AreaProperties(Shape):
    """`code` is that of reports and bulletins. `label` is in the language of `Accept-Language`."""

    code: Annotated[str, Extensible(geo.area_codes)]
    kind: geo.AreaKind
    label: str


class AreaFeature(Shape):
    """A district, or the area of a police station."""

    type: Literal["Feature"]
    properties: AreaProperties
    geometry: Annotated[Polygon | MultiPolygon, Field(discriminator="type")]


class Areas(Shape):
    """A GeoJSON FeatureCollection (RFC 7946)."""

    type: Literal["FeatureCollection"]
    features: list[AreaFeature]


@routes.get("/v1/areas", returns={200: Content(Areas, "application/geo+json"), 304: None})
def get_areas(call: Call) -> Response:
    """Get the districts and the areas of police stations, as GeoJSON.

    Coordinates are in WGS-84. Labels are in the language of `Accept-Language`. Cache the response
    for `max-age` seconds. Then request it again with `If-None-Match`.
    """
    headers = {
        "Content-Type": "application/geo+json",
        "Cache-Control": f"public, max-age={_MAX_AGE_S}",
        "Vary": "Accept-Language",
        "Content-Language": call.language,
    }
    return conditional(_content(call.language), call, headers)


@cache
def _content(language: str) -> str:
    features = [
        {
            "type": "Feature",
            "properties": {
                "code": area.code,
                "kind": area.kind,
                "label": text(f"{area.kind}.{area.code}", language),
            },
            "geometry": area.geometry,
        }
        for area in geo.areas()
    ]
    return Areas.model_validate(
        {"type": "FeatureCollection", "features": features}
    ).model_dump_json()
