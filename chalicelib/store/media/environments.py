"""`decode` on one machine: processes of its own, one for each processor at most.

For the local stack and the tests. There the network stays open to them (docs/local.md).
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing.connection import Pipe
from queue import Empty, LifoQueue
from threading import Timer

from chalicelib.media_decoding.decoders import Order
from chalicelib.media_decoding.supervisor import MAX_ANSWER, RANGE, Limits, hang_up, parse_range
from chalicelib.store.media.decoding import File, Undecided

# With -I and -S the interpreter reads no variable and no site. Its path are the last arguments.
_BOOT = (
    "import sys; sys.path[:] = sys.argv[3:];"
    " from chalicelib.media_decoding.environment import main; main(*sys.argv[1:3])"
)
# How long one that is to end may take to end its child, too.
_END_SECONDS = 5


class Environments:
    """Sends files to processes that are started when they are first needed.

    `module` has the `load` of the decoders: tests pass one with hostile ones. Threads may share it;
    a file waits while `most` are at work.
    """

    def __init__(
        self,
        module: str = "chalicelib.media_decoding.decoders",
        # A busy machine is no function of Lambda, with a processor for itself.
        limits: Limits = Limits(wall=120),  # noqa: B008  (it cannot change)
        most: int = max(1, (os.cpu_count() or 1) - 1),
        # Beyond what the supervisor itself gives a file: it starts, imports, asks and answers.
        margin_s: float = 60,
    ) -> None:
        self._module, self._limits, self._wait_s = module, limits, limits.wall + margin_s
        self.most = most
        self._free: LifoQueue[_Environment | None] = LifoQueue()
        for _ in range(most):
            self._free.put(None)

    def __call__(self, order: Order, file: File) -> str:
        """Return the answer. Raises Undecided, and the errors of the file's `read`."""
        with self._one() as environment:
            return environment.open(order, self._limits, file, self._wait_s)

    def close(self) -> None:
        """End those that are not at work. A further file starts new ones."""
        free = []
        with suppress(Empty):
            while True:
                free.append(self._free.get_nowait())
        for environment in free:
            if environment:
                environment.end()
            self._free.put(None)

    @contextmanager
    def _one(self) -> "Iterator[_Environment]":
        """Yield a process, when one is free. One that failed is not used again."""
        environment, is_whole = self._free.get(), False
        try:
            environment = environment or _Environment(self._module)
            yield environment
            is_whole = True
        finally:
            if environment and not is_whole:
                environment.end()
            self._free.put(environment if is_whole else None)


class _Environment:
    def __init__(self, module: str) -> None:
        self._pipe, theirs = Pipe()
        paths = [path or os.getcwd() for path in sys.path]
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603  (nothing here is from an uploader)
                [sys.executable, "-I", "-S", "-c", _BOOT, str(theirs.fileno()), module, *paths],
                env={},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )

    def open(self, order: Order, limits: Limits, file: File, wait_s: float) -> str:
        # It may ask for ever, or send half a message.
        timer = Timer(wait_s, partial(hang_up, self._pipe))
        timer.start()
        try:
            request = [order._asdict(), limits._asdict()]
            self._pipe.send_bytes(json.dumps(request).encode())
            while True:
                message = self._pipe.recv_bytes(MAX_ANSWER)
                if len(message) != RANGE.size:
                    return message.decode("ascii", "replace")
                wanted = parse_range(message, order.size)
                self._pipe.send_bytes(file.read(*wanted))
        except (EOFError, OSError, ValueError):
            raise Undecided("the process of the decoders has ended") from None
        finally:
            timer.cancel()
            timer.join()

    def end(self) -> None:
        self._pipe.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_SECONDS)
        self._process.kill()
        self._process.wait()


ENVIRONMENTS, CRITICAL_ENVIRONMENTS = Environments(), Environments(most=1)
"""Those of this process, and the one that is for files of critical reports alone. Together they are
one for each processor, and two on a machine with one.
"""
