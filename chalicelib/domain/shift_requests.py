"""What an admin sends to set the weekly plan of shifts."""

from typing import Annotated

from pydantic import Field, StringConstraints

from chalicelib.domain.codes import CategoryCode, DistrictCode
from chalicelib.domain.models import Input
from chalicelib.domain.shifts import Shift, Weekday
from chalicelib.domain.text import Bounded

MOST_SHIFTS = 50
MOST_OFFICERS = 50

Username = Annotated[str, StringConstraints(pattern="^[a-z0-9][a-z0-9._-]{0,63}$")]
LocalTime = Annotated[str, StringConstraints(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")]
"""A time by the clocks of the city, such as `08:30`."""


class NewShift(Input):
    """A shift of the plan. `starts` and `ends` are times by the clocks of the city, and `weekdays`
    the days on which it begins: one whose `ends` is not later than its `starts` ends on the next
    day. Without categories it is for all of them, and without districts for all.
    """

    name: Annotated[str, Bounded(60, one_line=True)]
    weekdays: tuple[Annotated[Weekday, Field(strict=False)], ...] = Field(
        min_length=1, max_length=7, strict=False
    )
    starts: LocalTime
    ends: LocalTime
    officers: tuple[Username, ...] = Field(default=(), max_length=MOST_OFFICERS, strict=False)
    categories: tuple[CategoryCode, ...] = Field(default=(), max_length=20, strict=False)
    districts: tuple[DistrictCode, ...] = Field(default=(), max_length=100, strict=False)


class NewPlan(Input):
    """The whole weekly plan. Without shifts, everybody is notified at all times."""

    shifts: tuple[NewShift, ...] = Field(max_length=MOST_SHIFTS, strict=False)

    def kept(self) -> tuple[Shift, ...]:
        """Return the shifts as they are kept: each officer once."""
        return tuple(
            Shift.model_validate(
                each.model_dump() | {"officers": tuple(dict.fromkeys(each.officers))}
            )
            for each in self.shifts
        )
