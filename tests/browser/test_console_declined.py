"""A colleague's no to a step on a report says why, to whoever asked for it."""

import re

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.console_pages import page_of
from tests.browser.officers import LI, ZHAO, Resident, approve, officer_api
from tests.browser.screens import assert_usable, axe_violations, press, scrolls_sideways
from tests.local.stack import Stack

PHONE = {"width": 360, "height": 740}
WHY = "The text says who wrote it: leave it out."
GETS = re.compile("^What .+ gets$")


def referred(stack: Stack) -> Resident:
    """Return a resident whose report Officer Li proposes to pass on."""
    resident = Resident(stack.api)
    body = {"agency": "city_services", "reason": "Theirs.", "include": ["text", "place"]}
    path = f"/v1/officer/reports/{resident.id}/referral"
    officer_api(stack, "officer")("POST", path, body)
    return resident


def report_of(open_page: OpenPage, name: str, resident: Resident) -> Page:
    return page_of(open_page, name, f"/console/reports/{resident.id}", viewport=PHONE)


def read_document(page: Page) -> Locator:
    page.get_by_role("button", name="Read what the agency gets").click()
    return page.get_by_role("dialog", name=GETS)


def test_whoever_proposed_a_referral_reads_why_it_was_declined_and_proposes_anew(
    open_page: OpenPage, stack: Stack
) -> None:
    resident = referred(stack)
    page = report_of(open_page, ZHAO, resident)
    document = read_document(page)
    document.get_by_role("button", name="Decline…").click()
    press(document, "Decline it", shows="Give a reason")
    document.get_by_label("Reason (Officer Li reads it)").fill(WHY)
    assert axe_violations(page) == []
    document.get_by_role("button", name="Decline it").click()
    expect(page.get_by_text("Declined. Officer Li is notified.")).to_be_visible()
    expect(document).to_have_count(0)
    expect(page.get_by_role("button", name="Read what the agency gets")).to_have_count(0)
    press(page, "Show who did and saw what", shows=f"Reason: {WHY}")
    expect(page.get_by_text(re.compile("^Referral to .+: declined$"))).to_be_visible()

    proposer = report_of(open_page, LI, resident)
    passing_on = proposer.get_by_role("region", name="Passing on")
    expect(passing_on.get_by_role("heading", name="The proposal was declined")).to_be_visible()
    expect(passing_on).to_contain_text("Officer Li proposed to pass it on to ")
    expect(passing_on).to_contain_text(": text, place.")
    expect(passing_on).to_contain_text("Supervisor Zhao declined it, ")
    expect(passing_on).to_contain_text(WHY)
    assert axe_violations(proposer) == []
    assert not scrolls_sideways(proposer)
    passing_on.get_by_role("button", name="Pass on to an agency…").click()
    form = proposer.get_by_role("dialog", name="Pass the report on")
    form.get_by_label("Reason").fill("Theirs.")
    form.get_by_label("Place").check()
    form.get_by_role("button", name="Propose it").click()
    expect(passing_on.get_by_role("heading", name="It was declined before")).to_be_visible()

    # Whoever reads the new one sees what was asked for.
    page.reload()
    page = report_of(open_page, ZHAO, resident)
    before = read_document(page).get_by_role("region", name="It was declined before")
    expect(before).to_contain_text(WHY)
    assert axe_violations(page) == []


@pytest.mark.thorough
def test_what_has_been_replaced_since_it_was_read_is_not_declined(
    open_page: OpenPage, stack: Stack
) -> None:
    resident = referred(stack)
    page = report_of(open_page, ZHAO, resident)
    document = read_document(page)
    document.get_by_role("button", name="Decline…").click()
    officer = officer_api(stack, "officer")
    path = f"/v1/officer/reports/{resident.id}/referral"
    officer("DELETE", path)
    officer("POST", path, {"agency": "city_services", "reason": "Theirs.", "include": ["place"]})
    document.get_by_label("Reason").fill(WHY)
    document.get_by_role("button", name="Decline it").click()
    # The words stay, while behind them the other one is ready to be read.
    expect(document.get_by_text("It was changed, or something new has come")).to_be_visible()
    expect(document.get_by_label("Reason")).to_have_value(WHY)
    document.get_by_role("button", name="Cancel").click()
    document.get_by_role("button", name="Close", exact=True).last.click()
    document = read_document(page)
    expect(document.get_by_role("button", name="Decline…")).to_be_visible()
    expect(document.get_by_text("Parked cars.")).to_have_count(0)
    shown = officer("GET", f"/v1/officer/reports/{resident.id}").json()
    assert [each["number"] for each in shown["referrals"]] == [2]


@pytest.mark.thorough
def test_a_proposal_of_ones_own_is_taken_back_without_a_reason(
    open_page: OpenPage, stack: Stack
) -> None:
    page = report_of(open_page, LI, referred(stack))
    document = read_document(page)
    expect(document.get_by_role("button", name="Decline…")).to_have_count(0)
    document.get_by_role("button", name="Take the proposal back").click()
    document.get_by_role("button", name="Take the proposal back").click()
    expect(document).to_have_count(0)
    expect(page.get_by_role("button", name="Pass on to an agency…")).to_be_visible()
    expect(page.get_by_role("heading", name="The proposal was declined")).to_have_count(0)


@pytest.mark.thorough
def test_a_colleagues_request_for_a_hold_is_declined_and_ones_own_is_ended(
    open_page: OpenPage, stack: Stack
) -> None:
    resident = Resident(stack.api)
    body = {"reason": "For the court.", "until": "2030-01-01T00:00:00Z"}
    officer_api(stack, "officer")("POST", f"/v1/officer/reports/{resident.id}/hold", body)
    own = report_of(open_page, LI, resident)
    expect(own.get_by_role("button", name="Take the request back…")).to_be_visible()
    page = report_of(open_page, ZHAO, resident)
    page.get_by_role("button", name="Decline the request…").click()
    page.get_by_label("Reason (on record; Officer Li is notified)").fill("No court asks.")
    page.get_by_role("button", name="Decline the request", exact=True).click()
    expect(page.get_by_role("button", name="Ask for a legal hold…")).to_be_visible()


def held(stack: Stack) -> Resident:
    """Return a resident whose report is held, and which Officer Li asks to hold no more."""
    resident = Resident(stack.api)
    path = f"/v1/officer/reports/{resident.id}/hold"
    body = {"reason": "For the court.", "until": "2030-01-01T00:00:00Z"}
    officer_api(stack, "officer")("POST", path, body)
    approve(stack, "supervisor", f"{path}/approve")
    officer_api(stack, "officer")("DELETE", path, {"reason": "The court has ruled."})
    return resident


@pytest.mark.thorough
def test_a_colleagues_request_to_lift_a_hold_is_declined_and_the_hold_stays(
    open_page: OpenPage, stack: Stack
) -> None:
    resident = held(stack)
    page = report_of(open_page, ZHAO, resident)
    expect(page.locator(".report__tags")).to_contain_text("Lifting the hold waits for approval")
    page.get_by_role("button", name="Decline the request…").click()
    dialog = page.get_by_role("dialog", name="Decline the request")
    expect(dialog.get_by_text("The hold stays until 1 Jan 2030")).to_be_visible()
    press(dialog, "Decline the request", shows="Give a reason")
    dialog.get_by_label("Reason (on record; Officer Li is notified)").fill("An appeal was filed.")
    assert axe_violations(page) == []
    assert not scrolls_sideways(page)
    dialog.get_by_role("button", name="Decline the request").click()
    expect(page.get_by_text("Declined: the hold stays. Officer Li is notified.")).to_be_visible()
    expect(page.get_by_text("Held until 1 Jan 2030")).to_be_visible()
    expect(page.get_by_text("asks to lift it")).to_have_count(0)
    expect(page.get_by_role("button", name="Ask to lift the hold…")).to_be_visible()
    expect(page.locator(".report__tags")).not_to_contain_text("waits for approval")

    proposer = report_of(open_page, LI, resident)
    press(proposer, "Show who did and saw what", shows="lifting declined")
    expect(proposer.get_by_text("Reason: An appeal was filed.")).to_be_visible()


@pytest.mark.thorough
def test_ones_own_request_to_lift_a_hold_is_taken_back(open_page: OpenPage, stack: Stack) -> None:
    page = report_of(open_page, LI, held(stack))
    expect(page.get_by_role("button", name="Approve the lifting")).to_have_count(0)
    expect(page.get_by_role("button", name="Decline the request…")).to_have_count(0)
    page.get_by_role("button", name="Take the request back…").click()
    dialog = page.get_by_role("dialog", name="Take the request back")
    dialog.get_by_label("Reason (on record)").fill("An appeal was filed.")
    dialog.get_by_role("button", name="Take the request back").click()
    expect(page.get_by_text("Taken back: the hold stays.")).to_be_visible()
    expect(page.get_by_text("Held until 1 Jan 2030")).to_be_visible()
    press(page, "Show who did and saw what", shows="request to lift taken back")
    expect(page.get_by_text("lifting declined")).to_have_count(0)


def export_asked(stack: Stack, resident: Resident) -> str:
    """Let Officer Li ask for a file for a court, and return the path of its page."""
    body = {"report_id": resident.id, "custody": True, "reason": "The court asks for it."}
    made = officer_api(stack, "officer")("POST", "/v1/officer/exports", body).json()
    return f"/console/exports/{made['id']}"


def test_an_export_that_waits_is_found_where_all_that_waits_is(
    open_page: OpenPage, stack: Stack
) -> None:
    path = export_asked(stack, Resident(stack.api))
    page = page_of(open_page, ZHAO, "/console/admin/waiting")
    page.locator(f"a[href='{path}']").click()
    expect(page.get_by_role("button", name="Approve this export")).to_be_visible()


def test_who_decides_on_an_export_reads_why_and_which_and_who_asked_reads_the_no(
    open_page: OpenPage, stack: Stack
) -> None:
    resident = Resident(stack.api)
    path = export_asked(stack, resident)
    page = page_of(open_page, ZHAO, path, viewport=PHONE)
    expect(page.get_by_text("The court asks for it.")).to_be_visible()
    expect(page.get_by_role("link", name=resident.reference)).to_be_visible()
    page.get_by_role("button", name="Decline…").click()
    press(page, "Decline it", shows="Give a reason")
    page.get_by_label("Why (whoever asked reads it)").fill("No court has asked for this one.")
    assert axe_violations(page) == []
    page.get_by_role("button", name="Decline it").click()
    expect(page.get_by_text("No court has asked for this one.")).to_be_visible()
    expect(page.get_by_role("button", name="Approve this export")).to_have_count(0)

    asker = page_of(open_page, LI, path, viewport=PHONE)
    expect(asker.get_by_text("Supervisor Zhao declined it, ")).to_be_visible()
    expect(asker.get_by_text("No court has asked for this one.")).to_be_visible()
    expect(asker.get_by_role("button", name="Make zip 1 of 1")).to_have_count(0)
    assert axe_violations(asker) == []
    assert not scrolls_sideways(asker)


@pytest.mark.thorough
def test_the_filters_of_an_export_are_words_and_each_reference_is_in_sight(
    open_page: OpenPage, stack: Stack, language: str
) -> None:
    path = export_asked(stack, Resident(stack.api))
    zh = language.startswith("zh")
    page = page_of(open_page, ZHAO, path, language=language)
    filters = {
        "category": "lost_and_found",
        "status": "closed",
        "district": None,
        "assignee": "none",
        "since": "2026-11-01T16:00:00.000Z",
        "until": None,
    }
    reports = [{"id": f"{number:026}", "reference": f"K7Q2-{number:04}"} for number in range(120)]

    def of_many(route: Route) -> None:
        answer = route.fetch()
        more = {"filters": filters, "reports": reports, "count": 120, "custody": False}
        route.fulfill(response=answer, json={**answer.json(), **more})

    page.route("**/v1/officer/exports/*", of_many)
    page.reload()
    for word in ("遗失招领", "已办结") if zh else ("Lost and found", "Closed"):
        expect(page.locator("main dl")).to_contain_text(word)
    expect(page.locator("main dl")).to_contain_text("2026年11月2日" if zh else "2 Nov 2026")
    links = page.locator(".references a")
    expect(links).to_have_count(120)
    expect(links.last).to_be_visible()
    assert_usable(page, f"console-export-{language}", {"width": 320, "height": 740})
