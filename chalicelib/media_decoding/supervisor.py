"""The supervisor: it opens one untrusted file in a child process with limits.

The same module runs on Lambda, in the function `decode`, and on one machine, in a process of its
own (`media_decoding/environment.py`). It does not confine hostile code; its surroundings do:
docs/adr/0052-decode.md. The child is apart so that a verdict has a proof: a file that makes its
child crash, or use too much memory or processor time, is at fault, and nothing else is.

The answer is a JSON object, of which the caller trusts nothing:

    {"found": {…}, "files": {"thumb": base64, "preview": base64}}    pictures, and their facts
    {…, "files": {…, "clip": base64, "spans": base64}}    and a clip: its first bytes, and spans
    {…, "no_clip": reason}    or why there is no clip, when one was asked for
    {"found": {…}, "files": {"playback": base64}}                    a sound, and its facts
    {"rejected": reason}      a verdict: the file is at fault
    {"unproved": what}        the child was too slow, or was killed: perhaps by the file
    {"fault": kind}           a fault of this system: the name of the exception
"""

import base64
import ctypes
import gc
import json
import logging
import mmap
import os
import resource
import signal
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from threading import Thread, Timer
from time import monotonic, sleep
from typing import Any, NamedTuple, NoReturn

from chalicelib.kernel.derived import SPAN, Clip, Pictures, Rejected, RejectReason, Sound
from chalicelib.media_decoding.decoders import Decoder, Order, Read, load

log = logging.getLogger(__name__)

MAX_ANSWER = 6_000_000
"""Bytes of an answer. Lambda's limit for a response is 6 MiB (AWS, "Lambda quotas")."""
MAX_READS = 64
MAX_READ = 32 << 20
"""Bytes of one read: more than a file has that is read as a whole."""
RANGE = struct.Struct(">QQ")

_READY = b"ready"
# Signals that prove a fault of the file. Any other may be from outside. SIGBUS and SIGILL may mean
# that a library could not be read, or is for another processor.
_ITS_OWN = frozenset({signal.SIGABRT, signal.SIGFPE, signal.SIGSEGV, signal.SIGXCPU})
# How long a child that talks no more may take to end.
_LINGERS, _LINGER_SECONDS = 100, 0.02
# A child that lacks this much memory at its start has too little for any file.
_LEAST_MEMORY = 1 << 20
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_MOST_MMAP_THRESHOLD = 32 << 20  # that mallopt accepts
_NEVER = 1 << 30  # bytes, as much as a child may have at all


class Limits(NamedTuple):
    """The limits of one file. `memory`: the bytes of address space that the child may take, beyond
    what it has from the supervisor. `seconds`: its processor time. `wall`: how many seconds it may
    take, reads of the original apart.
    """

    memory: int = 3 << 28
    # Ten minutes of sound take three seconds on a fast processor.
    seconds: int = 12
    wall: float = 15.0


def supervise(
    order: Order, read: Read, limits: Limits | None = None, load: Callable[[Order], Decoder] = load
) -> str:
    """Return the answer for one file. Raises what `read` raises.

    The process must have one thread: it forks. Tests pass a `load` with hostile decoders.
    """
    try:
        decoder = load(order)
    except Exception as error:  # whatever a library raises at its import
        log.exception("no decoder", extra={"content_type": order.content_type})
        return json.dumps({"fault": type(error).__name__})
    child = _fork(order, decoder, limits or Limits())
    try:
        return _converse(child, order.size, read)
    except _Ended:
        outcome = child.outcome()
        about = {"content_type": order.content_type, "bytes": order.size, **outcome}
        log.warning("a decoder ended", extra={**about, "exit": child.end()})
        return json.dumps(outcome)
    finally:
        child.end()


def ask(pipe: "Connection[bytes, bytes]", offset: int, length: int) -> bytes:
    """Return bytes of the original, which the other end of the pipe reads."""
    pipe.send_bytes(RANGE.pack(offset, length))
    return pipe.recv_bytes()


def hang_up(pipe: "Connection[bytes, bytes]") -> None:
    """End the wait of any reader at our end of the pipe, also when the other stays open."""
    with suppress(OSError), socket.socket(fileno=os.dup(pipe.fileno())) as ours:
        ours.shutdown(socket.SHUT_RDWR)


def parse_range(message: bytes, size: int) -> tuple[int, int]:
    """Return the offset and the length that are asked for. Raises ValueError for a range that is
    not within `size` bytes, or too long.
    """
    offset, length = RANGE.unpack(message)
    if not 0 < length <= min(size - offset, MAX_READ):
        raise ValueError("not within the file, or too long")
    return offset, length


class _Ended(Exception):
    """The child has ended, was killed, or sent what is not allowed."""


def _converse(child: "_Child", size: int, read: Read) -> str:
    if child.receive() != _READY:
        raise _Ended
    child.is_ready = True
    for _ in range(MAX_READS + 1):
        message = child.receive()
        if len(message) != RANGE.size:
            return str(message, "ascii", "replace")
        try:
            wanted = parse_range(message, size)
        except ValueError:
            raise _Ended from None
        child.send(read(*wanted))
    raise _Ended


class _Child:
    """The process of one file, and our end of its pipe."""

    def __init__(self, pid: int, pipe: "Connection[bytes, bytes]", wall: float) -> None:
        self._pid, self._pipe, self._seconds_left = pid, pipe, wall
        self._status: int | None = None
        self._is_overdue = False
        self.is_ready = False

    def receive(self) -> bytes:
        return self._in_time(partial(self._pipe.recv_bytes, MAX_ANSWER))

    def send(self, data: bytes) -> None:
        self._in_time(partial(self._pipe.send_bytes, data))

    def _in_time[Result](self, talk: Callable[[], Result]) -> Result:
        """Return the result of `talk`. The child is killed when its time has passed."""
        timer = Timer(self._seconds_left, self._kill)
        timer.start()
        began = monotonic()
        try:
            return talk()
        except (EOFError, ConnectionError):
            raise _Ended from None
        except OSError as error:
            if error.errno is not None:
                raise  # the system's: not for what the child has sent
            raise _Ended from None
        finally:
            timer.cancel()
            timer.join()
            self._seconds_left = max(0.0, self._seconds_left - (monotonic() - began))

    def _kill(self) -> None:
        self._is_overdue = True
        self._signal()
        hang_up(self._pipe)  # what has left its group may hold the other end

    def _signal(self) -> None:
        for kill in (os.killpg, os.kill):  # what it has started is of its group, unless it left it
            with suppress(OSError):
                kill(self._pid, signal.SIGKILL)

    def end(self) -> int:
        """Kill it, and return its exit status as of Popen."""
        if self._status is None:
            self._pipe.close()
            # Until it is waited for, its id is not used again.
            self._signal()
            _, status = os.waitpid(self._pid, 0)
            self._status = os.waitstatus_to_exitcode(status)
        return self._status

    def outcome(self) -> dict[str, str]:
        """End a child that has not answered, and return its outcome."""
        self._pipe.close()
        has_ended = self._is_overdue or any(self._has_ended() for _ in range(_LINGERS))
        status = self.end()
        if not self.is_ready:
            return {"fault": "NotStarted"}
        if self._is_overdue:
            return {"unproved": "timed_out"}
        if has_ended and status < 0 and -status not in _ITS_OWN:
            return {"unproved": "killed"}  # by the system, which may lack memory
        return {"rejected": RejectReason.UNPROCESSABLE}

    def _has_ended(self) -> bool:
        """Return whether it has, or wait a little. It is not reaped: its group is ended first."""
        if os.waitid(os.P_PID, self._pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return True
        sleep(_LINGER_SECONDS)
        return False


def _fork(order: Order, decoder: Decoder, limits: Limits) -> _Child:
    _set_up_memory()
    ours, theirs = Pipe()
    pid = os.fork()
    if pid == 0:
        try:
            _be_child(theirs, order, decoder, limits)
        finally:
            os._exit(1)
    theirs.close()
    with suppress(OSError):  # the child does it, too: one of both comes first
        os.setpgid(pid, pid)
    return _Child(pid, ours, limits.wall)


def _be_child(
    pipe: "Connection[bytes, bytes]", order: Order, decoder: Decoder, limits: Limits
) -> NoReturn:
    gc.freeze()  # so that it does not copy the pages of what it does not use
    with suppress(OSError):
        os.setpgid(0, 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _drop_descriptors(pipe.fileno())
    _limit(limits, threads=decoder.threads)
    if decoder.threads:  # without one, the library would end this process
        tried = Thread(target=int)
        tried.start()
        tried.join()
    pipe.send_bytes(_READY)
    pipe.send_bytes(_answer(order, partial(ask, pipe), decoder))
    os._exit(0)


def _drop_descriptors(pipe: int) -> None:
    """Close all but the pipe. What a library prints may contain bytes of a file, for nobody."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    os.closerange(3, pipe)
    os.closerange(pipe + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def _limit(limits: Limits, *, threads: bool) -> None:
    """Limit this process, also to no file that it opens and, without `threads`, to its one thread.

    Raises OSError when it has too little memory for anything.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    memory = _mapped() + limits.memory
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    mmap.mmap(-1, _LEAST_MEMORY).close()
    # SIGXCPU first: it shows what has happened. SIGKILL, a second later, may be from anybody.
    resource.setrlimit(resource.RLIMIT_CPU, (limits.seconds, limits.seconds + 1))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    if not threads:  # the system counts them as processes
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def _mapped() -> int:
    """Return the address space of this process in bytes; 0 where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except OSError:
        return 0


def _answer(order: Order, read: Read, decoder: Decoder) -> bytes:
    try:
        return _coded(decoder.decode(order, read))
    except Rejected as rejected:
        return _json({"rejected": rejected.reason})
    except MemoryError:
        return _json({"rejected": RejectReason.UNPROCESSABLE})
    except Exception as fault:  # the file's own faults are Rejected
        return _json({"fault": type(fault).__name__})


def _coded(derived: Pictures | Sound) -> bytes:
    more: dict[str, Any] = {}
    if isinstance(derived, Sound):
        files = {"playback": derived.playback}
    else:
        files = {"thumb": derived.thumb, "preview": derived.preview}
        if isinstance(derived.clip, Clip):
            spans = b"".join(SPAN.pack(*each) for each in derived.clip.spans)
            files |= {"clip": derived.clip.head, "spans": spans}
        elif derived.clip:
            more["no_clip"] = derived.clip
    coded = {name: base64.b64encode(data).decode() for name, data in files.items()}
    return _json({"found": asdict(derived.info), "files": coded} | more)


def _json(answer: dict[str, Any]) -> bytes:
    # A time in a hint is the one thing that JSON has no form for.
    return json.dumps(answer, default=lambda value: value.isoformat()).encode()


def _set_up_memory() -> None:
    """Let threads have no memory pool of their own: each takes 64 MB of the address space.

    Let memory that was freed be used again, and not be given back to the system. A child lives for
    one file only, and the system takes longer for a new page than a decoder does to fill it.
    """
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(_M_ARENA_MAX, 1)
        library.mallopt(_M_MMAP_THRESHOLD, _MOST_MMAP_THRESHOLD)
        library.mallopt(_M_TRIM_THRESHOLD, _NEVER)
