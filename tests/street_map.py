"""A small street map: every tile of it has one street and a lake, from one entry of its directory.

The formats: https://github.com/protomaps/PMTiles/blob/main/spec/v3/spec.md and
https://github.com/mapbox/vector-tile-spec/blob/master/2.1/README.md.
"""

import json
import struct
from pathlib import Path

DEEPEST = 14
SOURCE = "The mapmakers of the test"
_EXTENT = 4096
_POLYGON, _LINE = 3, 2
_HEADER = 127


def write(path: Path, *, west: float, south: float, east: float, north: float) -> None:
    """Write a street map of a box, in degrees."""
    tile = _street_and_lake()
    every_tile = sum(4**zoom for zoom in range(DEEPEST + 1))
    # One entry: its first id, how many tiles, the length, and the offset, which counts from 1.
    directory = b"".join(map(_varint, (1, 0, every_tile, len(tile), 1)))
    about = json.dumps({"attribution": f"<a href='#'>{SOURCE}</a>"}).encode()
    begin = _HEADER + len(directory)
    after = begin + len(about)
    offsets = (_HEADER, len(directory), begin, len(about), after, 0, after, len(tile))
    counts = (every_tile, 1, 1)
    # Clustered, nothing compressed, vector tiles, all zooms.
    kinds = (1, 1, 1, 1, 0, DEEPEST)
    bounds = [round(degrees * 10_000_000) for degrees in (west, south, east, north)]
    middle = [(bounds[0] + bounds[2]) // 2, (bounds[1] + bounds[3]) // 2]
    header = b"PMTiles\x03" + struct.pack(
        "<11Q6B4iB2i", *offsets, *counts, *kinds, *bounds, DEEPEST // 2, *middle
    )
    assert len(header) == _HEADER
    path.write_bytes(header + directory + about + tile)


def _street_and_lake() -> bytes:
    middle, quarter = _EXTENT // 2, _EXTENT // 4
    street = [(0, middle), (_EXTENT, middle)]
    lake = [(0, 0), (quarter, 0), (quarter, quarter), (0, quarter)]
    earth = [(0, 0), (_EXTENT, 0), (_EXTENT, _EXTENT), (0, _EXTENT)]
    return (
        _layer("earth", _POLYGON, earth, {"kind": "earth"})
        + _layer("water", _POLYGON, lake, {"kind": "lake"})
        + _layer("roads", _LINE, street, {"kind": "major_road", "name": "Long Street"})
    )


def _layer(name: str, kind: int, points: list[tuple[int, int]], tags: dict[str, str]) -> bytes:
    indexes = b"".join(_varint(index) * 2 for index in range(len(tags)))
    feature = _bytes(2, indexes) + _number(3, kind) + _bytes(4, _drawn(points, kind))
    keys = b"".join(_bytes(3, key.encode()) for key in tags)
    values = b"".join(_bytes(4, _bytes(1, value.encode())) for value in tags.values())
    return _bytes(
        3,
        _number(15, 2)
        + _bytes(1, name.encode())
        + _bytes(2, feature)
        + keys
        + values
        + _number(5, _EXTENT),
    )


def _drawn(points: list[tuple[int, int]], kind: int) -> bytes:
    """Return the commands: move to the first point, draw to the others, close a polygon."""
    commands, before = [1 | 1 << 3], (0, 0)
    for at, point in enumerate(points):
        if at == 1:
            commands.append(2 | len(points) - 1 << 3)
        commands += [_zigzag(new - old) for new, old in zip(point, before, strict=True)]
        before = point
    commands += [7 | 1 << 3] if kind == _POLYGON else []
    return b"".join(map(_varint, commands))


def _zigzag(number: int) -> int:
    return number << 1 if number >= 0 else (-number << 1) - 1


def _varint(number: int) -> bytes:
    found = bytearray()
    while number >= 0x80:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])


def _number(field: int, number: int) -> bytes:
    return _varint(field << 3) + _varint(number)


def _bytes(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content
