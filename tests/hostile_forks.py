"""Decoders whose process is forked once more before it is confined, and what is left behind waits.

No decoder runs before it is confined. This stands for a fault that lets one do so.
"""

import os
import time
from threading import Lock

from chalicelib.domain.media import Pictures
from chalicelib.media import decoder
from chalicelib.media.zygote import Decoder, Decoders, Read

_forks = 0


def load_decoders() -> Decoders:
    os.register_at_fork(before=_count, after_in_child=_fork_again)
    return {**decoder.load_decoders(), "exit": Decoder(_exit)}


def _count() -> None:
    global _forks
    _forks += 1


def _fork_again() -> None:
    if _forks != 2:  # The first is the zygote's own, which tries its filter.
        return
    child = os.getpid()
    if os.fork() == 0:
        while True:  # until the child has made its group
            try:
                os.setpgid(0, child)
                break
            except OSError:
                time.thread_time()
        lock = Lock()
        lock.acquire()
        lock.acquire()


def _exit(_size: int, _read: Read) -> Pictures:
    os._exit(0)
