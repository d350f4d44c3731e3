"""A second press comes before it is shown that the first one works: it does nothing."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.residents import Resident, own_report, phone_photo
from tests.local.stack import Stack

pytestmark = pytest.mark.thorough


def _press_twice(button: Locator) -> None:
    button.evaluate("button => { button.click(); button.click(); }")


def test_a_double_press_sends_one_report(page: Page) -> None:
    resident = Resident(page).begin_kept("Pressed twice.")
    _press_twice(resident.button("send"))
    resident.receipt()
    resident.button("start").click()
    expect(page.get_by_role("button", name="Show or erase my receipt")).to_have_count(1)
    assert resident.kept_rows() == 1


def test_a_double_press_sends_one_message(page: Page, stack: Stack) -> None:
    resident = Resident(page)
    receipt = resident.file_and_open()
    page.get_by_label("Write to the police").fill("Pressed twice.")
    _press_twice(page.get_by_role("button", name="Send", exact=True))
    expect(page.get_by_text("Your message is sent.")).to_be_visible()
    expect(page.locator(".message--waiting")).to_have_count(0)
    assert [one["text"] for one in own_report(stack, receipt)["messages"]] == ["Pressed twice."]


def test_a_double_press_adds_files_once(page: Page, stack: Stack) -> None:
    resident = Resident(page)
    receipt = resident.file_and_open()
    page.get_by_role("button", name="Add photos, videos or sound").click()
    add = page.get_by_role("button", name="Send the files")
    _press_twice(add)
    expect(page.locator(".error-summary")).to_be_focused()
    resident.photograph(phone_photo())
    expect(page.get_by_text("Removed from it")).to_be_visible()
    _press_twice(add)
    expect(page.get_by_text("The files are sent.")).to_be_visible()
    assert len(own_report(stack, receipt)["media"]) == 1
