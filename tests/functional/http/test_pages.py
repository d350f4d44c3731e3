"""The start page and the pages of the API's documents need no other host."""

import re
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest

from app import app
from chalicelib.kernel.languages import LANGUAGES, text
from tests import events
from tests.client import call, new_key

pytestmark = pytest.mark.usefixtures("aws")


class Page(HTMLParser):
    """The languages, links and tags of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.languages: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = dict(attributes)
        self.tags.add(tag)
        if tag == "section":
            self.languages.append(values["lang"] or "")
        if tag == "a":
            self.links.append(values["href"] or "")


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
    assert Page(page.text).languages == list(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_shows_the_emergency_number(language: str) -> None:
    assert text("emergency.text", language) in call("GET", "/").text


def test_its_links_lead_to_the_documentation_and_the_catalogue() -> None:
    links = set(Page(call("GET", "/").text).links)

    assert links == {"docs", "openapi.json", "v1/catalogue"}
    assert {call("GET", f"/{link}").status for link in links} == {200}


@pytest.mark.parametrize("path", ["/", "/api/", "/api", "/city/tips"])
def test_its_links_hold_behind_any_prefix(path: str) -> None:
    below = path.rstrip("/")
    links = Page(page_at(path)).links

    assert {urljoin(f"https://gateway.example{path}", link) for link in links} == {
        f"https://gateway.example{below}/{each}"
        for each in ("docs", "openapi.json", "v1/catalogue")
    }


def test_it_runs_no_script_and_loads_nothing() -> None:
    page = call("GET", "/")
    policy = dict(
        part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";")
    )

    assert policy["default-src"] == "'none'"
    assert "script-src" not in policy
    assert "script" not in Page(page.text).tags
    assert "http" not in page.text


PATHS = ["/docs", "/docs-officers", "/docs/rapidoc.js", "/openapi.json", "/openapi-officers.json"]


class Addresses(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inline = False
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = dict(attributes)
        self.found += [
            value for name, value in attributes if name in ("src", "href", "spec-url") and value
        ]
        self.inline |= tag == "script" and "src" not in values


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
        assert {document, other} < set(Addresses(page).found)


@pytest.mark.parametrize("page", ["/docs", "/docs-officers"])
def test_everything_on_it_comes_from_here_behind_any_prefix(page: str) -> None:
    addresses = Addresses(call("GET", page).text).found
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
    policy = dict(
        part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";")
    )

    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert "http" not in page.headers["content-security-policy"]
    assert not Addresses(page.text).inline
    assert 'load-fonts="false"' in page.text


def test_its_program_is_kept_under_an_address_that_changes_with_it() -> None:
    page = call("GET", "/docs").text
    program = call("GET", "/docs/rapidoc.js")

    assert re.search(r'src="docs/rapidoc\.js\?[0-9a-f]{16}"', page)
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


def test_the_address_of_the_program_changes_with_it_so_that_it_is_kept_for_ever() -> None:
    program = call("GET", "/docs/rapidoc.js")
    assert "immutable" in program.headers["cache-control"]
    assert f"rapidoc.js?{program.headers['etag'][1:17]}" in call("GET", "/docs").text
