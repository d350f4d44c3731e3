"""What the page says, and what it leaves on the phone, when an answer is lost, a disk is full or
slow, or somebody goes back and forth.
"""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.residents import Resident, own_report, phone_photo, wait_until
from tests.local.stack import Stack

_NEUTRAL = "https://www.weather.com/"
_MAY_HAVE_ARRIVED = "may have arrived already"


def _lose_responses(page: Page, path: str) -> None:
    """Let calls of a path take effect, and their responses never arrive."""

    def lose(route: Route) -> None:
        if route.request.method == "POST":
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route(re.compile(f"/{path}$"), lose)


def _break(page: Page, step: str) -> None:
    """Let a step of all databases of a page fail."""
    page.evaluate(
        "step => { IDBObjectStore.prototype[step] = () => { throw new DOMException('full') } }",
        step,
    )


@pytest.mark.thorough
def test_whoever_erases_what_may_have_arrived_is_told(page: Page) -> None:
    resident = Resident(page)
    _lose_responses(page, "v1/reports")
    resident.begin("On its way.")
    resident.send()
    expect(resident.heading("waiting")).to_be_visible()
    resident.button("Erase from this device").click()
    expect(page.get_by_text("Nobody will get it.")).to_have_count(0)
    expect(page.get_by_text(_MAY_HAVE_ARRIVED)).to_be_visible()
    resident.button("erase_yes").click()
    expect(page.get_by_role("status").filter(has_text="Erased from this device.")).to_contain_text(
        _MAY_HAVE_ARRIVED
    )
    assert resident.kept_rows() == 0


@pytest.mark.thorough
def test_nobody_will_get_what_never_left_the_phone(page: Page) -> None:
    resident = Resident(page).begin("In a tunnel.")
    resident.lose_network()
    resident.send()
    expect(resident.heading("waiting")).to_be_visible()
    resident.press("Erase from this device", shows="It has not been sent. Nobody will get it.")
    resident.press("erase_yes", shows="Erased from this device.")
    expect(page.get_by_text(_MAY_HAVE_ARRIVED)).to_have_count(0)


@pytest.mark.thorough
def test_a_message_that_may_have_arrived_is_not_called_unsent(page: Page, stack: Stack) -> None:
    resident = Resident(page)
    receipt = resident.file_and_open()
    _lose_responses(page, "messages")
    field, waiting = page.get_by_label("Write to the police"), page.locator(".message--waiting")
    for words in ("My name is Wang.", "Please forget it."):
        field.fill(words)
        page.get_by_role("button", name="Send", exact=True).click()
        expect(waiting.get_by_text(_MAY_HAVE_ARRIVED)).to_be_visible()
        expect(page.get_by_role("button", name="Erase it, unsent")).to_have_count(0)
        if words.startswith("My"):
            waiting.get_by_role("button").click()
            expect(page.get_by_role("status").filter(has_text="Erased")).to_contain_text(
                _MAY_HAVE_ARRIVED
            )
            expect(waiting).to_have_count(0)
    resident.button("start").click()
    unfinished = page.locator(".unfinished")
    expect(unfinished.get_by_text(_MAY_HAVE_ARRIVED)).to_be_visible()
    unfinished.get_by_role("button", name="Erase it").click()
    expect(page.get_by_text("The message is erased here.")).to_contain_text(_MAY_HAVE_ARRIVED)
    assert len(own_report(stack, receipt)["messages"]) == 2


@pytest.mark.thorough
def test_a_file_that_storage_refuses_is_not_called_sent(page: Page) -> None:
    resident = Resident(page)
    body = "<?xml version='1.0'?><Error><Code>EntityTooLarge</Code></Error>"
    headers = {"Access-Control-Allow-Origin": "*"}
    page.route(
        lambda url: not url.startswith(page.url),
        lambda route: route.fulfill(status=400, body=body, headers=headers),
    )
    resident.begin("With a photo.")
    resident.photograph(phone_photo())
    resident.send()
    resident.receipt()
    expect(page.get_by_text("1 file could not be sent: see below.")).to_be_visible()
    expect(page.get_by_text("All files are sent.")).to_have_count(0)


@pytest.mark.thorough
def test_a_receipt_that_finds_no_room_is_shown_with_a_warning(page: Page, stack: Stack) -> None:
    resident = Resident(page)
    held: list[Route] = []
    page.route(re.compile("/v1/health$"), lambda route: held.append(route))
    resident.begin("The phone is full.")
    resident.send()
    expect(resident.heading("Sending your report")).to_be_visible()
    _break(page, "put")
    held[0].continue_()
    receipt = resident.receipt()
    expect(page.get_by_text("it is in this page only")).to_be_visible()
    assert own_report(stack, receipt)["text"] == "The phone is full."
    resident.confirm_receipt()
    expect(page.get_by_text("Erased from this device. You can still open it")).to_be_visible()
    assert resident.kept_rows() == 0


@pytest.mark.thorough
def test_whoever_has_the_receipt_hears_that_a_begun_message_stays(page: Page) -> None:
    resident = Resident(page)
    resident.file_and_open()
    page.get_by_label("Write to the police").fill("I was writing")
    expect(page.get_by_text("Kept on this device until")).to_be_visible()
    resident.button("start").click()
    page.get_by_role("button", name="Show or erase my receipt").click()
    resident.press("have", shows="The message that you have begun stays")
    resident.press("have_yes", shows="but for the message that you have begun")
    expect(page.get_by_text("You have begun a message")).to_be_visible()


@pytest.mark.thorough
def test_what_leaving_could_not_erase_is_erased_at_the_next_opening(
    page: Page, stack: Stack
) -> None:
    page.context.route(f"{_NEUTRAL}**", lambda route: route.fulfill(body="sunny"))
    resident = Resident(page)
    resident.file_and_open()
    page.get_by_label("Write to the police").fill("I was writing")
    expect(page.get_by_text("Kept on this device until")).to_be_visible()
    page.reload()
    expect(page.get_by_text("You have begun a message")).to_be_visible()
    _break(page, "clear")
    resident.button("leave").click()
    page.wait_for_url(f"{_NEUTRAL}**")
    again = page.context.new_page()
    again.goto(stack.api)
    wait_until(lambda: again.evaluate("localStorage.getItem('tipline-left') === null"))
    expect(again.get_by_text("You have begun a message")).to_have_count(0)
    assert Resident(again).kept_rows() == 0


@pytest.mark.thorough
@pytest.mark.parametrize("way", ["forward", "reload"])
def test_leaving_leads_past_this_page_after_going_to_and_fro(open_page: OpenPage, way: str) -> None:
    page = open_page()
    page.route(_NEUTRAL, lambda route: route.fulfill(body="<title>Weather</title>Sunny"))
    resident = Resident(page).begin()
    if way == "forward":
        page.go_back()
        expect(resident.button("category")).to_be_visible()
        page.go_forward()
    else:
        page.reload()
    resident.begin()
    resident.button("leave").click()
    page.wait_for_url(_NEUTRAL)
    page.go_back()
    assert page.url == "about:blank"
