"""An officer's session: how it begins, outlives a reload, is locked, and ends."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.console_pages import asked_in_a_minute, go
from tests.browser.officers import LI, WANG, Resident, sign_in, sign_in_by_clock
from tests.local.stack import Stack

STORED = "JSON.stringify([{...localStorage}, {...sessionStorage}])"
PATIENT = "() => { const real = setTimeout; setTimeout = (act, ms) => real(act, ms && ms * 30) }"
TO_THE_WARNING, TO_THE_LOCK = 13 * 60_000 + 1000, 2 * 60_000


@pytest.fixture
def page(open_page: OpenPage, stack: Stack) -> Page:
    """A console whose clock can be moved, with an officer in it and a report in the list."""
    Resident(stack.api, "lost_and_found", "Found a key.")
    return sign_in_by_clock(open_page("/console/"))


def test_a_reload_stays_signed_in_and_nothing_is_stored(page: Page) -> None:
    assert page.evaluate(STORED) == "[{},{}]"
    page.reload()
    expect(page.get_by_role("heading", name="Reports", exact=True)).to_be_visible()
    assert page.evaluate(STORED) == "[{},{}]"
    assert "code=" not in page.url


@pytest.mark.thorough
def test_only_what_belongs_to_the_trip_is_stored_during_it(open_page: OpenPage) -> None:
    page = open_page("/console/dashboard")
    page.wait_for_url("**/login?**")
    # Another document of the console's origin in the same tab.
    page.goto("/icon.svg")
    kept = page.evaluate("JSON.parse(sessionStorage['tipline.sign-in'])")
    assert sorted(kept) == ["mark", "page", "state", "verifier"]
    assert kept["page"] == "/console/dashboard"
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 1]


@pytest.mark.thorough
def test_a_language_that_is_chosen_outlives_a_reload(page: Page) -> None:
    page.get_by_role("button", name=LI).click()
    page.get_by_role("button", name="中文").click()
    expect(page.get_by_role("heading", name="举报", level=1)).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="举报", level=1)).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    page.get_by_role("button", name=LI).click()
    page.get_by_role("button", name="退出登录").click()
    expect(page.get_by_role("heading", name="您已退出登录。")).to_be_visible()


def test_who_signs_out_in_one_tab_is_signed_out_in_all(page: Page) -> None:
    other = page.context.new_page()
    other.goto("/console/")
    expect(other.locator(".frame")).to_be_visible()
    page.get_by_role("button", name=LI).click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="You are signed out.")).to_be_focused()
    expect(other.get_by_role("heading", name="You are signed out.")).to_be_visible()
    expect(other.locator(".frame")).to_have_count(0)
    assert asked_in_a_minute(other) == []
    # Nothing of the first session is left at the issuer either.
    other.get_by_role("button", name="Sign in").click()
    expect(other.get_by_role("button", name=WANG)).to_be_visible()


def test_whoever_signs_out_is_asked_about_what_is_unsent_in_any_tab(page: Page) -> None:
    other = page.context.new_page()
    other.goto("/console/bulletins/new")
    other.get_by_label("Title, English").fill("Have you seen a white van?")
    # A busy tab is asked for longer than usual.
    page.evaluate(PATIENT)
    page.get_by_role("button", name=LI).click()
    page.get_by_role("button", name="Sign out").click()
    asked = page.get_by_role("dialog", name="Something is not sent")
    expect(asked).to_be_visible()
    asked.get_by_role("button", name="Stay signed in").click()
    expect(other.get_by_label("Title, English")).to_have_value("Have you seen a white van?")
    # Its own drafts, too; and after a yes the browser asks nothing more.
    other.get_by_role("button", name=LI).click()
    other.get_by_role("button", name="Sign out").click()
    other.get_by_role("button", name="Sign out and lose it").click()
    expect(other.get_by_role("heading", name="You are signed out.")).to_be_visible()
    expect(page.get_by_role("heading", name="You are signed out.")).to_be_visible()


def test_who_locks_one_tab_locks_all(page: Page) -> None:
    other = page.context.new_page()
    other.goto("/console/")
    expect(other.locator(".frame")).to_be_visible()
    page.get_by_role("button", name=LI).click()
    page.get_by_role("button", name="Lock the screen").click()
    for tab in (page, other):
        expect(tab.get_by_role("heading", name="The screen is locked")).to_be_visible()
        expect(tab.get_by_text("It was locked by hand.")).to_be_visible()
        expect(tab.locator(".frame")).to_be_hidden()
    assert asked_in_a_minute(other) == []


@pytest.mark.thorough
def test_an_answer_to_another_sign_in_is_refused(open_page: OpenPage) -> None:
    page = open_page("/console/")
    # It leads away by itself: that is over before another address is opened.
    page.wait_for_url("**/login?*")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/console/?code=stolen&state=unknown")
    expect(page.get_by_role("heading", name="You are not signed in")).to_be_visible()
    assert not any(url.endswith("/oauth2/token") for url in asked)
    page.get_by_role("button", name="Try again").click()
    sign_in(page)


@pytest.mark.thorough
def test_an_idle_screen_warns_and_whoever_is_there_goes_on(page: Page) -> None:
    page.clock.fast_forward(TO_THE_WARNING)
    expect(page.get_by_text("The screen locks soon")).to_be_visible()
    expect(page.get_by_role("button", name="Go on working")).to_be_visible()
    page.mouse.move(300, 300)
    expect(page.get_by_text("The screen locks soon")).to_have_count(0)
    page.clock.fast_forward(TO_THE_LOCK)
    expect(page.get_by_role("heading", name="The screen is locked")).to_have_count(0)


@pytest.mark.thorough
def test_a_locked_screen_keeps_what_was_written_for_its_officer_alone(
    page: Page, stack: Stack
) -> None:
    resident = Resident(stack.api)
    go(page, f"/console/reports/{resident.id}")
    page.get_by_label("New note").fill("Half a note")
    page.clock.fast_forward(TO_THE_WARNING)
    page.clock.fast_forward(TO_THE_LOCK)
    expect(page.get_by_role("heading", name="The screen is locked")).to_be_visible()
    expect(page.get_by_text("Parked cars.")).to_be_hidden()
    page.keyboard.press("Escape")
    assert asked_in_a_minute(page) == []

    with page.expect_popup() as popup:
        page.get_by_role("button", name="Sign in again").click()
    popup.value.get_by_role("button", name=WANG).click()
    expect(page.get_by_text("That is another officer.")).to_be_visible()
    expect(page.get_by_text("Parked cars.")).to_be_hidden()

    with page.expect_popup() as popup:
        page.get_by_role("button", name="Sign in again").click()
    popup.value.get_by_role("button", name=LI).click()
    expect(page.get_by_text("Parked cars.")).to_be_visible()
    expect(page.get_by_label("New note")).to_have_value("Half a note")
    page.get_by_role("button", name="Add the note").click()
    expect(page.locator(".notes")).to_contain_text("Half a note")


@pytest.mark.thorough
def test_a_token_is_renewed_before_it_ends(page: Page) -> None:
    with page.expect_response("**/v1/officer/pulse") as pulse:
        page.clock.fast_forward(10 * 60_000)
    pulse.value.finished()
    page.mouse.move(300, 300)
    with page.expect_response("**/oauth2/token") as renewal:
        page.clock.fast_forward(10 * 60_000)
    assert renewal.value.ok
    expect(page.locator(".counts")).to_contain_text(re.compile(r"\d"))


@pytest.mark.thorough
def test_whoever_loses_the_sign_in_can_go_on_with_a_new_one(page: Page) -> None:
    page.route("**/v1/officer/pulse", lambda route: route.fulfill(status=401, json={}))
    page.clock.run_for(10_000)
    expect(page.get_by_role("heading", name="Your sign-in has ended")).to_be_visible()
    page.unroute("**/v1/officer/pulse")
    # The issuer's session is good yet, so its page comes straight back.
    with page.expect_popup():
        page.get_by_role("button", name="Sign in again").click()
    expect(page.get_by_role("heading", name="Reports", exact=True)).to_be_visible()


def test_a_page_that_a_deployment_has_taken_away_says_so(open_page: OpenPage) -> None:
    page = open_page("/console/")
    # Three seconds after the sign-in the programs of all pages are loaded.
    page.route("**/assets/page-*.js", lambda route: route.abort())
    sign_in(page)
    page.get_by_role("link", name="Dashboard").click()
    expect(page.get_by_role("heading", name="This page could not be loaded")).to_be_focused()
    page.unroute("**/assets/page-*.js")
    page.get_by_role("button", name="Reload").click()
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()
