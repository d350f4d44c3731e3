"""An API and a storage that respond as they are asked to, for the example of an outbox."""

import http.server
import json
import threading
from typing import Any

from examples import outbox


class Stub:
    """Responds with one after the other, and remembers what came. `health` is what it says to
    `GET /v1/health`; 404 without.
    """

    health: Any = None

    def __init__(self, *responses: tuple[int, dict[str, str], Any]) -> None:
        waiting, seen, paths, proofs = list(responses), [], [], []
        stub = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                seen.append((self.headers["Idempotency-Key"], body))
                proofs.append(self.headers["Tipline-Proof"])
                paths.append(self.path)
                status, headers, content = waiting.pop(0)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(
                    content if isinstance(content, bytes) else json.dumps(content).encode()
                )

            do_PUT = do_POST

            def do_GET(self) -> None:
                content = json.dumps(stub.health or {"code": "not_found"}).encode()
                self.send_response(200 if stub.health else 404)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self.waiting, self.proofs = waiting, proofs
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.seen, self.paths, self.url = seen, paths, f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def will_respond(self, *responses: tuple[int, dict[str, str], Any]) -> None:
        self.waiting.extend(responses)


CREATED = {"id": "A", "receipt": "R", "reference": "X", "uploads": []}
FORM = {"index": 0, "media_id": "M", "part_size": None}


def created(*uploads: dict[str, Any]) -> tuple[int, dict[str, str], Any]:
    return 201, {}, {**CREATED, "uploads": list(uploads)}


def conflict(code: str, reason: str | None = None) -> tuple[int, dict[str, str], Any]:
    return 409, {}, {"code": code, "reason": reason}


def grant(stub: Stub, path: str = "/bucket") -> tuple[int, dict[str, str], Any]:
    return 200, {}, {"url": stub.url + path, "fields": {"key": "k"}}


def parts(stub: Stub, held: list[int], **granted: str) -> tuple[int, dict[str, str], Any]:
    urls = [{"number": int(name[1:]), "url": f"{stub.url}/{url}"} for name, url in granted.items()]
    have = [{"number": number, "etag": ""} for number in held]
    return 200, {}, {"part_size": 8 << 20, "part_count": 3, "held": have, "parts": urls}


STORED: tuple[int, dict[str, str], Any] = (204, {}, b"")
EXPIRED: tuple[int, dict[str, str], Any] = (403, {}, b"<Code>AccessDenied</Code>")


def sender(box: outbox.Outbox, api: str, pauses: list[float]) -> outbox.Sender:
    return outbox.Sender(box, api, progress=lambda *_: None, pause=pauses.append, attempts=4)


def only(box: outbox.Outbox) -> outbox.Entry:
    [entry] = box.entries()
    return entry
