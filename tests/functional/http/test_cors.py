"""Any page may call public routes, and only the console officers' routes, never with cookies."""

import re
from collections.abc import Iterator

import pytest

from chalicelib import wiring
from chalicelib.http import index
from chalicelib.http.routes import Access
from tests import cloud
from tests.client import Reply, call, new_key, report
from tests.faults import inject
from tests.steps import file

pytestmark = pytest.mark.usefixtures("aws", "clean")

CONSOLE = "https://console.test"
FOREIGN = {"Origin": "https://page.example"}
EXPOSED = {"allow", "deprecation", "etag", "idempotency-replayed", "location", "ratelimit"} | {
    "ratelimit-policy", "retry-after", "sunset", "x-request-id"
}  # fmt: skip


@pytest.fixture
def console(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Set the console's origin."""
    monkeypatch.setenv("CONSOLE_ORIGIN", CONSOLE)
    forget_settings()
    yield
    monkeypatch.undo()
    forget_settings()


def forget_settings() -> None:
    wiring.settings.cache_clear()  # type: ignore[attr-defined]


def assert_open_to(origin: str, reply: Reply) -> None:
    assert reply.headers["access-control-allow-origin"] == origin
    exposed = reply.headers["access-control-expose-headers"].lower().split(",")
    assert set(exposed) == EXPOSED
    assert "access-control-allow-credentials" not in reply.headers
    assert "origin" not in reply.headers.get("vary", "").lower()


def assert_open_to_none(reply: Reply) -> None:
    assert not [name for name in reply.headers if name.startswith("access-control-")]


def test_a_page_with_a_receipt_reads_its_report_and_that_it_has_it_already() -> None:
    receipt = file()["receipt"]
    first = call("GET", "/v1/reports/mine", receipt=receipt, headers=FOREIGN)
    again = call(
        "GET",
        "/v1/reports/mine",
        receipt=receipt,
        headers=FOREIGN | {"If-None-Match": first.headers["etag"]},
    )
    assert (first.status, again.status) == (200, 304)
    for reply in (first, again):
        assert_open_to("*", reply)


def test_a_page_reads_when_to_come_back() -> None:
    unavailable = inject.error_response(500, "InternalServerError")
    with inject.fault(wiring.dynamodb(), "dynamodb.*", unavailable):
        reply = call("POST", "/v1/reports", report(), key=new_key(), headers=FOREIGN)
    assert reply.status == 503
    assert reply.headers["retry-after"]
    assert_open_to("*", reply)


@pytest.mark.parametrize(
    "route",
    [route for route in index.routes() if route.access != Access.OFFICER],
    ids=lambda route: f"{route.method} {route.path}",
)
def test_every_public_route_is_open_whatever_it_responds(route: index.Route) -> None:
    path = re.sub(r"\{\w+\}", "unknown", route.path)
    assert_open_to("*", call(route.method, path, headers=FOREIGN))


def test_a_response_is_the_same_whatever_page_asks() -> None:
    with_origin = call("GET", "/v1/catalogue", headers=FOREIGN)
    without = call("GET", "/v1/catalogue")
    assert_open_to("*", without)
    ids = {"x-request-id": ""}
    assert {**with_origin.headers, **ids} == {**without.headers, **ids}


@pytest.mark.usefixtures("console")
def test_an_officers_route_names_the_consoles_origin_whoever_asks() -> None:
    cloud.officer("wang")
    for headers in ({"Origin": CONSOLE}, FOREIGN, {}):
        for officer, status in (("wang", 200), ("nobody", 403)):
            reply = call("GET", "/v1/officer/me", officer=officer, headers=headers)
            assert reply.status == status
            assert_open_to(CONSOLE, reply)


@pytest.mark.usefixtures("console")
def test_a_console_changes_nothing_for_the_public() -> None:
    assert_open_to("*", call("GET", "/v1/catalogue", headers={"Origin": CONSOLE}))


def test_without_a_console_no_page_may_read_an_officers_route() -> None:
    cloud.officer("wang")
    for officer, status in (("wang", 200), ("nobody", 403)):
        reply = call("GET", "/v1/officer/me", officer=officer, headers=FOREIGN)
        assert reply.status == status
        assert_open_to_none(reply)
