"""What is begun is one report: in two windows, while it is sent, and once it is erased."""

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.residents import (
    HIDE,
    SLOW_OUTBOX,
    Resident,
    another,
    begun_words,
    own_report,
    phone_photo,
)
from tests.browser.screens import press
from tests.local.stack import Stack

pytestmark = pytest.mark.thorough

# The database of drafts takes no more; that of what is sent does, or the page would say more.
FULL = """
const put = IDBObjectStore.prototype.put;
IDBObjectStore.prototype.put = function (...row) {
  if (this.name === 'drafts') throw new DOMException('', 'QuotaExceededError');
  return put.apply(this, row);
};
"""


def begun(page: Page, words: str) -> Resident:
    """Return a resident who has begun a report, which is kept, in a page whose outbox is open."""
    resident = Resident(page).begin_kept(words)
    expect(resident.button("later")).to_be_visible()
    return resident


def sending(page: Page, words: str) -> Resident:
    """Return a resident whose report the outbox is about to take, once `go()` is called."""
    page.context.add_init_script(SLOW_OUTBOX)
    page.reload()
    resident = begun(page, words)
    page.evaluate("window.slow = true")
    resident.send()
    return resident


def test_what_one_window_erases_another_does_not_keep_again(page: Page) -> None:
    begun(page, "I was writing this.")
    window = another(page)
    window.get_by_role("button", name="Erase and go back").click()
    window.get_by_role("button", name="Erase and go back").click()
    expect(window.get_by_role("heading", name="Tell the police what you saw")).to_be_visible()
    page.evaluate(HIDE)
    assert begun_words(page) == []
    page.get_by_label("What did you see?").fill("I was writing this. And more.")
    expect(page.get_by_text("In another window of this page")).to_be_visible()
    assert begun_words(page) == []
    page.evaluate(HIDE)
    expect(page.get_by_text("In another window of this page")).to_be_visible()
    assert begun_words(page) == []


def test_what_one_window_has_sent_another_sends_only_after_a_question(
    page: Page, stack: Stack
) -> None:
    first = begun(page, "A man takes bicycles.")
    window = another(page)
    receipt = Resident(window).finish("A man takes bicycles.")
    assert own_report(stack, receipt)["text"] == "A man takes bicycles."
    first.send()
    expect(page.get_by_text("Send it from here, too?")).to_be_visible()
    page.get_by_role("button", name="No, erase it here").click()
    expect(page.get_by_role("heading", name="Tell the police what you saw")).to_be_visible()
    assert begun_words(page) == []


def test_a_page_that_is_hidden_again_and_again_keeps_one_draft(page: Page) -> None:
    resident = begun(page, "Old.")
    resident.photograph(phone_photo())
    # Hidden before, while and after it is kept.
    page.evaluate(
        """async () => {
          const field = document.querySelector('textarea');
          for (const wait of [0, 1, 2, 5, 399, 401, 405, 410, 0, 0]) {
            field.value += ' more';
            field.dispatchEvent(new Event('input', {bubbles: true}));
            await new Promise(resolve => setTimeout(resolve, wait));
            dispatchEvent(new Event('pagehide'));
          }
        }"""
    )
    page.reload()
    page.get_by_role("button", name="Go on with it").click()
    expect(page.get_by_label("What did you see?")).to_have_value("Old." + " more" * 10)
    assert len(begun_words(page)) == 1


def test_what_is_sent_is_what_was_shown_when_it_was_sent(page: Page, stack: Stack) -> None:
    begun(page, "The first report.")
    # Faster than anything is kept or compared.
    page.evaluate(
        """() => {
          const buttons = [...document.querySelectorAll('button')];
          for (const name of ['Send the report', 'Back to the start']) {
            buttons.find(one => one.textContent.includes(name)).click();
          }
        }"""
    )
    resident = begun(page, "Half of the second")
    resident.button("start").click()
    page.get_by_role("button", name="Show or erase my receipt").click()
    assert own_report(stack, resident.receipt())["text"] == "The first report."
    assert begun_words(page) == ["Half of the second"]


def test_what_is_taken_is_neither_changed_nor_erased(open_page: OpenPage, stack: Stack) -> None:
    page = open_page()
    resident = sending(page, "First half.")
    expect(page.locator("form.write")).to_have_js_property("inert", True)
    # An old browser does not know that, and takes words meanwhile: they become another report.
    page.evaluate(
        """() => {
          const field = document.querySelector('textarea');
          field.value = 'First half. The number is B-12345.';
          field.dispatchEvent(new Event('input', {bubbles: true}));
          window.go();
        }"""
    )
    receipt = resident.receipt()
    assert own_report(stack, receipt)["text"] == "First half."
    page.evaluate(HIDE)
    assert begun_words(page) == ["First half. The number is B-12345."]


def test_a_report_that_was_left_before_it_was_read_does_not_come_back(open_page: OpenPage) -> None:
    page = open_page()
    page.context.add_init_script(
        """
        const getAll = IDBObjectStore.prototype.getAll;
        window.held = [];
        IDBObjectStore.prototype.getAll = function (...range) {
          if (!window.slow || this.name !== 'drafts' || range.length) {
            return getAll.apply(this, range);
          }
          window.slow = false;
          const request = getAll.call(this), held = {};
          request.onsuccess = event => {
            held.result = request.result;
            window.held.push(() => held.onsuccess?.(event));
          };
          return held;
        };
        """
    )
    page.reload()
    resident = begun(page, "I was writing this.")
    resident.button("start").click()
    expect(page.get_by_text("You have begun a report.")).to_be_visible()
    page.evaluate("window.slow = true")
    page.get_by_role("button", name="Go on with it").click()
    resident.button("start").click()
    page.get_by_role("button", name="Erase it").click()
    press(page, "Yes, erase it", shows="The report that you had begun is erased.")
    page.evaluate("window.held.forEach(one => one())")
    page.evaluate(HIDE)
    assert begun_words(page) == []


def test_words_for_which_there_is_no_room_are_not_called_kept(open_page: OpenPage) -> None:
    page = open_page()
    page.context.add_init_script(FULL)
    page.reload()
    Resident(page).begin("I was writing this.")
    expect(page.get_by_text("This device cannot keep what you write")).to_be_visible()
    expect(page.get_by_text("what you have written stays on this device")).to_have_count(0)
    with page.expect_event("dialog") as asked:
        page.evaluate("setTimeout(() => location.reload())")
    assert asked.value.type == "beforeunload"
    with page.expect_event("load"):
        asked.value.accept()


def test_a_report_that_was_put_away_does_not_open_by_a_late_answer(page: Page) -> None:
    resident = Resident(page)
    receipt = resident.file()
    resident.confirm_receipt()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/v1/reports/mine", hold)
    resident.button("mine").click()
    resident.settle()
    page.get_by_label("Receipt").fill(receipt)
    with page.expect_request("**/v1/reports/mine"):
        resident.button("open").click()
    resident.button("start").click()
    with page.expect_response("**/v1/reports/mine"):
        held[0].continue_()
    resident.button("mine").click()
    expect(page.get_by_role("heading", name="Open your report")).to_be_visible()
    page.get_by_label("Receipt").fill("Nothing of it is shown.")
    expect(page.get_by_text("An old man at the bus stop, alone.")).to_have_count(0)


def test_what_is_typed_while_a_message_is_taken_stays_without_what_is_sent(
    page: Page, stack: Stack
) -> None:
    page.context.add_init_script(SLOW_OUTBOX)
    page.reload()
    resident = Resident(page)
    receipt = resident.file_and_open()
    box = page.get_by_label("Write to the police")
    box.fill("First words.")
    page.evaluate("window.slow = true")
    page.get_by_role("button", name="Send", exact=True).click()
    box.fill("First words. And more.")
    page.evaluate("window.go()")
    expect(box).to_have_value("And more.")
    expect(page.get_by_text("Your message is sent.")).to_be_visible()
    assert [one["text"] for one in own_report(stack, receipt)["messages"]] == ["First words."]
