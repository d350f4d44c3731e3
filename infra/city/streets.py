"""The city's street map: one file of tiles beside its folder, `<folder>.pmtiles`. A city may have
none; then the console draws outlines.
"""

from collections.abc import Iterator
from pathlib import Path
from struct import unpack_from
from typing import Any

from shapely import box
from shapely.geometry import shape

from infra.city.facts import Problem
from infra.web.stamp import streets_of

# The header of version 3 (https://github.com/protomaps/PMTiles/blob/main/spec/v3/spec.md).
_MAGIC, _HEADER, _TILE_TYPE, _BOUNDS, _VECTOR = b"PMTiles\x03", 127, 99, 102, 1
# It is sent to the bucket in one piece, from memory.
_MOST_BYTES = 500_000_000


def problems(folder: Path, collection: Any) -> list[Problem]:
    """Return what is wrong with the file of tiles. `collection` are the areas, which are right."""
    path = streets_of(folder)
    wrong = () if path is None else _wrong(path, collection)
    return [Problem(f"../{folder.resolve().name}.pmtiles", "", each) for each in wrong]


def _wrong(path: Path, collection: Any) -> Iterator[str]:
    with path.open("rb") as file:
        head = file.read(_HEADER)
    if len(head) < _HEADER or not head.startswith(_MAGIC):
        yield "is no PMTiles file of version 3. docs/city.md says how to cut one."
        return
    if head[_TILE_TYPE] != _VECTOR:
        yield "has pictures, not vector tiles. docs/city.md says how to cut one."
    if path.stat().st_size > _MOST_BYTES:
        yield f"has more than {_MOST_BYTES // 1_000_000} MB. Cut less, or fewer zoom levels."
    bounds = box(*(degrees / 10_000_000 for degrees in unpack_from("<4i", head, _BOUNDS)))
    areas = (shape(feature["geometry"]) for feature in collection["features"])
    if not all(bounds.covers(area) for area in areas):
        yield "does not show all areas. Cut it with the box that `make city` prints."
