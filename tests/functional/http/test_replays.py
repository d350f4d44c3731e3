"""A call that is repeated under its Idempotency-Key is answered alike on every route."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.http import index
from chalicelib.http.requests import KEYS
from tests.client import Reply, call, new_key, report
from tests.functional.bulletins.test_bulletins import draft
from tests.functional.reports.test_reopening import closed
from tests.steps import by_officer, by_reporter, file

pytestmark = pytest.mark.officers("wang", "li")

PICTURE = {"content_type": "image/jpeg", "size": 1000}
FILES = {"media": [PICTURE]}
TEXT = {"text": "It is still there."}
PLACE = {"lat": 39.93, "lon": 116.45}
BULLETINS = "/v1/officer/bulletins"

type Send = Callable[[str], Reply]


def _on(made: Callable[[], dict[str, Any]], send: Callable[..., Reply], *more: Any) -> Send:
    created = made()
    return lambda key: send("POST", created, *more, key=key)


def _pictures() -> Send:
    path = f"{BULLETINS}/{call('POST', BULLETINS, draft(), officer='wang').json['id']}/media"
    return lambda key: call("POST", path, FILES, officer="wang", key=key)


def _of(path: str, body: Any, officer: str | None = None) -> Send:
    return lambda key: call("POST", path, body, officer=officer, key=key)


ROUTES: dict[str, Callable[[], Send]] = {
    "create_report": lambda: _of("/v1/reports", report()),
    "enter_report": lambda: _of("/v1/officer/reports", report(source="phone"), "wang"),
    "write_message": lambda: _on(file, by_reporter, "/messages", TEXT),
    "reopen_report": lambda: _on(closed, by_reporter, "/reopen", TEXT),
    "add_position": lambda: _on(file, by_reporter, "/positions", PLACE),
    "add_media": lambda: _on(file, by_reporter, "/media", FILES),
    "write_officer_message": lambda: _on(file, by_officer, "/messages", TEXT),
    "write_note": lambda: _on(file, by_officer, "/notes", TEXT),
    "send_files": lambda: _on(file, by_officer, "/media", FILES),
    "draft_bulletin": lambda: _of(BULLETINS, draft(), "wang"),
    "add_pictures": _pictures,
}


@pytest.mark.parametrize("route", ROUTES)
def test_a_replay_is_200_and_says_so(route: str) -> None:
    send, key = ROUTES[route](), new_key()
    first, quoted = send(key), send(f'"{key.upper()}"')
    assert (first.status, first.headers.get("idempotency-replayed")) == (201, None), first.text
    assert (quoted.status, quoted.headers["idempotency-replayed"]) == (200, "true")
    assert quoted.json.keys() == first.json.keys()
    assert quoted.json.get("id") == first.json.get("id")


def test_every_route_that_creates_under_a_key_is_tried() -> None:
    declared = {each.name for each in index.operations() if 201 in each.returns}
    with_key = {each.name for each in index.operations() if each.headers & KEYS}
    assert declared & with_key == set(ROUTES)


def test_a_key_of_version_7_is_refused_and_told_why() -> None:
    for key in ("019a9f0e-7a3b-7c1d-9e2f-3a4b5c6d7e8f", '"', '""', '"0d1f6c1e'):
        refused = call("POST", "/v1/reports", report(), key=key)
        assert refused.status == 400
        assert refused.json["code"] in ("bad_idempotency_key", "idempotency_key_required")
        assert "74 random bits" in refused.json["detail"] or key == '""'
