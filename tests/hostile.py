"""Hostile decoders: what a file may make of its decoder that it has taken over. `load` returns the
one that the content type names.
"""

import ctypes
import json
import os
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from chalicelib.kernel.derived import PictureInfo, Pictures
from chalicelib.media_decoding import decoders
from chalicelib.media_decoding.decoders import Decoder, Order, Read

type Attack = Callable[[Order, Read], Any]


def crash(_: Order, __: Read) -> None:
    ctypes.string_at(0)


def abort(_: Order, __: Read) -> None:
    os.abort()


def leave(_: Order, __: Read) -> None:
    os._exit(0)


def work_for_ever(_: Order, __: Read) -> None:
    while True:
        pass


def sleep_for_ever(_: Order, __: Read) -> None:
    while True:
        time.sleep(1)


def ignore_the_pipe(_: Order, __: Read) -> None:
    """Close the pipe, and live on."""
    os.closerange(3, 64)
    while True:
        time.sleep(1)


def take_memory(_: Order, __: Read) -> None:
    kept = []
    while True:
        kept.append(bytes(64 << 20))


def ask_for_ever(order: Order, read: Read) -> None:
    while True:
        read(0, order.size)


def ask_beyond(order: Order, read: Read) -> None:
    read(order.size, 1)


def be_killed(_: Order, __: Read) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def be_told_to_end(_: Order, __: Read) -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    sleep_for_ever(_, __)


def leave_a_process(_: Order, __: Read) -> None:
    if os.fork():
        os.abort()
    ignore_the_pipe(_, __)


def hide_a_process(_: Order, __: Read) -> None:
    """End, and leave a process that no group has, and that holds the pipe."""
    if os.fork():
        os._exit(0)
    os.setsid()
    for number in range(3, 64):
        with suppress(OSError):
            os.read(number, 1)
    os._exit(0)


def start_a_thread(_: Order, __: Read) -> None:
    """End the process when no thread can be started, as libde265 does."""
    try:
        threading.Thread(target=int).start()
    except RuntimeError:
        os.abort()


def ask_and_stay(order: Order, read: Read) -> None:
    with suppress(EOFError):
        read(0, order.size)
    sleep_for_ever(order, read)


def ask_for_all(order: Order, read: Read) -> None:
    read(0, order.size)


def answer_nonsense(_: Order, __: Read) -> Pictures:
    return Pictures(b"", b"", PictureInfo(width={1}, height=1))  # type: ignore[arg-type]


def answer_too_much(_: Order, __: Read) -> Pictures:
    return Pictures(bytes(8 << 20), b"", PictureInfo(width=1, height=1))


def open_a_file(_: Order, __: Read) -> None:
    Path("/etc/passwd").read_bytes()


def write_a_file(_: Order, __: Read) -> None:
    Path("/tmp/hostile").write_bytes(b"x")


def open_a_socket(_: Order, __: Read) -> None:
    socket.create_connection(("127.0.0.1", 9))


def start_a_process(_: Order, __: Read) -> None:
    os.fork()


def fail_by_itself(_: Order, __: Read) -> None:
    raise AttributeError("ours")


def tell_descriptors(_: Order, __: Read) -> None:
    """Fail with the descriptors that are open here, and what is in the environment."""
    held = [number for number in range(256) if _is_open(number)]
    raise type(f"Found_{len(held)}_{len(os.environ)}", (Exception,), {})


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


ATTACKS: dict[str, Attack] = {
    each.__name__: each
    for each in (
        crash, abort, leave, work_for_ever, sleep_for_ever, ignore_the_pipe, take_memory,
        ask_for_ever, ask_beyond, be_killed, answer_too_much, open_a_file, write_a_file,
        open_a_socket, start_a_process, fail_by_itself, tell_descriptors, be_told_to_end,
        leave_a_process, hide_a_process, start_a_thread, ask_and_stay, ask_for_all, answer_nonsense,
    )
}  # fmt: skip
_THREADED = (leave_a_process, hide_a_process, start_a_thread)


class NeverReady:
    """A decoder whose process never comes as far as to open a file."""

    @property
    def threads(self) -> bool:
        while True:
            time.sleep(1)


def load(order: Order) -> Decoder:
    """Return the attack of this name, or the decoder of this type."""
    if order.content_type == "image/none":
        raise ImportError("not packaged")
    if order.content_type.startswith("{"):
        return Decoder(lambda _, __: _say(order.content_type))
    if order.content_type == "half_a_message":
        _say_half(int(sys.argv[1]))
    if order.content_type == "never_ready":
        return NeverReady()  # type: ignore[return-value]
    if order.content_type == "start_a_thread":
        threading.stack_size(2 << 30)  # more than the child may have
    attack = ATTACKS.get(order.content_type)
    return Decoder(attack, attack in _THREADED) if attack else decoders.load(order)


def _say_half(descriptor: int) -> None:
    """Be a supervisor that was taken over: begin an answer, and wait for ever."""
    os.write(descriptor, struct.pack("!i", 100) + b"x")
    os.read(descriptor, 1)
    os._exit(0)


def _say(answer: str) -> Any:
    """Give this answer in place of one of a decoder."""
    from chalicelib.media_decoding import supervisor

    supervisor._json = lambda _: json.loads(answer)["say"].encode()  # type: ignore[assignment]
    raise AttributeError
