"""The browser in which an operator signs in, and the address where it brings the result.

The issuer sends the browser to `REDIRECT_URI`, where this machine listens while somebody signs in.
A browser on another machine finds nobody there: then its address can be pasted.
"""

import contextlib
import os
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, SimpleQueue
from typing import IO, Any
from urllib.parse import parse_qs, urlsplit

from infra.stage.console import Refused

# The client has this address, port and all (infra/resources.yaml): Cognito compares every letter.
# Below the ports that systems give to programs as they come.
PORT = 8479
PATH = "/callback"
REDIRECT_URI = f"http://localhost:{PORT}{PATH}"

Parameters = Mapping[str, str]
IsOwn = Callable[[Parameters], bool]

_RECEIVED = "The sign-in has arrived. Close this page and go back to the terminal."
_FOREIGN = "This is not the sign-in that the terminal waits for. Start it there again."
_NOT_OWN = (
    "That is not the address of this sign-in. Copy all of it from the browser that was sent to "
    f"{REDIRECT_URI}, and paste it:"
)


class Listener:
    """Waits on 127.0.0.1 for the redirect that is ours, as `is_own` says. Others change nothing."""

    def __init__(self, server: ThreadingHTTPServer, is_own: IsOwn) -> None:
        self.port = server.server_port
        self._server = server
        self._is_own = is_own
        self._arrived: SimpleQueue[Parameters] = SimpleQueue()
        self._wake, self._woken = socket.socketpair()

    def receive(self, parameters: Parameters) -> bool:
        """Take the parameters of a redirect. Return whether they are ours."""
        if not self._is_own(parameters):
            return False
        self._arrived.put(parameters)
        # Whoever waits may have taken it by now, and be done: the browser is answered all the same.
        with contextlib.suppress(OSError):
            self._wake.send(b"\0")
        return True

    def wait(self, pasted: IO[str] | None, patience_s: float) -> Parameters:
        """Return the parameters of the redirect, whether the browser comes or somebody pastes its
        address as a line of `pasted`.

        Raises Refused when nobody has signed in within `patience_s`.
        """
        until = time.monotonic() + patience_s
        with selectors.DefaultSelector() as ready:
            ready.register(self._server, selectors.EVENT_READ, self._serve)
            ready.register(self._woken, selectors.EVENT_READ, lambda: None)
            if pasted is not None:
                ready.register(pasted, selectors.EVENT_READ, lambda: self._read(pasted, ready))
            while True:
                with contextlib.suppress(Empty):
                    return self._arrived.get_nowait()
                left = until - time.monotonic()
                if left <= 0:
                    raise Refused("Nobody has signed in. Run the command again when you can.")
                for key, _ in ready.select(left):
                    key.data()

    def close(self) -> None:
        self._server.server_close()
        self._wake.close()
        self._woken.close()

    def _serve(self) -> None:
        # In a thread of its own: browsers also open connections on which they send nothing.
        self._server.handle_request()

    def _read(self, pasted: IO[str], ready: selectors.BaseSelector) -> None:
        line = pasted.readline()
        if not line:
            ready.unregister(pasted)
        elif line.strip() and not self.receive(parameters_of(line.strip())):
            print(_NOT_OWN, file=sys.stderr)


@contextmanager
def listening(is_own: IsOwn, port: int = PORT) -> Iterator[Listener]:
    """Listen for the redirect. Raises Refused when another program has the port."""
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), _Handler)
    except OSError as error:
        raise Refused(
            f"Port {port} of this machine cannot be used ({error.strerror}). Perhaps another "
            "`make token` is waiting there: end it, and run this one again."
        ) from None
    # A connection that is gone before it is accepted must not be waited for.
    server.timeout = 0
    server.daemon_threads = True
    server.block_on_close = False
    listener = Listener(server, is_own)
    server.listener = listener  # type: ignore[attr-defined]
    try:
        yield listener
    finally:
        listener.close()


def parameters_of(address: str) -> Parameters:
    """Return the parameters in an address; none when it is not one."""
    try:
        query = urlsplit(address).query
    except ValueError:
        return {}
    return {name: values[0] for name, values in parse_qs(query, keep_blank_values=True).items()}


def open_browser(url: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Open a page in the browser of this machine. Return False when it has none that would be seen.

    The browser is a process of its own, because some write to standard output, where only the token
    belongs.
    """
    if not has_screen(sys.platform, environment):
        return False
    subprocess.Popen(
        [sys.executable, "-m", "webbrowser", url],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return True


def has_screen(platform: str, environment: Mapping[str, str]) -> bool:
    """Return whether a browser would appear in front of the operator."""
    if "SSH_CONNECTION" in environment:
        return False
    if not platform.startswith("linux"):
        return True
    return bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))


class _Handler(BaseHTTPRequestHandler):
    # An idle connection must not outlive the command.
    timeout = 30

    def do_GET(self) -> None:
        if urlsplit(self.path).path != PATH:
            self._show(HTTPStatus.NOT_FOUND, _FOREIGN)
        elif self.server.listener.receive(parameters_of(self.path)):  # type: ignore[attr-defined]
            self._show(HTTPStatus.OK, _RECEIVED)
        else:
            self._show(HTTPStatus.BAD_REQUEST, _FOREIGN)

    def _show(self, status: HTTPStatus, text: str) -> None:
        content = f"{text}\n".encode()
        self.send_response(status)
        for name, value in (
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", str(len(content))),
            # The page's address has the code in it.
            ("Cache-Control", "no-store"),
            ("Referrer-Policy", "no-referrer"),
            ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
            ("X-Content-Type-Options", "nosniff"),
            ("Connection", "close"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: the line has the code in it."""
