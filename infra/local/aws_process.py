"""AWS's process (`aws`), as the stack's process has it.

moto is Python, and so is the app: in one process they would share one core.
"""

import queue
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from infra.local.channel import Channel
from infra.local.triggers.changes import Change

_PATIENCE_S = 60
_ENDING_S = 5


class AwsProcess:
    """Starts it; it is there once `wait` returns. It ends with this process, however that ends.

    `lost` is called, in another thread, when it ends before `close`. `say` gets what is shown of
    notices.
    """

    def __init__(self, port: int, *, say: Callable[[str], None], lost: Callable[[], None]) -> None:
        self._say, self._lost = say, lost
        self._changed: Callable[[Change], None] = lambda change: None
        self._advance: Callable[[timedelta], datetime]
        self._connected = threading.Event()
        self._closing = False
        self._started: queue.Queue[dict[str, Any]] = queue.Queue()
        ours, theirs = socket.socketpair()
        self._channel = Channel(ours)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "infra.local.aws", str(theirs.fileno()), str(port)],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                # Ctrl-C is for this process alone.
                start_new_session=True,
            )
        threading.Thread(target=self._listen, name="aws", daemon=True).start()

    def wait(self) -> tuple[int, dict[str, str]]:
        """Return its port and the environment that names its resources, once it serves. Exits with
        the reason when it does not.
        """
        try:
            started = self._started.get(timeout=_PATIENCE_S)
        except queue.Empty:
            started = {"refused": f"AWS's process did not start in {_PATIENCE_S} s."}
        if "refused" in started:
            raise SystemExit(started["refused"])
        return started["port"], started["environment"]

    def connect(
        self, changed: Callable[[Change], None], advance_clock: Callable[[timedelta], datetime]
    ) -> None:
        """Say who wants to know of changes, and who moves the clock."""
        self._changed, self._advance = changed, advance_clock
        self._connected.set()

    def why_lost(self) -> str:
        """Return how it ended."""
        return f"AWS's process ended (exit status {self._process.wait()})."

    def close(self) -> None:
        """End it."""
        self._closing = True
        self._channel.close()
        try:
            self._process.wait(_ENDING_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _listen(self) -> None:
        for message in self._channel.messages():
            match message:
                case {"changed": change}:
                    self._changed(Change(change))
                case {"notice": line}:
                    self._say(line)
                case {"advance_s": seconds}:
                    # It runs all schedules, and they cause changes.
                    by = timedelta(seconds=seconds)
                    threading.Thread(target=self._move, args=(by,), daemon=True).start()
                case {"ready": started}:
                    self._started.put(started)
                case {"refused": _}:
                    self._started.put(message)
        if not self._closing:
            self._started.put({"refused": self.why_lost()})
            self._lost()

    def _move(self, by: timedelta) -> None:
        self._connected.wait()
        self._channel.send({"now": self._advance(by).isoformat()})
