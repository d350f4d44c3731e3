"""A thread that works until there is nothing left, then waits to be woken."""

import logging
import threading
from collections.abc import Callable

_log = logging.getLogger(__name__)


class Loop(threading.Thread):
    """Calls `work` until it returns false, then waits to be woken or for `every_s`; once woken, for
    `gather_s` more, so that what comes together is worked on together.
    """

    def __init__(
        self, name: str, work: Callable[[], bool], every_s: float, gather_s: float = 0
    ) -> None:
        super().__init__(name=f"poller-{name}", daemon=True)
        self._work, self._every_s, self._gather_s = work, every_s, gather_s
        self._woken, self._ending = threading.Event(), threading.Event()

    def wake(self) -> None:
        """Work soon."""
        self._woken.set()

    def end(self) -> None:
        """End the thread after what it is doing now."""
        self._ending.set()
        self._woken.set()

    def run(self) -> None:
        """Work until `end`."""
        while not self._ending.is_set():
            self._woken.clear()
            try:
                more = self._work()
            except Exception:
                if self._ending.is_set():
                    return
                _log.exception("The trigger %s failed", self.name)
                more = False
            if not more:
                self._woken.wait(self._every_s)
                self._ending.wait(self._gather_s)
