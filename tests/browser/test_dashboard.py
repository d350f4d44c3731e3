"""The dashboard: figures as pictures that are also words, the load level, and the handover."""

import re
import uuid
from typing import Any

import pytest
import requests
from playwright.sync_api import Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.console_pages import SUN, page_of
from tests.browser.officers import LI, ZHAO, change_report, officer_api, sign_in
from tests.browser.residents import wait_until
from tests.browser.screens import axe_violations, box_of, press, scrolls_sideways
from tests.local.stack import Stack


def reported(stack: Stack, category: str) -> dict[str, Any]:
    body = {"category": category, "text": f"Seen at the crossing {uuid.uuid4()}"}
    key = {"Idempotency-Key": str(uuid.uuid4())}
    response = requests.post(f"{stack.api}/v1/reports", json=body, headers=key, timeout=10)
    created: dict[str, Any] = response.json()
    return created


def test_charts_say_in_words_what_they_show(open_page: OpenPage, stack: Stack) -> None:
    report = reported(stack, "lost_and_found")
    change_report(officer_api(stack, "officer"), report["id"], status="acknowledged")
    page = page_of(open_page, LI, "/console/dashboard")
    # Counters follow a change within seconds.
    for period in ("Last 7 days", "Last 30 days") * 50:
        with page.expect_response("**/v1/officer/stats?*") as read:
            page.get_by_role("button", name=period).click()
        if read.value.json()["first_acknowledgement"]["count"]:
            break
    ages = page.get_by_role("region", name="Open, by category and age")
    expect(ages.get_by_role("listitem").filter(has_text="Lost and found")).to_contain_text(
        re.compile(r"\d+ open: \d+ today")
    )
    waits = page.get_by_role("region", name="Time to the first acknowledgement")
    expect(waits.get_by_text("Half within")).to_be_visible()
    days = page.get_by_role("region", name="Received")
    expect(days.get_by_role("img", name=re.compile(r"\d+ reports? from"))).to_be_visible()


def test_days_that_make_no_period_are_said_beside_them_and_the_figures_stay(
    open_page: OpenPage,
) -> None:
    page = page_of(open_page, LI, "/console/dashboard")
    page.get_by_role("button", name="Other days").click()
    period = page.get_by_role("region", name="Period")
    first, last = period.get_by_label("From"), period.get_by_label("To")
    until = last.input_value()
    period.get_by_label("To").fill("2020-01-01")
    period.get_by_role("button", name="Show").click()
    summary = period.get_by_role("alert")
    expect(summary).to_contain_text("From: This is after the last day.")
    buttons = box_of(period.get_by_role("button", name="Other days"))
    assert box_of(summary)["y"] >= buttons["y"] + buttons["height"] + 8
    expect(first).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("region", name="Received")).to_be_visible()
    # Each end says what is wrong with it, and only until it is put right.
    first.fill("")
    last.fill("2999-01-01")
    period.get_by_role("button", name="Show").click()
    expect(period.get_by_text("Choose a day.")).to_have_count(2)
    expect(last).to_have_attribute("aria-invalid", "true")
    assert axe_violations(page) == []
    last.fill(until)
    expect(last).to_have_attribute("aria-invalid", "false")
    first.fill(until)
    with page.expect_request(f"**/v1/officer/stats?since={until}&until={until}"):
        period.get_by_role("button", name="Show").click()
    expect(period.get_by_role("alert")).to_have_count(0)


@pytest.mark.thorough
def test_a_count_leads_to_its_reports(open_page: OpenPage, stack: Stack) -> None:
    reported(stack, "other")
    page = page_of(open_page, LI, "/console/dashboard")
    with page.expect_request("**/v1/officer/reports?*status=new*"):
        page.get_by_role("link", name=re.compile(r"\d+ new")).click()
    expect(page).to_have_url(re.compile("/console/$"))


@pytest.mark.thorough
def test_the_load_level_is_set_with_a_reason_and_lifted(open_page: OpenPage, stack: Stack) -> None:
    page = page_of(open_page, ZHAO, "/console/dashboard")
    level = page.get_by_role("region", name="Load level")
    level.get_by_role("button", name="Set the level").click()
    press(level, "Set", shows="Choose a level and a reason.", exact=True)
    level.get_by_label("Busy").check()
    level.get_by_label("An exercise").check()
    press(level, "Set", shows="The level is set.", exact=True)
    expect(level.get_by_role("img", name="Level 1 of 3")).to_be_visible()
    press(level, "Return to the automatic level", shows="The level is automatic again.")
    # Which one that is, the reports of the tests before decide.
    expect(level.get_by_role("button", name="Return to the automatic level")).to_have_count(0)


@pytest.mark.thorough
def test_an_officer_cannot_set_the_load_level(open_page: OpenPage) -> None:
    page = page_of(open_page, LI, "/console/dashboard")
    level = page.get_by_role("region", name="Load level")
    expect(level.get_by_role("img", name="of 3")).to_be_visible()
    expect(level.get_by_role("button")).to_have_count(0)


@pytest.mark.thorough
def test_an_admin_without_reports_sees_the_level_alone(open_page: OpenPage) -> None:
    page = page_of(open_page, SUN, "/console/dashboard")
    expect(page.get_by_text("their figures are not shown to you")).to_be_visible()
    expect(page.get_by_role("button", name="Set the level")).to_be_visible()
    expect(page.get_by_role("heading", name="Received")).to_have_count(0)


def test_a_handover_lists_what_is_open_and_is_printed_alone(
    open_page: OpenPage, stack: Stack
) -> None:
    report = reported(stack, "other")
    page = page_of(open_page, LI, "/console/dashboard")
    page.get_by_role("button", name="Show the handover").click()
    handover = page.get_by_role("region", name="Handover")
    row = handover.get_by_role("listitem").filter(has_text=report["reference"])
    expect(row).to_contain_text("Something else")
    expect(row).to_contain_text(re.compile(r"\d\d:\d\d"))
    expect(handover.get_by_role("button", name="Print")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", name="Received")).to_be_hidden()
    expect(handover.get_by_role("button", name="Print")).to_be_hidden()
    expect(row).to_be_visible()


def test_a_supervisor_sees_what_one_officer_closed(open_page: OpenPage, stack: Stack) -> None:
    report = reported(stack, "other")
    officer, path = officer_api(stack, "officer"), f"/v1/officer/reports/{report['id']}"
    closing = {"status": "closed", "disposition": "unfounded", "reason": "Nothing is there."}
    change_report(officer, report["id"], **closing)
    page = page_of(open_page, ZHAO, "/console/dashboard")
    closings = page.get_by_role("region", name="What one officer closed")
    # Other tests may have moved the clock of the stack.
    closings.get_by_label("Day").fill(officer("GET", path).json()["proposal"]["at"][:10])
    closings.get_by_label("Username").fill("officer")
    closings.get_by_label("Username").press("Enter")
    row = closings.get_by_role("listitem").filter(has_text=report["reference"])
    later = closings.get_by_role("button", name="Show later ones")

    def is_shown() -> bool:
        """Other tests may have filled the first pages of this officer's record."""
        if not row.count() and later.count():
            later.click()
        return row.count() > 0

    wait_until(is_shown)
    expect(row).to_contain_text("Checked, and not true · takes a second officer")
    assert not scrolls_sideways(page)
    other = page_of(open_page, LI, "/console/dashboard")
    expect(other.get_by_role("region", name="Handover")).to_be_visible()
    expect(other.get_by_role("region", name="What one officer closed")).to_have_count(0)


def test_a_handover_begins_with_what_is_critical(open_page: OpenPage, stack: Stack) -> None:
    critical, other = reported(stack, "child_abduction"), reported(stack, "other")
    page = page_of(open_page, LI, "/console/dashboard")
    page.get_by_role("button", name="Show the handover").click()
    handover = page.get_by_role("region", name="Handover")
    links = handover.get_by_role("heading", name=re.compile("^Open")).locator("+ ul > li > a")
    expect(links.filter(has_text=other["reference"])).to_be_visible()
    references = links.all_inner_texts()
    assert references.index(critical["reference"]) < references.index(other["reference"])


@pytest.mark.thorough
def test_nothing_on_the_dashboard_is_pushed_down_by_what_comes_later(open_page: OpenPage) -> None:
    held: list[Route] = []
    page = open_page("/console/dashboard")
    page.route("**/v1/officer/pulse*", lambda route: held.append(route))
    sign_in(page, LI)
    period = page.get_by_role("heading", name="Period")
    expect(page.get_by_role("heading", name="Received")).to_be_visible()
    before = period.bounding_box()
    for route in held:
        route.continue_()
    expect(page.locator(".tile").first).to_contain_text(re.compile(r"\d"))
    assert period.bounding_box() == before
