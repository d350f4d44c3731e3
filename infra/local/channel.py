"""What AWS's process and the stack's tell each other: JSON, a message a line, by a pair of sockets.

The kernel closes an end with its process, however that ends. So whoever reads the other one knows.
"""

import contextlib
import json
import socket
import threading
from collections.abc import Iterator, Mapping
from typing import Any

_PIECE = 65536


class Channel:
    """One end. Any thread may send; one reads."""

    def __init__(self, end: socket.socket) -> None:
        self._end, self._sending = end, threading.Lock()

    def send(self, message: Mapping[str, Any]) -> None:
        """Send a message. It is lost if nobody is left who reads it."""
        line = json.dumps(message).encode() + b"\n"
        with self._sending, contextlib.suppress(OSError):
            self._end.sendall(line)

    def messages(self) -> Iterator[dict[str, Any]]:
        """Read what the other end sends, until it is closed."""
        left = b""
        while piece := self._receive():
            *lines, left = (left + piece).split(b"\n")
            # Of several wake-ups that wait, one is enough.
            for line in dict.fromkeys(lines):
                yield json.loads(line)

    def close(self) -> None:
        """Close this end: the other one reads its end."""
        with contextlib.suppress(OSError):
            self._end.shutdown(socket.SHUT_RDWR)
        self._end.close()

    def _receive(self) -> bytes:
        try:
            return self._end.recv(_PIECE)
        except OSError:
            return b""
