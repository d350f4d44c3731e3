"""Schemas of places: where a report was, and where it was later."""

from typing import Annotated

from chalicelib.domain.geo import Datum
from chalicelib.domain.models import NotNull
from chalicelib.handlers.shapes import District, Minute, Shape, Timestamp, left_out


class ReportedLocation(Shape):
    """The place as the reporter sent it, in degrees of `datum`."""

    lat: float
    lon: float
    datum: Datum
    accuracy_m: Annotated[float | None, NotNull()] = left_out()
    address: Annotated[str | None, NotNull()] = left_out()


class Place(Shape):
    """The place of the report, converted to WGS-84."""

    lat: float
    lon: float


class PositionView(Shape):
    """A later place of the report. `received_at` and `at`, the time by the phone, are to the
    minute; their order is that in which they came.

    `district` is that of the place, and may be another than that of the report. `heading` is in
    degrees, clockwise from north, `speed` in metres per second. `altered` is true when somebody
    changed the stored position. Then it has no place.
    """

    id: str
    received_at: Minute
    at: Minute | None
    location: ReportedLocation | None
    place: Place | None
    district: District | None
    heading: float | None
    speed: float | None
    altered: Annotated[bool | None, NotNull()] = left_out()


class PositionPage(Shape):
    """A page of positions, oldest first. `next_cursor` leads to those before it.

    When `restricted` is true the report was withdrawn, and its positions are left out.
    """

    items: list[PositionView]
    next_cursor: str | None
    restricted: bool


class AddedPosition(Shape):
    """A position that was stored. `left` is how many more the report takes."""

    id: str
    received_at: Timestamp
    left: int
