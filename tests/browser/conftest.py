"""One browser and one stack for each process of the tests, with the seeded officers. They end with
the last of these tests, so that they do not work beside all others.

| fixture | is |
|---|---|
| `stack` | a local stack that serves the web clients; `stack.api` is its address |
| `browser` | the system's Chromium |
| `open_page` | opens a page in a context of its own: language, size, what Playwright takes |
| `page` | a page in English on a desk |
| `wrong` | what pages did that they may not; a test that wants it clears it |
| `language` | each language; `make test` has English alone |

A test that is marked `thorough` is left to `make web-check`; in `test_*_screens.py`, to `make
more-tests` as well. `make test` runs what takes a minute.
No test passes while a page breaks its content security policy, or fails in a script.
"""

from collections.abc import Iterator
from typing import Any, Protocol

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)

from infra.web.build import ROOT, NotBuilt, build
from tests.browser import chromium
from tests.local.stack import Stack

LANGUAGES = ("en", "zh-CN")
# What comes at all comes sooner, also on a machine that tests something else meanwhile.
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)
# Added to each document before its own scripts.
_WATCH = """
document.addEventListener('securitypolicyviolation', event => {
  reportViolation(`${event.effectiveDirective}: ${event.blockedURI} (${event.sourceFile})`);
});
"""


class OpenPage(Protocol):
    def __call__(self, path: str = "/", *, language: str = "en", **context: Any) -> Page: ...


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    path = chromium.find()
    if path is None:
        pytest.skip(chromium.NONE)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=path, args=chromium.arguments(), headless=True
        )
        yield started
        started.close()


@pytest.fixture(scope="package")
def stack(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """After `browser`: without one nothing is built, and no stack is started."""
    try:
        build(city=ROOT / "city", say=lambda text: None)
    except NotBuilt as error:
        pytest.fail(f"the web clients could not be built: {error}")
    started = Stack(tmp_path_factory.mktemp("browser"), WEB="on")
    yield started
    started.process.terminate()
    started.process.wait(60)


@pytest.fixture
def wrong() -> Iterator[list[str]]:
    """Collect what pages do against their policy, and what fails in their scripts."""
    found: list[str] = []
    yield found
    assert found == []


@pytest.fixture
def open_page(stack: Stack, browser: Browser, wrong: list[str]) -> Iterator[OpenPage]:
    contexts: list[BrowserContext] = []

    def opened(path: str = "/", *, language: str = "en", **context: Any) -> Page:
        settings = {"viewport": {"width": 1440, "height": 900}, "locale": language, **context}
        contexts.append(browser.new_context(base_url=stack.api, **settings))
        contexts[-1].expose_binding("reportViolation", lambda _, text: wrong.append(text))
        contexts[-1].add_init_script(_WATCH)
        contexts[-1].set_default_timeout(PATIENCE_MS)
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: wrong.append(f"script: {error}"))
        page.on("console", lambda message: wrong.extend(_complaints(message)))
        page.goto(path)
        return page

    yield opened
    for each in contexts:
        each.close()


def _complaints(message: ConsoleMessage) -> list[str]:
    """Return what a browser complains of: a header that it does not know, say. Responses with an
    error are a page's own matter, and a breach of the policy is reported as an event.
    """
    text = message.text
    if text.startswith("Failed to load resource") or "Content Security" in text:
        return []
    complains = message.type == "error" or text.startswith("Error with")
    return [f"console: {text}"] if complains else []


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    return open_page()


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)
