"""A server of Open311 GeoReport v2, by its specification, and a city whose agency has it.

It judges what it is sent: a request that the specification does not allow is 400. It can be down,
lose an answer, list nothing, answer in XML, name its lists, or hand out tokens.
`python -m tests.open311 9311` serves it on this machine, for the local stack: docs/local.md.
"""

import json
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from jsonschema import Draft202012Validator
from werkzeug import Request, Response

from chalicelib.domain.catalogue.model import catalogue
from chalicelib.kernel import city
from chalicelib.store.notices.receivers import Answer, Receivers
from infra.local import wsgi

CODE, ENDPOINT, SERVICE = "city_services", "https://open311.example/v2", "other"
JURISDICTION, API_KEY = "chaoyang.example", "k-123"
OPEN311: Mapping[str, Any] = {
    "receives": "open311",
    "endpoint": ENDPOINT,
    "jurisdiction_id": JURISDICTION,
    "service_code": SERVICE,
}
# Of https://github.com/open311/schema-validation, schema/georeport-v2: what an answer has.
_TEXT = {"type": ["string", "null"]}
_REQUEST = Draft202012Validator(
    {
        "type": "object",
        "required": ["service_request_id", "status", "service_code", "requested_datetime"],
        "properties": {
            "service_request_id": {"type": "string"},
            "status": {"enum": ["open", "closed"]},
            "status_notes": _TEXT,
            "service_code": {"type": "string"},
            "description": {"type": ["string", "null"], "maxLength": 4000},
            "requested_datetime": {"type": "string"},
            "address": _TEXT,
            "lat": {"type": ["number", "null"]},
            "long": {"type": ["number", "null"]},
        },
    }
)
_KNOWN = {
    *("jurisdiction_id", "api_key", "service_code", "description", "lat", "long"),
    *("address_string", "media_url", "first_name", "last_name", "email", "phone", "device_id"),
    *("address_id", "account_id"),
}
_XML = b"<?xml version='1.0'?><errors><error><code>500</code></error></errors>"


class Server(Receivers):
    """`down`: what is answered instead, or `timeout`. `loses`: takes requests, and answers none;
    `crashes`: we do then, and when we look. `answers`: what is answered to a request that was
    taken. `wraps`: what it lists has a name, as in FixMyStreet's server.
    `posted` are all bodies that came, `requests` what was taken, by id.
    """

    def __init__(self, now: Any) -> None:
        super().__init__()
        self._now = now
        self.down: Answer | None = None
        self.loses = self.gives_tokens = self.crashes = self.wraps = False
        self.lists: Answer | None = None
        self.answers: Answer | None = None
        self.api_key: str | None = None
        self.posted: list[dict[str, str]] = []
        self.asked: list[str] = []
        self.requests: dict[str, dict[str, Any]] = {}

    def ask(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str], **_: Any
    ) -> Answer:
        assert url.startswith(ENDPOINT + "/")
        self.asked.append(f"{method} {url.removeprefix(ENDPOINT)}")
        if self.down:
            return self.down
        parts = urlsplit(url.removeprefix(ENDPOINT))
        query = {name: found[0] for name, found in parse_qs(parts.query).items()}
        if method == "GET":
            answer = self.get(unquote(parts.path), query)
            named = b'{"service_requests": %b}' % answer.body
            return answer._replace(body=named) if self.wraps and answer.accepts else answer
        assert headers["Content-Type"] == "application/x-www-form-urlencoded; charset=utf-8"
        return self.post_request(parts.path, (body or b"").decode())

    def post_request(self, path: str, body: str) -> Answer:
        said = {name: found[0] for name, found in parse_qs(body, strict_parsing=True).items()}
        self.posted.append(said)
        if said.get("api_key") != self.api_key:
            return _error(403)
        place = {"address_string", "address_id"} & set(said) or {"lat", "long"} <= set(said)
        names = {name for name in said if not name.startswith("attribute[")}
        is_right = names <= _KNOWN and said.get("jurisdiction_id") == JURISDICTION
        if not (is_right and place and 0 < len(said["description"]) <= 4000):
            return _error(400)
        if path != "/requests.json" or said["service_code"] != SERVICE:
            return _error(404)
        number = str(293944 + len(self.requests))
        request = {
            "service_request_id": number,
            "status": "open",
            "status_notes": None,
            "service_code": SERVICE,
            "description": said["description"],
            "requested_datetime": self._now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "address": said.get("address_string"),
            "lat": float(said["lat"]) if "lat" in said else None,
            "long": float(said["long"]) if "long" in said else None,
        }
        _REQUEST.validate(request)
        self.requests[number] = request
        if self.crashes:
            raise MemoryError
        if self.answers:
            return self.answers
        if self.loses:
            return Answer(None, "timeout", arrived=True)
        if self.gives_tokens:
            return _json([{"token": f"t{number}"}])
        return _json(
            [{"service_request_id": int(number), "service_notice": "", "account_id": None}]
        )

    def get(self, path: str, query: Mapping[str, str]) -> Answer:
        if self.crashes:
            raise MemoryError
        said, _, form = path.removeprefix("/").rpartition(".")
        kind, _, name = said.partition("/")
        if form != "json" or query.get("jurisdiction_id") != JURISDICTION:
            return _error(404)
        if kind == "tokens":
            return _json([{"service_request_id": name[1:], "token": name}])
        if kind != "requests" or name:
            found = self.requests.get(name) if kind == "requests" else None
            return _json([found]) if found else _error(404)
        if self.lists:
            return self.lists
        bounds = query["start_date"], query["end_date"]
        assert all(datetime.fromisoformat(each).tzinfo for each in bounds)
        return _json(
            [
                each
                for each in self.requests.values()
                if bounds[0] <= each["requested_datetime"] <= bounds[1]
                and each["service_code"] == query["service_code"]
            ]
        )

    def close(self, notes: str | None = None) -> None:
        """End all requests."""
        for each in self.requests.values():
            each.update(status="closed", status_notes=notes)


def _json(said: Any) -> Answer:
    return Answer(200, body=json.dumps(said).encode())


def _error(code: int) -> Answer:
    return Answer(code, body=json.dumps([{"code": code, "description": "No."}]).encode())


XML_ERROR = Answer(500, body=_XML)


def use_open311(
    monkeypatch: pytest.MonkeyPatch, folder: Path, code: str = CODE, **more: Any
) -> None:
    """Let an agency of the city have such a server: as with another `CITY`."""
    seed = json.loads((city.FOLDER / "catalogue.json").read_text(encoding="utf-8"))
    for each in seed["agencies"]:
        if each["code"] == code:
            each.update({**OPEN311, **more})
    for name in ("city.json", "areas.geojson", "texts"):
        (folder / name).symlink_to(city.FOLDER / name)
    (folder / "catalogue.json").write_text(json.dumps(seed), encoding="utf-8")
    monkeypatch.setattr(city, "FOLDER", folder)
    catalogue.cache_clear()


def main(port: int) -> None:
    """Serve it, at any host. It takes any key, prints what comes, and closes each request the third
    time it is asked for.
    """
    server, seen = Server(lambda: datetime.now(UTC)), Counter[str]()

    def respond(request: Request) -> Response:
        path = request.full_path.removeprefix(urlsplit(ENDPOINT).path).rstrip("?")
        body = request.get_data()
        if body:
            said = {name: found[0] for name, found in parse_qs(body.decode()).items()}
            server.api_key = said.get("api_key")
            print(json.dumps(said, ensure_ascii=False), flush=True)
        seen[request.path] += 1
        name = request.path.rpartition("/")[2].removesuffix(".json")
        if seen[request.path] > 2 and name in server.requests:
            server.requests[name].update(status="closed", status_notes="Done.")
        answer = server.ask(request.method, ENDPOINT + path, body, dict(request.headers))
        return Response(answer.body, answer.status or 503, content_type="application/json")

    wsgi.serve(Request.application(respond), port)
    threading.Event().wait()


if __name__ == "__main__":
    main(int(sys.argv[1]))
