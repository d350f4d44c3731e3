"""What makers of apps expect of any HTTP API: where it is, how much is left, until when."""

from datetime import UTC, date, datetime, timedelta
from html import escape
from typing import Any
from urllib.parse import urlsplit

import pytest
from chalice.app import Request

from app import app
from chalicelib.http import index
from chalicelib.http.openapi import document
from chalicelib.http.problems import headers_of
from chalicelib.http.responses import rate_limit
from chalicelib.http.routes import Deprecated
from chalicelib.kernel import errors
from chalicelib.kernel.city import city
from chalicelib.kernel.languages import text
from infra.local.gateway.gateway import Gateway
from tests import events
from tests.client import Reply, call, new_key, report
from tests.steps import by_officer, by_reporter, file

pytestmark = pytest.mark.officers("wang")

TEXT = {"text": "It is still there."}
PLACE = {"lat": 39.9, "lon": 116.4}


def where(reply: Reply) -> str:
    assert reply.status == 201, reply.text
    return urlsplit(reply.headers["location"]).path


def test_what_was_created_says_where_it_is_read() -> None:
    reply = call("POST", "/v1/reports", report(), key=new_key())
    created = reply.json
    own, officers = f"/v1/reports/{created['id']}", f"/v1/officer/reports/{created['id']}"
    assert where(reply) == own
    assert where(by_reporter("POST", created, "/messages", TEXT)) == f"{own}/messages"
    assert where(by_reporter("POST", created, "/positions", PLACE)) == own
    assert where(by_officer("POST", created, "/notes", TEXT)) == f"{officers}/notes"
    assert call("GET", own, receipt=created["receipt"]).status == 200


def test_every_route_that_creates_has_an_address() -> None:
    assert [
        each.name for each in index.operations() if 201 in each.returns and not each.location
    ] == []


@pytest.mark.usefixtures("limits_on")
def test_a_paced_route_says_how_many_calls_are_left() -> None:
    created = file("traffic_violation", location={"lat": 39.92, "lon": 116.44})
    for below, body, window in (("messages", TEXT, 600), ("positions", PLACE, 200)):
        reply = by_reporter("POST", created, f"/{below}", body)
        assert reply.headers["ratelimit-policy"] == f'"default";q=20;w={window}'
        assert reply.headers["ratelimit"].startswith('"default";r=19;t=')


def test_what_is_left_is_counted_from_the_time_until_which_it_is_used_up() -> None:
    now, every = datetime(2026, 12, 1, tzinfo=UTC), timedelta(seconds=30)
    for before, left, again in ((-5, 19, 30), (0, 19, 30), (50, 17, 20), (570, 0, 30)):
        said = rate_limit(now + timedelta(seconds=before), now, 20, every)
        assert said["RateLimit"] == f'"default";r={left};t={again}'
    refused = headers_of(errors.SlowDown(7))
    assert refused == {"Retry-After": "7", "RateLimit": '"default";r=0;t=7'}


def test_a_deprecated_route_says_since_when_and_until_when() -> None:
    route = next(each for each in index.operations() if each.name == "get_health")
    ends = Deprecated(date(2026, 12, 1), date(2027, 12, 1), "GET /v2/health")
    declared = route._replace(deprecated=ends)
    sent: Any = {"headers": {}, "query": {}, "parameters": None, "content": None}
    event = events.api_request("GET", route.path, route.path, request_id="r", **sent)
    said = declared.serve(Request(event), {}).headers
    assert (said["Deprecation"], said["Sunset"]) == ("@1796083200", "Wed, 01 Dec 2027 00:00:00 GMT")
    described: Any = document([declared])["paths"]["/v1/health"]["get"]
    assert described["deprecated"] is True
    assert "GET /v2/health" in described["description"]
    assert {"Deprecation", "Sunset"} < described["responses"]["200"]["headers"].keys()


def test_a_wrong_method_is_405_with_those_that_there_are() -> None:
    gateway = Gateway(app)
    reply = gateway.response("PATCH", "/v1/reports/mine", [], b"", "192.0.2.1")
    assert (reply.status, dict(reply.headers)["Allow"]) == (405, "GET")
    assert b'"method_not_allowed"' in reply.body
    assert gateway.response("PATCH", "/v1/unknown", [], b"", "192.0.2.1").status == 404


def test_the_type_of_a_problem_leads_to_its_page_in_the_readers_language() -> None:
    refused = call("GET", "/v1/bulletins/unknown").json
    assert refused["type"] == f"{city().problem_types}{refused['code']}"
    path = f"/errors/{refused['code']}"
    for language in ("en", "zh"):
        page = call("GET", path, headers={"Accept-Language": language})
        assert (page.status, page.headers["content-language"]) == (200, language)
        assert text("error.not_found.title", language) in page.text
        assert "404 not_found" in page.text
        assert text("start.not_again", language) in page.text
    for code in ("unavailable", "slow_down"):
        assert text("start.again", "en") in call("GET", f"/errors/{code}").text
    again = call(
        "GET", path, headers={"If-None-Match": page.headers["etag"], "Accept-Language": "zh"}
    )
    assert again.status == 304
    assert call("GET", "/errors/%3Cscript%3E").status == 404


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("proof_required", "prove some work"),
        ("not_awaiting", "Load the report"),
        ("parts_missing", "then complete again"),
        ("size_mismatch", "then complete again"),
        ("upload_gone", "attach the file again"),
        ("upload_not_started", "Request part URLs"),
    ],
)
def test_the_page_of_an_error_that_names_the_next_call_says_nothing_else(
    code: str, said: str
) -> None:
    page = call("GET", f"/errors/{code}").text
    assert said in page
    assert not any(text(f"start.{each}", "en") in page for each in ("again", "not_again"))


@pytest.mark.parametrize(
    ("code", "named"), [("invalid", "field.empty_contact"), ("media_rejected", "reject.too_large")]
)
def test_the_page_of_an_error_explains_what_it_names(code: str, named: str) -> None:
    page = call("GET", f"/errors/{code}").text
    short = named.partition(".")[2]
    assert f"<dt><code>{short}</code></dt><dd>{escape(text(named, 'en'))}</dd>" in page
