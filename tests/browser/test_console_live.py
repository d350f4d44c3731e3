"""A report while it is open: what comes in is shown, and takes nothing away from the officer."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.console_pages import opened
from tests.browser.officers import ZHAO, Resident
from tests.browser.screens import press
from tests.local.stack import Stack

PULSE_MS = 10_000
PHONE = {"width": 360, "height": 740}
REPORT = {"category": "missing_elderly", "text": "An old man in a grey coat, alone at the stop."}


@pytest.fixture
def resident(stack: Stack) -> Resident:
    return Resident(stack.api, **REPORT)


def test_what_the_reporter_writes_appears_beside_what_is_typed(
    open_page: OpenPage, resident: Resident
) -> None:
    page = opened(open_page, resident)
    reply = page.get_by_label("Message to the reporter")
    reply.fill("Is he still")
    place = reply.bounding_box()
    resident.write("He has gone into the park.")
    page.clock.run_for(PULSE_MS)
    message = page.locator(".message").filter(has_text="He has gone into the park.")
    expect(message).to_contain_text("New")
    expect(page.get_by_role("status").filter(has_text="The reporter has written.")).to_contain_text(
        "He has gone into the park."
    )
    expect(reply).to_be_focused()
    expect(reply).to_have_value("Is he still")
    assert reply.bounding_box() == place
    # It was in sight, so that the reply goes.
    reply.fill("Which park?")
    press(page, "Send", shows="Sent.", exact=True)
    assert [one["from"] for one in resident.read()["messages"]] == ["reporter", "officer"]


def without_an_answer(page: Page) -> None:
    """Let the next reply arrive, and not its answer."""

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/messages", lose, times=1)
    page.get_by_label("Message to the reporter").fill("We have found him.")
    press(page, "Send", shows="There was no connection.", exact=True)


def test_a_reply_without_an_answer_is_not_left_in_the_field_when_it_has_arrived(
    open_page: OpenPage, resident: Resident
) -> None:
    page = opened(open_page, resident)
    without_an_answer(page)
    resident.write("Any news?")
    page.clock.run_for(PULSE_MS)
    conversation = page.locator(".talk .message__text")
    expect(conversation).to_have_text(["We have found him.", "Any news?"])
    expect(page.get_by_label("Message to the reporter")).to_have_value("")
    expect(page.get_by_text("There was no connection.")).to_have_count(0)
    expect(page.get_by_text("Sent.")).to_be_visible()


@pytest.mark.thorough
def test_a_reply_without_an_answer_that_is_sent_again_is_read_once(
    open_page: OpenPage, resident: Resident
) -> None:
    page = opened(open_page, resident)
    without_an_answer(page)
    # Also after a look at another page, and whatever the reporter has written meanwhile.
    resident.write("Any news?")
    page.get_by_role("link", name="Dashboard").first.click()
    page.route("**/v1/officer/reports/*", without_messages)
    page.go_back()
    press(page, "Send", shows="Sent.", exact=True)
    texts = [one["text"] for one in resident.read()["messages"]]
    assert texts == ["We have found him.", "Any news?"]


def without_messages(route: Route) -> None:
    """Answer with a report as it was before anything was written."""
    report = route.fetch().json()
    route.fulfill(json=report | {"messages": [], "message_count": 0})


@pytest.mark.thorough
def test_a_message_that_is_not_in_sight_is_not_taken_as_read(
    open_page: OpenPage, resident: Resident
) -> None:
    page = opened(open_page, resident, viewport=PHONE)
    resident.write("He has gone into the park.")
    page.clock.run_for(PULSE_MS)
    read = page.get_by_role("button", name="Read it")
    expect(read).to_be_in_viewport()
    page.get_by_role("button", name="Acknowledge and take").click()
    dialog = page.get_by_role("dialog", name="Somebody has written meanwhile")
    expect(dialog).to_contain_text("He has gone into the park.")
    dialog.get_by_role("button", name="Back to what I was doing").click()
    expect(read).to_have_count(0)
    resident.write("Now he sits at the lake.")
    page.clock.run_for(PULSE_MS)
    read.click()
    expect(page.locator(".message", has_text="Now he sits at the lake.")).to_be_in_viewport()
    expect(read).to_have_count(0)


@pytest.mark.thorough
def test_what_was_chosen_for_closing_outlives_a_new_message(
    open_page: OpenPage, resident: Resident
) -> None:
    page = opened(open_page, resident)
    page.get_by_role("button", name="Close…").click()
    close = page.get_by_role("dialog", name="Close the report")
    close.get_by_label("Resolved").check()
    close.get_by_label("What the reporter reads").fill("He is at home.")
    resident.write("He has gone.")
    close.get_by_role("button", name="Close the report").click()
    unseen = page.get_by_role("dialog", name="Somebody has written meanwhile")
    unseen.get_by_role("button", name="Back to what I was doing").click()
    expect(close.get_by_label("Resolved")).to_be_checked()
    expect(close.get_by_label("What the reporter reads")).to_have_value("He is at home.")
    close.get_by_role("button", name="Close the report").click()
    expect(page.get_by_role("button", name="Reopen")).to_be_visible()
    expect(close).to_have_count(0)
    expect(page.get_by_role("heading", name="Next step")).to_be_focused()


@pytest.mark.thorough
def test_a_template_takes_nothing_away_and_follows_its_language(
    open_page: OpenPage, resident: Resident
) -> None:
    page = opened(open_page, resident, language="zh-CN")
    # The language of the reporter, not of the screen.
    language = page.get_by_label("模板语言")
    expect(language).to_have_value("en")
    reply = page.get_by_label("给举报人的消息")
    reply.fill("Thank you.")
    template = page.get_by_label("模板", exact=True)
    template.focus()
    page.keyboard.press("ArrowDown")
    expect(reply).to_have_value("Thank you.")
    page.get_by_role("button", name="插入").click()
    written = reply.input_value()
    assert written.startswith("Thank you.\n")
    assert resident.reference in written
    expect(reply).to_be_focused()
    language.select_option("zh")
    expect(reply).not_to_have_value(written)
    assert reply.input_value().startswith("Thank you.\n")


@pytest.mark.thorough
def test_a_lower_urgency_is_a_step_of_its_own(open_page: OpenPage, stack: Stack) -> None:
    resident = Resident(stack.api, "child_abduction", "A girl was pulled into a van.")
    page = opened(open_page, resident)
    page.get_by_label("Urgency").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_text("Less urgent than “Critical”")).to_be_visible()
    expect(page.locator(".report__tags")).to_contain_text("Critical")
    page.get_by_role("button", name="Change to “High”").click()
    expect(page.locator(".report__tags")).to_contain_text("High")


@pytest.mark.thorough
def test_no_step_loses_the_focus(open_page: OpenPage, resident: Resident) -> None:
    page = opened(open_page, resident)
    page.get_by_role("button", name="Ask for a legal hold…").click()
    page.get_by_label("Reason").fill("Evidence in court.")
    page.get_by_label("Until").fill("2030-01-01")
    page.get_by_role("button", name="Ask for the hold").click()
    expect(page.get_by_role("heading", name="Legal hold", exact=True)).to_be_focused()
    page.get_by_role("button", name="Pass on to an agency…").click()
    page.get_by_label("Reason, for colleagues").fill("A matter of the city.")
    page.get_by_label("Text", exact=True).check()
    page.get_by_role("button", name="Propose it").click()
    expect(page.get_by_role("heading", name="Passing on", exact=True)).to_be_focused()
    page.get_by_role("button", name="Show who did and saw what").click()
    expect(page.get_by_role("heading", name="History")).to_be_focused()
    page.get_by_role("button", name="Export…").click()
    dialog = page.get_by_role("dialog", name="Export")
    dialog.get_by_label("Reason").fill("For the court.")
    dialog.get_by_role("button", name="Make the zip").click()
    expect(dialog.get_by_role("heading")).to_be_focused()
    dialog.get_by_role("button", name="Close").click()
    expect(page.get_by_role("button", name="Export…")).to_be_focused()

    other = opened(open_page, resident, ZHAO)
    # What waits for a second officer stands in the head.
    expect(other.locator(".report__tags")).to_contain_text("Legal hold waits for approval")
    other.get_by_role("button", name="Approve the hold").click()
    expect(other.get_by_role("heading", name="Legal hold", exact=True)).to_be_focused()
    other.get_by_role("button", name="Read what the agency gets").click()
    document = other.get_by_role("dialog", name=re.compile("^What .+ gets$"))
    document.get_by_role("button", name="Decline…").click()
    reason = document.get_by_label("Reason (Officer Li reads it)")
    expect(reason).to_be_focused()
    reason.fill("It is a matter of ours.")
    document.get_by_role("button", name="Decline it").click()
    expect(other.get_by_role("heading", name="Passing on", exact=True)).to_be_focused()


def test_a_critical_report_that_comes_meanwhile_is_said_above_another_page(
    open_page: OpenPage, resident: Resident, stack: Stack
) -> None:
    page = opened(open_page, resident)
    expect(page).to_have_title("Report")
    page.clock.run_for(PULSE_MS)
    Resident(stack.api, "child_abduction", "A girl was pulled into a van.")
    page.clock.run_for(PULSE_MS)
    said = page.get_by_role("link", name="A new critical report: to the list")
    expect(said).to_be_in_viewport()
    expect(page).to_have_title("● Report")
    said.click()
    expect(page).to_have_title("Reports")
