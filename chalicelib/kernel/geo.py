"""Places: geohash cells, datums, and the districts and police-station areas of the city.

All coordinates are degrees, latitude before longitude (in GeoJSON the other way round). A geohash
of five characters, about 5 km wide, is the most that the public sees of a place. Of six, about
1.2 km by 0.6 km: reports from there may be about one event. Geohash is our own twenty lines, tested
against pygeohash: to import that takes 17 ms of every cold start, and it is compiled.
"""

import logging
from collections.abc import Mapping
from enum import StrEnum
from functools import cache, lru_cache
from itertools import pairwise
from math import ceil, cos, hypot, radians
from typing import Any, NamedTuple

import prcoords

from chalicelib.kernel.city import read

log = logging.getLogger(__name__)

_BASE_32 = "0123456789bcdefghjkmnpqrstuvwxyz"
PUBLIC_LENGTH = 5
NEAR_LENGTH = 6


class Cell(NamedTuple):
    """Bounds in degrees."""

    south: float
    west: float
    north: float
    east: float


_WORLD = Cell(-90.0, -180.0, 90.0, 180.0)


def encode(lat: float, lon: float, length: int = PUBLIC_LENGTH) -> str:
    """Return the cell of `length` characters that holds a WGS-84 place."""
    # Not by `_half`: a Cell for each step takes five times as long.
    (south, west, north, east), bits = _WORLD, 0
    for step in range(length * 5):
        if step % 2 == 0:
            middle = (west + east) / 2
            upper = lon >= middle
            west, east = (middle, east) if upper else (west, middle)
        else:
            middle = (south + north) / 2
            upper = lat >= middle
            south, north = (middle, north) if upper else (south, middle)
        bits = bits << 1 | upper
    return "".join(_BASE_32[bits >> shift & 31] for shift in range((length - 1) * 5, -1, -5))


def neighbours(geohash: str) -> tuple[str, ...]:
    """Return the cells around a cell: eight, but five at a pole. The world has no edge in the east.

    Raises ValueError for another letter.
    """
    cell = bounds(geohash)
    height, width = cell.north - cell.south, cell.east - cell.west
    lat, lon = cell.south + height / 2, cell.west + width / 2
    return tuple(
        encode(lat + north * height, (lon + east * width + 180) % 360 - 180, len(geohash))
        for north in (1, 0, -1)
        for east in (-1, 0, 1)
        if (north or east) and -90 < lat + north * height < 90
    )


def bounds(geohash: str) -> Cell:
    """Return the bounds of a cell of any length. Raises ValueError for another letter."""
    cell = _WORLD
    for position, letter in enumerate(geohash):
        value = _BASE_32.index(letter)
        for bit in range(5):
            cell = _half(cell, position * 5 + bit, bool(value >> (4 - bit) & 1))
    return cell


@lru_cache(maxsize=4096)
def apart_m(one: str, other: str) -> tuple[int, int]:
    """Return how many metres the middles of two cells of one length are apart, and two places in
    them at the most. Raises ValueError for another letter.
    """
    (row, column), (other_row, other_column) = _grid(one), _grid(other)
    columns = 1 << (len(one) * 5 + 1) // 2
    east = abs(column - other_column)
    south, west, north, east_end = bounds(one)
    height = (north - south) * _METRES_PER_DEGREE
    width = (east_end - west) * _METRES_PER_DEGREE * cos(radians(min(abs(south), abs(north))))
    x, y = min(east, columns - east), abs(row - other_row)
    return round(hypot(x * width, y * height)), round(hypot((x + 1) * width, (y + 1) * height))


@lru_cache(maxsize=4096)
def _grid(geohash: str) -> tuple[int, int]:
    """Return the row and the column of a cell among those of its length."""
    row = column = 0
    for position, letter in enumerate(geohash):
        value = _BASE_32.index(letter)
        for bit in range(5):
            half = value >> (4 - bit) & 1
            if (position * 5 + bit) % 2 == 0:
                column = column << 1 | half
            else:
                row = row << 1 | half
    return row, column


@lru_cache(maxsize=4096)
def across_m(geohash: str) -> int:
    """Return the metres from corner to corner of a cell, rounded up to 100: two places in it are no
    further apart. Raises ValueError for another letter.
    """
    south, west, north, east = bounds(geohash)
    nearest = min(abs(south), abs(north))  # to the equator, where a cell is widest
    degrees = hypot(north - south, (east - west) * cos(radians(nearest)))
    return ceil(degrees * _METRES_PER_DEGREE / 100) * 100


def _half(cell: Cell, step: int, upper: bool) -> Cell:
    """Return the upper or lower half: of the longitudes at even steps, else of the latitudes."""
    if step % 2 == 0:
        middle = (cell.west + cell.east) / 2
        return cell._replace(west=middle) if upper else cell._replace(east=middle)
    middle = (cell.south + cell.north) / 2
    return cell._replace(south=middle) if upper else cell._replace(north=middle)


UNKNOWN = "unknown"
"""The district of a report without a place."""
OUTSIDE = "outside"
"""The district of a place that none of the areas holds."""

_METRES_PER_DEGREE = 111_320
# A client that sends an area as a point and its reach may measure a little otherwise.
_ROUNDING = 1.05

type _Ring = tuple[tuple[float, float], ...]  # (lon, lat), first and last the same


class AreaKind(StrEnum):
    DISTRICT = "district"
    STATION = "station"


class Datum(StrEnum):
    """The coordinate system of a location.

    GPS and most of the world use WGS-84. Most map SDKs in China use GCJ-02, and Baidu's use BD-09.
    A city outside China accepts WGS-84 only.
    """

    WGS84 = "wgs84"
    GCJ02 = "gcj02"
    BD09 = "bd09"


def to_wgs84(lat: float, lon: float, datum: Datum) -> tuple[float, float]:
    """Return the same place in WGS-84, exact to less than a millimetre.

    Outside China neither datum shifts anything, so the place is returned as it was.
    """
    place = prcoords.Coords(lat, lon)
    # Checked first: prcoords warns of places outside China, with the coordinates, which would then
    # be in a log.
    if datum is Datum.WGS84 or not _in_china(place):
        return lat, lon
    if datum is Datum.BD09:
        place = prcoords.bd_gcj_bored(place)
    if _in_china(place):
        place = prcoords.gcj_wgs_bored(place)
    return float(place.lat), float(place.lon)


def _in_china(place: prcoords.Coords) -> bool:
    return bool(prcoords.sanity_in_china_p(place))  # type: ignore[no-untyped-call]


def district_of(lat: float, lon: float) -> str:
    """Return the code of the district that holds a WGS-84 place, or OUTSIDE."""
    area = _holder(AreaKind.DISTRICT, lat, lon)
    return area.code if area else OUTSIDE


def station_of(lat: float, lon: float, accuracy_m: float | None = None) -> str | None:
    """Return the code of the police-station area that holds a WGS-84 place, or None.

    None too for a place that is less exact than the area is large: it may well be in another one.
    The point in the middle of a district, which stands for all of it, is such a place.
    """
    area = _holder(AreaKind.STATION, lat, lon)
    if area is None or (accuracy_m or 0) > area.reach(lat, lon) * _ROUNDING:
        return None
    return area.code


def districts() -> tuple[str, ...]:
    """Return the codes of all districts of the areas file, in its order."""
    return tuple(area.code for area in areas() if area.kind is AreaKind.DISTRICT)


def report_districts() -> tuple[str, ...]:
    """Return every district that a report can have: those of the file, OUTSIDE and UNKNOWN."""
    return (*districts(), OUTSIDE, UNKNOWN)


def area_codes() -> tuple[str, ...]:
    """Return the codes of all areas of the areas file, in its order."""
    return tuple(area.code for area in areas())


def stations() -> tuple[str, ...]:
    """Return the codes of all police-station areas of the areas file, in its order."""
    return tuple(area.code for area in areas() if area.kind is AreaKind.STATION)


class Area(NamedTuple):
    """One area of the file. `geometry` is that of the file: a GeoJSON Polygon or MultiPolygon.

    `rings` are the outer rings and holes of all its polygons; the even-odd rule needs no
    distinction between them.
    """

    code: str
    kind: AreaKind
    geometry: Mapping[str, Any]
    rings: tuple[_Ring, ...]
    west: float
    south: float
    east: float
    north: float

    def holds(self, lat: float, lon: float) -> bool:
        if not (self.west <= lon <= self.east and self.south <= lat <= self.north):
            return False
        return sum(_crossings(ring, lat, lon) for ring in self.rings) % 2 == 1

    def reach(self, lat: float, lon: float) -> float:
        """Return how many metres the farthest corner is from a place."""
        squeeze = cos(radians(lat))
        corners = (corner for ring in self.rings for corner in ring)
        return _METRES_PER_DEGREE * max(
            hypot(north - lat, (east - lon) * squeeze) for east, north in corners
        )


def _crossings(ring: _Ring, lat: float, lon: float) -> int:
    """Return how many sides of the ring a ray to the east meets.

    Sides are half open, so that a place on a shared border is in one area only.
    """
    return sum(
        (south_a > lat) != (south_b > lat)
        and lon < west_a + (lat - south_a) * (west_b - west_a) / (south_b - south_a)
        for (west_a, south_a), (west_b, south_b) in pairwise(ring)
    )


def _holder(kind: AreaKind, lat: float, lon: float) -> Area | None:
    return next((area for area in _areas_of(kind) if area.holds(lat, lon)), None)


@cache
def _areas_of(kind: AreaKind) -> tuple[Area, ...]:
    return tuple(area for area in areas() if area.kind is kind)


@cache
def areas() -> tuple[Area, ...]:
    """Return all areas of the file, in its order."""
    return read_areas(read("areas.geojson"))


def read_areas(collection: Mapping[str, Any]) -> tuple[Area, ...]:
    """Return the areas of a GeoJSON FeatureCollection of Polygons and MultiPolygons.

    Each has a `code` and a `kind` (`district`, `station`).
    """
    return tuple(
        _read(feature["properties"], feature["geometry"]) for feature in collection["features"]
    )


def _read(properties: Mapping[str, str], geometry: Mapping[str, Any]) -> Area:
    polygons = (
        [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
    )
    rings = tuple(
        tuple((lon, lat) for lon, lat, *_ in ring) for polygon in polygons for ring in polygon
    )
    lons = [lon for ring in rings for lon, _ in ring]
    lats = [lat for ring in rings for _, lat in ring]
    return Area(
        properties["code"],
        AreaKind(properties["kind"]),
        geometry,
        rings,
        min(lons),
        min(lats),
        max(lons),
        max(lats),
    )
