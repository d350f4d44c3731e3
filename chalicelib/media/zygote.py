"""The zygote: the process that forks a confined child for each file.

A fork is fast, because the decoders are imported already. The function itself must not fork: it has
credentials in its memory. The zygote is a new interpreter and has none: its environment is empty
but for the path of the libraries, and it holds one descriptor, its channel.

On the channel the function sends a request and gets a number. No child has the channel.

    FORK type size memory seconds, and the child's end of a pipe  →  the child's id, or -errno
    END id                    kill the child and all that it started  →  its exit status as of Popen

The child speaks on its own pipe, which the function made for this file alone, and which no other
child ever holds:

    child → function  H                       ready to decode; an earlier end is a fault of ours
                      R offset length         asks for these bytes; the function sends them
                      D json, thumb, preview  success: three messages
                      S json, playback        success of a sound: two messages
                      X reason                the file is rejected
                      F kind                  a fault of ours: only the name of the exception
"""

import gc
import importlib
import os
import signal
import socket
import struct
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from enum import Enum
from functools import partial
from multiprocessing.connection import Connection
from typing import NamedTuple, NoReturn

from chalicelib.domain.media import Pictures, Rejected, RejectReason, Sound
from chalicelib.media import confinement

RANGE = struct.Struct(">QQ")
NUMBER = struct.Struct(">i")


READY = struct.Struct(">127sx")
"""The first message on the channel: empty, or why what decodes is not confined."""


class Kind(bytes, Enum):
    FORK = b"F"
    END = b"E"


_REQUEST = struct.Struct(">c32sQQIi")


class Request(NamedTuple):
    """What the function asks for. An END needs only `pid`."""

    kind: Kind
    content_type: str = ""
    size: int = 0
    memory: int = 0
    seconds: int = 0
    pid: int = 0

    def pack(self) -> bytes:
        kind, content_type, *numbers = self
        return _REQUEST.pack(kind.value, content_type.encode(), *numbers)

    @classmethod
    def unpack(cls, data: bytes) -> "Request":
        kind, content_type, *numbers = _REQUEST.unpack(data)
        return cls(Kind(kind), content_type.rstrip(b"\0").decode(), *numbers)


type Read = Callable[[int, int], bytes]
"""`read(offset, length)` returns exactly these bytes of the original."""

type Decode = Callable[[int, Read], Pictures | Sound]
"""`decode(size, read)` returns the pictures or the sound of an original of `size` bytes. Raises
Rejected for a fault of the file; MemoryError; any other error is a fault of this system.
"""


class Decoder(NamedTuple):
    """The decoder of a type of file. `threads`: it cannot work without a thread of its own."""

    decode: Decode
    threads: bool = False


type Decoders = Mapping[str, Decoder | Exception]
"""The decoder of each type, with all that it needs imported, or why there is none."""


def main(arguments: Sequence[str]) -> NoReturn:
    """Serve until the function closes the channel.

    `arguments` are the channel's descriptor, the function's process id, and the module with
    `load_decoders`.
    """
    descriptor, parent, module = arguments
    confinement.hide()
    confinement.end_with(int(parent))
    confinement.set_up_memory()
    decoders = importlib.import_module(module).load_decoders()
    for content_type, decoder in decoders.items():
        if isinstance(decoder, Exception):
            sys.stderr.write(f"no decoder of {content_type}:\n")
            traceback.print_exception(decoder)
    # Errors before this are ours and may be logged. Later ones may contain bytes of a file.
    os.dup2(0, 2)
    gc.freeze()  # so that a child does not copy the pages of what it does not use
    channel = socket.socket(fileno=int(descriptor))
    reason = ""
    try:
        confinement.confine_zygote()
    except confinement.NotConfined as error:
        reason = str(error)
    os.write(channel.fileno(), READY.pack(reason.encode()))
    _serve(channel, decoders, confined=not reason)


def _serve(channel: socket.socket, decoders: Decoders, *, confined: bool) -> NoReturn:
    children: set[int] = set()
    while True:
        data, pipes, _, _ = socket.recv_fds(channel, _REQUEST.size, 1)
        if len(data) != _REQUEST.size:
            for pid in children:
                _end(pid)
            os._exit(0)
        request = Request.unpack(data)
        if request.kind is Kind.FORK:
            [pipe] = pipes
            result = _fork(channel, pipe, request, decoders[request.content_type], confined)
            children.add(result)
        else:
            children.remove(request.pid)
            result = _end(request.pid)
        os.write(channel.fileno(), NUMBER.pack(result))


def _fork(
    channel: socket.socket,
    pipe: int,
    request: Request,
    decoder: Decoder | Exception,
    confined: bool,
) -> int:
    """Return the id of the new child, or the negative number of the error."""
    zygote = os.getpid()
    try:
        pid = os.fork()
    except OSError as error:
        os.close(pipe)
        return -(error.errno or 1)
    if pid == 0:
        try:
            channel.close()
            _be_child(zygote, pipe, request, decoder, confined)
        finally:
            os._exit(1)
    os.close(pipe)
    with suppress(OSError):  # the child does it, too, whoever comes first
        os.setpgid(pid, pid)
    return pid


def _end(pid: int) -> int:
    """Kill the child and its group, wait for all of it, and return the child's exit status.

    Until then the child's id is not used again, so nobody else is killed in its place.
    """
    with suppress(OSError):
        os.killpg(pid, signal.SIGKILL)
    status = 0
    with suppress(ChildProcessError):
        while True:
            ended, found = os.waitpid(-pid, 0)
            status = os.waitstatus_to_exitcode(found) if ended == pid else status
    return status


def _be_child(
    zygote: int, descriptor: int, request: Request, decoder: Decoder | Exception, confined: bool
) -> None:
    os.setpgid(0, 0)
    confinement.end_with(zygote)
    if isinstance(decoder, Exception):
        return
    confinement.limit_child(request.memory, request.seconds, threads=decoder.threads)
    if confined:
        confinement.filter_child(threads=decoder.threads)
    with Connection(descriptor) as pipe:
        pipe.send_bytes(b"H")
        for message in _decode(partial(_ask, pipe), request.size, decoder.decode):
            pipe.send_bytes(message)
        os._exit(0)


def _decode(read: Read, size: int, decode: Decode) -> list[bytes]:
    try:
        derived = decode(size, read)
        if isinstance(derived, Sound):
            return [b"S" + derived.heard.model_dump_json().encode(), derived.playback]
        found = derived.looked.model_dump_json().encode()
        return [b"D" + found, derived.thumb, derived.preview]
    except Rejected as rejected:
        return [b"X" + rejected.reason.encode()]
    except MemoryError:
        return [b"X" + RejectReason.UNPROCESSABLE.encode()]
    except Exception as fault:  # a fault of ours: the file's own faults are Rejected
        return [b"F" + type(fault).__name__.encode()]


def _ask(pipe: Connection, offset: int, length: int) -> bytes:
    pipe.send_bytes(b"R" + RANGE.pack(offset, length))
    return pipe.recv_bytes()
