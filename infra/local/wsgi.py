"""An HTTP server for the local stack's AWS: connections are kept alive, bodies stream both ways,
Nagle is off.

Werkzeug's own handler closes every connection and waits 10 ms on each for what the client may still
send.
"""

import logging
import threading
from typing import IO, Any, cast

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.exceptions import ClientDisconnected
from werkzeug.serving import BaseWSGIServer, make_server
from werkzeug.wsgi import LimitedStream

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
        body: LimitedStream | None = None
        if not environ.get("wsgi.input_terminated"):
            length = environ.get("CONTENT_LENGTH") or "0"
            if not length.isdecimal():
                return self.send_error(400)
            body = environ["wsgi.input"] = LimitedStream(cast(IO[bytes], self.rfile), int(length))
        else:
            # Where a chunked body ends is known only to who reads it.
            self.close_connection = True
        response: list[Any] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], exc_info: Any = None
        ) -> Any:
            response.extend((status, headers))

        try:
            pieces = self.server.app(environ, start_response)
            self._send(response[0], response[1], pieces, body)
        except (ConnectionError, ClientDisconnected, TimeoutError):
            self.close_connection = True
        except Exception:
            _log.exception("AWS's port failed")
            if response:
                self.close_connection = True  # Perhaps half of it was sent.
            else:
                self.send_error(500)

    def _send(
        self, status: str, headers: list[tuple[str, str]], pieces: Any, body: LimitedStream | None
    ) -> None:
        try:
            code, _, reason = status.partition(" ")
            empty = self.command == "HEAD" or code in ("204", "304")
            if not empty and not any(name.lower() == "content-length" for name, _ in headers):
                pieces = [b"".join(pieces)]
                headers = [*headers, ("Content-Length", str(len(pieces[0])))]
            left = body.limit - body.tell() if body is not None and body.limit is not None else 0
            self.send_response(int(code), reason)
            for name, value in headers:
                if name.lower() not in ("date", "server", "connection") and not (
                    code == "204" and name.lower() == "content-length"
                ):
                    self.send_header(name, value)
            if left > MOST_DRAINED or self.close_connection:
                self.send_header("Connection", "close")
            self.end_headers()
            if not empty:
                for piece in pieces:
                    self.wfile.write(piece)
            self.wfile.flush()
            while (
                body is not None
                and left > 0
                and body.tell() < MOST_DRAINED
                and body.read(min(left, 256 * 1024))
            ):
                pass
        finally:
            if hasattr(pieces, "close"):
                pieces.close()

    def handle_expect_100(self) -> bool:
        """Ask for the body at once. The SDK waits for this up to a second before it sends: it must
        not stay in the buffer.
        """
        self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.wfile.flush()
        return True

    def log(self, type: str, message: str, *args: Any) -> None:
        """Log nothing: a signed URL is a secret."""
