"""The clock of a process."""

from datetime import UTC, datetime, timedelta


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
