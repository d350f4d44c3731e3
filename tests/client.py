"""A client of the app in the same process: it sends API Gateway's events, without a port."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from chalice.local import RouteMatcher

from app import app
from chalicelib.http.requests import IF_MATCH, Header
from chalicelib.http.routes import Operation
from infra.local.gateway.gateway import both_functions
from tests import events
from tests.approvals import NO_TAG, match_of
from tests.documented import assert_documented

# For each parameter of a path, one that names nothing that is there.
NO_IDS: Mapping[str, str] = {
    **dict.fromkeys(("report_id", "bulletin_id"), "0" * 26),
    **dict.fromkeys(("media_id", "subscription_id", "incident_id"), "0" * 16),
    **dict.fromkeys(("number", "part"), "1"),
    "export_id": "0" * 20,
    "request_number": "20261124-000000",
    "burst_id": "child_abduction.2026-11-24T01",
    "username": "recruit",
    "name": "dispatch",
}
_functions = both_functions()
_matcher = RouteMatcher(list(app.routes))


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    def expect(self, status: int) -> Any:
        """Return the body, if it is JSON. Fails unless the response has this status."""
        assert self.status == status, self.text
        return self.json if "json" in self.headers.get("content-type", "") else None

    @property
    def refusal(self) -> tuple[int, str]:
        """The status of a refusal, and its code."""
        return self.status, self.json["code"]

    @property
    def wrong(self) -> list[tuple[str, str]]:
        """Each field that a 422 names, and the code of what is wrong with it."""
        assert self.status == 422, self.text
        return [(each["field"], each["code"]) for each in self.json["errors"]]

    @property
    def wrong_fields(self) -> list[str]:
        return [field for field, _ in self.wrong]


def call(
    method: str,
    path: str,
    body: Any = None,
    *,
    headers: Mapping[str, str] | None = None,
    key: str | None = None,
    receipt: str | None = None,
    officer: str | None = None,
    version: int | None = None,
    raw: bytes | None = None,
    source: str | None = None,
) -> Reply:
    """Send one request to the function of its route, and return its response.

    `body` is sent as JSON, `raw` unchanged, and `version` as If-Match; to close a report, it is
    opened before, if it is still at `version`. `officer` is the username that the authorizer
    returned. `source` is the address that the gateway has a connection with.
    """
    sent = {name.lower(): value for name, value in (headers or {}).items()}
    if body is not None or raw is not None:
        sent.setdefault("content-type", "application/json")
    if key:
        sent["idempotency-key"] = key
    if receipt:
        sent["authorization"] = f"Receipt {receipt}"
    if version is not None:
        sent["if-match"] = f'"{version}"'
        ends = isinstance(body, dict) and {"disposition", "reason"} & body.keys()
        if officer and method == "PATCH" and ends:
            sent["if-match"] = opening_etag(path, version, officer)
    content = raw if raw is not None else (json.dumps(body).encode() if body is not None else None)
    matched = _matcher.match_route(path)
    query: dict[str, list[str]] = {}
    for name, value in parse_qsl(path.partition("?")[2], keep_blank_values=True):
        query.setdefault(name, []).append(value)
    event = events.api_request(
        method,
        matched.route,
        path.partition("?")[0],
        headers=sent,
        query=query,
        parameters=matched.captured,
        content=content,
        request_id=new_key(),
        officer=officer,
    )
    if source:
        event["requestContext"]["identity"]["sourceIp"] = source
    response = _functions(method, matched.route).app(event, None)
    assert_documented(
        method,
        matched.route,
        response["statusCode"],
        response["headers"].get("Content-Type", ""),
        response["body"],
    )
    return Reply(
        response["statusCode"],
        {name.lower(): value for name, value in response["headers"].items()},
        response["body"],
    )


def opening_etag(path: str, version: int, officer: str) -> str:
    """Return the ETag of a report that an officer opens at `version`, by which they end it.

    Of one that has another version now, return one that is as stale; of one that does not open, the
    version.
    """
    reply = call("GET", path, officer=officer)
    if reply.status != 200:
        return f'"{version}"'
    return reply.headers["etag"] if reply.json["version"] == version else NO_TAG


def tag_for(path: str, officer: str) -> str:
    """Return the tag that an officer reads, to approve what waits at this path."""

    def read(shown: str) -> tuple[Any, str | None]:
        reply = call("GET", shown, officer=officer)
        return (reply.json, reply.headers.get("etag")) if reply.status == 200 else (None, None)

    return match_of(read, path)["If-Match"]


def read_and_approve(path: str, officer: str, tag: str | None = None) -> Reply:
    """Read what waits, and approve it; or approve it by a tag of an earlier reading."""
    headers = {"If-Match": tag or tag_for(path, officer)}
    return call("POST", path, officer=officer, headers=headers)


def some_version(operation: Operation) -> dict[str, str] | None:
    """Return an `If-Match` for an operation that takes one: a version, or a tag that nobody has."""
    if Header.TAG in operation.headers:
        return {"If-Match": NO_TAG}
    return {"If-Match": '"1"'} if operation.headers & IF_MATCH else None


def new_key() -> str:
    return str(uuid.uuid4())


def report(category: str = "missing_elderly", **more: Any) -> dict[str, Any]:
    """Return a valid body for `POST /v1/reports`."""
    return {
        "category": category,
        "text": "An old man in a blue coat, alone at the bus stop.",
    } | more


def change_report(report_id: str, version: int, **body: object) -> None:
    """Change a report as the officer wang, or only read it. It is opened first where the step takes
    that. Fails unless it is accepted.
    """
    path = f"/v1/officer/reports/{report_id}"
    if body:
        reply = call("PATCH", path, body, officer="wang", version=version)
        if reply.status == 409 and reply.json["code"] == "not_read":
            match = {"If-Match": call("GET", path, officer="wang").headers["etag"]}
            reply = call("PATCH", path, body, officer="wang", headers=match)
    else:
        reply = call("POST", f"{path}/read", {}, officer="wang", version=version)
    assert reply.status == 200, reply.text


def appoint(
    username: str, row: Mapping[str, Any], *, proposer: str = "admin", approver: str = "admin2"
) -> Reply:
    """Appoint or change an officer as two admins do. Fails unless it takes effect."""
    path = f"/v1/admin/officers/{username}"
    reply = call("PUT", path, dict(row), officer=proposer)
    if reply.status == 202:
        reply = read_and_approve(f"{path}/approve", approver)
    assert reply.status == 200, reply.text
    return reply
