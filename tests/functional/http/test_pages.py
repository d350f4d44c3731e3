"""The start page and the pages of the API's documents need no other host."""

from urllib.parse import urljoin, urlsplit

import pytest

from app import app
from chalicelib.kernel.languages import LANGUAGES, text
from tests import events
from tests.client import call, new_key
from tests.functional.bulletins.test_bulletin_pages import Parsed, policy_of

pytestmark = pytest.mark.usefixtures("aws")


def page_at(path: str) -> str:
    """Return the page as a gateway serves it under the full path `path`."""
    event = events.api_request(
        "GET", "/", "/", headers={}, query={}, parameters=None, content=None, request_id=new_key()
    )
    event["requestContext"]["path"] = path
    return str(app(event, None)["body"])


def test_it_is_a_page_in_every_language() -> None:
    page = call("GET", "/")

    assert page.status == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "public, max-age=300"
    assert Parsed(page.text).sections == list(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_shows_the_emergency_number(language: str) -> None:
    assert text("emergency.text", language) in call("GET", "/").text


def test_its_links_lead_to_the_documentation_and_the_catalogue() -> None:
    links = set(Parsed(call("GET", "/").text).links)

    assert links == {"docs", "openapi.json", "v1/catalogue"}
    assert {call("GET", f"/{link}").status for link in links} == {200}


@pytest.mark.parametrize("path", ["/", "/api/", "/api", "/city/tips"])
def test_its_links_hold_behind_any_prefix(path: str) -> None:
    below = path.rstrip("/")
    links = Parsed(page_at(path)).links

    assert {urljoin(f"https://gateway.example{path}", link) for link in links} == {
        f"https://gateway.example{below}/{each}"
        for each in ("docs", "openapi.json", "v1/catalogue")
    }


def test_it_runs_no_script_and_loads_nothing() -> None:
    page = call("GET", "/")
    policy = policy_of(page)

    assert policy["default-src"] == "'none'"
    assert "script-src" not in policy
    assert "script" not in Parsed(page.text).tags
    assert "http" not in page.text


PATHS = ["/docs", "/docs-officers", "/docs/rapidoc.js", "/openapi.json", "/openapi-officers.json"]


def addresses_on(page: str) -> list[str]:
    attributes = Parsed(page).attributes
    return [value for _, name, value in attributes if name in ("src", "href", "spec-url")]


def test_it_is_a_page() -> None:
    page = call("GET", "/docs")

    assert page.status == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.text.startswith("<!doctype html>")


def test_each_page_shows_its_document_and_leads_to_the_other() -> None:
    for path, document, other in (
        ("/docs", "openapi.json", "docs-officers"),
        ("/docs-officers", "openapi-officers.json", "docs"),
    ):
        page = call("GET", path).text
        assert f'spec-url="{document}"' in page
        assert {document, other} < set(addresses_on(page))


@pytest.mark.parametrize("page", ["/docs", "/docs-officers"])
def test_everything_on_it_comes_from_here_behind_any_prefix(page: str) -> None:
    addresses = addresses_on(call("GET", page).text)
    for prefix in ("https://api.example", "https://gateway.example/stage"):
        for address in addresses:
            if not address.startswith("data:"):
                absolute = urljoin(f"{prefix}{page}", address)
                assert absolute.startswith(f"{prefix}/")
                assert (
                    call("GET", urlsplit(absolute).path.removeprefix(urlsplit(prefix).path)).status
                    == 200
                )


def test_it_forbids_whatever_is_not_from_here() -> None:
    page = call("GET", "/docs")
    policy = policy_of(page)

    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert "http" not in page.headers["content-security-policy"]
    scripts = [name for tag, name, _ in Parsed(page.text).attributes if tag == "script"]
    assert scripts.count("src") == Parsed(page.text).tags.count("script")
    assert 'load-fonts="false"' in page.text


def test_its_program_is_kept_under_an_address_that_changes_with_it() -> None:
    page = call("GET", "/docs").text
    program = call("GET", "/docs/rapidoc.js")

    assert f'src="docs/rapidoc.js?{program.headers["etag"][1:17]}"' in page
    assert program.headers["content-type"] == "text/javascript; charset=utf-8"
    assert "immutable" in program.headers["cache-control"]
    assert "rapi-doc" in program.text


@pytest.mark.parametrize("path", PATHS)
def test_caches_keep_a_compressed_response_apart(path: str) -> None:
    """The gateway compresses, and does not say so itself."""
    reply = call("GET", path)
    assert reply.headers["cache-control"].startswith("public")
    assert reply.headers["vary"].split(", ")[0] == "Accept-Encoding"


@pytest.mark.parametrize("path", PATHS)
def test_whoever_has_a_part_of_it_gets_it_without_a_body_and_caches_may_keep_it(path: str) -> None:
    first = call("GET", path)
    again = call("GET", path, headers={"If-None-Match": first.headers["etag"]})

    assert (first.status, again.status, again.text) == (200, 304, "")
    assert first.headers["cache-control"].startswith("public, max-age=")
    assert "Accept-Encoding" in first.headers["vary"]
    assert again.headers["etag"] == first.headers["etag"]
