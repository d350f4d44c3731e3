"""Random names for what the issuer has handed out: each for some time, some only once."""

import secrets
import threading
from collections.abc import Callable

# Those of Cognito.
CODE_LIFE_S = 300.0
SESSION_LIFE_S = 3600.0
REFRESH_LIFE_S = 12 * 3600.0

type Clock = Callable[[], float]


class Vouchers[Value]:
    """Thread-safe. `clock` returns the time in seconds."""

    def __init__(self, life_s: float, clock: Clock) -> None:
        self._life_s, self._clock = life_s, clock
        self._values: dict[str, tuple[float, Value]] = {}
        self._lock = threading.Lock()

    def issue(self, value: Value, name: str = "") -> str:
        """Keep a value, and return its name: a new one, unless `name` is given."""
        name = name or secrets.token_urlsafe(32)
        now = self._clock()
        with self._lock:
            self._values = {key: kept for key, kept in self._values.items() if kept[0] > now}
            self._values[name] = now + self._life_s, value
        return name

    def find(self, name: str) -> Value | None:
        """Return the value of a name; None for an unknown one, and when its time is over."""
        with self._lock:
            return self._valid(self._values.get(name))

    def take(self, name: str) -> Value | None:
        """Return the value of a name as `find` does, and forget it: of many who ask, one gets
        it.
        """
        with self._lock:
            return self._valid(self._values.pop(name, None))

    def forget(self, unwanted: Callable[[Value], bool]) -> None:
        """Forget all values of that kind."""
        with self._lock:
            self._values = {
                key: kept for key, kept in self._values.items() if not unwanted(kept[1])
            }

    def _valid(self, kept: tuple[float, Value] | None) -> Value | None:
        return kept[1] if kept and kept[0] > self._clock() else None
