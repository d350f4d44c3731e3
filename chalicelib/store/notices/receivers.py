"""Receivers of events, servers of agencies, and the bus: the only ways out, to public addresses.

A name is resolved once for each delivery, every address must be public, and the connection is made
to one of these: what the name resolves to a moment later does not matter. No redirect is followed.
"""

import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.notices.addresses import is_public
from chalicelib.domain.notices.destinations import CloudEvent

TIMEOUT_S = 10
_ANSWER_BYTES = 64 * 1024


class Answer(NamedTuple):
    """The status of an answer; without one, `problem` says why: a word, never what was read.
    `arrived`: without an answer, what was sent may have got there. `body` is as much as was read.
    """

    status: int | None
    problem: str = ""
    arrived: bool = False
    body: bytes = b""

    @property
    def accepts(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_of_this_event(self) -> bool:
        """Return whether another event may be accepted all the same: the receiver is there, and not
        overloaded.
        """
        return self.status is not None and self.status < 500 and self.status not in (408, 429)


class Receivers:
    """`resolve` returns the addresses of a name, and `may_call` says of each whether it may be
    connected to. `tls` says whose certificates count. A name may take `timeout_s`, and then a whole
    request as long.
    """

    def __init__(
        self,
        *,
        resolve: Callable[[str, int], list[str]] | None = None,
        may_call: Callable[[str], bool] = is_public,
        tls: ssl.SSLContext | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._resolve, self._may_call = resolve or _addresses, may_call
        self._tls, self.timeout_s = tls or ssl.create_default_context(), timeout_s

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send a body, and return how it was answered. Raises nothing."""
        return self.ask("POST", url, body, headers)

    def ask(
        self,
        method: str,
        url: str,
        body: bytes | None,
        headers: Mapping[str, str],
        *,
        most: int = _ANSWER_BYTES,
    ) -> Answer:
        """Make a request, and return how it was answered: at most `most` bytes. Raises nothing."""
        parts = urlsplit(url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection: http.client.HTTPConnection | None = None
        ended, arrived = threading.Event(), False

        def end() -> None:
            """End a request that takes too long, whatever still comes, byte by byte."""
            ended.set()
            if connection and connection.sock:
                _shut(connection.sock)

        timer = threading.Timer(self.timeout_s, end)
        timer.daemon = True
        try:
            connection = self.connection(str(parts.hostname), parts.port or 443)
            timer.start()
            connection.connect()
            if ended.is_set():  # while there was nothing to shut yet
                raise TimeoutError
            arrived = True
            connection.request(method, path, body, {**headers, "User-Agent": "Tipline"})
            response = connection.getresponse()
            read = response.read(most)
            if not ended.is_set():
                return Answer(response.status, body=read)
            problem = "timeout"
        except Forbidden:
            problem = "forbidden_address"
        except ssl.SSLError:
            problem = "timeout" if ended.is_set() else "tls"
        except (socket.gaierror, UnicodeError):
            problem = "unresolved"
        except TimeoutError:
            problem = "timeout"
        except (OSError, http.client.HTTPException, ValueError):
            problem = "timeout" if ended.is_set() else "no_answer"
        finally:
            timer.cancel()
            if connection:
                connection.close()
        return Answer(None, problem, arrived)

    def connection(self, host: str, port: int) -> http.client.HTTPConnection:
        """Return a connection to one of the addresses of a host. Raises Forbidden, OSError
        (TimeoutError if its name takes too long).
        """
        # A look-up cannot be ended: one that takes too long is left, and what it finds is dropped.
        thread = ThreadPoolExecutor(1)
        looked_up = thread.submit(self._resolve, host, port)
        thread.shutdown(wait=False)
        found = looked_up.result(self.timeout_s)
        if not found or not all(map(self._may_call, found)):
            raise Forbidden
        # A function has no way out by IPv6, unless it is all that the receiver has.
        address = min(found, key=lambda each: ":" in each)
        return _Pinned(host, port, address, self._tls, self.timeout_s)


class EventBus:
    """The bus of EventBridge with this name; without one, nothing is taken."""

    def __init__(self, client: Any, name: str) -> None:
        self._client, self._name = client, name

    def put(self, event: CloudEvent) -> Answer:
        """Put an event on the bus, whole, as the detail. Return how it went. Raises nothing."""
        if not self._name:
            return Answer(None, "no_bus")
        entry = {
            "EventBusName": self._name,
            "Source": event.source,
            "DetailType": event.type,
            "Time": event.time,
            "Detail": event.model_dump_json(),
        }
        try:
            put = self._client.put_events(Entries=[entry])
        except ClientError as error:
            return Answer(None, error.response["Error"]["Code"])
        except BotoCoreError:
            return Answer(None, "no_answer")
        # An entry can fail in a call that succeeds.
        if put["FailedEntryCount"]:
            return Answer(None, put["Entries"][0].get("ErrorCode", "failed"))
        return Answer(put["ResponseMetadata"]["HTTPStatusCode"])


class Forbidden(Exception):
    """A name leads to an address that may not be called."""


class _Pinned(http.client.HTTPSConnection):
    """A connection to an address; its certificate is that of the host."""

    def __init__(
        self, host: str, port: int, address: str, tls: ssl.SSLContext, timeout_s: float
    ) -> None:
        super().__init__(host, port, timeout=timeout_s, context=tls)
        self._address, self._tls = address, tls

    def connect(self) -> None:
        plain = socket.create_connection((self._address, self.port), self.timeout)
        # The handshake comes after that, so that it can be shut while it takes its time.
        wrapped = self._tls.wrap_socket(
            plain, server_hostname=self.host, do_handshake_on_connect=False
        )
        self.sock = wrapped
        wrapped.do_handshake()


def _shut(sock: socket.socket) -> None:
    with suppress(OSError):  # it may be shut already
        sock.shutdown(socket.SHUT_RDWR)


def _addresses(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]
