"""An API and a storage that respond as they are asked to, for the example of an outbox."""

import json
from typing import Any

from werkzeug import Request, Response

from examples import outbox
from infra.local import wsgi
from tests.loopback import as_json


class Stub:
    """Responds with one after the other, and remembers what came. `health` is what it says to
    `GET /v1/health`; 404 without.
    """

    health: Any = None

    def __init__(self, *responses: tuple[int, dict[str, str], Any]) -> None:
        self.waiting, self.paths = list(responses), list[str]()
        self.seen, self.proofs = list[tuple[str | None, bytes]](), list[str | None]()
        server = wsgi.serve(Request.application(self._respond), 0)
        self.url = f"http://127.0.0.1:{server.port}"

    def will_respond(self, *responses: tuple[int, dict[str, str], Any]) -> None:
        self.waiting.extend(responses)

    def _respond(self, request: Request) -> Response:
        if request.method == "GET":
            return as_json(self.health) if self.health else as_json({"code": "not_found"}, 404)
        self.seen.append((request.headers.get("Idempotency-Key"), request.get_data()))
        self.proofs.append(request.headers.get("Tipline-Proof"))
        self.paths.append(request.path)
        status, headers, content = self.waiting.pop(0)
        body = content if isinstance(content, bytes) else json.dumps(content)
        return Response(body, status, headers)


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
