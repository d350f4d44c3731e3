"""A report that is begun is open in two windows, or its page dies at a bad moment: no words are
lost, and no report is sent twice without a question.
"""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.residents import (
    SLOW_OUTBOX,
    Resident,
    another,
    begun_words,
    own_report,
    phone_photo,
)
from tests.local.stack import Stack

pytestmark = pytest.mark.thorough

NEWER = "Newer: the number plate is B-12345."
# Types and sends at once, as fast fingers do: before what is typed is kept.
_TYPE_AND_SEND = """() => {
  const field = document.querySelector('textarea');
  field.value = 'Old. And more.';
  field.dispatchEvent(new Event('input', {bubbles: true}));
  document.querySelector('.send__button').click();
}"""
# No draft is erased any more, as if the page had died before it could.
_ERASE_NOTHING = """() => {
  const erase = IDBObjectStore.prototype.delete;
  IDBObjectStore.prototype.delete = function (...key) {
    if (this.name === 'drafts') throw new DOMException('dead');
    return erase.apply(this, key);
  };
}"""
_TYPE_AND_RELOAD = """() => {
  const field = document.querySelector('textarea');
  field.value = 'First words.';
  field.dispatchEvent(new Event('input', {bubbles: true}));
  location.reload();
}"""


def _write_newer_elsewhere(page: Page) -> None:
    """Write on in the begun report in another window, and close that."""
    window = another(page)
    Resident(window).write(NEWER)
    expect(window.get_by_text("Kept on this device")).to_be_visible()
    window.close()


def test_what_another_window_has_written_stays_begun_when_an_older_one_is_sent(
    page: Page, stack: Stack
) -> None:
    resident = Resident(page).begin_kept("Old.")
    _write_newer_elsewhere(page)
    resident.send()
    assert own_report(stack, resident.receipt())["text"] == "Old."
    assert begun_words(page) == [NEWER]
    page.reload()
    Resident(page).go_on()
    expect(page.get_by_label("What did you see?")).to_have_value(NEWER)


def test_what_is_sent_right_after_it_was_typed_is_begun_no_more(page: Page, stack: Stack) -> None:
    resident = Resident(page).begin_kept("Old.")
    _write_newer_elsewhere(page)
    page.evaluate(_TYPE_AND_SEND)
    assert own_report(stack, resident.receipt())["text"] == "Old. And more."
    assert begun_words(page) == [NEWER]


def test_what_another_window_is_sending_is_sent_from_here_only_after_a_question(
    open_page: OpenPage,
) -> None:
    page = open_page()
    page.context.add_init_script(SLOW_OUTBOX)
    page.reload()
    resident = Resident(page).begin_kept("A long video.")
    expect(resident.button("later")).to_be_visible()
    page.evaluate("window.slow = true")
    resident.send()
    expect(page.get_by_text("Keeping it on this device")).to_be_visible()
    window = another(page)
    Resident(window).send()
    expect(window.get_by_text("Send it from here, too?")).to_be_visible()
    page.evaluate("window.go()")
    resident.receipt()
    window.get_by_role("button", name="No, erase it here").click()
    assert begun_words(page) == []


def test_the_first_words_are_there_after_a_reload_right_after_them(page: Page) -> None:
    Resident(page).begin()
    page.evaluate(_TYPE_AND_RELOAD)
    Resident(page).go_on()
    expect(page.get_by_label("What did you see?")).to_have_value("First words.")


def test_words_typed_right_before_a_reload_are_there_beside_nine_large_files(
    page: Page, tmp_path: Path
) -> None:
    videos = [tmp_path / f"video-{number}.jpg" for number in range(9)]
    for path in videos:
        path.write_bytes(phone_photo() + bytes(12 << 20))
    resident = Resident(page).begin_kept("Nine of them.")
    page.locator("input[multiple]").set_input_files(videos)
    expect(page.locator(".file")).to_have_count(9)
    expect(page.get_by_text("Kept on this device")).to_be_visible()
    resident.write("Nine of them. The number is B-12345.")
    page.reload()
    Resident(page).go_on()
    expect(page.get_by_label("What did you see?")).to_have_value(
        "Nine of them. The number is B-12345."
    )
    expect(page.locator(".file")).to_have_count(9)
    assert resident.kept_rows() == 10


def test_what_was_sent_is_not_called_begun_when_the_page_died_before_it_could_erase_it(
    page: Page, stack: Stack
) -> None:
    resident = Resident(page).begin_kept("Sent once.")
    resident.photograph(phone_photo())
    expect(page.get_by_text("Kept on this device")).to_be_visible()
    page.evaluate(_ERASE_NOTHING)
    resident.send()
    receipt = resident.receipt()
    assert begun_words(page) == ["Sent once."]
    page.reload()
    show = page.get_by_role("button", name="Show or erase my receipt")
    expect(show).to_be_visible()
    expect(page.get_by_text("You have begun a report.")).to_have_count(0)
    show.click()
    assert resident.receipt() == receipt
    resident.confirm_receipt()
    expect(resident.heading("Tell the police what you saw")).to_be_visible()
    expect(page.get_by_text("You have begun a report.")).to_have_count(0)
    assert resident.kept_rows() == 0
    assert own_report(stack, receipt)["text"] == "Sent once."
