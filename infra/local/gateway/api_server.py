"""HTTP in front of the gateway: what AWS does with bytes before they are a request."""

import errno
import logging
import socket
import sys
import time
from collections.abc import Callable
from functools import cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any, cast

from chalice.app import Chalice
from chalice.config import Config
from chalice.local import CustomLocalChalice, LocalChalice, LocalDevServer, ThreadedHTTPServer

from infra.local.console import ACCESS
from infra.local.gateway.compression import compress, minimum_size
from infra.local.gateway.events import Response
from infra.local.gateway.gateway import MAX_BODY, MAX_HEADERS, Functions, Gateway
from infra.local.gateway.site import ROUTE, Site, Web
from infra.local.gateway.throttles import Throttles

_access = logging.getLogger(ACCESS)

Log = Callable[[str], None]


class ApiServer(LocalDevServer):
    """Serves `app` on 127.0.0.1 by the apps of its `functions` (`Gateway`), a thread a connection,
    and before it the files of `web`. Raises OSError when the port is taken. `log` gets a line for
    each response: method, route, status and time, never an address, an id or anything sent. The
    logger `ACCESS` gets the same as the deployed access log.
    """

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
        self._site, self._log = Site(Gateway(app, functions, throttles), web), log
        super().__init__(
            app,
            Config(),
            "127.0.0.1",
            port,
            handler_cls=cast("Any", self._handle),
            server_cls=_Server,
        )

    def publish(self, path: str, content: bytes, content_type: str) -> None:
        """Serve a document, too."""
        self._site.publish(path, content, content_type)

    def _handle(
        self, request: Any, client_address: Any, server: Any, *, app_object: Chalice, config: Config
    ) -> "_Handler":
        return _Handler(request, client_address, server, self._site, self._log)


class _Server(ThreadedHTTPServer):
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that went away is no fault.
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


_minimum_size = cache(minimum_size)


class _BadRequest(Exception):
    pass


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # A request line without a version gets a status line all the same.
    default_request_version = "HTTP/1.0"
    # Small responses at once, in one packet: with Nagle's algorithm each would wait 40 ms for the
    # last one's acknowledgement.
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 60

    def __init__(
        self, request: Any, client_address: Any, server: Any, site: Site, log: Log
    ) -> None:
        self._site, self._log, self._expects = site, log, False
        self._compress_from = _minimum_size()
        super().__init__(request, client_address, server)

    def handle_one_request(self) -> None:
        # Unlike the original this takes any method: the gateway decides which are served.
        try:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline:
                self.close_connection = True
                return
            if len(self.raw_requestline) > 65536:
                self.requestline, self.request_version, self.command = "", "", ""
                self.send_error(HTTPStatus.REQUEST_URI_TOO_LONG)
                return
            if self.parse_request():
                self._serve()
            self.wfile.flush()
        except TimeoutError:
            self.close_connection = True

    def handle_expect_100(self) -> bool:
        """Ask for the body later, if it will be read."""
        self._expects = True
        return True

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse everything that the base class cannot read."""
        self.close_connection = True
        response = self._site.refuse("DEFAULT_4XX")
        self._send(response)
        _log_access(self.command or "-", response, 0)

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: the base class would print the client's address, and the path with ids."""

    def version_string(self) -> str:
        return "tipline-local"

    def _serve(self) -> None:
        began = time.monotonic()
        try:
            if sum(len(name) + len(value) for name, value in self.headers.items()) > MAX_HEADERS:
                raise _BadRequest
            response = self._response_of()
        except _BadRequest:
            self.close_connection = True
            response = self._site.refuse("BAD_REQUEST_BODY")
        self._send(response)
        took_ms = (time.monotonic() - began) * 1000
        _log_access(self.command, response, took_ms)
        if response.route == ROUTE:
            return  # A page has a dozen files: nobody reads on beside them.
        line = f"{self.command[:10]} {response.route} {response.status} {took_ms:.0f} ms"
        # Whoever quotes the id of a failure is to find its line.
        failed = response.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        self._log(f"{line} · {_request_id(response)}" if failed else line)

    def _response_of(self) -> Response:
        body = self._read_body()
        if body is None:
            self.close_connection = True
            return self._site.refuse("REQUEST_TOO_LARGE")
        # As it was sent: the base class takes two leading slashes for one.
        target = self.requestline.split()[1]
        return self._site.response(
            self.command, target, list(self.headers.items()), body, self.client_address[0]
        )

    def _read_body(self) -> bytes | None:
        """Return the whole body; None when it is larger than the gateway takes. Raises _BadRequest
        when its framing is ambiguous or broken.
        """
        lengths, encodings = (
            self.headers.get_all("content-length", []),
            self.headers.get_all("transfer-encoding", []),
        )
        if encodings:
            if (
                lengths
                or [value.strip().lower() for value in encodings] != ["chunked"]
                or self.request_version < "HTTP/1.1"
            ):
                raise _BadRequest
            self._invite()
            return self._read_chunks()
        if len(set(lengths)) > 1 or not all(
            length.isascii() and length.isdigit() for length in lengths
        ):
            raise _BadRequest
        length = int(lengths[0][:16]) if lengths else 0
        if length > MAX_BODY:
            # A client that is already sending would not see the response if the connection broke
            # under it.
            if not self._expects:
                self._discard(min(length, 4 * MAX_BODY))
            return None
        self._invite()
        body = self.rfile.read(length)
        if len(body) < length:
            raise _BadRequest
        return body

    def _invite(self) -> None:
        if self._expects:
            self._expects = False
            self.send_response_only(HTTPStatus.CONTINUE)
            self.end_headers()
            self.wfile.flush()

    def _read_chunks(self) -> bytes | None:
        body = bytearray()
        while True:
            size_line = self.rfile.readline(1024)
            try:
                size = int(size_line.partition(b";")[0].strip().decode("ascii"), 16)
            except ValueError:
                raise _BadRequest from None
            if size < 0 or not size_line.endswith(b"\n"):
                raise _BadRequest
            if size == 0:
                break
            if len(body) + size > MAX_BODY:
                return None
            body += self.rfile.read(size)
            if self.rfile.readline(3) not in (b"\r\n", b"\n"):
                raise _BadRequest
        while self.rfile.readline(8192).strip():
            pass  # trailers
        return bytes(body)

    def _discard(self, length: int) -> None:
        while length > 0 and (piece := self.rfile.read(min(length, 1 << 16))):
            length -= len(piece)

    def _send(self, response: Response) -> None:
        # A request line that could not be read has no headers.
        sent = getattr(self, "headers", None)
        accepted = ", ".join(sent.get_all("accept-encoding", [])) if sent else ""
        response = compress(response, accepted, self._compress_from)
        self.send_response(response.status)
        names = {name.lower() for name, _ in response.headers}
        for name, value in response.headers:
            self.send_header(name, value)
        if "content-type" not in names and response.body:
            self.send_header("Content-Type", "application/json")
        bodiless = response.status in (204, 304)
        if not bodiless:
            self.send_header("Content-Length", str(len(response.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if not bodiless and self.command != "HEAD":
            self.wfile.write(response.body)


def _log_access(method: str, response: Response, took_ms: float) -> None:
    """Log a request with the fields of the deployed access log (`AccessLogSetting` in
    `infra/app.yaml`). What the function alone took is not measured here.
    """
    fields = {
        "request_id": _request_id(response),
        "method": method[:10],
        "route": response.route,
        "status": str(response.status),
        "latency_ms": f"{took_ms:.0f}",
        "integration_ms": "-",
        "bytes": str(len(response.body)),
        "error": response.refusal,
    }
    _access.info("request", extra=fields)


def _request_id(response: Response) -> str:
    ids = [value for name, value in response.headers if name.lower() == "x-request-id"]
    return ids[0] if ids else "-"


def port_is_free(port: int) -> bool:
    """Return whether 127.0.0.1:`port` can be bound now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise
    return True
