"""Shifts: a weekly plan of who is on duty, by the clocks of the city.

A shift is an interval of time, computed for each day from its local times. So where the clocks
change, one shift ends at the moment when the next begins: nobody and nothing is left out between
two shifts, and no hour belongs to both.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple, Self
from zoneinfo import ZoneInfo

from chalicelib.domain.city import city
from chalicelib.domain.models import Record
from chalicelib.domain.officers import DISTRICTLESS


class Weekday(StrEnum):
    """The day on which a shift begins."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"

    @classmethod
    def of(cls, day: date) -> Self:
        return tuple(cls)[day.weekday()]


class Period(NamedTuple):
    """One turn of a shift: from `start`, before `end`."""

    start: datetime
    end: datetime


class Shift(Record):
    """A shift as kept. `starts` and `ends` are local times; it ends on the next day when `ends` is
    not later than `starts`. No categories or districts means all of them.
    """

    name: str
    weekdays: tuple[Weekday, ...]
    starts: str
    ends: str
    officers: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    districts: tuple[str, ...] = ()

    def covers(self, category: str, district: str) -> bool:
        """Return whether the shift takes reports of this category and district.

        A report without a district is for every shift, so that it is for one.
        """
        takes_district = not self.districts or district in {*self.districts, *DISTRICTLESS}
        return takes_district and (not self.categories or category in self.categories)

    def period(self, now: datetime, zone: ZoneInfo | None = None) -> Period | None:
        """Return the turn that it is now, by the clocks of the city or of another zone; None when
        the shift is off duty, or when its times are none.
        """
        near = self._near(now, zone or ZoneInfo(city().time_zone))
        try:
            return next((each for each in near if each.start <= now < each.end), None)
        except ValueError:
            # One shift that somebody has written by hand must not keep back every notice.
            return None

    def _near(self, now: datetime, zone: ZoneInfo) -> Iterator[Period]:
        today = now.astimezone(zone).date()
        for day in (today - timedelta(days=1), today):
            if Weekday.of(day) in self.weekdays:
                last = day if self.ends > self.starts else day + timedelta(days=1)
                yield Period(_moment(day, self.starts, zone), _moment(last, self.ends, zone))


def _moment(day: date, local: str, zone: ZoneInfo) -> datetime:
    """Return when a local time is on a day: of one that comes twice the first. One that the clocks
    leave out is as long after midnight as it would be without the change.
    """
    return datetime.combine(day, time.fromisoformat(local), zone).astimezone(UTC)
