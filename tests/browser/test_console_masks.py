"""Two officers mask words about another person, by what they select; the reporter reads why."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.officers import ZHAO, Resident, sign_in
from tests.browser.screens import axe_violations, press, scrolls_sideways
from tests.browser.test_console import open_report
from tests.local.stack import Stack

pytestmark = pytest.mark.thorough

TEXT = "Beside him stood Chen Wei, a neighbour."
SELECT = """words => {
  const [element] = document.getElementsByClassName('report__text');
  const [text] = element.childNodes, start = text.data.indexOf(words);
  getSelection().setBaseAndExtent(text, start, text, start + words.length);
}"""


def propose(page: Page, words: str) -> None:
    page.evaluate(SELECT, words)
    press(page, "Mask words…", shows=f"Selected: “{words}”")
    press(page, "Propose the mask", shows="Proposed. Another officer has to approve it.")


def test_two_officers_mask_what_is_selected(open_page: OpenPage, stack: Stack) -> None:
    resident = Resident(stack.api, text=TEXT)
    page = open_report(open_page, resident.id)
    propose(page, "Chen Wei")
    page.get_by_role("button", name="Read the words").click()
    expect(page.get_by_role("button", name="Take it back")).to_be_visible()

    other = open_report(open_page, resident.id, ZHAO)
    expect(other.get_by_text("Mask waits for approval")).to_be_visible()
    other.get_by_role("button", name="Read the words").click()
    expect(other.locator("mark")).to_have_text("Chen Wei")
    assert axe_violations(other) == []
    press(other, "Mask these words", shows="The words are masked.")
    expect(other.locator(".report__text")).to_have_text("Beside him stood ███, a neighbour.")
    assert "Chen Wei" not in other.content()
    assert resident.read()["masks"][0]["part"] == "text"


def test_a_request_is_registered_names_a_report_and_is_carried_out_by_a_mask(
    open_page: OpenPage, stack: Stack
) -> None:
    resident = Resident(stack.api, text=TEXT)
    page = open_report(open_page, resident.id)
    page.goto("/console/requests")
    page.get_by_label("Asks for").select_option("erasure")
    page.get_by_label("What they ask for, in their words").fill("Take my name out.")
    page.get_by_label("E-mail").fill("chen@example.org")
    page.get_by_role("button", name="Register a request").click()
    heading = page.get_by_role("heading", name="Request 2")
    expect(heading).to_be_visible()
    number = heading.inner_text().removeprefix("Request ")
    expect(page.get_by_text("Take my name out.")).to_be_visible()

    page.goto(f"/console/reports/{resident.id}")
    page.get_by_text("Name this report in a request").first.click()
    page.get_by_label("Number of the request").fill(number)
    press(page, "Name this report in a request", shows="The request names this report now.")
    page.evaluate(SELECT, "Chen Wei")
    page.get_by_role("button", name="Mask words…").click()
    page.get_by_label("Carries out").select_option(number)
    press(page, "Propose the mask", shows="Proposed. Another officer has to approve it.")

    page.get_by_role("link", name="Requests of third persons").first.click()
    expect(page.get_by_role("link", name=f"Request {number}")).to_be_visible()
    assert axe_violations(page) == []
    assert not scrolls_sideways(page)


def test_words_are_selected_with_the_keyboard_alone_and_declined(
    open_page: OpenPage, stack: Stack
) -> None:
    resident = Resident(stack.api, text=TEXT)
    page = open_report(open_page, resident.id)
    page.get_by_role("button", name="Mask words…").press("Enter")
    page.get_by_role("button", name="Propose the mask").press("Enter")
    expect(page.get_by_text("Select the words in the text first.")).to_be_visible()
    box = page.get_by_label("Select the words to mask")
    expect(box).to_be_focused()
    box.press("Home")
    for _ in range(len("Beside")):
        box.press("Shift+ArrowRight")
    expect(page.get_by_text("Selected: “Beside”")).to_be_visible()
    assert axe_violations(page) == []
    page.get_by_label("Why").select_option(label="A court has ordered it")
    page.get_by_role("button", name="Propose the mask").press("Enter")
    expect(page.get_by_text("Proposed.")).to_be_visible()

    other = open_report(open_page, resident.id, ZHAO)
    other.get_by_role("button", name="Read the words").click()
    other.get_by_role("button", name="Decline…").click()
    other.get_by_label("Reason (on record)").fill("It says where.")
    press(other, "Decline", shows="Declined: nothing is masked.", exact=True)
    assert resident.read()["text"] == TEXT


def test_the_dialogs_fit_a_phone_in_chinese_at_night(open_page: OpenPage, stack: Stack) -> None:
    resident = Resident(stack.api, text=TEXT)
    page = open_page(f"/console/reports/{resident.id}", language="zh-CN", color_scheme="dark")
    page.set_viewport_size({"width": 360, "height": 800})
    sign_in(page)
    page.get_by_role("button", name="遮盖文字……").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert axe_violations(page) == []
    assert not scrolls_sideways(page)
