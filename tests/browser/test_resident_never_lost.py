"""Nothing that a resident has written is lost; nothing that was erased is left."""

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.residents import Officer, Resident, own_report, phone_photo, wait_until
from tests.browser.screens import press
from tests.local.stack import Stack


def _with_worker(page: Page) -> BrowserContext:
    """Wait until the shell is kept, so that the page opens without a network."""
    page.evaluate("navigator.serviceWorker.ready")
    page.reload()
    assert page.evaluate("navigator.serviceWorker.controller !== null")
    return page.context


def test_a_report_of_a_phone_without_network_arrives_later(page: Page, stack: Stack) -> None:
    context = _with_worker(page)
    resident = Resident(page).begin()
    context.set_offline(True)
    resident.write("The bridge is broken.")
    resident.photograph(phone_photo())
    resident.send()
    expect(resident.heading("waiting")).to_be_visible()
    expect(page.get_by_text("It is sent by itself")).to_be_visible()
    context.set_offline(False)
    report = own_report(stack, resident.receipt())
    assert (report["text"], len(report["media"])) == ("The bridge is broken.", 1)


@pytest.mark.thorough
def test_the_page_opens_and_takes_a_report_without_network(page: Page, stack: Stack) -> None:
    context = _with_worker(page)
    context.set_offline(True)
    page.reload()
    expect(page.get_by_text("No connection.").first).to_be_visible()
    resident = Resident(page).begin("Written in a tunnel.")
    resident.send()
    expect(resident.heading("waiting")).to_be_visible()
    # The page dies, and is opened again above the ground.
    page.close()
    context.set_offline(False)
    again = context.new_page()
    again.goto(stack.api)
    again.get_by_role("button", name=re.compile("^(Open|Show or erase my receipt)$")).click()
    assert own_report(stack, Resident(again).receipt())["text"] == "Written in a tunnel."


@pytest.mark.thorough
def test_a_page_whose_network_goes_needs_no_worker(open_page: OpenPage) -> None:
    page = open_page(service_workers="block")
    resident = Resident(page)
    expect(resident.button("category")).to_be_visible()
    resident.lose_network()
    resident.begin("Written in a tunnel.")
    resident.send()
    expect(resident.heading("waiting")).to_be_visible()


@pytest.mark.thorough
def test_the_worker_keeps_the_shell_alone(page: Page) -> None:
    _with_worker(page)
    resident = Resident(page)
    resident.file_and_open()
    kept = page.evaluate(
        """async () => {
          const paths = [];
          for (const name of await caches.keys()) {
            const cache = await caches.open(name);
            for (const { url } of await cache.keys()) paths.push(new URL(url).pathname);
          }
          return paths;
        }"""
    )
    assert "/" in kept
    assert [path for path in kept if path != "/" and not path.startswith("/assets/")] == [
        "/icon.svg",
        "/manifest.webmanifest",
    ]


def test_words_and_files_survive_a_reload(page: Page) -> None:
    resident = Resident(page).begin("I was writing this.")
    resident.photograph(phone_photo())
    expect(page.get_by_text("Kept on this device")).to_be_visible()
    page.reload()
    page.get_by_role("button", name="Go on with it").click()
    expect(page.get_by_label("What did you see?")).to_have_value("I was writing this.")
    expect(page.locator(".file")).to_have_count(1)


@pytest.mark.thorough
def test_a_new_report_never_holds_the_words_of_another(page: Page) -> None:
    resident = Resident(page).begin("About an old man.")
    resident.photograph(phone_photo())
    resident.button("start").click()
    page.get_by_role("button", name="Lost and found").click()
    text = page.get_by_label("What did you see?")
    expect(text).to_have_value("")
    expect(page.locator(".file")).to_have_count(0)
    text.fill("About a purse.")
    resident.button("start").click()
    both = page.get_by_role("button", name="Go on with it")
    expect(both).to_have_count(2)
    both.first.click()
    expect(text).to_have_value("About an old man.")
    expect(page.locator(".file")).to_have_count(1)


@pytest.mark.thorough
def test_a_receipt_is_kept_until_the_person_has_it(page: Page) -> None:
    resident = Resident(page)
    receipt = resident.file()
    page.reload()
    # Whoever takes up the phone does not see it.
    expect(page.get_by_text("it is not shown by itself")).to_be_visible()
    expect(page.get_by_text(receipt)).to_have_count(0)
    page.get_by_role("button", name="Show or erase my receipt").click()
    assert resident.receipt() == receipt
    resident.confirm_receipt()
    expect(resident.heading("Tell the police what you saw")).to_be_visible()
    _is_forgotten(page, receipt)


def test_closing_a_report_says_whether_its_receipt_is_kept(page: Page) -> None:
    resident = Resident(page)
    receipt = resident.file_and_open()
    resident.press("closing", shows="its receipt is still on this device: you have not")
    resident.button("Show or erase my receipt").click()
    resident.confirm_receipt()
    resident.open_report(receipt)
    resident.press("closing", shows="Its receipt is not kept on this device.")
    _is_forgotten(page, receipt)


def test_what_is_erased_leaves_nothing(page: Page) -> None:
    resident = Resident(page)
    receipt = resident.file()
    resident.button("erase").click()
    resident.press("erase_yes", shows="Erased from this device.")
    _is_forgotten(page, receipt)


@pytest.mark.thorough
def test_a_browser_without_databases_says_so_and_sends(open_page: OpenPage, stack: Stack) -> None:
    page = open_page("about:blank")
    page.add_init_script("Object.defineProperty(window, 'indexedDB', {value: undefined})")
    page.goto(stack.api)
    expect(page.get_by_text("does not let the page keep anything")).to_be_visible()
    resident = Resident(page)
    before = page.get_by_text("Do not close it before everything is sent.")
    expect(before).to_be_visible()
    resident.begin()
    receipt = resident.finish("Sent from memory.")
    assert own_report(stack, receipt)["text"] == "Sent from memory."
    # All is sent: what would be lost now is the receipt.
    expect(page.get_by_text("When you close it, your receipt is gone")).to_be_visible()
    expect(before).to_have_count(0)
    with page.expect_event("dialog") as asked:
        page.evaluate("setTimeout(() => location.reload())")
    assert asked.value.type == "beforeunload"
    asked.value.dismiss()
    resident.button("start").click()
    resident.begin()
    expect(before).to_contain_text("your receipt is gone")


def _is_forgotten(page: Page, receipt: str) -> None:
    assert Resident(page).kept_rows() == 0
    kept = page.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie])")
    assert receipt not in kept
    assert receipt.replace(" ", "") not in kept
    page.reload()
    expect(page.get_by_role("heading", name="Your reports on this device")).to_have_count(0)


def _opened_elsewhere(page: Page, open_page: OpenPage) -> tuple[Resident, str]:
    """File a report on one phone, and open it on another. Return the other, and the receipt."""
    receipt = Resident(page).file("An old man at the bus stop.")
    other = Resident(open_page())
    other.open_report(receipt)
    return other, receipt


def _say(phone: Page, words: str) -> None:
    phone.get_by_label("Write to the police").fill(words)
    phone.get_by_role("button", name="Send", exact=True).click()


def _own_words(stack: Stack, receipt: str) -> list[str]:
    return [message["text"] for message in own_report(stack, receipt)["messages"]]


def test_a_message_without_network_arrives_once(
    page: Page, open_page: OpenPage, stack: Stack
) -> None:
    resident, receipt = _opened_elsewhere(page, open_page)
    phone, context = resident.page, resident.page.context
    context.set_offline(True)
    for words in ("Still at the bus stop.", "He sits down."):
        _say(phone, words)
    waiting = phone.locator(".message--waiting").get_by_text("not sent yet")
    expect(waiting).to_have_count(2)
    expect(phone.get_by_label("Write to the police")).to_have_value("")
    # The page dies, and is opened again where there is a network.
    phone.close()
    context.set_offline(False)
    again = context.new_page()
    again.goto(stack.api)
    wait_until(lambda: len(_own_words(stack, receipt)) == 2)
    expect(again.get_by_role("heading", name="Your reports on this device")).to_have_count(0)
    assert _own_words(stack, receipt) == ["Still at the bus stop.", "He sits down."]
    # Neither the words nor the receipt are left.
    assert Resident(again).kept_rows() == 0


@pytest.mark.thorough
def test_a_message_that_was_left_waiting_says_that_it_has_arrived(
    page: Page, open_page: OpenPage, stack: Stack
) -> None:
    resident, receipt = _opened_elsewhere(page, open_page)
    phone = resident.page
    phone.context.set_offline(True)
    _say(phone, "He sits down.")
    expect(phone.locator(".message--waiting").get_by_text("not sent yet")).to_be_visible()
    resident.button("start").click()
    expect(phone.get_by_text("Your message to the police: not sent yet")).to_be_visible()
    phone.context.set_offline(False)
    expect(phone.get_by_text("Your message has arrived at the police.")).to_be_visible()
    expect(phone.get_by_role("heading", name="Your reports on this device")).to_have_count(0)
    assert _own_words(stack, receipt) == ["He sits down."]


@pytest.mark.thorough
def test_a_message_that_waits_can_be_erased(page: Page, stack: Stack) -> None:
    resident = Resident(page)
    receipt = resident.file_and_open()
    page.context.set_offline(True)
    _say(page, "I take it back.")
    page.get_by_role("button", name="Erase it, unsent").click()
    expect(page.locator(".message--waiting")).to_have_count(0)
    _say(page, "With the report.")
    expect(page.locator(".message--waiting")).to_have_count(1)
    resident.button("start").click()
    page.get_by_role("button", name="Show or erase my receipt").click()
    resident.press("erase", shows="Not everything is sent yet.")
    resident.press("erase_yes", shows="Erased from this device.")
    assert resident.kept_rows() == 0
    page.context.set_offline(False)
    assert _own_words(stack, receipt) == []


def test_a_begun_message_survives_the_start_and_a_reload(page: Page, open_page: OpenPage) -> None:
    resident, receipt = _opened_elsewhere(page, open_page)
    phone = resident.page
    field = phone.get_by_label("Write to the police")
    field.fill("I was writing")
    resident.button("start").click()
    expect(phone.get_by_text("You have begun a message")).to_be_visible()
    wait_until(lambda: resident.kept_rows() == 1)
    phone.reload()
    phone.get_by_role("button", name="Go on with it").click()
    phone.get_by_label("Receipt").fill(receipt)
    resident.button("open").click()
    expect(field).to_have_value("I was writing")
    # Put away, it is not left to the next person; but nobody loses it unasked.
    resident.button("closing").click()
    press(
        phone, "Erase it and stop showing the report", shows="Your report is no longer open here."
    )
    assert resident.kept_rows() == 0


@pytest.mark.thorough
def test_a_report_is_opened_again_when_the_network_is_back(
    page: Page, open_page: OpenPage, stack: Stack
) -> None:
    resident, receipt = _opened_elsewhere(page, open_page)
    phone = resident.page
    Officer(stack).change(
        own_report(stack, receipt)["id"], status="closed", disposition="resolved", reason="At home."
    )
    phone.get_by_role("button", name="Check for updates").click()
    phone.get_by_role("button", name="It is not resolved yet").click()
    phone.context.set_offline(True)
    phone.get_by_label("Open the report again").fill("He is gone again.")
    phone.get_by_role("button", name="Open it again").click()
    expect(phone.locator(".message--waiting").get_by_text("not sent yet")).to_be_visible()
    phone.context.set_offline(False)
    expect(phone.get_by_text("Your report is open again.")).to_be_visible()
    assert own_report(stack, receipt)["may_reopen"] is False
    assert _own_words(stack, receipt) == ["He is gone again."]


@pytest.mark.thorough
def test_a_message_that_is_refused_goes_back_to_its_field(page: Page) -> None:
    resident = Resident(page)
    receipt = resident.file_and_open()
    field = page.get_by_label("Write to the police")
    field.fill(receipt)
    press(page, "Send", shows="could not be sent", exact=True)
    page.get_by_role("button", name="Correct it").click()
    expect(page.locator(".message--waiting")).to_have_count(0)
    expect(field).to_have_value(receipt)
    expect(field).to_be_focused()
