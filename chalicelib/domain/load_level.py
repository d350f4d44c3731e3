"""The load level: how far above the usual the number of reports is, from 0 to 3.

| level | a report without a proof of work |
|---|---|
| 0, normal | is accepted |
| 1, busy | is accepted, up to the limit of its source |
| 2, flood | is refused with a challenge |
| 3, heavy flood | is refused with a harder challenge |

Of categories that are never limited nothing is refused at any level. The level rises at once, and
falls one step at a time, after the number has been low for a while: otherwise the refusals of a
level would end it. An officer can set another level until a certain time.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import NamedTuple


class LoadLevel(IntEnum):
    NORMAL = 0
    BUSY = 1
    FLOOD = 2
    HEAVY_FLOOD = 3


class LevelReason(StrEnum):
    """Why an officer sets the level. A code, because the record of it holds no words."""

    ATTACK = "attack"
    FALSE_ALARM = "false_alarm"
    EVENT = "event"
    EXERCISE = "exercise"


class Override(NamedTuple):
    """The level that an officer has set, until a certain time."""

    level: LoadLevel
    until: datetime


class LoadState(NamedTuple):
    """What is stored: the level by the counters, and an officer's, if there is one."""

    automatic: LoadLevel = LoadLevel.NORMAL
    override: Override | None = None

    def level_at(self, now: datetime) -> LoadLevel:
        """Return the level that counts at `now`."""
        override = self.override_at(now)
        return override.level if override else self.automatic

    def override_at(self, now: datetime) -> Override | None:
        """Return what an officer has set, if it has not ended at `now`."""
        return self.override if self.override and now < self.override.until else None


# How often the usual number of a minute makes each level.
_TIMES: Mapping[LoadLevel, int] = {
    LoadLevel.BUSY: 4,
    LoadLevel.FLOOD: 12,
    LoadLevel.HEAVY_FLOOD: 40,
}
# The least that counts as usual in a minute. So 20 reports of a quiet category in a minute make
# level 1, which a fire that many people see can reach: they notice nothing of it.
USUAL_OF_CATEGORY = 5.0
USUAL_OF_ALL = 15.0
ALL = "*"
# A level falls when all of these minutes had less than half of what makes it.
FALLS_AFTER = timedelta(minutes=10)
_FALLS_BELOW = 0.5
# Counters of this time are read: the present minute, and those that decide whether a level falls.
WINDOW = FALLS_AFTER
# From the counters of so many days follows what is usual. The median: a flood of three days
# changes nothing.
USUAL_DAYS = 7
_MINUTES_OF_A_DAY = 24 * 60

type Counts = Mapping[str, int]
"""Reports in one minute, by category."""


def next_level(
    present: LoadLevel, minutes: Iterable[Counts], usual: Mapping[str, float]
) -> LoadLevel:
    """Return the level after `present`.

    `minutes` are the counts of each minute in `WINDOW` that has any. `usual` is from `usual_of`.
    """
    peak = max((_excess(counts, usual) for counts in minutes), default=0.0)
    reached = _level_of(peak)
    if reached >= present:
        return reached
    stays = peak >= _TIMES[present] * _FALLS_BELOW
    return present if stays else LoadLevel(present - 1)


def usual_of(days: Iterable[Counts]) -> dict[str, float]:
    """Return the usual number of reports in a minute, by category, from the counts of whole days.

    `ALL` stands for all categories together. A day without reports must be among `days`, empty.
    """
    # Imported here: only a sweep needs it, and every start would load it.
    from statistics import median

    totals = [{**day, ALL: sum(day.values())} for day in days]
    names = {name for day in totals for name in day}
    return {name: median(day.get(name, 0) for day in totals) / _MINUTES_OF_A_DAY for name in names}


def _excess(counts: Counts, usual: Mapping[str, float]) -> float:
    """Return how many times the usual this minute has, at most: in a category, or in all."""
    in_one = (
        count / max(USUAL_OF_CATEGORY, usual.get(category, 0.0))
        for category, count in counts.items()
    )
    in_all = sum(counts.values()) / max(USUAL_OF_ALL, usual.get(ALL, 0.0))
    return max(in_all, *in_one, 0.0)


def _level_of(excess: float) -> LoadLevel:
    return max(
        (level for level, times in _TIMES.items() if excess >= times), default=LoadLevel.NORMAL
    )
