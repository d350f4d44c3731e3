"""Later or moving places of a report, which the reporter sends one by one."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import Field

from chalicelib.domain import geo
from chalicelib.domain.models import Record
from chalicelib.domain.reports import NO_DUST, Location
from chalicelib.domain.times import Moment

MAX_POSITIONS_PER_REPORT = 200
# So many may come at once, such as those of a time without a network, and then one in each such
# time.
POSITIONS_AT_ONCE = 20
POSITION_EVERY = timedelta(seconds=10)


class NewPosition(Location):
    """A later place of what was reported, in degrees of `datum`.

    `at` is when the phone found it. `heading` (degrees, clockwise from north) and `speed` (metres
    per second) are those of the Geolocation API of browsers.
    """

    at: Moment | None = None
    heading: Annotated[float, Field(ge=0, le=360), NO_DUST] | None = None
    speed: Annotated[float, Field(ge=0, le=1000), NO_DUST] | None = None


class PlaceAt(Record):
    """What a position says. It is stored sealed. `place` is in WGS-84; `location` is as sent."""

    location: dict[str, Any]
    place: dict[str, float]
    at: datetime | None = None
    heading: float | None = None
    speed: float | None = None


class Position(Record):
    """A position, opened. `altered` is True when the stored one does not open: then it is empty."""

    id: str
    received_at: datetime
    location: dict[str, Any] | None = None
    place: dict[str, float] | None = None
    at: datetime | None = None
    heading: float | None = None
    speed: float | None = None
    altered: bool | None = None

    @property
    def district(self) -> str | None:
        """The district of this place, which may be another than that of the report."""
        return geo.district_of(self.place["lat"], self.place["lon"]) if self.place else None


class SealedPosition(Record):
    """A position as it is stored."""

    id: str
    sealed: bytes
    received_at: datetime
