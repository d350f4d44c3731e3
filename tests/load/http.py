"""A small HTTP client: one connection that is kept alive, and nothing that costs time.

The load shares two cores with the stack that it loads, so a request costs this side about 0.1 ms.
"""

import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `status` is 0 when nothing did. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def succeeded(self) -> bool:
        return 200 <= self.status < 300

    @property
    def json(self) -> Any:
        return json.loads(self.body)


NOTHING = Answer(0, {}, b"")


class Connection:
    """A connection to 127.0.0.1, from the address `source` if one is given."""

    def __init__(self, port: int, source: str | None = None, timeout_s: float = TIMEOUT_S) -> None:
        self._port, self._source, self._timeout_s = port, source, timeout_s
        self._socket: socket.socket | None = None
        self._read = b""

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._socket:
            self._socket.close()
        self._socket = None

    def send(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send a request and return the response. One that the server closes on is sent once more
        over a new connection: what is sent here may be repeated.
        """
        lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        content = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
        for _ in range(2):
            try:
                return self._exchange(content)
            except TimeoutError:
                self.close()
                break
            except OSError:
                self.close()
        return NOTHING

    def _exchange(self, content: bytes) -> Answer:
        if self._socket is None:
            self._socket, self._read = self._connect(), b""
        self._socket.sendall(content)
        while b"\r\n\r\n" not in self._read:
            self._receive()
        head, _, self._read = self._read.partition(b"\r\n\r\n")
        first, *rest = head.decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)
        }
        length = int(headers.get("content-length", 0))
        while len(self._read) < length:
            self._receive()
        body, self._read = self._read[:length], self._read[length:]
        if headers.get("connection", "").lower() == "close":
            self.close()
        return Answer(int(first.split(" ", 2)[1]), headers, body)

    def _receive(self) -> None:
        assert self._socket
        received = self._socket.recv(262_144)
        if not received:
            raise ConnectionError("closed")
        self._read += received

    def _connect(self) -> socket.socket:
        source = (self._source, 0) if self._source else None
        made = socket.create_connection(("127.0.0.1", self._port), self._timeout_s, source)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made
