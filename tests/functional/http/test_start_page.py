"""The page at the root explains the service, and has the emergency number and links."""

from html.parser import HTMLParser
from urllib.parse import urljoin

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
