"""A preview with marked areas, as the sandbox gives it to a decoder."""

import struct
from typing import NamedTuple, Self

from chalicelib.domain.redactions import Area

MARKED = "redaction"
"""Stands in place of a content type: the decoder that paints over the marked areas."""

_COUNT = struct.Struct(">B")
_AREA = struct.Struct(">4I")


class MarkedPreview(NamedTuple):
    """`preview` is a JPEG that the sandbox made earlier, and as untrusted as any other file."""

    areas: tuple[Area, ...]
    preview: bytes

    def pack(self) -> bytes:
        areas = b"".join(_AREA.pack(*area) for area in self.areas)
        return _COUNT.pack(len(self.areas)) + areas + self.preview

    @classmethod
    def unpack(cls, data: bytes) -> Self:
        end = _COUNT.size + _COUNT.unpack_from(data)[0] * _AREA.size
        areas = tuple(Area(*each) for each in _AREA.iter_unpack(data[_COUNT.size : end]))
        return cls(areas, data[end:])
