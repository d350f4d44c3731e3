"""The load level: evaluate it each minute, and let an officer set it for a time."""

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from chalicelib.domain.flood import load_level as rules
from chalicelib.domain.flood.load_level import LevelReason, LoadLevel, LoadState, Override
from chalicelib.kernel import errors, times
from chalicelib.services.officers import OfficerActor
from chalicelib.store.audit.rows import Action
from chalicelib.store.flood.load_level import LoadCounters, LoadLevels
from chalicelib.store.flood.sources import Sources

log = logging.getLogger(__name__)


class LoadWatch:
    """Evaluates the load level. A schedule calls it each minute.

    `rows_of_days` returns the counters of reports from one day to another. It also overwrites the
    salt of sources each hour, when nobody else does.
    """

    def __init__(
        self,
        levels: LoadLevels,
        counters: LoadCounters,
        rows_of_days: Callable[[date, date], Iterable[Mapping[str, Any]]],
        sources: Sources,
    ) -> None:
        self._levels = levels
        self._counters = counters
        self._rows_of_days = rows_of_days
        self._sources = sources
        self._usual: Mapping[str, float] = {}
        self._usual_on: date | None = None

    def evaluate(self, now: datetime) -> LoadLevel | None:
        """Return the level by the counters; write it if it has changed. None when unknown.

        Never raises Unavailable: the next minute evaluates again, and the level stays meanwhile.
        """
        try:
            self._sources.salt(now)
            before = self._levels.read().automatic
            after = rules.next_level(before, self._counters.read(now), self._usual_at(now))
            if after != before and self._levels.set_automatic(before, after):
                log.warning("load_level", extra={"before": before.value, "level": after.value})
            return after
        except errors.Unavailable:
            log.warning("load_level_unknown")
            return None

    def _usual_at(self, now: datetime) -> Mapping[str, float]:
        """Return the usual numbers, from the statistics of whole days; read again each day."""
        today = times.day_in_city(now)
        if self._usual_on != today:
            first = today - timedelta(days=rules.USUAL_DAYS)
            days: dict[str, dict[str, int]] = {
                str(first + timedelta(days=each)): {} for each in range(rules.USUAL_DAYS)
            }
            for row in self._rows_of_days(first, today - timedelta(days=1)):
                day, category, _ = row["sk"].split("#", 2)
                counts = days[day]
                counts[category] = counts.get(category, 0) + int(row.get("total", 0))
            self._usual, self._usual_on = rules.usual_of(days.values()), today
        return self._usual


def set_load_level(
    level: LoadLevel,
    lasts: timedelta,
    reason: LevelReason,
    *,
    actor: OfficerActor,
    levels: LoadLevels,
) -> LoadState:
    """Set the level for a time, with an audit record, and return the new state.

    Raises Unavailable.
    """
    override = Override(level, actor.now + lasts)
    detail = {"load_level": level.value, "until": override.until, "reason": reason.value}
    levels.set_override(override, actor.log_own_item(Action.CHANGE, detail))
    return levels.read()._replace(override=override)


def lift_load_level(*, actor: OfficerActor, levels: LoadLevels) -> LoadState:
    """Return to the level by the counters, with an audit record. Repeated, change nothing more.

    Raises Unavailable.
    """
    levels.set_override(None, actor.log_own_item(Action.CHANGE, {"load_level": "automatic"}))
    return levels.read()._replace(override=None)
