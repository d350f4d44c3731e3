"""An HTTP server for the local stack's AWS: connections are kept alive, bodies stream both ways,
Nagle is off.

Werkzeug's own handler closes every connection and waits 10 ms on each for what the client may still
send.
"""

import logging
import threading
from collections.abc import Iterable
from contextlib import closing, suppress
from typing import IO, Any, cast

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.datastructures import Headers
from werkzeug.exceptions import ClientDisconnected
from werkzeug.serving import BaseWSGIServer, make_server
from werkzeug.test import run_wsgi_app
from werkzeug.wsgi import ClosingIterator, LimitedStream

_log = logging.getLogger(__name__)

# A refused upload is read this far, so that its client comes to read the refusal; beyond, the
# connection breaks.
MOST_DRAINED = 64 * 1024 * 1024


def serve(app: Any, port: int) -> BaseWSGIServer:
    """Serve `app` on 127.0.0.1 in threads of its own, until `.shutdown()`. Port 0 takes a free one:
    `.port` says which.
    """
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=KeepAliveHandler)
    threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="aws", daemon=True
    ).start()
    return server


class KeepAliveHandler(MotoRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 60

    def run_wsgi(self) -> None:
        self.environ = environ = self.make_environ()
        body = None
        if environ.get("wsgi.input_terminated"):
            # Where a chunked body ends is known only to who reads it.
            self.close_connection = True
        else:
            length = environ.get("CONTENT_LENGTH") or "0"
            if not length.isdecimal():
                return self.send_error(400)
            body = environ["wsgi.input"] = LimitedStream(cast(IO[bytes], self.rfile), int(length))
        try:
            pieces, status, headers = run_wsgi_app(self.server.app, environ)
        except (ConnectionError, ClientDisconnected, TimeoutError):
            self.close_connection = True
        except Exception:
            _log.exception("AWS's port failed")
            self.send_error(500)
        else:
            self._send(status, headers, pieces, body)

    def _send(
        self, status: str, headers: Headers, pieces: Iterable[bytes], body: LimitedStream | None
    ) -> None:
        code, _, reason = status.partition(" ")
        empty = self.command == "HEAD" or code in ("204", "304")
        left = (body.limit or 0) - body.tell() if body else 0
        if left > MOST_DRAINED or (not empty and "Content-Length" not in headers):
            self.close_connection = True
        if code == "204":
            headers.remove("Content-Length")
        for name in ("Date", "Server", "Connection"):
            headers.remove(name)
        if self.close_connection:
            headers.set("Connection", "close")
        with closing(ClosingIterator(pieces)), suppress(ClientDisconnected):
            self.send_response(int(code), reason)
            for name, value in headers:
                self.send_header(name, value)
            self.end_headers()
            for piece in () if empty else pieces:
                self.wfile.write(piece)
            self.wfile.flush()
            while body and left and body.tell() < MOST_DRAINED and body.read(256 * 1024):
                pass

    def handle_expect_100(self) -> bool:
        """Ask for the body at once. The SDK waits for this up to a second before it sends: it must
        not stay in the buffer.
        """
        self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.wfile.flush()
        return True

    def log(self, type: str, message: str, *args: Any) -> None:
        """Log nothing: a signed URL is a secret."""
