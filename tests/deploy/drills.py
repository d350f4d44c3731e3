"""An API that takes a drill."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Api:
    """An API that takes a drill, and fails at the requests named in `fails_at`."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.bodies: list[Any] = []
        self.fails_at: tuple[str, ...] = ()
        self.states = ["processing", "ready"]
        self.challenge: dict[str, object] | None = None
        self.proofs: list[str | None] = []
        self.keys: list[str] = []
        self.asks_for_a_proof: dict[str, object] | None = None
        self.url = ""

    def respond(self, call: str, body: bytes) -> tuple[int, Any]:
        self.calls.append(call)
        if call.startswith(self.fails_at):
            return 503, {"code": "unavailable"}
        match call:
            case "GET /v1/health":
                about = {"version": "1.2.3", "commit": "c92bbd5c41"}
                return 200, {"status": "ok", **about, "challenge": self.challenge}
            case "GET /v1/catalogue":
                entries = [
                    {"code": "old", "state": "retired"},
                    {"code": "noise", "state": "active"},
                ]
                return 200, {"categories": entries}
            case "POST /v1/reports" if self.asks_for_a_proof and not self.proofs[-1]:
                return 429, {"code": "proof_required", "challenge": self.asks_for_a_proof}
            case "POST /v1/reports":
                self.bodies.append(json.loads(body))
                grant = {"method": "POST", "url": f"{self.url}/upload", "fields": {"key": "k"}}
                return 201, {"id": "R1", "receipt": "secret", "uploads": [grant]}
            case "POST /upload":
                self.bodies.append(body)
                return 204, None
            case "GET /v1/reports/mine":
                state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
                return 200, {"media": [{"state": state}]}
            case "DELETE /v1/reports/R1":
                return 200, {}
        return 404, {}


@contextmanager
def serving() -> Iterator[Api]:
    """Serve it on a free port, for as long as the context lasts."""
    api = Api()

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.path == "/v1/reports":
                api.proofs.append(self.headers["Tipline-Proof"])
                api.keys.append(self.headers["Idempotency-Key"])
            status, content = api.respond(f"{self.command} {self.path}", body)
            data = b"" if content is None else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_DELETE = handle_any

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    api.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}).start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
