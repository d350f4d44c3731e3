"""The throttles of the deployed gateway: a token bucket for each method of a path.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html
"""

import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from chalicelib.http import index
from chalicelib.http.routes import Access
from infra.local import template
from infra.packaging.throttles import limits_of


class Limit(NamedTuple):
    """Requests a second, and how many may come at once."""

    rate: float
    burst: float


class Throttles:
    """Thread-safe. `limit` returns the limit of a method of a path; `clock` the time in seconds."""

    def __init__(
        self, limit: Callable[[str, str], Limit], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit = limit
        self._clock = clock
        self._buckets: dict[tuple[str, str], tuple[float, float]] = {}
        self._lock = threading.Lock()

    def take(self, method: str, path: str) -> bool:
        """Return whether a request may pass, and count it if so."""
        limit, now = self._limit(method, path), self._clock()
        with self._lock:
            left, since = self._buckets.get((method, path), (limit.burst, now))
            left = min(limit.burst, left + (now - since) * limit.rate)
            passes = left >= 1
            self._buckets[method, path] = (left - 1 if passes else left), now
        return passes


def deployed() -> Throttles:
    """Return the throttles as they are deployed. Each parameter has its default, or what the
    environment says (`THROTTLE_RATE`).
    """
    parameters: Mapping[str, Any] = template.load("app.yaml")["Parameters"]
    officers = {route.path for route in index.routes() if route.access == Access.OFFICER}

    def limit(method: str, path: str) -> Limit:
        kind = limits_of(path, method.lower(), of_officers=path in officers)
        return Limit(of(f"{kind}Rate"), of(f"{kind}Burst"))

    def of(parameter: str) -> float:
        given = os.environ.get(template.environment_name(parameter))
        return float(given or parameters[parameter]["Default"])

    return Throttles(limit)
