"""An API that takes a drill."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from werkzeug import Request, Response

from tests import loopback
from tests.loopback import as_json


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

    def respond(self, request: Request) -> Response:
        if request.path == "/v1/reports":
            self.proofs.append(request.headers.get("Tipline-Proof"))
            self.keys.append(request.headers["Idempotency-Key"])
        call = f"{request.method} {request.path}"
        self.calls.append(call)
        status, content = self._answer(call, request.get_data())
        return Response(b"", status) if content is None else as_json(content, status)

    def _answer(self, call: str, body: bytes) -> tuple[int, Any]:
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
    with loopback.serving(api.respond) as api.url:
        yield api
