"""Pages of the console, each for an officer, and the API that they call beside it."""

import uuid
from collections.abc import Mapping
from functools import cache
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.officers import LI, Resident, officer_api, sign_in
from tests.local.stack import Stack

SUN = "Admin Sun"


def page_of(open_page: OpenPage, name: str, path: str, **context: Any) -> Page:
    """Open a page of the console as this officer, in a context of its own."""
    page = open_page(path, **context)
    sign_in(page, name)
    expect(page.locator("main h1")).to_be_visible()
    return page


def go(page: Page, path: str) -> None:
    """Go to another page of the console, as its links do, and wait until it has what it shows."""
    page.evaluate(
        "path => { history.pushState(null, '', path); dispatchEvent(new Event('popstate')) }", path
    )
    # Its program comes first, and then what it asks for.
    expect(page.locator("main h1").first).to_be_visible()
    expect(page.locator("main .spinner")).to_have_count(0)


def asked_in_a_minute(page: Page) -> list[str]:
    """Return what a page asks for in the next minute, but programs, which may be on their way."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(60_000)
    return [url for url in asked if "/assets/" not in url]


def call(
    stack: Stack,
    username: str,
    method: str,
    path: str,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
) -> Any:
    """Call the API as an officer. Returns the body of the response, or None without one."""
    key = {"Idempotency-Key": str(uuid.uuid4())}
    response = _api(stack, username)(method, path, body, **key, **(headers or {}))
    return response.json() if response.content else None


_api = cache(officer_api)


def opened(open_page: OpenPage, resident: Resident, name: str = LI, **context: Any) -> Page:
    """Open the report, with a clock that the test moves."""
    page = open_page(f"/console/reports/{resident.id}", **context)
    page.clock.install()
    sign_in(page, name)
    expect(page.locator("#next-step")).to_be_visible()
    page.wait_for_load_state("networkidle")
    return page
