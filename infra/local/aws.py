"""The process that is AWS: moto behind its gate, and the resources. `AwsProcess` starts it, and is
how the stack's process has it. moto is Python, and so is the app: in one process they would share
one core.

    python -m infra.local.aws DESCRIPTOR PORT

It speaks by the socket of that descriptor. The kernel closes an end with its process, however that
ends, so it ends with whoever holds the other end, also when that is killed.

| it says | |
|---|---|
| `"ready"`, port, environment | it serves, and what `create_resources` returned |
| `"refused"`, why | it cannot serve; then it ends |
| `"changed"`, `Change` | a request may have given a trigger something to do |
| `"notice"`, line | what to show of a notice that has gone out |
"""

import contextlib
import gc
import heapq
import io
import itertools
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from chalicelib.kernel.config import Api
from infra.local.requests import CALLER, Change, Environ, change_of

if TYPE_CHECKING:
    from infra.local.issuer.issuer import Issuer
    from infra.local.s3.gate import Gate

# Python looks for cycles among new objects each time that so many have been made. What outlives
# that is stored, and is not looked through again: with a flood in the tables that took a third of a
# second, while all calls waited.
_NEW_OBJECTS = 50_000
# Somebody waits for what these functions do. In the cloud no function waits for another.
_URGENT = (*Api, "publish_critical")
# So long may the call of another function stand behind theirs; its client gives up after 3 s.
_PATIENCE_S = 1.0
_START_PATIENCE_S = 60
_END_PATIENCE_S = 5
_CREDENTIAL = re.compile(r"Credential=[^/,\s]+/")


class Channel:
    """One end. Any thread may send; one reads."""

    def __init__(self, end: Connection) -> None:
        self._end, self._sending = end, threading.Lock()

    def send(self, *message: Any) -> None:
        """Send a message. It is lost if nobody is left who reads it."""
        with self._sending, contextlib.suppress(OSError):
            self._end.send(message)

    def messages(self) -> Iterator[tuple[Any, ...]]:
        """Read what the other end sends, until it is closed."""
        with contextlib.suppress(EOFError, OSError):
            while True:
                yield self._end.recv()


class AwsProcess:
    """Starts it; it is there once `wait` returns. It ends with this process, however that ends.

    `lost` is called, in another thread, when it ends before `close`. `say` gets what is shown of
    notices.
    """

    def __init__(self, port: int, *, say: Callable[[str], None], lost: Callable[[], None]) -> None:
        self._say, self._lost = say, lost
        self._changed: Callable[[Change], None] = lambda change: None
        self._closing = False
        self._started: queue.Queue[tuple[Any, ...]] = queue.Queue()
        ours, theirs = Pipe()
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
            kind, *said = self._started.get(timeout=_START_PATIENCE_S)
        except queue.Empty:
            raise SystemExit(f"AWS's process did not start in {_START_PATIENCE_S} s.") from None
        if kind == "refused":
            raise SystemExit(said[0])
        port, environment = said
        return port, environment

    def connect(self, changed: Callable[[Change], None]) -> None:
        """Say who wants to know of changes."""
        self._changed = changed

    def why_lost(self) -> str:
        """Return how it ended."""
        return f"AWS's process ended (exit status {self._process.wait()})."

    def close(self) -> None:
        """End it."""
        self._closing = True
        self._channel.send("end")
        try:
            self._process.wait(_END_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _listen(self) -> None:
        for message in self._channel.messages():
            match message:
                case "changed", change:
                    self._changed(change)
                case "notice", line:
                    self._say(line)
                case _:
                    self._started.put(message)
        if not self._closing:
            self._started.put(("refused", self.why_lost()))
            self._lost()


class Turns:
    """Lets one call through at a time: an interpreter does no more, and threads that share it would
    all end late. Those that are not urgent come after the urgent ones of the next `_PATIENCE_S`.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock, self._changing, self._taken = clock, threading.Lock(), False
        self._numbers = itertools.count()
        self.waiting: list[tuple[float, int, threading.Lock]] = []

    @contextlib.contextmanager
    def turn(self, urgent: bool) -> Iterator[None]:
        """Wait for a turn, and have it."""
        with self._changing:
            called = threading.Lock()
            called.acquire()
            if self._taken:
                until = self._clock() + (0 if urgent else _PATIENCE_S)
                heapq.heappush(self.waiting, (until, next(self._numbers), called))
            else:
                self._taken = True
                called.release()
        called.acquire()
        try:
            yield
        finally:
            with self._changing:
                if self.waiting:
                    heapq.heappop(self.waiting)[2].release()
                else:
                    self._taken = False


class Cloud:
    """AWS's port, a WSGI application: the pages of Cognito's managed login, and the gate. It calls
    `changed` after each request that may have changed something. That and `issuer` must be set
    before the first request that matters. `clock` gives seconds that only grow.
    """

    def __init__(
        self, gate: "Gate", access_key: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._gate, self._access_key, self.turns = gate, access_key, Turns(clock)
        self.changed: Callable[[Change], None] = lambda change: None
        self.issuer: Issuer | None = None

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        if self.issuer is not None and self.issuer.serves(environ["PATH_INFO"]):
            return self.issuer(environ, start_response)
        if "HTTP_AUTHORIZATION" in environ:
            # Whoever has the port has the key: tools may come with any. What is signed for others,
            # grants, the gate verifies.
            environ["HTTP_AUTHORIZATION"] = _CREDENTIAL.sub(
                f"Credential={self._access_key}/", environ["HTTP_AUTHORIZATION"]
            )
        change = change_of(environ)
        try:
            if "HTTP_X_AMZ_TARGET" not in environ:
                return self._gate(environ, start_response)
            # First, so that a client that sends slowly holds up nobody else.
            environ["wsgi.input"] = io.BytesIO(environ["wsgi.input"].read())
            with self.turns.turn(environ.get(CALLER, Api.RESIDENTS) in _URGENT):
                return self._gate(environ, start_response)
        finally:
            if change:
                self.changed(change)


def main(descriptor: int, port: int) -> None:
    """Serve until the other end is closed."""
    # Ctrl-C goes to all processes of a terminal. The stack's own process decides when it ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    channel = Channel(Connection(descriptor))
    # From the beginning: the stack may be killed while this starts.
    reader = threading.Thread(target=_end_with, args=(channel,), name="stack", daemon=True)
    reader.start()
    # It shows what goes wrong, as the stack's process does.
    from infra.local.console import show_log

    show_log()
    _serve(channel, port)
    reader.join()


def _look_once(phase: str, _: object) -> None:
    if phase == "stop":
        gc.freeze()


def _end_with(channel: Channel) -> None:
    # "end", or nothing from a process that is gone.
    next(channel.messages(), None)
    # At once, whatever the other threads do: nobody is left who could ask for it.
    os._exit(0)


def _serve(channel: Channel, port: int) -> None:
    from infra.local.issuer.issuer import Issuer
    from infra.local.issuer.people import People
    from infra.local.notices import NoticesShown
    from infra.local.resources import create_resources
    from infra.local.s3.gate import Gate
    from infra.local.wsgi import serve

    access_key, region = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_REGION"]
    secret_key = os.environ["AWS_SECRET_ACCESS_KEY"]
    cloud = Cloud(Gate(access_key=access_key, secret_key=secret_key, region=region), access_key)
    try:
        server = serve(cloud, port)
    except (OSError, SystemExit):
        channel.send("refused", f"AWS's port {port} is taken.")
        return
    address = f"http://127.0.0.1:{server.port}"
    environment = create_resources(endpoint_url=address, region=region)
    cloud.issuer = Issuer(People(environment, address), address)
    # The roles of those who call: `moto_patches.kms`.
    os.environ.update(environment)
    notices = NoticesShown(
        environment["NOTICES_TOPIC_ARN"],
        region,
        environment["OFFICERS_TABLE"],
        show=lambda line: channel.send("notice", line),
        full=os.environ.get("NOTICES") == "full",
    )

    def changed(change: Change) -> None:
        if change is Change.TOPIC:
            notices.look()
        else:
            channel.send("changed", change)

    cloud.changed = changed
    gc.set_threshold(_NEW_OBJECTS)
    gc.callbacks.append(_look_once)
    channel.send("ready", server.port, environment)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
