"""What a locked or signed-out console lets in: whoever types the password, and nobody else."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser import chromium
from tests.browser.conftest import PATIENCE_MS, OpenPage
from tests.browser.officers import LI, Resident, sign_in, sign_in_by_clock
from tests.local.stack import Stack

LOCKED = "The screen is locked"


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    return sign_in_by_clock(open_page("/console/"))


@pytest.fixture
def browser_with_memory(browser: Browser) -> Iterator[Browser]:
    """A browser whose back button shows a page as it was left, as those of people do."""
    started = browser.browser_type.launch(
        executable_path=chromium.find(),
        args=chromium.arguments(),
        ignore_default_args=["--disable-back-forward-cache"],
    )
    yield started
    started.close()


def second_tab(page: Page) -> Page:
    other = page.context.new_page()
    other.goto("/console/")
    expect(other.locator(".frame")).to_be_visible()
    return other


def lock(page: Page) -> None:
    page.get_by_role("button", name=LI).click()
    page.get_by_role("button", name="Lock the screen").click()
    expect(page.get_by_role("heading", name=LOCKED)).to_be_visible()


def sign_out(page: Page) -> None:
    page.get_by_role("button", name=LI).click()
    page.get_by_role("button", name="Sign out").click()


def marked(page: Page) -> bool:
    return bool(page.evaluate("'tipline.locked' in localStorage"))


def test_back_after_a_sign_out_shows_nothing_of_before(
    browser_with_memory: Browser, stack: Stack
) -> None:
    resident = Resident(stack.api, text="What nobody else may read.")
    context = browser_with_memory.new_context(base_url=stack.api, locale="en")
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(f"/console/reports/{resident.id}")
    sign_in(page)
    expect(page.get_by_text("What nobody else may read.")).to_be_visible()
    page.evaluate("window.isOfBefore = true")
    with page.expect_event("load"):
        sign_out(page)
    assert not page.evaluate("window.isOfBefore")
    expect(page.get_by_role("heading", name="You are signed out.")).to_be_visible()
    page.go_back(wait_until="commit")
    assert page.evaluate("window.isOfBefore"), "the browser has not kept the page"
    expect(page.get_by_role("heading", name="You are signed out.")).to_be_visible()
    expect(page.get_by_text("What nobody else may read.")).to_have_count(0)
    # Nothing of it is left to go on with either.
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name=LI)).to_be_visible()
    assert "/login" in page.url


@pytest.mark.thorough
def test_a_sign_out_that_does_not_reach_the_issuer_asks_for_the_password(page: Page) -> None:
    page.route("**/logout?*", lambda route: route.abort("aborted"))
    with page.expect_request("**/logout?*"):
        sign_out(page)
    expect(page.get_by_role("heading", name="You are signed out.")).to_be_visible()
    # Its session at the issuer goes on, and is no way in.
    page.reload()
    page.get_by_role("button", name="Sign in").click()
    sign_in(page)


def test_a_tab_whose_sign_in_has_ended_is_locked_with_the_others(page: Page) -> None:
    other = second_tab(page)
    other.route("**/v1/officer/pulse", lambda route: route.fulfill(status=401, json={}))
    other.clock.run_for(10_000)
    expect(other.get_by_role("heading", name="Your sign-in has ended")).to_be_visible()
    other.unroute("**/v1/officer/pulse")
    lock(page)
    expect(other.get_by_role("heading", name=LOCKED)).to_be_visible()
    with other.expect_popup() as popup:
        other.get_by_role("button", name="Sign in again").click()
    password = popup.value.get_by_role("button", name=LI)
    expect(password).to_be_visible()
    assert marked(page)
    password.click()
    expect(other.locator(".frame")).to_be_visible()
    expect(page.locator(".frame")).to_be_hidden()


@pytest.mark.thorough
def test_a_window_that_asked_for_no_password_opens_no_screen_that_was_locked_meanwhile(
    page: Page,
) -> None:
    other = second_tab(page)
    other.route("**/v1/officer/pulse", lambda route: route.fulfill(status=401, json={}))
    other.clock.run_for(10_000)
    held: list[Route] = []
    other.route("**/oauth2/token", lambda route: held.append(route))
    with other.expect_popup(), other.expect_request("**/oauth2/token"):
        other.get_by_role("button", name="Sign in again").click()
    lock(page)
    expect(other.get_by_role("heading", name=LOCKED)).to_be_visible()
    held[0].continue_()
    expect(other.get_by_text("The screen was locked meanwhile.")).to_be_visible()
    expect(other.locator(".frame")).to_be_hidden()
    assert marked(page)


@pytest.mark.thorough
def test_a_tab_that_was_on_its_way_in_when_another_was_locked_asks_for_the_password(
    page: Page,
) -> None:
    other = page.context.new_page()
    held: list[Route] = []
    other.route("**/oauth2/token", lambda route: held.append(route))
    with other.expect_request("**/oauth2/token"):
        other.goto("/console/")
    lock(page)
    held[0].continue_()
    other.wait_for_url("**/login?*")
    assert marked(page)
    other.unroute("**/oauth2/token")
    sign_in(other)
    assert not marked(other)


def test_a_lock_is_not_undone_from_the_address_bar(page: Page) -> None:
    lock(page)
    other = page.context.new_page()
    other.goto("/console/")
    other.wait_for_url("**/login?*")
    asks = re.sub(r"&(prompt=login|max_age=0)", "", other.url)
    assert asks != other.url
    other.goto(asks.replace("/login?", "/oauth2/authorize?"))
    expect(other.get_by_role("heading", name="You are not signed in")).to_be_visible()
    expect(other.get_by_text("did not ask for the password")).to_be_visible()
    expect(other.locator(".frame")).to_have_count(0)
    assert marked(page)
    other.get_by_role("button", name="Try again").click()
    sign_in(other)
    assert not marked(other)


@pytest.mark.thorough
def test_a_page_that_back_brings_again_has_not_missed_a_lock(page: Page) -> None:
    # No message of other tabs reaches a page that the browser only remembers.
    page.evaluate(
        """() => {
          localStorage['tipline.locked'] = '0';
          dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
        }"""
    )
    expect(page.get_by_role("heading", name=LOCKED)).to_be_visible()
    expect(page.locator(".frame")).to_be_hidden()
