"""Times and periods: RFC 3339 in any zone in, UTC with three decimals out."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from chalicelib.kernel import errors
from chalicelib.kernel.city import city

# RFC 3339 allows lower case. Seconds end at 59, because no clock here has leap seconds; more than
# nine decimals are noise.
_RFC_3339 = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt]"
    r"((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?)"
    r"([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)"
)
_FIRST_YEAR, _LAST_YEAR = 1970, 9998


def parse(value: str) -> datetime:
    """Read a time with a zone as UTC, to the microsecond.

    Raises ValueError: not RFC 3339, no zone, a leap second, a day that does not exist, or a year
    (in UTC) before 1970 or after 9998.
    """
    match = _RFC_3339.fullmatch(value)
    if not match:
        raise ValueError("not an RFC 3339 time with a zone")
    day, clock, zone = match.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}{zone.upper()}").astimezone(UTC)
    except OverflowError:
        raise ValueError("too far away") from None
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise ValueError("too far away")
    return moment


def render(moment: datetime) -> str:
    """Write an aware time as `2026-11-24T08:30:00.000Z`, cut to the millisecond.

    Raises ValueError for a naive one.
    """
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return utc.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def to_minute(moment: datetime) -> datetime:
    """Return a time without its seconds: all that officers see of when a reporter did something.

    Anyone who knows when a phone was used, such as its network, could find a report by its time.
    """
    return moment.replace(second=0, microsecond=0)


def up_to_minute(moment: datetime) -> datetime:
    """Return the time itself if it has no seconds, else the next full minute."""
    return to_minute(moment + timedelta(seconds=59, microseconds=999_999))


def in_city(moment: datetime) -> datetime:
    """Return a time by the clocks of the city."""
    # Imported here, because most calls name no time.
    from zoneinfo import ZoneInfo

    return moment.astimezone(ZoneInfo(city().time_zone))


def day_in_city(moment: datetime) -> date:
    """Return the day that it is in the city at a time: that of statistics."""
    return in_city(moment).date()


def begins_in_city(day: date) -> datetime:
    """Return when a day begins in the city, in UTC."""
    from zoneinfo import ZoneInfo

    return datetime.combine(day, time(), ZoneInfo(city().time_zone)).astimezone(UTC)


def for_people(moment: datetime) -> str:
    """Return a time by the clocks of the city, to the minute: `2026-11-25 09:20 (UTC+8)`."""
    here = in_city(moment)
    return f"{here:%Y-%m-%d %H:%M} ({zone_of(here)})"


def zone_of(here: datetime) -> str:
    """Return the zone of an aware time: which clock is meant."""
    return offset_name(here.utcoffset() or timedelta())


def offset_name(ahead: timedelta) -> str:
    """Return an offset from UTC as people write it: `UTC`, `UTC+8`, `UTC-3:30`."""
    minutes = int(ahead.total_seconds()) // 60
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}" + (f":{rest:02}" if rest else "")


def _read(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        raise PydanticCustomError("wrong_type", "A time is a string.")
    try:
        return parse(value)
    except ValueError:
        raise PydanticCustomError("not_a_time", "Not an RFC 3339 time with a zone.") from None


Moment = Annotated[
    datetime, BeforeValidator(_read), WithJsonSchema({"type": "string", "format": "date-time"})
]
"""A field of a model that holds a time: RFC 3339 in, aware UTC stored."""


def _read_day(value: Any) -> date:
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        try:
            day = date.fromisoformat(value)
        except ValueError:
            day = date.min
        if _FIRST_YEAR <= day.year <= _LAST_YEAR:
            return day
    raise PydanticCustomError("not_a_day", "Not a day as YYYY-MM-DD.")


Day = Annotated[
    date, BeforeValidator(_read_day), WithJsonSchema({"type": "string", "format": "date"})
]
"""A field of a query that holds a day: `YYYY-MM-DD`, 1970 to 9998."""


def require_period(
    since: date | None, until: date | None, *, longest: timedelta | None = None
) -> None:
    """Raise Invalid when a period ends before it begins, or is too long. An end may be open."""
    if since is None or until is None:
        return
    if since > until:
        raise errors.Invalid(errors.FieldError("since", "after_until"))
    if longest is not None and until - since > longest:
        days = str(longest.days)
        raise errors.Invalid(errors.FieldError("since", "period_too_long", (("days", days),)))


class Clock:
    """Two readings of the time, both in UTC and in whole milliseconds, like all stored times.

    `now` is the time of sweeps and lifecycles. The local stack and tests can move it forward.
    `wall_clock` is the real time. Use it where AWS compares times, as in grants and tokens.
    """

    def __init__(self) -> None:
        self._advanced = timedelta()

    def now(self) -> datetime:
        """Return the time of sweeps and lifecycles."""
        return self.wall_clock() + self._advanced

    def wall_clock(self) -> datetime:
        """Return the real time."""
        moment = datetime.now(UTC)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    def advance(self, by: timedelta) -> datetime:
        """Move `now` forward by `by`, and return it."""
        self._advanced += by
        return self.now()
