"""HTTP in front of the gateway: what AWS does with bytes before they are a request.

h11 reads them, and refuses what can be read in two ways.
"""

import errno
import gzip
import logging
import socket
import socketserver
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from email.utils import formatdate
from functools import cache
from http import HTTPStatus
from typing import Any

import h11
from chalice.app import Chalice
from chalice.local import CustomLocalChalice, LocalChalice
from werkzeug.http import parse_accept_header

from infra import template
from infra.events import Headers, Response
from infra.local.console import ACCESS
from infra.local.gateway.gateway import MAX_BODY, MAX_HEADERS, Functions, Gateway, Throttles
from infra.local.gateway.site import ROUTE, Site, Web

_PIECE = 65536
# Of a connection on which nothing is sent.
_PATIENCE_S = 60
# Fast, as in a gateway: the level changes little.
_GZIP_LEVEL = 6
_AS_IT_IS = {"content-encoding", "content-range"}

_access = logging.getLogger(ACCESS)

Log = Callable[[str], None]


class ApiServer(socketserver.ThreadingTCPServer):
    """Serves `app` on 127.0.0.1 by the apps of its `functions` (`Gateway`), a thread a connection,
    and before it the files of `web`. Raises OSError when the port is taken. `log` gets a line for
    each response: method, route, status and time, never an address, an id or anything sent. The
    logger `ACCESS` gets the same as the deployed access log.
    """

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(
        self,
        app: Chalice,
        port: int,
        log: Log,
        functions: Functions | None = None,
        throttles: Throttles | None = None,
        web: Web | None = None,
    ) -> None:
        # Chalice keeps the current request on the app: with threads, one request would see
        # another's. This class keeps it by thread.
        CustomLocalChalice.__bases__ = (LocalChalice, app.__class__)
        app.__class__ = CustomLocalChalice
        self.site, self.log = Site(Gateway(app, functions, throttles), web), log
        super().__init__(("127.0.0.1", port), _Connection)
        self.port: int = self.server_address[1]

    def start(self) -> None:
        """Serve in a thread of its own, until `shutdown`."""
        threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.05}, name="api", daemon=True
        ).start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that went away is no fault.
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _TooLarge(Exception):
    pass


class _Connection(socketserver.BaseRequestHandler):
    """One client's requests, one after the other."""

    request: socket.socket
    server: ApiServer

    def handle(self) -> None:
        self.request.settimeout(_PATIENCE_S)
        # Small responses at once: with Nagle's algorithm each would wait 40 ms for the last one's
        # acknowledgement.
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=_PIECE)
        while self._serve_one():
            self._http.start_next_cycle()

    def _serve_one(self) -> bool:
        """Serve one request. Return whether another may follow."""
        asked: h11.Request | None = None
        began = time.monotonic()
        try:
            event = self._next()
            if not isinstance(event, h11.Request):
                return False
            if event.http_version not in (b"1.0", b"1.1"):
                raise h11.RemoteProtocolError("unknown version")
            asked, began = event, time.monotonic()
            response = self._response_of(asked)
        except _TooLarge:
            response = self.server.site.refuse("REQUEST_TOO_LARGE")
        except h11.RemoteProtocolError:
            response = self.server.site.refuse("BAD_REQUEST_BODY" if asked else "DEFAULT_4XX")
        took_ms = (time.monotonic() - began) * 1000
        method = _text(asked.method)[:10] if asked else "-"
        _log_access(method, response, took_ms)
        # A page has a dozen files: nobody reads on beside them.
        if asked and response.route != ROUTE:
            line = f"{method} {response.route} {response.status} {took_ms:.0f} ms"
            # Whoever quotes the id of a failure is to find its line.
            failed = response.status >= HTTPStatus.INTERNAL_SERVER_ERROR
            self.server.log(f"{line} · {_request_id(response)}" if failed else line)
        # Last, so that whoever has a response finds its line.
        self._send(response, asked)
        return self._http.our_state is h11.DONE and self._http.their_state is h11.DONE

    def _next(self) -> Any:
        """Return what the client sends next. Raises RemoteProtocolError for what is no HTTP."""
        while (event := self._http.next_event()) is h11.NEED_DATA:
            if self._http.they_are_waiting_for_100_continue:
                invited = h11.InformationalResponse(
                    status_code=100, headers=[], reason=HTTPStatus.CONTINUE.phrase
                )
                self.request.sendall(self._http.send(invited) or b"")
            self._http.receive_data(self.request.recv(_PIECE))
        return event

    def _response_of(self, asked: h11.Request) -> Response:
        headers = [(_text(name), _text(value)) for name, value in asked.headers]
        if sum(len(name) + len(value) for name, value in headers) > MAX_HEADERS:
            raise h11.RemoteProtocolError("too many headers")
        body = self._body(headers)
        target, address = _text(asked.target), self.client_address[0]
        return self.server.site.response(_text(asked.method), target, headers, body, address)

    def _body(self, headers: Headers) -> bytes:
        """Return the whole body. Raises _TooLarge when it is larger than the gateway takes."""
        lengths = [int(value) for name, value in headers if name == "content-length"]
        if lengths and any(name == "transfer-encoding" for name, _ in headers):
            raise h11.RemoteProtocolError("two lengths")
        if lengths and lengths[0] > MAX_BODY and self._http.they_are_waiting_for_100_continue:
            raise _TooLarge
        body, size = bytearray(), 0
        while isinstance(event := self._next(), h11.Data):
            size += len(event.data)
            # A client that is already sending would not see the response if the connection broke
            # under it.
            if size > 4 * MAX_BODY:
                break
            if size <= MAX_BODY:
                body += event.data
        if size > MAX_BODY:
            raise _TooLarge
        return bytes(body)

    def _send(self, response: Response, asked: h11.Request | None) -> None:
        if asked:
            accepted = [_text(value) for name, value in asked.headers if name == b"accept-encoding"]
            response = compress(response, ", ".join(accepted), minimum_size())
        headers = [("Server", "tipline-local"), ("Date", formatdate(usegmt=True))]
        headers += response.headers
        names = {name.lower() for name, _ in response.headers}
        if "content-type" not in names and response.body:
            headers.append(("Content-Type", "application/json"))
        bodiless = response.status in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
        if not bodiless:
            headers.append(("Content-Length", str(len(response.body))))
        if self._http.their_state is not h11.DONE:
            headers.append(("Connection", "close"))
        # In one packet.
        head = self._http.send(
            h11.Response(
                status_code=response.status,
                headers=[
                    (name.encode("latin-1"), value.encode("latin-1")) for name, value in headers
                ],
                reason=HTTPStatus(response.status).phrase,
            )
        )
        is_head = asked is not None and asked.method == b"HEAD"
        body = b"" if bodiless or is_head else response.body
        pieces = [head, self._http.send(h11.Data(data=body)), self._http.send(h11.EndOfMessage())]
        self.request.sendall(b"".join(filter(None, pieces)))


def compress(response: Response, accepted: str, at_least: int) -> Response:
    """Return the response for a client with this `Accept-Encoding`: in gzip, if it has `at_least`
    so many bytes, the client takes gzip, and it is neither encoded nor a part.
    """
    names = {name.lower() for name, _ in response.headers}
    takes_gzip = parse_accept_header(accepted).quality("gzip") > 0
    if len(response.body) < at_least or names & _AS_IT_IS or not takes_gzip:
        return response
    body = gzip.compress(response.body, _GZIP_LEVEL, mtime=0)
    return replace(response, body=body, headers=[*response.headers, ("Content-Encoding", "gzip")])


@cache
def minimum_size() -> int:
    """Return the bytes from which the deployed gateway compresses a response."""
    return int(template.load("app.yaml")["Parameters"]["MinimumCompressionSize"]["Default"])


def port_is_free(port: int) -> bool:
    """Return whether 127.0.0.1:`port` can be bound now."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return False
        raise
    return True


def _log_access(method: str, response: Response, took_ms: float) -> None:
    """Log a request with the fields of the deployed access log (`AccessLogSetting` in
    `infra/app.yaml`). What the function alone took is not measured here.
    """
    fields = {
        "request_id": _request_id(response),
        "method": method,
        "route": response.route,
        "status": str(response.status),
        "latency_ms": round(took_ms),
        "integration_ms": "-",
        "bytes": str(len(response.body)),
        "error": response.refusal,
    }
    _access.info("request", extra=fields)


def _request_id(response: Response) -> str:
    ids = [value for name, value in response.headers if name.lower() == "x-request-id"]
    return ids[0] if ids else "-"


def _text(sent: bytes) -> str:
    return sent.decode("latin-1")
