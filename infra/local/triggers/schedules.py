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


class Schedule:
    """A function that runs every `period_s` seconds from now on; each has a thread of its own, as
    Lambda runs them side by side. `clock` gives seconds that only grow.
    """

    def __init__(
        self,
        name: str,
        period_s: float,
        function: Function,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name, self._period_s, self._function = name, period_s, function
        self._clock = clock
        self._due = clock() + period_s
        self._running = threading.Lock()

    def work(self) -> bool:
        """Run what is due. Return that there is nothing more for now."""
        if self._clock() >= self._due:
            self._due += self._period_s
            self.run()
        return False

    def run(self) -> None:
        """Run it now, in the caller's thread."""
        event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": "123456789012",
            "time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "region": "us-east-1",
            "resources": [f"arn:aws:events:us-east-1:123456789012:rule/{self.name}"],
            "detail": {},
        }
        with self._running, serving(self.name):
            try:
                self._function(event, new_context())
            except Exception:
                _log.exception("The function %s failed", self.name)


def period_of(expression: Any) -> float:
    """Return a `rate(…)` in seconds. Raises ValueError for any other expression."""
    text = expression if isinstance(expression, str) else expression.to_string()
    match = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", text)
    if not match:
        raise ValueError(f"{text}: only rates are carried locally")
    return float(match[1]) * {"minute": 60, "hour": 3600, "day": 86400}[match[2]]
