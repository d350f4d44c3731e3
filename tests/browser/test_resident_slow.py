"""A phone is slow, full or broken: nothing is sent twice or dropped, no only copy is erased."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.residents import (
    SLOW_OUTBOX,
    Resident,
    begun_words,
    own_report,
    phone_photo,
    wait_until,
)
from tests.local.stack import Stack

pytestmark = pytest.mark.thorough

# The database of drafts takes no more of what is named: `file`, or `text` for a message.
_NO_ROOM = """part => {
  const put = IDBObjectStore.prototype.put;
  IDBObjectStore.prototype.put = function (row, ...key) {
    if (this.name === 'drafts' && part in row) throw new DOMException('', 'QuotaExceededError');
    return put.call(this, row, ...key);
  };
}"""
# Erases no entry of the outbox, as long as `broken`.
_BREAK = """() => {
  const erase = IDBObjectStore.prototype.delete;
  window.broken = true;
  IDBObjectStore.prototype.delete = function (...key) {
    if (window.broken && this.name === 'entries') throw new DOMException('broken');
    return erase.apply(this, key);
  };
}"""


def _slow(page: Page) -> Resident:
    """Return a resident whose outbox can be made slow."""
    page.context.add_init_script(SLOW_OUTBOX)
    page.reload()
    return Resident(page)


def _refused(resident: Resident, *, photo: bytes | None = None) -> str:
    """Have a report refused. Return its words."""
    receipt = resident.file()
    resident.confirm_receipt()
    words = f"My other report is {receipt}"
    resident.begin_kept(words)
    if photo:
        resident.photograph(photo)
        expect(resident.page.get_by_text("Kept on this device")).to_be_visible()
    resident.send()
    expect(resident.heading("Your report could not be sent")).to_be_visible()
    return words


def _left_while_it_is_corrected(page: Page) -> tuple[Resident, str]:
    """Correct a refused report, and go to the start before the outbox has given it up: it does once
    `go()` is called. Return the resident, and the words.
    """
    resident = _slow(page)
    words = _refused(resident)
    page.evaluate("window.slow = true")
    resident.button("Correct it").click()
    wait_until(lambda: begun_words(page) == [words])
    resident.button("start").click()
    return resident, words


def _refused_message(resident: Resident) -> str:
    """Have a message refused. Return its words."""
    receipt = resident.file_and_open()
    resident.page.get_by_label("Write to the police").fill(receipt)
    resident.button("Send").click()
    expect(resident.button("Correct it")).to_be_visible()
    return receipt


def test_a_message_that_is_being_taken_is_not_offered_to_be_sent_again(
    page: Page, stack: Stack
) -> None:
    resident = _slow(page)
    receipt = resident.file_and_open()
    field = page.get_by_label("Write to the police")
    field.fill("Sent once.")
    page.evaluate("window.slow = true")
    resident.button("Send").click()
    resident.button("start").click()
    expect(resident.button("Show or erase my receipt")).to_be_visible()
    expect(resident.button("Go on with it")).to_have_count(0)
    # The same report by its receipt: another form.
    resident.button("Show or erase my receipt").click()
    resident.button("open_mine").click()
    expect(resident.button("Send")).to_have_attribute("aria-busy", "true")
    resident.button("Send").evaluate("button => button.click()")
    page.evaluate("window.go()")
    expect(field).to_have_value("")
    expect(resident.button("Send")).to_have_attribute("aria-busy", "false")
    expect(page.locator(".message--waiting")).to_have_count(0)
    wait_until(lambda: len(own_report(stack, receipt)["messages"]) > 0)
    assert [one["text"] for one in own_report(stack, receipt)["messages"]] == ["Sent once."]


def test_a_report_is_corrected_once_also_after_its_screen_was_left(page: Page) -> None:
    resident, words = _left_while_it_is_corrected(page)
    resident.button("open").click()
    expect(resident.button("Correct it")).to_have_attribute("aria-busy", "true")
    resident.button("Correct it").evaluate("button => button.click()")
    page.evaluate("window.go()")
    expect(page.get_by_label("What did you see?")).to_have_value(words)
    resident.button("start").click()
    expect(resident.button("Go on with it")).to_have_count(1)
    expect(resident.button("open")).to_have_count(0)
    assert begun_words(page) == [words]


def test_whoever_goes_elsewhere_while_a_report_is_corrected_stays_there(page: Page) -> None:
    resident, _ = _left_while_it_is_corrected(page)
    resident.button("mine").click()
    page.evaluate("window.go()")
    wait_until(lambda: resident.kept_rows() == 1)
    expect(page.get_by_role("heading", name="Open your report")).to_be_visible()
    resident.button("start").click()
    expect(resident.button("Go on with it")).to_have_count(1)
    expect(resident.button("open")).to_have_count(0)


def test_a_file_that_comes_while_others_are_added_stays(page: Page, stack: Stack) -> None:
    resident = _slow(page)
    receipt = resident.file_and_open()
    resident.button("Add photos, videos or sound").click()
    resident.photograph(phone_photo())
    expect(page.get_by_text("Removed from it")).to_be_visible()
    page.evaluate("window.slow = true")
    resident.button("Send the files").click()
    expect(resident.button("Do not add files")).to_be_disabled()
    # The camera was open already.
    page.locator("input[multiple]").set_input_files(
        {"name": "late.jpg", "mimeType": "image/jpeg", "buffer": phone_photo()}
    )
    expect(page.locator(".file")).to_have_count(2)
    page.evaluate("window.go()")
    expect(page.get_by_text("The files are sent.")).to_be_visible()
    expect(page.locator(".file")).to_have_count(1)
    resident.button("Send the files").click()
    expect(page.locator(".file")).to_have_count(0)
    wait_until(lambda: len(own_report(stack, receipt)["media"]) == 2)


def test_a_refused_report_stays_when_the_corrected_one_finds_no_room(page: Page) -> None:
    resident = Resident(page)
    words = _refused(resident, photo=phone_photo())
    page.evaluate(_NO_ROOM, "file")
    resident.button("Correct it").click()
    expect(page.get_by_label("What did you see?")).to_have_value(words)
    expect(page.locator(".file")).to_have_count(1)
    expect(page.get_by_text("The report as it was is still on this device, too")).to_be_visible()
    # The page dies.
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    resident.button("open").click()
    resident.button("Correct it").click()
    expect(page.get_by_label("What did you see?")).to_have_value(words)
    expect(page.locator(".file")).to_have_count(1)
    expect(page.get_by_text("The report as it was")).to_have_count(0)


def test_a_refused_message_stays_when_its_words_find_no_room(page: Page) -> None:
    resident = Resident(page)
    words = _refused_message(resident)
    page.evaluate(_NO_ROOM, "text")
    field = page.get_by_label("Write to the police")
    for _ in range(2):
        resident.button("Correct it").click()
        expect(field).to_be_focused()
        expect(field).to_have_value(words)
    expect(page.locator(".message--waiting")).to_have_count(1)


def test_what_could_not_be_erased_says_so(page: Page) -> None:
    resident = Resident(page)
    resident.file()
    page.evaluate(_BREAK)
    for ask, yes in (("erase", "erase_yes"), ("have", "have_yes")):
        resident.button(ask).click()
        resident.button(yes).click()
        expect(page.get_by_role("group").get_by_text("It could not be erased")).to_be_visible()
        page.get_by_role("group").get_by_role("button").last.click()
    page.evaluate("window.broken = false")
    resident.button("erase").or_(resident.button("Erase it now")).click()
    resident.press("erase_yes", shows="Erased from this device.")
    assert resident.kept_rows() == 0


def test_no_is_no_answer_while_yes_is_at_work(page: Page) -> None:
    resident = _slow(page)
    resident.file()
    resident.button("erase").click()
    page.evaluate("window.slow = true")
    resident.button("erase_yes").evaluate("yes => { yes.click(); yes.nextElementSibling.click(); }")
    expect(resident.button("erase_yes")).to_have_attribute("aria-busy", "true")
    expect(resident.button("No, keep it")).to_be_disabled()
    page.keyboard.press("Escape")
    expect(resident.button("erase_yes")).to_be_visible()
    page.evaluate("window.go()")
    expect(page.get_by_text("Erased from this device.")).to_be_visible()


def test_a_report_that_is_sent_before_the_outbox_is_open_is_sent_once_it_is(page: Page) -> None:
    page.context.add_init_script(f"{SLOW_OUTBOX}; window.slow = true;")
    page.reload()
    resident = Resident(page).begin_kept("Quick fingers.")
    resident.send()
    expect(resident.button("send")).to_have_attribute("aria-busy", "true")
    page.evaluate("window.go()")
    resident.receipt()
    resident.button("start").click()
    expect(resident.button("Show or erase my receipt")).to_have_count(1)
    assert begun_words(page) == []


def test_a_page_that_dies_before_the_outbox_has_the_report_leaves_it_to_go_on_with(
    page: Page,
) -> None:
    context = page.context
    context.add_init_script(f"{SLOW_OUTBOX}; window.slow = true;")
    page.reload()
    resident = Resident(page).begin_kept("Quick fingers.")
    resident.send()
    expect(resident.button("send")).to_have_attribute("aria-busy", "true")
    page.close()
    again = context.new_page()
    again.goto("/")
    again.get_by_role("button", name="Go on with it").click()
    expect(again.get_by_label("What did you see?")).to_have_value("Quick fingers.")
    again.evaluate("window.go()")
    Resident(again).send()
    Resident(again).receipt()
