"""A report that an officer enters: nothing typed is lost, and the receipt can be read out."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.console_pages import go
from tests.browser.officers import LI, sign_in
from tests.browser.screens import (
    assert_usable,
    axe_violations,
    press,
    scrolls_sideways,
    take_pictures,
)


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    """The form, with what every report needs."""
    page = open_page("/console/new", permissions=["clipboard-read", "clipboard-write"])
    sign_in(page)
    page.get_by_label("Category").select_option("missing_elderly")
    page.get_by_label("What happened").fill("My mother has not come home.")
    return page


def send(page: Page) -> None:
    page.get_by_role("button", name="Enter the report").click()


def summary(page: Page) -> str:
    """Return what the page says is wrong, once it has said it."""
    box = page.locator(".error-summary")
    expect(box).to_be_focused()
    return box.inner_text()


def test_an_address_is_kept_with_its_district_and_never_dropped(page: Page) -> None:
    page.get_by_label("Address").fill("Sanlitun Road 11")
    page.get_by_label("About how old is the person?").fill("81")
    send(page)
    assert "Choose the district of this address." in summary(page)
    district = page.get_by_label("District or police station")
    expect(district).to_have_attribute("aria-invalid", "true")
    district.select_option("chaoyang")
    expect(page.locator(".error-summary")).to_have_count(0)
    send(page)
    receipt = page.locator(".receipt__code code")
    expect(receipt).to_have_text(re.compile(r"^(\w{4} ){6}\w{2}$"))
    expect(page.get_by_text("110")).to_have_count(0)
    press(page, "Copy", shows="Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == receipt.inner_text().replace(" ", "")
    page.get_by_role("button", name="I have given it to the caller").click()
    page.get_by_role("link", name="Open the report").click()
    expect(page.get_by_text("Chaoyang, Sanlitun Road 11").first).to_be_visible()
    expect(page.get_by_role("region", name="Report", exact=True)).to_contain_text("81")


def test_no_click_loses_a_receipt_that_the_caller_has_not_got(page: Page) -> None:
    # Another page of the console is behind this one.
    page.get_by_role("link", name="Dashboard").click()
    go(page, "/console/new")
    page.get_by_label("Category").select_option("missing_elderly")
    page.get_by_label("What happened").fill("My mother has not come home.")
    send(page)
    receipt = page.locator(".receipt__code code")
    expect(receipt).to_be_visible()
    expect(page.get_by_role("link", name="Open the report")).to_have_count(0)
    asked = page.get_by_role("dialog", name="Does the caller have the receipt?")
    page.get_by_role("link", name="Bulletins").click()
    expect(asked).to_be_visible()
    assert axe_violations(page) == []
    asked.get_by_role("button", name="Not yet: back to the receipt").click()
    expect(receipt).to_be_visible()
    page.evaluate("history.back()")
    expect(asked).to_be_visible()
    assert page.url.endswith("/console/new")
    page.keyboard.press("Escape")
    expect(asked).to_be_hidden()
    # A reload asks by the browser's own question.
    page.once("dialog", lambda dialog: dialog.dismiss())
    with page.expect_event("dialog"):
        page.evaluate("setTimeout(() => location.reload())")
    expect(receipt).to_be_visible()
    page.get_by_role("link", name="Bulletins").click()
    asked.get_by_role("button", name="Yes, leave this page").click()
    expect(page.get_by_role("heading", name="Bulletins", level=1)).to_be_visible()


@pytest.mark.thorough
def test_a_place_is_tapped_on_the_map_of_its_district(page: Page) -> None:
    canvas = page.locator(".map__room[data-state=drawn] canvas")
    canvas.click()
    district = page.get_by_label("District or police station")
    expect(district).not_to_have_value("")
    expect(page.get_by_label("Latitude")).to_have_value("")
    canvas.click()
    expect(page.get_by_label("Latitude")).to_have_value(re.compile(r"^\d\d\.\d{5}$"))
    page.get_by_role("button", name="Whole city").click()
    expect(district).to_have_value("")
    expect(page.get_by_label("Latitude")).to_have_value("")


@pytest.mark.thorough
def test_what_the_service_refuses_is_said_at_its_field(page: Page) -> None:
    page.get_by_label("Telephone").fill("call me")
    send(page)
    assert summary(page)
    expect(page.get_by_label("Telephone")).to_have_attribute("aria-invalid", "true")


# What is typed into the form beside the category and what happened.
MORE = {
    "How it came": "desk",
    "District or police station": "chaoyang",
    "Address": "Sanlitun Road 11",
    "Name of the caller": "Li Hua",
    "Telephone": "13800138000",
}


def test_a_form_that_is_left_is_there_on_return(page: Page) -> None:
    for label, value in MORE.items():
        field = page.get_by_label(label)
        if field.evaluate("field => field.matches('select')"):
            field.select_option(value)
        else:
            field.fill(value)
    page.get_by_role("link", name="Dashboard").click()
    expect(page.get_by_role("heading", name="Dashboard", level=1)).to_be_visible()
    page.get_by_role("button", name=LI).click()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Stay signed in").click()
    page.once("dialog", lambda dialog: dialog.dismiss())
    with page.expect_event("dialog"):
        page.evaluate("setTimeout(() => location.reload())")
    go(page, "/console/new")
    expect(page.get_by_label("Category")).to_have_value("missing_elderly")
    expect(page.get_by_label("What happened")).to_have_value("My mother has not come home.")
    for label, value in MORE.items():
        expect(page.get_by_label(label)).to_have_value(value)


@pytest.mark.thorough
def test_a_form_is_emptied_and_then_asks_nothing(page: Page) -> None:
    page.get_by_label("Latitude").fill("39.93")
    send(page)
    assert summary(page)
    empty = page.get_by_role("button", name="Empty the form")
    empty.click()
    expect(empty).to_have_count(0)
    expect(page.get_by_role("heading", name="Enter a report")).to_be_focused()
    expect(page.locator(".error-summary")).to_have_count(0)
    for label in ("Category", "What happened", "Latitude"):
        expect(page.get_by_label(label)).to_have_value("")
    page.get_by_role("button", name=LI).click()
    page.get_by_role("button", name="Sign out").click()
    # Nobody is asked: the local sign-in page says that it is done.
    expect(page.locator(".frame")).to_have_count(0)


@pytest.mark.thorough
def test_a_report_that_was_created_leaves_an_empty_form(page: Page) -> None:
    send(page)
    page.get_by_role("button", name="I have given it to the caller").click()
    page.get_by_role("button", name="Enter another one").click()
    expect(page.get_by_label("What happened")).to_have_value("")
    expect(page.get_by_role("button", name="Empty the form")).to_have_count(0)


@pytest.mark.thorough
def test_a_form_that_is_left_while_it_is_sent_has_its_receipt_on_return(page: Page) -> None:
    held: list[Route] = []
    page.route("**/v1/officer/reports", lambda route: held.append(route), times=1)
    send(page)
    expect(page.locator("button[type=submit]")).to_have_attribute("aria-busy", "true")
    page.get_by_role("link", name="Dashboard").click()
    expect(page.get_by_role("heading", name="Dashboard", level=1)).to_be_visible()
    with page.expect_response("**/v1/officer/reports") as first:
        held[0].continue_()
    first.value.finished()
    go(page, "/console/new")
    expect(page.get_by_label("What happened")).to_have_value("My mother has not come home.")
    with page.expect_response("**/v1/officer/reports") as again:
        send(page)
    # The same report, and its receipt is in sight.
    assert (first.value.status, again.value.status) == (201, 200)
    expect(page.locator(".receipt__code code")).to_be_visible()


@pytest.mark.thorough
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_anybody_can_enter_a_report(open_page: OpenPage, language: str, scheme: str) -> None:
    page = open_page("/console/new", language=language, color_scheme=scheme)
    sign_in(page)
    page.locator("#entry-address").fill("三里屯路 11 号")
    page.locator("#entry-lat").fill("39.93")
    page.locator("button[type=submit]").click()
    summary(page)
    assert_usable(page, f"console-entry-wrong-{language}-{scheme}")
    page.locator("#entry-lat").fill("")
    page.locator("#entry-area").select_option("chaoyang")
    page.locator("#entry-category").select_option("other")
    page.locator("#entry-text").fill("!")
    page.set_viewport_size({"width": 320, "height": 640})
    assert not scrolls_sideways(page)
    take_pictures(page, f"console-entry-place-{language}-{scheme}")
    page.locator("button[type=submit]").click()
    expect(page.locator(".receipt__code")).to_be_visible()
    assert_usable(page, f"console-entry-receipt-{language}-{scheme}")
