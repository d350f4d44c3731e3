"""A mute in responses."""

from typing import Self

from chalicelib.handlers.shapes import Shape, Timestamp
from chalicelib.services.sealed_reasons import OpenMute


class MuteView(Shape):
    """A mute: officers are not notified of the report's messages and media."""

    by: str
    at: Timestamp
    reason: str

    @classmethod
    def opened(cls, found: OpenMute) -> Self:
        return cls.of(found.mute, reason=found.reason)
