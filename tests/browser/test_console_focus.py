"""What came of a step is said to whoever does not see the screen, and the focus is in sight."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.officers import Resident, sign_in, wait_until
from tests.local.stack import Stack

pytestmark = pytest.mark.thorough

# Keep all that is read out: some of it is there for a moment alone.
_LISTEN = """region => {
  window.heard = [];
  const watch = new MutationObserver(() => window.heard.push(region.textContent));
  watch.observe(region, { childList: true, subtree: true, characterData: true });
}"""


@pytest.fixture
def page(open_page: OpenPage, stack: Stack) -> Page:
    """A report, open on a desk."""
    resident = Resident(stack.api)
    page = open_page(f"/console/reports/{resident.id}")
    sign_in(page)
    expect(page.get_by_role("heading", name="Next step")).to_be_visible()
    return page


@pytest.mark.parametrize(
    ("button", "field", "error"),
    [
        ("Send", "Message to the reporter", "Write something first."),
        ("Add the note", "New note", "Write something first."),
        ("Send the pictures", "Pictures", "Choose a picture first."),
    ],
)
def test_what_is_missing_has_the_focus(page: Page, button: str, field: str, error: str) -> None:
    page.get_by_text("Send pictures to the reporter").click()
    page.get_by_role("button", name=button, exact=True).press("Enter")
    wrong = page.get_by_label(field, exact=True)
    expect(wrong).to_be_focused()
    expect(wrong).to_have_accessible_description(re.compile(error))


def test_a_missing_reason_has_the_focus(page: Page) -> None:
    page.get_by_role("button", name="Mute…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Mute it").press("Enter")
    expect(dialog.get_by_label("Reason")).to_be_focused()


def test_what_came_of_a_step_is_said(page: Page) -> None:
    page.get_by_role("button", name="Acknowledge and take").press("Enter")
    expect(page.get_by_role("heading", name="Next step")).to_be_focused()
    expect(page.get_by_role("status").get_by_text("The report is now: Ack")).to_be_visible()
    page.get_by_label("New note").fill("He is at home.")
    page.get_by_role("button", name="Add the note").press("Enter")
    expect(page.get_by_role("status").get_by_text("The note is added.")).to_be_visible()


def test_a_search_says_nothing_of_what_it_still_looks_for(page: Page) -> None:
    page.goto("/console/search")
    field = page.get_by_label("Find by number")
    field.fill("AB12345")
    field.press("Enter")
    said = page.locator(".search [role=status]")
    expect(said).to_contain_text("Nothing found for “AB12345”.")
    held: list[Route] = []
    page.route("**/v1/officer/search?*", lambda route: held.append(route))
    said.evaluate(_LISTEN)
    field.fill("CD98765")
    field.press("Enter")
    expect(said).to_have_text("Searching…")
    assert not [text for text in page.evaluate("window.heard") if "CD98765" in text]
    wait_until(page, lambda: bool(held))
    held[0].continue_()
    expect(said).to_contain_text("Nothing found for “CD98765”.")


def test_what_is_opened_below_the_conversation_is_scrolled_to(page: Page) -> None:
    page.get_by_text("Send pictures to the reporter").press("Enter")
    for control in (page.get_by_label("Pictures", exact=True), page.get_by_text("Send the pic")):
        page.keyboard.press("Tab")
        expect(control).to_be_focused()
        expect(control).to_be_in_viewport(ratio=1)


def test_the_focus_goes_from_column_to_column(page: Page) -> None:
    wanted = ("Template", "Message to the reporter", "Assigned to", "New note")
    seen = []
    for _ in range(45):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.labels?.[0]?.textContent ?? ''"))
    assert [label for label in seen if label in wanted][:4] == list(wanted)
