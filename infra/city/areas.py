"""Check areas.geojson: a FeatureCollection (RFC 7946) of districts and police-station areas."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from typing import Any, NamedTuple

from shapely import is_valid_reason
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

from infra.city.facts import Problem, is_number

FILE = "areas.geojson"
HINT = "a GeoJSON FeatureCollection of districts"
KINDS = ("district", "station")
# The districts of reports without a place, and of those elsewhere.
_RESERVED = ("outside", "unknown")
CODE = re.compile("[a-z][a-z0-9_]{0,39}")
# Square degrees: about 100 m². Borders that were drawn one by one overlap by less.
_SLIVER = 1e-8
# It is read at cold starts and returned as a whole.
MAX_BYTES = 1_000_000


class Area(NamedTuple):
    """A feature whose geometry is valid."""

    place: str
    code: str
    kind: str
    shape: BaseGeometry


def problems(collection: Any, size: int) -> list[Problem]:
    """Return what is wrong with the content of areas.geojson, which has `size` bytes."""
    if not isinstance(collection, dict) or collection.get("type") != "FeatureCollection":
        return [Problem(FILE, "type", 'is not "FeatureCollection". Export the areas as that.')]
    features = collection.get("features")
    if not isinstance(features, list) or not features:
        return [Problem(FILE, "features", "is not a list of areas. Add at least one district.")]
    found: list[Problem] = []
    areas: list[Area] = []
    for number, feature in enumerate(features):
        place = _place(number, feature)
        wrong = list(_wrong_feature(feature))
        found += [Problem(FILE, f"{place}{inner}", what) for inner, what in wrong]
        if not wrong:
            code, kind = (feature["properties"][name] for name in ("code", "kind"))
            areas.append(Area(place, code, kind, shape(feature["geometry"])))
    if size > MAX_BYTES:
        found.append(
            Problem(FILE, "", f"has {size} bytes, over {MAX_BYTES}. Simplify its borders.")
        )
    return [*found, *(Problem(FILE, place, wrong) for place, wrong in _wrong_together(areas))]


def keys(collection: Any) -> list[str]:
    """Return the keys of the labels of areas that are right."""
    named = [feature["properties"] for feature in collection["features"]]
    return [f"{each['kind']}.{each['code']}" for each in named]


def describe(collection: Any) -> str:
    """Return where areas that are right lie, and how many there are: `10.00–10.20° E,
    44.00–44.10° N, 2 districts, 1 station`.
    """
    west, south, east, north = unary_union(
        [shape(feature["geometry"]) for feature in collection["features"]]
    ).bounds
    kinds = Counter(feature["properties"]["kind"] for feature in collection["features"])
    return ", ".join(
        [
            _degrees(west, east, "W", "E"),
            _degrees(south, north, "S", "N"),
            *(
                f"{kinds[kind]} {kind}{'' if kinds[kind] == 1 else 's'}"
                for kind in KINDS
                if kinds[kind]
            ),
        ]
    )


def _degrees(low: float, high: float, negative: str, positive: str) -> str:
    if low >= 0:
        return f"{low:.2f}–{high:.2f}° {positive}"
    if high <= 0:
        return f"{-high:.2f}–{-low:.2f}° {negative}"
    return f"{-low:.2f}° {negative} to {high:.2f}° {positive}"


def _place(number: int, feature: Any) -> str:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    code = properties.get("code") if isinstance(properties, dict) else None
    return f"features[{number}]" + (f" ({code})" if isinstance(code, str) else "")


def _wrong_feature(feature: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        yield ".type", 'is not "Feature". Correct it.'
        return
    properties = feature.get("properties")
    if not isinstance(properties, dict):
        yield ".properties", "is not an object. Give it a code and a kind."
        return
    code, kind = properties.get("code"), properties.get("kind")
    if not isinstance(code, str) or not CODE.fullmatch(code):
        yield (
            ".properties.code",
            f"is {code!r}. Write lower-case letters, digits and _, up to 40, a letter first.",
        )
    elif code in _RESERVED:
        yield ".properties.code", f"{code!r} means a report without a district. Choose another."
    if kind not in KINDS:
        yield ".properties.kind", f"is {kind!r}. Write district or station."
    yield from _wrong_geometry(feature.get("geometry"))


def _wrong_geometry(geometry: Any) -> Iterator[tuple[str, str]]:
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in ("Polygon", "MultiPolygon"):
        yield ".geometry.type", f"is {kind!r}. An area is a Polygon or a MultiPolygon."
        return
    coordinates = geometry.get("coordinates")
    polygons = [coordinates] if kind == "Polygon" else coordinates
    if not isinstance(polygons, list) or not polygons:
        yield ".geometry.coordinates", "has no polygon. Add its rings."
        return
    wrong = [each for polygon in polygons for each in _wrong_polygon(polygon)]
    yield from (((".geometry.coordinates", what)) for what in wrong)
    if not wrong:
        reason = is_valid_reason(shape(geometry))
        if reason != "Valid Geometry":
            yield (
                ".geometry",
                f"is not a valid area: {reason} (longitude, latitude). Correct the border there.",
            )


def _wrong_polygon(polygon: Any) -> Iterator[str]:
    if not isinstance(polygon, list) or not polygon:
        yield "has a polygon without a ring. Add its border."
        return
    for number, ring in enumerate(polygon):
        name = f"ring {number}"
        if not isinstance(ring, list) or len(ring) < 4:
            yield f"{name} has fewer than four positions. Add its border."
        elif wrong := next(filter(None, map(_wrong_position, ring)), None):
            yield f"{name} {wrong}"
        elif ring[0] != ring[-1]:
            yield (
                f"{name} is not closed: it begins at {ring[0]} and ends at {ring[-1]}. Repeat the"
                " first position at the end."
            )


def _wrong_position(position: Any) -> str | None:
    if (
        not isinstance(position, list)
        or not 2 <= len(position) <= 3
        or not all(map(is_number, position))
    ):
        return f"has the position {position}. Write longitude and latitude, two numbers."
    lon, lat = position[:2]
    if -90 <= lon <= 90 and 90 < abs(lat) <= 180:
        return f"has latitude before longitude: {position}. Exchange them."
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        return f"has a position off the earth: {position}. Use degrees of WGS-84."
    return None


def _wrong_together(areas: list[Area]) -> Iterator[tuple[str, str]]:
    for code, times in Counter(area.code for area in areas).items():
        if times > 1:
            yield "features", f"have the code {code!r} {times} times. Give each area its own."
    for kind in KINDS:
        for one, other in combinations([area for area in areas if area.kind == kind], 2):
            common = one.shape.intersection(other.shape)
            if common.area > _SLIVER:
                point = common.representative_point()
                yield (
                    one.place,
                    f"overlaps {other.code}, around {point.x:.5f}, {point.y:.5f} (longitude,"
                    " latitude). Correct one of the borders.",
                )
    districts = [area for area in areas if area.kind == "district"]
    if not districts:
        yield "features", "have no district. Add at least one."
        return
    for station in areas:
        if station.kind == "station" and not any(
            station.shape.difference(district.shape).area <= _SLIVER for district in districts
        ):
            yield station.place, "does not lie in one district. Correct its border."
