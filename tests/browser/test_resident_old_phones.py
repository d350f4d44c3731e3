"""Browsers that can or may do less: hardened ones, old ones, ones inside of apps."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import chromium
from tests.browser.conftest import OpenPage
from tests.browser.residents import CHALLENGE, Resident, in_a_flood, own_report, phone_photo
from tests.local.stack import Stack

# What Tor Browser at "Safer" and the browsers of some apps take away.
HARDENED = """
delete window.WebAssembly;
window.Worker = class { constructor() { throw new Error('workers are blocked'); } };
Object.defineProperty(window, 'indexedDB', {value: undefined});
Object.defineProperty(navigator, 'serviceWorker', {value: undefined});
Object.defineProperty(navigator, 'locks', {value: undefined});
Object.defineProperty(navigator, 'clipboard', {value: undefined});
Object.defineProperty(navigator, 'geolocation', {value: undefined});
delete window.BroadcastChannel;
delete window.localStorage;
Object.defineProperty(window, 'localStorage', {get() { throw new Error('refused'); }});
delete crypto.randomUUID;
HTMLCanvasElement.prototype.getContext = () => { throw new Error('the canvas is poisoned'); };
delete window.OffscreenCanvas;
HTMLDialogElement.prototype.showModal = undefined;
"""


@pytest.fixture(scope="module")
def jitless(browser: Browser) -> Iterator[Browser]:
    started = browser.browser_type.launch(
        executable_path=chromium.find(), args=[*chromium.arguments(), "--js-flags=--jitless"]
    )
    yield started
    started.close()


@pytest.mark.thorough
def test_a_browser_without_most_things_sends_a_photo(jitless: Browser, stack: Stack) -> None:
    page = jitless.new_context(base_url=stack.api, locale="en").new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.add_init_script(HARDENED)
    in_a_flood(page)
    page.goto("/")
    resident = Resident(page).begin("From a careful person.")
    page.get_by_text("Where was it?").first.click()
    page.get_by_label("Here, where I am").check()
    expect(page.get_by_text("This browser cannot tell where you are.").first).to_be_visible()
    resident.photograph(phone_photo())
    with page.expect_request(lambda request: request.method == "POST") as sent:
        resident.send()
    receipt = resident.receipt()
    assert sent.value.headers["tipline-proof"].startswith(CHALLENGE.format(bits=8, rounds=2))
    report = own_report(stack, receipt)
    assert (report["text"], len(report["media"])) == ("From a careful person.", 1)
    resident.press("copy", shows="Copying does not work here.")
    assert errors == []


@pytest.mark.thorough
def test_large_letters_lose_nothing(open_page: OpenPage) -> None:
    """At 400 % a screen of 1280 px has 320: the bars no longer stay in sight then."""
    page = open_page(viewport={"width": 320, "height": 256})
    resident = Resident(page).begin()
    assert page.locator(".top").evaluate("top => getComputedStyle(top).position") == "static"
    assert page.locator(".send").evaluate("bar => getComputedStyle(bar).position") == "static"
    resident.finish("Read at 400 %.")


@pytest.mark.thorough
def test_who_wants_no_motion_gets_none(open_page: OpenPage) -> None:
    page = open_page(reduced_motion="reduce")
    Resident(page).begin()
    durations = page.evaluate(
        "[...document.querySelectorAll('*')].map(one => getComputedStyle(one).transitionDuration)"
    )
    assert {duration for duration in durations if float(duration.rstrip("s")) > 0.001} == set()
