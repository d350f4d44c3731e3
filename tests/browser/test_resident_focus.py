"""A resident without a mouse or without sight: no step loses the focus, and each says what came."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.residents import Officer, Resident, own_report, phone_photo
from tests.local.stack import Stack


@pytest.fixture
def press(page: Page) -> Callable[[str], None]:
    """Press a button by the keyboard."""

    def pressed(name: str) -> None:
        button = page.get_by_role("button", name=name).first
        expect(button).to_be_visible()
        expect(page.locator("main :focus")).to_have_count(1)
        button.press("Enter")

    return pressed


def _button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def test_writing_loses_no_focus(page: Page, press: Callable[[str], None]) -> None:
    resident = Resident(page).begin()
    resident.photograph(phone_photo())
    resident.photograph(phone_photo())
    said = page.get_by_role("status").filter(has_text="file")
    expect(said).to_have_text("Chosen: Photo 2. There are 2 files.")
    press("Remove Photo 1")
    expect(page.get_by_role("heading", name="Photos, videos and sound")).to_be_focused()
    expect(said).to_have_text("Removed: Photo 1. There is 1 file.")
    press("Choose another category")
    expect(page.get_by_role("radio", name="Missing elderly person")).to_be_focused()
    press("Erase and go back")
    expect(page.get_by_role("group", name="Erase this report?")).to_be_focused()
    press("No, go on writing")
    expect(_button(page, "Erase and go back")).to_be_focused()


def test_what_was_begun_is_erased_after_a_question(
    page: Page, press: Callable[[str], None]
) -> None:
    resident = Resident(page).begin("He wears a blue coat.")
    resident.button("start").click()
    press("Erase it")
    expect(page.get_by_role("group", name="Erase this report?")).to_be_focused()
    press("No, keep it")
    expect(_button(page, "Go on with it")).to_be_focused()
    assert resident.kept_rows() == 1
    press("Erase it")
    press("Yes, erase it")
    expect(page.get_by_text("The report that you had begun is erased.")).to_be_visible()
    expect(resident.heading("Tell the police what you saw")).to_be_focused()
    assert resident.kept_rows() == 0


def test_enter_in_a_field_sends_nothing(page: Page) -> None:
    resident = Resident(page).begin("He wears a blue coat.")
    page.get_by_text("When was it?").first.click()
    page.get_by_label("Day and time").fill("2026-11-26T08:30")
    page.get_by_label("Day and time").press("Enter")
    page.get_by_text("How to reach you").click()
    page.get_by_label("Name").fill("Li")
    page.get_by_label("Name").press("Enter")
    expect(page.get_by_label("Name")).to_be_focused()
    resident.send()
    assert resident.receipt()


@pytest.mark.thorough
def test_the_receipt_and_the_report_lose_no_focus(
    page: Page, stack: Stack, press: Callable[[str], None]
) -> None:
    resident = Resident(page)
    receipt = resident.file()
    press("I have kept it")
    press("No, leave it here")
    expect(resident.button("have")).to_be_focused()
    press("Erase it without keeping the receipt")
    press("No, keep it")
    expect(resident.button("erase")).to_be_focused()
    press("Open my report")
    press("Withdraw the report")
    press("No, keep it")
    expect(_button(page, "Withdraw the report")).to_be_focused()
    Officer(stack).change(
        own_report(stack, receipt)["id"],
        status="closed",
        disposition="resolved",
        reason="He is at home.",
    )
    press("Check for updates")
    page.get_by_role("region", name="One question").get_by_role("button", name="Yes").press("Enter")
    expect(page.get_by_role("heading", name="Closed")).to_be_focused()
    press("It is not resolved yet")
    expect(page.get_by_label("Open the report again")).to_be_focused()


@pytest.mark.thorough
def test_more_files_lose_no_focus(page: Page, press: Callable[[str], None]) -> None:
    resident = Resident(page)
    resident.file()
    press("Open my report")
    press("Add photos, videos or sound")
    expect(page.get_by_label("Take a photo")).to_be_focused()
    press("Send the files")
    problem = page.get_by_role("alert").filter(has_text="Attach a file first.")
    expect(problem).to_be_focused()
    resident.photograph(phone_photo())
    expect(problem).to_have_count(0)
    press("Send the files")
    expect(page.get_by_text("The files are sent.")).to_be_visible()
    expect(_button(page, "Add photos, videos or sound")).to_be_focused()
    expect(page.get_by_text("Photo 1 Arrived")).to_be_visible()


@pytest.mark.thorough
def test_a_step_that_changes_nothing_says_so(page: Page, press: Callable[[str], None]) -> None:
    Resident(page).file()
    press("Open my report")
    press("Check for updates")
    expect(page.get_by_role("status").filter(has_text="There is nothing new.")).to_be_visible()
    message = page.get_by_label("Write to the police")
    page.get_by_role("button", name="Send", exact=True).press("Enter")
    expect(message).to_be_focused()
    expect(message).to_have_accessible_description("Error: Write something first.")
    message.press_sequentially("He")
    expect(message).to_have_accessible_description("")
    expect(message).to_be_focused()


@pytest.mark.thorough
def test_a_choice_does_not_move_the_categories(open_page: OpenPage) -> None:
    page = open_page(viewport={"width": 360, "height": 740})
    page.locator(".red-button").click()
    labels = page.locator("form.write > .choices .choice")
    expect(labels.first).to_be_visible()

    def sizes() -> list[object]:
        found: list[object] = labels.evaluate_all(
            "all => all.map(one => [one.offsetWidth, one.offsetHeight])"
        )
        return found

    before = sizes()
    labels.first.click()
    expect(labels.first.locator("input")).to_be_checked()
    assert sizes() == before
