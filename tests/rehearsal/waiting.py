"""Wait for what the cloud does by itself: queues, streams, schedules."""

import os
import time
from collections.abc import Callable

PATIENCE_S = float(os.environ.get("PATIENCE", "60"))
_STEP_S = 0.25


def until[T](look: Callable[[], T | None], what: str, patience_s: float = PATIENCE_S) -> T:
    """Return the first true value of `look`. Fails when there is none within `patience_s` seconds.

    Patience is the longest time: a test is not slower for it, unless it fails.
    """
    deadline = time.monotonic() + patience_s
    while True:
        if found := look():
            return found
        assert time.monotonic() < deadline, f"{what}: not within {patience_s:.0f} s"
        time.sleep(_STEP_S)
