"""The host of decoders: starts zygotes, and asks them for a child for each file.

A zygote is replaced after some files, because its children share the layout of their memory, and
when it dies. Threads may share it.
"""

import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, Pipe
from subprocess import DEVNULL, Popen
from threading import Lock, Thread
from time import clock_gettime

from chalicelib.media.zygote import NUMBER, READY, Kind, Request

START_SECONDS = 12.0  # enough for a child, or for an answer, on a busy host
READY_SECONDS = 25.0  # enough to load the decoders' libraries from a cold disk, on a busy host
FILES = 100  # how many a zygote opens
# With -I and -S the interpreter reads no variable and no site. Its path are the last arguments.
_BOOT = (
    "import sys; sys.path[:] = sys.argv[4:]; from chalicelib.media.zygote import main;"
    " main(sys.argv[1:4])"
)


class DecodingRefused(RuntimeError):
    """This system does not let a decoder be confined, so nothing is decoded."""


class Lost(RuntimeError):
    """The zygote has ended. `alone`: it never had two files at once, so this file is the cause."""

    def __init__(self, *, alone: bool) -> None:
        super().__init__("the process of the decoders has ended")
        self.alone = alone


class Host:
    """Has one zygote at a time, started when it is first needed, or before by `prepare`."""

    def __init__(self, decoders: str, files: int = FILES) -> None:
        self._decoders, self._files = decoders, files
        self.allows_unconfined = False
        self._lock = Lock()
        self._zygote: Zygote | None = None

    def prepare(self) -> None:
        """Start a zygote, and do not wait for it."""
        with self._lock:
            self._zygote = self._zygote or Zygote(self._decoders)

    def why_unconfined(self) -> str:
        """Return why its zygote cannot confine decoders; empty when it can. Raises Lost."""
        self.prepare()
        with self._lock:
            return self._zygote.why_unconfined() if self._zygote else ""

    @contextmanager
    def child(self, request: Request, *, alone: bool = False) -> "Iterator[Child]":
        """Yield the child for a request, and kill it at the end with all that it started.

        With `alone` it has a zygote of its own. Raises DecodingRefused, Lost, and RuntimeError when
        it does not start.
        """
        ours, theirs = Pipe()
        with ours:
            with theirs:
                zygote, pid = self._fork(request, theirs, alone=alone)
            child = Child(pid, ours, zygote)
            try:
                yield child
            finally:
                with suppress(Lost):  # then it is dead, too
                    child.end()
                if alone:
                    zygote.close()

    def close(self) -> None:
        with self._lock:
            if self._zygote:
                self._zygote.close()
                self._zygote = None

    def _fork(self, request: Request, pipe: Connection, *, alone: bool) -> "tuple[Zygote, int]":
        if alone:
            zygote = Zygote(self._decoders)
            try:
                return zygote, self._check(zygote).fork(request, pipe)
            except RuntimeError:
                zygote.close()
                raise
        with self._lock:
            # The last one may have ended while nothing was decoded. Then the next one starts.
            for _ in range(2):
                zygote = self._zygote = self._zygote or Zygote(self._decoders)
                try:
                    pid = self._check(zygote).fork(request, pipe)
                except Lost:
                    zygote.close()
                    self._zygote = None
                    continue
                if zygote.started >= self._files:
                    zygote.retire()
                    self._zygote = Zygote(self._decoders)
                return zygote, pid
        raise RuntimeError("the decoders did not start")

    def _check(self, zygote: "Zygote") -> "Zygote":
        reason = zygote.why_unconfined()
        if reason and not self.allows_unconfined:
            raise DecodingRefused(f"decoders cannot be confined on this system: {reason}")
        return zygote


class Child:
    """A decoder of one file, and our end of its pipe."""

    def __init__(self, pid: int, pipe: Connection, zygote: "Zygote") -> None:
        self.pid, self.pipe, self._zygote = pid, pipe, zygote
        self._status: int | None = None

    def processor_seconds(self) -> float | None:
        """Return the processor time of the child; None when it is gone.

        For the id of its clock, see clock_getcpuclockid(3).
        """
        try:
            return clock_gettime(~self.pid << 3 | 2)
        except OSError:
            return None

    def kill(self) -> None:
        """Kill it with all that it started. The zygote keeps its id from being used again."""
        with suppress(OSError):
            os.killpg(self.pid, signal.SIGKILL)

    def end(self) -> int:
        """Kill it, and return its exit status as of Popen. Raises Lost."""
        if self._status is None:
            self.kill()
            self._status = self._zygote.end(self.pid)
        return self._status


class Zygote:
    """One zygote, in a process of its own. It starts at once; `fork` waits until it is ready."""

    def __init__(self, decoders: str) -> None:
        self.started = 0
        self._running: set[int] = set()
        self._company = False
        self._ready: str | None = None
        self._retired = False
        self._lock = Lock()
        self._process: Popen[bytes] | None = None
        self._channel, theirs = socket.socketpair()
        self._channel.settimeout(READY_SECONDS)
        Thread(target=self._keep, args=(theirs, decoders), name="zygote", daemon=True).start()

    def _keep(self, theirs: socket.socket, decoders: str) -> None:
        """Start the process and wait for its end. It is killed when this thread ends."""
        environment = {
            name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ
        }
        arguments = [str(theirs.fileno()), str(os.getpid()), decoders]
        paths = [path or os.getcwd() for path in sys.path]
        with theirs:
            self._process = Popen(  # noqa: S603  (nothing here is from an uploader)
                [sys.executable, "-I", "-S", "-X", "utf8", "-c", _BOOT, *arguments, *paths],
                env=environment,
                pass_fds=[theirs.fileno()],
                stdin=DEVNULL,
                stdout=DEVNULL,
                start_new_session=True,
            )
        self._process.wait()

    def fork(self, request: Request, pipe: Connection) -> int:
        """Return the id of a new child, which gets `pipe`.

        Raises Lost, and RuntimeError when the system has no process or memory for it.
        """
        with self._lock:
            self._await()
            self.started += 1
            pid = self._call(request, [pipe.fileno()])
            if pid < 0:
                raise RuntimeError(f"the decoder did not start: {os.strerror(-pid)}")
            self._running.add(pid)
            self._company |= len(self._running) > 1
            return pid

    def end(self, pid: int) -> int:
        """Kill a child and its group, and return its exit status. Raises Lost."""
        with self._lock:
            try:
                return self._call(Request(Kind.END, pid=pid), [])
            finally:
                self._running.discard(pid)
                self._close_if_done()

    def why_unconfined(self) -> str:
        """Return why its children are not confined; empty when they are. Raises Lost when it does
        not start.
        """
        with self._lock:
            return self._await()

    def retire(self) -> None:
        """Let it end with the last of its children."""
        with self._lock:
            self._retired = True
            self._close_if_done()

    def close(self) -> None:
        """End it, and its children with it."""
        with self._lock:
            self._channel.close()

    def _await(self) -> str:
        if self._ready is None:
            [reason] = READY.unpack(self._receive(READY.size))
            self._ready = reason.rstrip(b"\0").decode()
            self._channel.settimeout(START_SECONDS)
        return self._ready

    def _call(self, request: Request, descriptors: list[int]) -> int:
        try:
            socket.send_fds(self._channel, [request.pack()], descriptors)
        except OSError:
            raise self._lose() from None
        number: int = NUMBER.unpack(self._receive(NUMBER.size))[0]
        return number

    def _receive(self, length: int) -> bytes:
        try:
            data = self._channel.recv(length, socket.MSG_WAITALL)
        except OSError:
            data = b""
        if len(data) != length:
            raise self._lose()
        return data

    def _lose(self) -> Lost:
        if self._process:
            self._process.kill()
        return Lost(alone=not self._company)

    def _close_if_done(self) -> None:
        if self._retired and not self._running:
            self._channel.close()
