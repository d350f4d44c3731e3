"""The files of the web clients before the API, and the stack's clock beside it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from chalice.app import Chalice, Response
from chalice.local import LocalChalice

from infra.events import Response as Served
from infra.local import clock
from infra.local.gateway.gateway import Gateway
from infra.local.gateway.site import BuiltWeb, MissingWeb, Site, Web
from infra.web.headers import Origins

Ask = Callable[..., Served]


def site(web: Web | None, **published: bytes) -> Ask:
    app: Any = Chalice("api", configure_logs=False)

    @app.route("/", methods=["GET"])  # type: ignore[untyped-decorator]
    def start() -> Response:
        return Response("<html><body>The API</body></html>", headers={"Content-Type": "text/html"})

    @app.route("/v1/things", methods=["GET"])  # type: ignore[untyped-decorator]
    def things() -> dict[str, bool]:
        return {"api": True}

    app.__class__ = LocalChalice
    served = Site(Gateway(app), web)
    for name, content in published.items():
        served.publish(f"/console/{name}.json", content, "application/json")

    def ask(target: str, method: str = "GET", **headers: str) -> Served:
        sent = [(name.replace("_", "-"), value) for name, value in headers.items()]
        return served.response(method, target, sent, b"", "127.0.0.1")

    return ask


@pytest.fixture
def built(tmp_path: Path) -> Ask:
    folder = tmp_path / "web"
    for name in ("index.html", "console/index.html", "assets/a-1.js", "v1/things", ".hidden"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    (tmp_path / "secret").write_text("secret")
    return site(BuiltWeb(folder, Origins(storage=("http://127.0.0.1:1",))))


def header(response: Served, name: str) -> str:
    return dict(response.headers)[name]


@pytest.mark.parametrize(
    ("path", "file"),
    [
        ("/", "index.html"),
        ("/?from=poster", "index.html"),
        ("/console/", "console/index.html"),
        ("/console/reports/AB12", "console/index.html"),
        ("/assets/a-1.js", "assets/a-1.js"),
    ],
)
def test_a_path_is_a_file(built: Ask, path: str, file: str) -> None:
    response = built(path)
    assert (response.status, response.body.decode()) == (200, file)
    assert "default-src 'none'" in header(response, "Content-Security-Policy")


def test_a_route_of_the_api_goes_first(built: Ask) -> None:
    assert built("/v1/things").body == b'{"api":true}'


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/../secret",
        "/assets/../../secret",
        "/.hidden",
        "//index.html",
        "/assets",
        "/a\0",
    ],
)
def test_anything_else_is_refused_by_the_gateway(built: Ask, path: str) -> None:
    assert built(path).status == 404


@pytest.mark.parametrize("path", ["/nothing", "/reports/new/"])
def test_a_mistyped_address_leads_a_person_to_the_first_page(built: Ask, path: str) -> None:
    response = built(path, Accept="text/html,*/*;q=0.8")
    assert (response.status, header(response, "Location")) == (302, "/")
    assert built(path, Accept="application/json").status == 404


@pytest.mark.parametrize("path", ["/v1/nothing", "/nothing.md"])
def test_neither_the_api_nor_a_file_leads_elsewhere(built: Ask, path: str) -> None:
    assert built(path, Accept="text/html").status == 404


def test_files_are_only_read(built: Ask) -> None:
    assert built("/assets/a-1.js", "POST").status == 404
    assert built("/console/", "DELETE").status == 404


def test_the_console_has_one_address(built: Ask) -> None:
    response = built("/console")
    assert (response.status, header(response, "Location")) == (308, "/console/")


def test_a_file_that_a_browser_has_is_not_sent_again(built: Ask) -> None:
    tag = header(built("/"), "ETag")
    again = built("/", If_None_Match=tag)
    assert (again.status, again.body) == (304, b"")
    assert built("/", If_None_Match='"other"').status == 200


def test_clients_that_could_not_be_built_say_why() -> None:
    ask = site(MissingWeb("npm <said> no"))
    start = ask("/")
    assert start.status == 200
    assert b"The API" in start.body
    assert b"npm &lt;said&gt; no" in start.body
    console = ask("/console/reports/AB12")
    assert console.status == 503
    assert b"npm &lt;said&gt; no" in console.body
    assert ask("/v1/things").body == b'{"api":true}'


@pytest.mark.parametrize("kind", ["none", "missing", "built"])
def test_a_document_of_the_console_goes_before_its_pages(kind: str, tmp_path: Path) -> None:
    (tmp_path / "console").mkdir()
    (tmp_path / "console/index.html").write_text("any path of the console")
    webs = {
        "none": None,
        "missing": MissingWeb("no npm"),
        "built": BuiltWeb(tmp_path, Origins(storage=())),
    }
    ask = site(webs[kind], config=b"{}")
    response = ask("/console/config.json")
    assert (response.status, response.body) == (200, b"{}")
    assert header(response, "Cache-Control") == "no-cache"
    assert ask("/console/config.json", "POST").status == 404


def clocked(asked: list[timedelta]) -> Callable[..., tuple[int, bytes]]:
    """Return how to ask a site whose clock notes how far it was moved."""

    def advance(by: timedelta) -> tuple[datetime, bool]:
        asked.append(by)
        due = Event()  # what never ends
        return datetime(2026, 11, 25, 8, tzinfo=UTC), clock.is_done(due.wait, patience_s=0)

    served = Site(Gateway(Chalice("api", configure_logs=False)))
    served.advance_clock = advance

    def ask(body: bytes, method: str = "POST") -> tuple[int, bytes]:
        response = served.response(method, "/_tipline/clock", [], body, "127.0.0.1")
        return response.status, response.body

    return ask


def test_the_clock_moves_as_far_as_it_is_asked_to_and_waits_for_nothing_that_lasts() -> None:
    asked = list[timedelta]()
    status, body = clocked(asked)(b'{"advance_s": 300}')
    assert (status, json.loads(body)) == (200, {"now": "2026-11-25T08:00:00.000Z", "done": False})
    assert clock.is_done(lambda: None)
    assert asked == [timedelta(minutes=5)]


@pytest.mark.parametrize(
    "body", [b"", b"5", b"{}", b'{"advance_s": -1}', b'{"advance_s": 1e99}', b'{"advance_s": NaN}']
)
def test_the_clock_goes_only_forward(body: bytes) -> None:
    asked = list[timedelta]()
    assert clocked(asked)(body)[0] == 400
    assert asked == []


def test_a_part_of_a_file_is_served_as_cloudfront_does(built: Ask) -> None:
    part = built("/assets/a-1.js", range="bytes=7-9")
    assert (part.status, part.body) == (206, b"a-1")
    assert header(part, "Content-Range") == "bytes 7-9/13"
    assert header(part, "ETag") == header(built("/assets/a-1.js"), "ETag")
    beyond = built("/assets/a-1.js", range="bytes=13-20")
    assert (beyond.status, header(beyond, "Content-Range")) == (416, "bytes */13")
