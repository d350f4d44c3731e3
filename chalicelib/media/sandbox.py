"""The sandbox: decode each untrusted file in a process of its own, which can do nothing else.

If a file makes the decoder crash, hang or use too much memory, only this process ends, and only
this file is rejected. If it takes the decoder over, it finds nothing but itself: no file, network,
credential or other process (docs/adr/0022-decoding-apart.md).

The process is a child of a zygote (`media/zygote.py`), confined by `media/confinement.py`. It reads
the original through a pipe. This side checks its messages and never unpickles them.
"""

import logging
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from time import monotonic
from typing import NamedTuple

from chalicelib.domain.media import Heard, Looked, Pictures, Rejected, RejectReason, Sound
from chalicelib.media.boxes import is_bare_sound
from chalicelib.media.host import FILES, START_SECONDS, Child, DecodingRefused, Host, Lost
from chalicelib.media.marked import MARKED, MarkedPreview
from chalicelib.media.zygote import RANGE, Kind, Request

type Read = Callable[[int, int], bytes]
"""`read(offset, length)` returns exactly these bytes of the original."""

log = logging.getLogger(__name__)

MAX_READS = 64
MAX_ANSWER = 8 << 20
# Ten minutes of sound take three seconds on a fast processor.
HEARING_SECONDS = 12


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


class Sandbox:
    """Opens files with the decoders that `load_decoders` of a module returns.

    Tests pass a module with hostile ones. After `files` files the zygote is replaced.
    """

    def __init__(self, decoders: str = "chalicelib.media.decoder", files: int = FILES) -> None:
        self._host = Host(decoders, files)

    def prepare(self) -> None:
        """Load the decoders ahead of the first file, and do not wait for it."""
        self._host.prepare()

    def allow_unconfined(self) -> None:
        """Decode also where the system has no seccomp, with limits alone. For the local stack."""
        self._host.allows_unconfined = True

    def why_unconfined(self) -> str:
        """Return why decoders cannot be confined on this system; empty when they are.

        Raises RuntimeError when the decoders do not start.
        """
        return self._host.why_unconfined()

    def close(self) -> None:
        """End the processes. A further file starts new ones."""
        self._host.close()

    def redact(self, marked: MarkedPreview) -> bytes:
        """Return a preview with black boxes in place of its marked areas. Raises as `derive`."""
        data = marked.pack()
        return self.derive(MARKED, len(data), lambda at, length: data[at : at + length]).preview

    def derive(
        self, content_type: str, size: int, read: Read, limits: Limits | None = None
    ) -> Pictures:
        """Return the pictures of an original of `size` bytes. Its type was detected from its
        content.

        Raises Rejected for a fault of the file. Raises RuntimeError when the decoder does not
        start, fails for another reason, or the host is too busy; DecodingRefused, which is one,
        when decoders cannot be confined. Raises the errors of `read`, whose time is not counted.
        """
        derived = self._derive(content_type, size, read, limits or Limits())
        if not isinstance(derived, Pictures):
            raise Rejected(RejectReason.UNPROCESSABLE)  # it sent what was not asked for
        return derived

    def hear(self, content_type: str, size: int, read: Read, limits: Limits | None = None) -> Sound:
        """Return the sound of an original. Raises as `derive`."""
        derived = self._derive(content_type, size, read, limits or Limits(seconds=HEARING_SECONDS))
        if not isinstance(derived, Sound):
            raise Rejected(RejectReason.UNPROCESSABLE)
        return derived

    def _derive(self, content_type: str, size: int, read: Read, limits: Limits) -> Pictures | Sound:
        request = Request(Kind.FORK, content_type, size, limits.memory, limits.seconds)
        try:
            try:
                with self._host.child(request) as child:
                    return _attend(child, request, read, limits)
            except Lost as lost:
                log.error("the decoders ended", extra={"content_type": content_type, "bytes": size})
                if lost.alone:
                    raise
                # Another file may have ended them. Now it is seen which one does.
                with self._host.child(request, alone=True) as child:
                    return _attend(child, request, read, limits)
        except DecodingRefused as refused:
            # An alarm counts this line.
            log.error("decoding refused", extra={"decoding_refused": str(refused)})
            raise


SANDBOX = Sandbox()
"""The one of this function, or of the local stack."""

derive, hear = SANDBOX.derive, SANDBOX.hear
redact = SANDBOX.redact


def _attend(child: Child, request: Request, read: Read, limits: Limits) -> Pictures | Sound:
    talk = _Talk(child)
    try:
        if talk.start() != b"H":
            raise RuntimeError(f"the decoder did not start: exit {child.end()}")
        talk.seconds_left += limits.wall - START_SECONDS
        talk.idle = limits.idle
        return _converse(talk, request.size, read)
    except _Ended:
        status = child.end()
        about = {"content_type": request.content_type, "bytes": request.size, "exit": status}
        if status == -signal.SIGSYS:
            # An attack, or a library that calls what it did not call before. An alarm counts it.
            log.error("a decoder made a forbidden call", extra={"forbidden_call": 1, **about})
        else:
            log.warning("a decoder was ended", extra=about)
        if talk.overdue:
            raise RuntimeError("the decoder got too little of the processor") from None
        raise Rejected(RejectReason.UNPROCESSABLE) from None


def _converse(talk: "_Talk", size: int, read: Read) -> Pictures | Sound:
    for _ in range(MAX_READS + 1):
        message = talk.receive()
        kind, rest = message[:1], message[1:]
        if kind == b"R":
            talk.send(read(*_parse_range(rest, size)))
        elif kind == b"D":
            looked, thumb, preview = _parse(Looked, rest), talk.receive(), talk.receive()
            if not (is_bare_jpeg(thumb) and is_bare_jpeg(preview)):
                raise _Ended
            return Pictures(thumb, preview, looked)
        elif kind == b"S":
            heard, playback = _parse(Heard, rest), talk.receive()
            if not is_bare_sound(playback):
                raise _Ended
            return Sound(playback, heard)
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

    def __init__(self, child: Child) -> None:
        self._pipe, self._child = child.pipe, child
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
        deadline, worked = monotonic() + self.seconds_left, self._child.processor_seconds()
        while not done.wait(min(self.idle, max(0.0, deadline - monotonic()))):
            before, worked = worked, self._child.processor_seconds()
            self.overdue = monotonic() >= deadline
            if self.overdue or before is None or worked is None or worked - before < _HARDLY_ANY:
                self._child.kill()
                return


# Seconds of processor time. Even on a very busy host, a decoder gets more within `idle` seconds.
_HARDLY_ANY = 0.005


def _parse_range(data: bytes, size: int) -> tuple[int, int]:
    if len(data) != RANGE.size:
        raise _Ended
    offset, length = RANGE.unpack(data)
    if not 0 < length <= size - offset:
        raise _Ended
    return offset, length


def _parse[Found: (Looked, Heard)](model: type[Found], data: bytes) -> Found:
    try:
        return model.model_validate_json(data)
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
