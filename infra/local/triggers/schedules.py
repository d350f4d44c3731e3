"""The trigger of EventBridge's rates."""

import logging
import re
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from infra.local.console import serving
from infra.local.triggers.functions import Function, new_context

_log = logging.getLogger(__name__)


class Schedules:
    """All scheduled functions, one at a time. `clock` gives seconds that only grow."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._functions: dict[str, tuple[float, Function]] = {}
        self._due: dict[str, float] = {}
        self._running = threading.Lock()

    def add(self, name: str, period_s: float, function: Function) -> None:
        """Run `function` every `period_s` from now on."""
        self._functions[name] = (period_s, function)
        self._due[name] = self._clock() + period_s

    def work(self) -> bool:
        """Run what is due. Return that there is nothing more for now."""
        for name, (period_s, _) in self._functions.items():
            if self._clock() >= self._due[name]:
                self._due[name] += period_s
                self._run(name)
        return False

    def run_all(self) -> None:
        """Run all of them now, in the caller's thread."""
        for name in self._functions:
            self._run(name)

    def _run(self, name: str) -> None:
        event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": "123456789012",
            "time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "region": "us-east-1",
            "resources": [f"arn:aws:events:us-east-1:123456789012:rule/{name}"],
            "detail": {},
        }
        with self._running, serving(name):
            try:
                self._functions[name][1](event, new_context())
            except Exception:
                _log.exception("The function %s failed", name)


def period_of(expression: Any) -> float:
    """Return a `rate(…)` in seconds. Raises ValueError for any other expression."""
    text = expression if isinstance(expression, str) else expression.to_string()
    match = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", text)
    if not match:
        raise ValueError(f"{text}: only rates are carried locally")
    return float(match[1]) * {"minute": 60, "hour": 3600, "day": 86400}[match[2]]
