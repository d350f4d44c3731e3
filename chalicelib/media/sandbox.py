"""The sandbox: decode each untrusted file in a process of its own, with limits.

If a file makes the decoder crash, hang or use too much memory, only this process ends, and only
this file is rejected.

The process is a new interpreter, because a fork would inherit connections, locks and credentials.
Its environment contains little more than the module path. After it has imported its decoder, it
cannot open files or sockets. It reads the original through a pipe. The parent checks its messages
and never unpickles them. Queues and pools would need shared memory, which Lambda does not have.

    child → parent  H                       ready to decode; an earlier failure is a fault of ours
                    R offset length         asks for these bytes; the parent sends them
                    D json, thumb, preview  success: three messages
                    X reason                the file is rejected
                    F kind                  a fault of ours: only the name of the exception
"""

import logging
import os
import re
import resource
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection, Pipe
from subprocess import Popen
from threading import Event, Thread
from time import clock_gettime, monotonic
from typing import NamedTuple

from chalicelib.domain.media import (
    ACCEPTED,
    Hint,
    Looked,
    MediaKind,
    Pictures,
    Rejected,
    RejectReason,
)

type Read = Callable[[int, int], bytes]
"""`read(offset, length)` returns exactly these bytes of the original."""

log = logging.getLogger(__name__)

START_SECONDS = 12.0  # enough to load the decoders' libraries from a cold disk
MAX_READS = 64
MAX_ANSWER = 8 << 20
_RANGE = struct.Struct(">QQ")


class Limits(NamedTuple):
    """The limits for one file.

    `memory` is the address space in bytes and `seconds` the processor time. `wall` is the wall time
    in seconds, including the start. It is longer, because work takes longer on a busy host; a file
    is not rejected when it runs out. A decoder that uses no processor time for `idle` seconds is
    ended.
    """

    memory: int = 1 << 30
    seconds: int = 8
    wall: float = 24.0
    idle: float = 4.0


def derive(content_type: str, size: int, read: Read, limits: Limits | None = None) -> Pictures:
    """Return the pictures of an original of `size` bytes. Its type was detected from its content.

    Raises Rejected for a fault of the file. Raises RuntimeError when the decoder does not start,
    fails for another reason, or the host is too busy. Raises the errors of `read`, whose time is
    not counted.
    """
    limits = limits or Limits()
    ours, theirs = Pipe()
    with ours:
        with theirs:
            child = _start(theirs, content_type, size, limits)
        try:
            talk = _Talk(ours, child)
            if talk.start() != b"H":
                raise RuntimeError("the decoder did not start")
            talk.seconds_left += limits.wall - START_SECONDS
            talk.idle = limits.idle
            return _converse(talk, size, read)
        except _Ended:
            child.kill()
            log.warning(
                "a decoder was ended",
                extra={"content_type": content_type, "bytes": size, "exit": child.wait()},
            )
            if talk.overdue:
                raise RuntimeError("the decoder got too little of the processor") from None
            raise Rejected(RejectReason.UNPROCESSABLE) from None
        finally:
            child.kill()
            child.wait()


def _start(pipe: Connection, content_type: str, size: int, limits: Limits) -> "Popen[bytes]":
    """Start the child. With -S and -P it finds the same modules as this process, and no others."""
    environment = {
        "PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path),
        "MALLOC_ARENA_MAX": "1",
        "PYDANTIC_DISABLE_PLUGINS": "__all__",  # the search for plugins would slow the start
    }
    if "LD_LIBRARY_PATH" in os.environ:  # Lambda's interpreter needs it
        environment["LD_LIBRARY_PATH"] = os.environ["LD_LIBRARY_PATH"]
    arguments = [pipe.fileno(), content_type, size, limits.memory, limits.seconds]
    return Popen(  # noqa: S603  (an uploader chooses only one of eight types, and a number)
        [sys.executable, "-S", "-P", "-m", __name__, *map(str, arguments)],
        env=environment,
        pass_fds=[pipe.fileno()],
    )


def _converse(talk: "_Talk", size: int, read: Read) -> Pictures:
    for _ in range(MAX_READS + 1):
        message = talk.receive()
        kind, rest = message[:1], message[1:]
        if kind == b"R":
            talk.send(read(*_parse_range(rest, size)))
        elif kind == b"D":
            looked, thumb, preview = _parse_looked(rest), talk.receive(), talk.receive()
            if not (is_bare_jpeg(thumb) and is_bare_jpeg(preview)):
                raise _Ended
            return Pictures(thumb, preview, looked)
        elif kind == b"F":
            fault = _parse_fault(rest)
            log.error("a decoder failed", extra={"error": fault})
            raise RuntimeError(f"the decoder failed: {fault}")
        else:
            raise Rejected(_parse_reason(rest))
    raise _Ended


class _Ended(Exception):
    """The child has ended, was killed, or sent a message that is not allowed."""


class _Talk:
    """The parent's side of the pipe.

    It kills a child that takes longer than `seconds_left` in total, or that does nothing for `idle`
    seconds.
    """

    def __init__(self, pipe: Connection, child: "Popen[bytes]") -> None:
        self._pipe, self._child = pipe, child
        self.seconds_left = self.idle = START_SECONDS
        self.overdue = False

    def start(self) -> bytes | None:
        try:
            return self.receive()
        except _Ended:
            return None

    def receive(self) -> bytes:
        with self._watch():
            return self._pipe.recv_bytes(MAX_ANSWER)

    def send(self, data: bytes) -> None:
        with self._watch():
            self._pipe.send_bytes(data)

    @contextmanager
    def _watch(self) -> Iterator[None]:
        done = Event()
        watcher = Thread(target=self._end_unless, args=(done,))
        watcher.start()
        began = monotonic()
        try:
            yield
        except (EOFError, OSError):
            raise _Ended from None
        finally:
            done.set()
            watcher.join()
            self.seconds_left = max(0.0, self.seconds_left - (monotonic() - began))

    def _end_unless(self, done: Event) -> None:
        deadline, worked = monotonic() + self.seconds_left, _processor_seconds(self._child.pid)
        while not done.wait(min(self.idle, max(0.0, deadline - monotonic()))):
            before, worked = worked, _processor_seconds(self._child.pid)
            self.overdue = monotonic() >= deadline
            if self.overdue or worked - before < _HARDLY_ANY:
                self._child.kill()
                return


# Seconds of processor time. Even on a very busy host, a decoder gets more within `idle` seconds.
_HARDLY_ANY = 0.005


def _processor_seconds(pid: int) -> float:
    """Return the processor time of a process. For its clock id, see clock_getcpuclockid(3)."""
    return clock_gettime(~pid << 3 | 2)


def _parse_range(data: bytes, size: int) -> tuple[int, int]:
    if len(data) != _RANGE.size:
        raise _Ended
    offset, length = _RANGE.unpack(data)
    if not 0 < length <= size - offset:
        raise _Ended
    return offset, length


def _parse_looked(data: bytes) -> Looked:
    try:
        return Looked.model_validate_json(data)
    except ValueError:
        raise _Ended from None


def _parse_reason(data: bytes) -> RejectReason:
    try:
        return RejectReason(data.decode())
    except ValueError:
        raise _Ended from None


def _parse_fault(data: bytes) -> str:
    if not re.fullmatch(rb"[A-Za-z_]\w{0,63}", data):
        raise _Ended
    return data.decode()


# Segments for tables, frame, restart interval and scan: all that pixels need. Exif, XMP, ICC
# profiles and comments have other markers.
_PIXEL_SEGMENTS = frozenset({0xDB, 0xC0, 0xC2, 0xC4, 0xDD, 0xDA})
_END_OF_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7]")


def is_bare_jpeg(data: bytes) -> bool:
    """Return whether this is one JPEG that contains only pixels and an 18-byte JFIF header."""
    at = 2
    if data[:2] != b"\xff\xd8":
        return False
    while data[at : at + 2] != b"\xff\xd9":
        marker, length = data[at : at + 2], int.from_bytes(data[at + 2 : at + 4])
        is_jfif = (
            marker == b"\xff\xe0"
            and at == 2
            and length == 16
            and data[at + 4 : at + 9] == b"JFIF\0"
        )
        if not is_jfif and (
            len(marker) < 2 or marker[0] != 0xFF or marker[1] not in _PIXEL_SEGMENTS or length < 2
        ):
            return False
        at += 2 + length
        if marker[1] == 0xDA:
            end = _END_OF_SCAN.search(data, at)
            if not end:
                return False
            at = end.start()
    return at + 2 == len(data)


def _decode(descriptor: int, content_type: str, size: int, limits: Limits) -> None:
    """Decode one file. This is the main function of the child."""
    with Connection(descriptor) as pipe:
        resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))
        work = _load(content_type, size, partial(_ask, pipe))
        _confine(limits)
        pipe.send_bytes(b"H")
        try:
            pictures = work()
            response = [
                b"D" + pictures.looked.model_dump_json().encode(),
                pictures.thumb,
                pictures.preview,
            ]
        except Rejected as rejected:
            response = [b"X" + rejected.reason.encode()]
        except MemoryError:
            response = [b"X" + RejectReason.UNPROCESSABLE.encode()]
        except Exception as fault:  # a fault of ours: the file's own faults are Rejected
            response = [b"F" + type(fault).__name__.encode()]
        for message in response:
            pipe.send_bytes(message)


def _load(content_type: str, size: int, read: Read) -> Callable[[], Pictures]:
    """Return the work of the child, with everything imported that this type needs.

    Nothing can be imported after `_confine`.
    """
    for model in (Hint, Looked):
        model.model_rebuild()
    Looked(width=1, height=1, hint=Hint(lat=1.0, lon=1.0)).model_dump_json()
    if ACCEPTED[content_type].kind is MediaKind.VIDEO:
        from chalicelib.media import videos

        return lambda: videos.derive(read, size)
    from chalicelib.media import images

    images.load_decoder(content_type)
    return lambda: images.derive(read(0, size), content_type)


def _confine(limits: Limits) -> None:
    """Limit the child, and discard its output.

    Errors before this are ours and may be logged. Later ones may contain bytes of the file.
    """
    silence = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(silence, descriptor)
    os.close(silence)
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + 1 + limits.seconds
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    for limit in (resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
        resource.setrlimit(limit, (0, 0))


def _ask(pipe: Connection, offset: int, length: int) -> bytes:
    pipe.send_bytes(b"R" + _RANGE.pack(offset, length))
    return pipe.recv_bytes()


if __name__ == "__main__":
    _decode(
        int(sys.argv[1]),
        sys.argv[2],
        int(sys.argv[3]),
        Limits(memory=int(sys.argv[4]), seconds=int(sys.argv[5])),
    )
