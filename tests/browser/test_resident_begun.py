"""What is begun is kept as it is written: its words in a row, and each of its files in another."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.residents import (
    HIDE,
    Resident,
    another,
    begun_words,
    own_report,
    phone_photo,
    wait_until,
)
from tests.local.stack import Stack

pytestmark = pytest.mark.thorough

# Notes what is written of drafts: `file` for what has a file in it, else `words`.
_NOTE_WRITES = """
const put = IDBObjectStore.prototype.put;
window.writes = [];
IDBObjectStore.prototype.put = function (row, ...key) {
  const hasFile = row.file instanceof Blob || (row.files ?? []).some(one => one instanceof Blob);
  if (this.name === 'drafts') window.writes.push(hasFile ? 'file' : 'words');
  return put.call(this, row, ...key);
};
"""
# No draft is erased any more, as if the page had died before it could.
_ERASE_NOTHING = """() => {
  const erase = IDBObjectStore.prototype.delete;
  IDBObjectStore.prototype.delete = function (...key) {
    if (this.name === 'drafts') throw new DOMException('dead');
    return erase.apply(this, key);
  };
}"""
# A report as the page kept it before each file had a row of its own.
_KEEP_WHOLE = """async ([text, name]) => {
  const request = indexedDB.open('tipline-draft', 1);
  await new Promise(resolve => { request.onsuccess = resolve; });
  const store = request.result.transaction('drafts', 'readwrite').objectStore('drafts');
  const form = {
    category: 'other', bulletin: null, text, keepMetadata: false, place: {kind: 'none'},
    address: '', when: '', answers: {}, contact: {name: '', phone: '', email: ''},
  };
  store.put({id: 'earlier', form, files: [new File(['a photo'], name)], at: 1});
  await new Promise(resolve => { store.transaction.oncomplete = resolve; });
  request.result.close();
}"""


@pytest.fixture
def videos(tmp_path: Path) -> list[Path]:
    """Return nine large files."""
    paths = [tmp_path / f"video-{number}.jpg" for number in range(9)]
    for path in paths:
        path.write_bytes(phone_photo() + bytes(12 << 20))
    return paths


def _begin_with(page: Page, files: list[Path]) -> Resident:
    """Begin a report with files, and wait until all of it is kept."""
    resident = Resident(page)
    resident.begin_kept("Nine of them.")
    page.locator("input[multiple]").set_input_files(files)
    expect(page.locator(".file")).to_have_count(len(files))
    expect(page.get_by_text("Kept on this device")).to_be_visible()
    return resident


def _writes(page: Page) -> Any:
    return page.evaluate("window.writes.splice(0)")


def test_words_typed_right_before_a_reload_are_there_beside_nine_large_files(
    page: Page, videos: list[Path]
) -> None:
    resident = _begin_with(page, videos)
    resident.write("Nine of them. The number is B-12345.")
    page.reload()
    page.get_by_role("button", name="Go on with it").click()
    expect(page.get_by_label("What did you see?")).to_have_value(
        "Nine of them. The number is B-12345."
    )
    expect(page.locator(".file")).to_have_count(9)
    assert resident.kept_rows() == 10


def test_a_file_is_written_once(page: Page, videos: list[Path]) -> None:
    page.context.add_init_script(_NOTE_WRITES)
    page.reload()
    resident = _begin_with(page, videos[:2])
    writes = _writes(page)
    assert writes.count("file") == 2
    # In the page's own time, when it is hidden, and after a reload.
    resident.write("More words.")
    expect(page.get_by_text("Kept on this device")).to_be_visible()
    resident.write("Last words.")
    page.evaluate(HIDE)
    assert _writes(page) == ["words", "words"]
    page.reload()
    page.get_by_role("button", name="Go on with it").click()
    resident.write("Words after a reload.")
    page.evaluate(HIDE)
    assert _writes(page) == ["words"]
    resident.photograph(phone_photo())
    expect(page.get_by_text("Kept on this device")).to_be_visible()
    assert _writes(page).count("file") == 1
    page.get_by_role("button", name="Remove").first.click()
    expect(page.get_by_text("Kept on this device")).to_be_visible()
    assert _writes(page) == ["words"]
    assert resident.kept_rows() == 3


def test_what_an_earlier_page_has_kept_is_gone_on_with(page: Page) -> None:
    resident = Resident(page)
    resident.begin_kept("So that there is a database.")
    page.get_by_role("button", name="Erase and go back").click()
    page.get_by_role("button", name="Erase and go back").click()
    expect(resident.heading("Tell the police what you saw")).to_be_visible()
    page.evaluate(_KEEP_WHOLE, ["Begun before.", "photo.jpg"])
    page.reload()
    page.get_by_role("button", name="Go on with it").click()
    expect(page.get_by_label("What did you see?")).to_have_value("Begun before.")
    expect(page.locator(".file")).to_have_count(1)
    resident.write("Begun before. And more.")
    page.reload()
    page.get_by_role("button", name="Go on with it").click()
    expect(page.get_by_label("What did you see?")).to_have_value("Begun before. And more.")
    expect(page.locator(".file")).to_have_count(1)
    page.get_by_role("button", name="Erase and go back").click()
    page.get_by_role("button", name="Erase and go back").click()
    expect(resident.heading("Tell the police what you saw")).to_be_visible()
    assert resident.kept_rows() == 0
    assert begun_words(page) == []


def test_what_was_sent_is_not_called_begun_when_the_page_died_before_it_could_erase_it(
    page: Page, stack: Stack
) -> None:
    resident = Resident(page)
    resident.begin_kept("Sent once.")
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


def test_what_another_window_has_sent_before_it_died_is_sent_again_only_after_a_question(
    page: Page,
) -> None:
    resident = Resident(page)
    resident.begin_kept("Sent once.")
    window = another(page)
    expect(window.get_by_label("What did you see?")).to_have_value("Sent once.")
    page.evaluate(_ERASE_NOTHING)
    resident.send()
    resident.receipt()
    page.close()
    wait_until(lambda: begun_words(window) == [])
    Resident(window).send()
    expect(window.get_by_text("Send it from here, too?")).to_be_visible()
