"""The one clock of a process."""

from datetime import UTC, datetime, timedelta


class Clock:
    """Two readings of the time, both in whole milliseconds, as everything is kept.

    `now` is the time of sweeps and lifecycles: locally, and in tests, it can be moved on.
    `wall_clock` is the time that others compare with: in grants and tokens.
    """

    def __init__(self) -> None:
        self._advanced = timedelta()

    def now(self) -> datetime:
        return self.wall_clock() + self._advanced

    def wall_clock(self) -> datetime:
        moment = datetime.now(UTC)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    def advance(self, by: timedelta) -> datetime:
        """Move `now` on, and return it."""
        self._advanced += by
        return self.now()
