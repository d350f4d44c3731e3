"""An officer's trip: from a notice's link to a closed case, and what can come in between."""

import re
import uuid
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.console_pages import go
from tests.browser.officers import (
    LI,
    ZHAO,
    Resident,
    change_report,
    officer_api,
    picture,
    resident_with_picture,
    sign_in,
    wait_until,
)
from tests.browser.screens import axe_violations, box_of, press
from tests.local.stack import Stack

REPORT = {"category": "missing_elderly", "text": "An old man in a grey coat, alone at the stop."}


def open_report(open_page: OpenPage, report_id: str, name: str = LI, *, hears: bool = True) -> Page:
    """Open a report as an officer. Unless it `hears`, the page does not show by itself what others
    do meanwhile: on a busy machine it may be a pulse sooner than the test.
    """
    page = open_page(f"/console/reports/{report_id}")
    if not hears:
        page.route("**/v1/officer/pulse*", lambda route: None)
    sign_in(page, name)
    expect(page.get_by_role("heading", name="Next step")).to_be_visible()
    return page


def test_a_notice_leads_to_a_closed_case(open_page: OpenPage, stack: Stack) -> None:
    resident = Resident(stack.api, **REPORT)
    page = open_report(open_page, resident.id)
    assert page.url.endswith(f"/console/reports/{resident.id}")
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_contain_text(resident.reference)
    expect(heading).to_be_focused()

    page.get_by_role("button", name="Acknowledge and take").click()
    expect(page.get_by_label("Assigned to")).to_have_value("officer")
    next_step = page.get_by_role("heading", name="Next step")
    expect(next_step).to_be_focused()
    facts = page.get_by_role("region", name="Report", exact=True)
    expect(facts).to_contain_text("Acknowledged")

    page.get_by_label("Template", exact=True).select_option(label="Ask for the place")
    page.get_by_role("button", name="Insert").click()
    reply = page.get_by_label("Message to the reporter")
    expect(reply).to_have_value(re.compile(re.escape(resident.reference)))
    press(page, "Send", shows="Sent.", exact=True)
    reply.fill("And")
    expect(page.get_by_text("Sent.")).to_have_count(0)
    reply.fill("")
    assert "Where exactly" in resident.read()["messages"][0]["text"]

    resident.write("At the north gate of the market.")
    expect(page.locator(".message", has_text="At the north gate of the market.")).to_be_visible()

    press(page, "Start work", shows="The report is now: In progress")
    page.get_by_role("button", name="Close…").click()
    dialog = page.get_by_role("dialog", name="Close the report")
    dialog.get_by_role("button", name="Close the report").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Choose what came of it.")
    dialog.get_by_label("Resolved").check()
    dialog.get_by_label("What the reporter reads").fill("He is at home again. Thank you.")
    dialog.get_by_role("button", name="Close the report").click()
    expect(page.get_by_role("button", name="Reopen")).to_be_visible()
    expect(next_step).to_be_focused()
    expect(facts).to_contain_text("Closed")
    outcome = resident.read()["outcome"]
    assert outcome["reason"] == "He is at home again. Thank you."


@pytest.mark.thorough
def test_the_keyboard_alone_closes_a_case(open_page: OpenPage, stack: Stack) -> None:
    resident = Resident(stack.api, text=str(uuid.uuid4()))
    page = open_page("/console/")
    tab_to(page, page.get_by_role("button", name=LI))
    page.keyboard.press("Enter")
    link = page.get_by_role("link", name=resident.reference)
    expect(link).to_be_visible()
    while not has_focus(link):
        page.keyboard.press("j")
    page.keyboard.press("Enter")
    take = page.get_by_role("button", name="Acknowledge and take")
    expect(take).to_be_visible()
    tab_to(page, take)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Next step")).to_be_focused()
    tab_to(page, page.get_by_role("button", name="Close…"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("radio", name="Resolved"))
    page.keyboard.press("Space")
    tab_to(page, page.get_by_label("What the reporter reads"))
    page.keyboard.type("He is at home.")
    tab_to(page, page.get_by_role("button", name="Close the report"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Reopen")).to_be_visible()
    assert resident.read()["status"] == "closed"


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until the target has the focus; at most as often as there are stops on a page."""
    expect(target).to_be_visible()
    for _ in range(150):
        if has_focus(target):
            return
        page.keyboard.press("Tab")
    raise AssertionError("The keyboard does not get there")


def has_focus(target: Locator) -> bool:
    return bool(target.evaluate("element => element === document.activeElement"))


def test_of_two_officers_the_second_sees_what_the_first_has_done(
    open_page: OpenPage, stack: Stack
) -> None:
    resident = Resident(stack.api, **REPORT)
    page = open_report(open_page, resident.id, hears=False)
    theirs = {"status": "in_progress", "assignee": "supervisor"}
    change_report(officer_api(stack, "supervisor"), resident.id, **theirs)
    page.get_by_role("button", name="Acknowledge and take").click()
    dialog = page.get_by_role("dialog", name="A colleague was faster")
    line = dialog.get_by_role("row", name="Assigned to")
    expect(line.get_by_role("cell")).to_have_text(["–", "Supervisor Zhao", "Officer Li"])
    dialog.get_by_role("button", name="Take theirs").click()
    expect(page.get_by_label("Assigned to")).to_have_value("supervisor")

    page.get_by_label("Urgency").select_option("critical")
    page.get_by_role("button", name="Change to “Critical”").click()
    expect(page.locator(".report__tags")).to_contain_text("Critical")


@pytest.mark.thorough
def test_an_officer_sees_who_else_has_the_report_open(open_page: OpenPage, stack: Stack) -> None:
    resident, other = Resident(stack.api, **REPORT), Resident(stack.api, **REPORT)
    look = officer_api(stack, "supervisor")
    look("GET", f"/v1/officer/pulse?looking_at={resident.id}")
    page = open_report(open_page, resident.id)
    expect(page.get_by_text("has this report open, too.")).to_have_text(
        "Supervisor Zhao has this report open, too."
    )
    page.goto(f"{stack.api}/console/reports/{other.id}")
    expect(page.get_by_role("heading", name="Next step")).to_be_visible()
    expect(page.get_by_text("has this report open, too.")).to_have_count(0)


@pytest.mark.thorough
def test_what_was_mine_can_be_kept(open_page: OpenPage, stack: Stack) -> None:
    resident = Resident(stack.api, **REPORT)
    page = open_report(open_page, resident.id, hears=False)
    theirs = {"status": "acknowledged", "assignee": "supervisor"}
    change_report(officer_api(stack, "supervisor"), resident.id, **theirs)
    page.get_by_label("Assigned to").select_option("officer")
    page.get_by_role("button", name="Assign to: Me").click()
    page.get_by_role("dialog").get_by_role("button", name="Keep mine").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_label("Assigned to")).to_have_value("officer")
    expect(page.get_by_role("button", name="Start work")).to_be_visible()


def test_a_message_that_came_meanwhile_is_read_before_anything_is_sent(
    open_page: OpenPage, stack: Stack
) -> None:
    resident = Resident(stack.api, **REPORT)
    page = open_report(open_page, resident.id, hears=False)
    page.get_by_label("Message to the reporter").fill("Is he still there?")
    resident.write("He has gone into the park.")
    page.get_by_role("button", name="Send", exact=True).click()
    dialog = page.get_by_role("dialog", name="Somebody has written meanwhile")
    expect(dialog).to_contain_text("He has gone into the park.")
    assert [message["from"] for message in resident.read()["messages"]] == ["reporter"]
    dialog.get_by_role("button", name="Back to what I was doing").click()
    expect(page.get_by_label("Message to the reporter")).to_have_value("Is he still there?")
    page.get_by_label("Message to the reporter").fill("Which park?")
    press(page, "Send", shows="Sent.", exact=True)


@pytest.mark.thorough
def test_a_draft_outlives_a_look_at_the_list(open_page: OpenPage, stack: Stack) -> None:
    resident = Resident(stack.api, text=str(uuid.uuid4()))
    page = open_report(open_page, resident.id)
    page.get_by_label("New note").fill("Patrol 12 is near.")
    page.get_by_role("link", name="Reports").first.click()
    row = page.get_by_role("link", name=resident.reference)
    expect(row).to_be_focused()
    row.click()
    expect(page.get_by_label("New note")).to_have_value("Patrol 12 is near.")
    page.get_by_role("button", name="Add the note").click()
    expect(page.locator(".notes")).to_contain_text("Patrol 12 is near.")
    expect(page.get_by_label("New note")).to_have_value("")


@pytest.mark.thorough
def test_a_picture_is_enlarged_opened_and_redacted(open_page: OpenPage, stack: Stack) -> None:
    page = open_page("/console/")
    resident = resident_with_picture(stack.api, page, **REPORT)
    sign_in(page)
    go(page, f"/console/reports/{resident.id}")
    page.get_by_role("button", name="Enlarge picture 1").click()
    expect(page.get_by_role("img", name="Picture 1 of 1")).to_be_visible()
    page.keyboard.press("Escape")

    page.get_by_role("button", name="Open the original…").click()
    page.get_by_label("Reason (on record)").fill("The plate cannot be read.")
    page.get_by_role("button", name="Open it").click()
    address = page.get_by_role("link", name="Download the original").get_attribute("href")
    assert page.request.get(str(address)).ok
    page.get_by_role("dialog").get_by_role("button", name="Close").click()

    page.get_by_role("button", name="Redact…").click()
    page.get_by_role("button", name="Redact", exact=True).click()
    nothing = page.get_by_text("Mark at least one region.")
    expect(nothing).to_be_visible()
    box = box_of(page.get_by_role("img", name="The picture with the marked regions"))
    page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + box["height"] * 0.2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.4)
    page.mouse.up()
    expect(nothing).to_have_count(0)
    page.get_by_role("button", name="Add a region").click()
    expect(page.get_by_role("group", name=re.compile("Region"))).to_have_count(2)
    page.get_by_role("button", name="Redact", exact=True).click()
    expect(
        page.get_by_text(re.compile("The redacted picture is being made|Redacted"))
    ).to_be_visible()


@pytest.mark.thorough
def test_two_officers_hold_a_report(open_page: OpenPage, stack: Stack) -> None:
    resident = Resident(stack.api)
    page = open_report(open_page, resident.id)
    page.get_by_role("button", name="Ask for a legal hold…").click()
    page.get_by_label("Until").fill("2020-01-01")
    press(page, "Ask for the hold", shows="Give a reason: it goes on record.")
    until = page.get_by_label("Until")
    expect(until).to_have_accessible_description(re.compile("Choose a day in the future"))
    page.get_by_label("Reason").fill("Evidence in court.")
    until.fill("2030-01-01")
    press(page, "Ask for the hold", shows="Officer Li asks for a hold until")
    expect(page.get_by_role("button", name="Approve the hold")).to_have_count(0)

    other = open_report(open_page, resident.id, ZHAO)
    press(other, "Approve the hold", shows="The hold is in effect.")
    expect(other.get_by_text("Held until")).to_be_visible()
    expect(other.locator(".report__tags")).to_contain_text("Legal hold")
    kept = other.get_by_role("region", name="Report").locator("dl > div", has_text="Kept until")
    expect(kept).to_contain_text("1 Jan 2030")
    other.get_by_role("button", name="Ask to lift the hold…").click()
    other.get_by_label("Reason").fill("The court has returned the file.")
    press(other, "Ask to lift the hold", shows="Supervisor Zhao asks to lift it", exact=True)

    page.reload()
    page.get_by_role("button", name="Approve the lifting").click()
    expect(page.get_by_role("button", name="Ask for a legal hold…")).to_be_visible()


@pytest.mark.thorough
def test_two_officers_pass_a_report_on(open_page: OpenPage, stack: Stack) -> None:
    resident = Resident(stack.api)
    page = open_report(open_page, resident.id)
    page.get_by_role("button", name="Pass on to an agency…").click()
    page.get_by_label("Agency").select_option("city_services")
    page.get_by_label("Reason, for colleagues").fill("A matter of the city.")
    press(page, "Propose it", shows="Choose what the agency gets.")
    page.get_by_label("Text", exact=True).check()
    press(page, "Propose it", shows="Officer Li proposes to pass it on")

    other = open_report(open_page, resident.id, ZHAO)
    other.get_by_role("button", name="Read what the agency gets").click()
    expect(other.get_by_role("dialog")).to_contain_text("Parked cars.")
    expect(other.get_by_role("dialog")).to_contain_text("It goes to ")
    press(other, "Approve, and pass it on", shows="Now hand it over:")
    expect(other.get_by_role("button", name="Print the document")).to_be_visible()
    # On paper is what the agency gets, and nothing of the report around it.
    other.emulate_media(media="print")
    expect(other.get_by_role("dialog").get_by_text("Parked cars.")).to_be_visible()
    expect(other.locator("h1")).to_be_hidden()
    other.emulate_media(media="screen")
    assert resident.read()["passed_on"][0]["agency"] == "city_services"


@pytest.mark.thorough
def test_an_officer_sees_what_the_reporter_reads_before_their_words(
    open_page: OpenPage, stack: Stack
) -> None:
    resident = Resident(stack.api)
    page = open_report(open_page, resident.id)
    page.get_by_role("button", name="Close…").click()
    page.get_by_label(re.compile("Another department")).check()
    words = page.get_by_label("What the reporter reads")
    expect(words).to_have_accessible_description(re.compile("This is not a police matter"))
    words.fill("Ask for the city's inspectors.")
    page.get_by_role("button", name="Close the report").click()
    expect(page.locator(".next-step dl")).to_contain_text("This is not a police matter")
    expect(page.locator(".next-step dl")).to_contain_text("Ask for the city's inspectors.")


def alike(stack: Stack, count: int, lat: float, lon: float, **more: str) -> list[Resident]:
    """Return residents of one event, whose reports have been compared."""
    # That is done once a minute, with a key that the minute before has made.
    assert stack.run("clock", "1m").returncode == 0
    place = {"lat": lat, "lon": lon}
    residents = [Resident(stack.api, location=place, **more) for _ in range(count)]
    assert stack.run("clock", "1m").returncode == 0
    return residents


@pytest.mark.thorough
def test_reports_of_one_event_are_compared_linked_and_closed_together(
    open_page: OpenPage, stack: Stack
) -> None:
    first, second = alike(stack, 2, 39.93, 116.45, **REPORT)
    page = open_report(open_page, first.id)
    page.get_by_role("button", name=f"Compare with {second.reference}").click()
    dialog = page.get_by_role("dialog", name="Side by side")
    expect(dialog.get_by_role("heading", name="The other report")).to_be_visible()
    dialog.get_by_role("button", name="The other is a duplicate of this one").click()
    expect(page.get_by_role("heading", name="Linked to this one (1)")).to_be_visible()
    page.get_by_role("button", name="Close the duplicates").click()
    page.get_by_role("dialog").get_by_label("What the reporter reads").fill("Known already.")
    press(page, "Close them", shows="1 closed.")
    assert second.read()["status"] == "closed"


def test_similar_reports_are_told_apart_and_linked_with_the_keyboard_alone(
    open_page: OpenPage, stack: Stack, page: Page
) -> None:
    assert stack.run("clock", "1m").returncode == 0
    texts = (f"A lorry lies across the tram line, {what}." for what in ("smoke", "fire", "noise"))
    first, *others = (
        resident_with_picture(
            stack.api, page, text=text, location={"lat": 39.91 + at / 1000, "lon": 116.49}
        )
        for at, text in enumerate(texts)
    )
    assert stack.run("clock", "1m").returncode == 0
    page = open_report(open_page, first.id)
    rows = page.locator(".report-row")
    expect(rows).to_have_count(2)
    expect(rows.first.locator("img")).to_be_visible()
    expect(rows.first).to_contain_text(
        re.compile(r"minutes? apart · at most (400 m|1\.2 km) apart · Near")
    )
    expect(page.get_by_text("Opening the other report is on record.")).to_be_visible()
    assert axe_violations(page) == []
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("the other is a duplicate of this one")
    page.keyboard.press("Escape")

    shown = rows.first.locator(".reference").text_content() or ""
    page.keyboard.press("c")
    dialog = page.get_by_role("dialog", name="Side by side")
    expect(dialog.get_by_role("heading", name="The other report")).to_contain_text(shown)
    expect(dialog).to_contain_text(re.compile(r"about \d+ m apart"))
    expect(dialog.locator("mark").first).to_contain_text("differs")
    assert axe_violations(page) == []
    page.keyboard.press("n")
    expect(page.get_by_text(f"{shown} is not suggested here again")).to_be_in_viewport()
    expect(rows).to_have_count(1)

    [left] = (each.reference for each in others if each.reference != shown)
    page.keyboard.press("c")
    expect(dialog.get_by_role("heading", name="The other report")).to_contain_text(left)
    page.keyboard.press("l")
    expect(page.get_by_role("heading", name="Linked to this one (1)")).to_be_visible()
    expect(page.get_by_text(f"{left} is linked to this report.")).to_be_in_viewport()
    expect(rows).to_have_count(0)


def test_reports_of_one_event_become_one_row_of_the_queue(
    open_page: OpenPage, stack: Stack
) -> None:
    text = "A water pipe has burst under the bridge."
    first, second = alike(stack, 2, 39.95, 116.47, text=text)
    page = open_report(open_page, first.id)
    page.get_by_role("button", name="Take all that are alike into one incident").click()
    expect(page.get_by_role("heading", name="Incident", level=1)).to_be_visible()
    rows = page.locator(".report-row")
    expect(rows).to_have_count(2)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("Split the chosen ones off")
    page.keyboard.press("Escape")
    third, fourth = alike(stack, 2, 39.95, 116.47, text=text)
    page.get_by_role("button", name="Look again").click()
    expect(page.get_by_role("button", name="Take all in: 2")).to_be_visible()
    assert axe_violations(page) == []
    page.keyboard.press("i")
    outcomes = page.locator("#outcomes-of-many")
    expect(outcomes).to_contain_text("2 reports taken in.")
    expect(outcomes).to_be_focused()
    expect(rows).to_have_count(4)
    # The newest first: these two are chosen, as all up to the second.
    for key in ("j", "Space", "j", "Shift+Space"):
        page.keyboard.press(key)
    expect(page.get_by_text("2 chosen")).to_be_visible()
    page.keyboard.press("p")
    expect(outcomes).to_contain_text("2 reports are a new incident now.")
    expect(rows).to_have_count(2)
    page.get_by_role("checkbox", name=f"Choose {second.reference}").check()
    page.get_by_role("button", name="Take out").click()
    expect(outcomes).to_contain_text("1 report taken out")
    expect(rows).to_have_count(1)
    # It is not offered again, and goes back while it can be undone.
    expect(page.get_by_role("button", name="Take all in")).to_have_count(0)
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    page.keyboard.press("u")
    expect(outcomes).to_contain_text("Undone: 1 report is as before.")
    expect(rows).to_have_count(2)
    page.get_by_role("checkbox", name=f"Choose {second.reference}").check()
    page.get_by_role("button", name="Take out").click()
    expect(rows).to_have_count(1)
    page.get_by_role("link", name="Reports").first.click()
    tag = page.get_by_role("link", name="Incident: 2 reports")
    expect(tag).to_have_count(1)
    expect(page.get_by_role("link", name="Incident: 1 report")).to_have_count(1)
    several = rows.filter(has=tag)
    expect(several.get_by_role("button")).to_have_count(0)
    several.locator(".report-row__link").press("Enter")
    expect(page.get_by_role("heading", name="Incident of", level=1)).to_be_visible()
    rows.first.locator(".report-row__link").click()
    expect(page.locator(".report__tags")).to_contain_text("Incident: 2 reports")
    expect(page.get_by_role("button", name="Take all that are alike")).to_have_count(0)
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_contain_text(fourth.reference)
    assert axe_violations(page) == []
    for key, each in (("j", third), ("k", fourth)):
        page.keyboard.press(key)
        expect(heading).to_contain_text(each.reference)
    page.get_by_role("link", name="All of these").click()
    expect(rows).to_have_count(2)
    assert [each.read()["status"] for each in (second, third, fourth)] == ["received"] * 3


def test_a_step_on_an_incident_says_what_will_happen_and_what_has(
    open_page: OpenPage, stack: Stack
) -> None:
    text = "Thick smoke rises behind the school."
    first, second = alike(stack, 2, 39.91, 116.43, text=text)
    page = open_report(open_page, first.id)
    page.get_by_role("button", name="Take all that are alike into one incident").click()
    expect(page.locator(".report-row")).to_have_count(2)
    page.keyboard.press("s")
    dialog = page.get_by_role("dialog", name="A step on 2 reports")
    dialog.get_by_role("button", name="Go on").click()
    expect(dialog.get_by_role("link", name="Choose what is done.")).to_be_visible()
    dialog.get_by_role("radio", name="Acknowledge").check()
    dialog.get_by_label("Message to each reporter").fill("The fire brigade is there.")
    assert axe_violations(page) == []
    dialog.get_by_role("button", name="Go on").click()
    expect(dialog).to_contain_text("Each that is new is acknowledged.")
    expect(dialog).to_contain_text("The fire brigade is there.")
    assert axe_violations(page) == []
    assert first.read()["messages"] == []
    dialog.get_by_role("button", name="Do it: up to 2 reports").click()
    outcomes = page.locator("#outcomes-of-many")
    expect(outcomes).to_contain_text("1 report done.")
    expect(outcomes).to_contain_text("Never opened by you")
    expect(outcomes.get_by_role("link", name=second.reference)).to_be_visible()
    assert axe_violations(page) == []
    assert [one["text"] for one in first.read()["messages"]] == ["The fire brigade is there."]
    assert second.read()["messages"] == []
    page.keyboard.press("n")
    expect(page.get_by_role("heading", level=1)).to_contain_text(second.reference)


def test_a_split_that_fails_half_way_goes_on_into_the_same_incident(
    open_page: OpenPage, stack: Stack
) -> None:
    text = "A tree lies across both lanes of the road."
    reports = alike(stack, 3, 39.89, 116.41, text=text)
    page = open_report(open_page, reports[0].id)
    page.get_by_role("button", name="Take all that are alike into one incident").click()
    expect(page.locator(".report-row")).to_have_count(3)
    calls = 0

    def fail_half_way(route: Route) -> None:
        nonlocal calls
        calls += 1
        body: Any = route.request.post_data_json
        if calls == 1:  # there is time for one of the two
            *later, first = body["report_ids"]
            response = route.fetch(post_data={**body, "report_ids": [first]})
            left = [{"id": each, "code": "unavailable"} for each in later]
            route.fulfill(response=response, json={**response.json(), "left": left})
        elif calls == 2:
            route.abort()
        else:
            route.continue_()

    page.route("**/split", fail_half_way)
    for each in reports[1:]:
        page.get_by_role("checkbox", name=f"Choose {each.reference}").check()
    page.keyboard.press("p")
    expect(page.get_by_text("There was no connection.")).to_be_visible()
    expect(page.locator(".report-row")).to_have_count(2)
    expect(page.get_by_text("1 chosen")).to_be_visible()
    page.get_by_role("button", name="Split off").click()
    page.get_by_role("link", name="To the new incident").click()
    expect(page.locator(".report-row")).to_have_count(2)


def test_what_could_be_an_incident_is_found_in_the_queue(open_page: OpenPage, stack: Stack) -> None:
    text = "A swarm of bees sits in the tree before the school."
    first, *_ = alike(stack, 3, 39.97, 116.49, text=text, category="lost_and_found")
    page = open_page("/console/")
    sign_in(page)
    page.get_by_role("button", name="Find reports of one event").click()
    event = page.locator(".events__event").filter(has_text=first.reference)
    expect(event.locator(".report-row")).to_have_count(3)
    expect(event).to_contain_text("Near, at about the same time · Similar text")
    assert axe_violations(page) == []
    # It stays while one of them is opened.
    event.get_by_role("link", name=first.reference).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(first.reference)
    page.go_back()
    event.get_by_role("button", name="Take in").click()
    taken = page.locator(".events__event").filter(has_text="Taken into one incident")
    expect(taken).to_contain_text("Lost and found: 3 reports")
    assert axe_violations(page) == []
    taken.get_by_role("link").click()
    expect(page.get_by_role("heading", name="Incident", level=1)).to_be_visible()


@pytest.mark.thorough
def test_a_report_is_muted_followed_exported_and_its_history_read(
    open_page: OpenPage, stack: Stack
) -> None:
    page = open_report(open_page, Resident(stack.api).id)
    press(page, "Follow this report", shows="Followed by Officer Li")
    page.get_by_role("button", name="Mute…").click()
    page.get_by_label("Reason").fill("The same joke a hundred times.")
    page.get_by_role("button", name="Mute it").click()
    page.get_by_role("button", name="End the mute").click()
    expect(page.get_by_role("button", name="Mute…")).to_be_visible()
    page.get_by_role("button", name="Export…").click()
    page.get_by_label("Reason").fill("For the court.")
    page.get_by_role("button", name="Make the zip").click()
    address = page.get_by_role("link", name="Download").get_attribute("href")
    assert page.request.get(str(address)).body()[:2] == b"PK"
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Show who did and saw what").click()
    expect(page.locator(".history")).to_contain_text("follows it")
    expect(page.locator(".history")).to_contain_text("Reason: For the court.")


@pytest.mark.thorough
def test_a_file_for_a_court_is_asked_for_approved_and_made(
    open_page: OpenPage, stack: Stack
) -> None:
    page = open_report(open_page, Resident(stack.api).id)
    page.get_by_role("button", name="Export…").click()
    page.get_by_label("A file for a court").check()
    page.get_by_label("Reason").fill("For the court.")
    page.get_by_role("button", name="Ask for it").click()
    address = page.get_by_role("link", name="See the request").get_attribute("href")
    approver = open_page(str(address))
    sign_in(approver, ZHAO)
    expect(approver.get_by_role("heading", name="A file for a court")).to_be_visible()
    expect(approver.get_by_text("For the court.")).to_be_visible()
    approver.get_by_role("button", name="Approve this export").click()
    expect(approver.locator("main").get_by_text(ZHAO)).to_be_visible()
    page.get_by_role("link", name="See the request").click()
    page.get_by_role("button", name="Make zip 1 of 1").click()
    signature = page.get_by_role("link", name="Download the signature").get_attribute("href")
    assert page.request.get(str(signature)).json()["form"] == "tipline/custody-zip/1"


@pytest.mark.thorough
def test_pictures_are_sent_to_the_reporter(open_page: OpenPage, stack: Stack) -> None:
    resident = Resident(stack.api)
    page = open_report(open_page, resident.id)
    page.get_by_text("Send pictures to the reporter").click()
    page.get_by_label("Pictures", exact=True).set_input_files(
        {"name": "map.jpg", "mimeType": "image/jpeg", "buffer": picture()}
    )
    page.get_by_role("button", name="Send the pictures").click()
    expect(page.get_by_text("The reporter can see the picture.")).to_be_visible()
    wait_until(page, lambda: [one["from"] for one in resident.read()["media"]] == ["officer"])
    expect(page.locator(".notice__one")).to_have_count(0)


@pytest.mark.thorough
def test_what_was_withdrawn_opens_for_a_supervisor_with_a_reason(
    open_page: OpenPage, stack: Stack
) -> None:
    resident = Resident(stack.api, **REPORT)
    resident.withdraw()
    page = open_report(open_page, resident.id)
    expect(page.get_by_text("Only a supervisor can open it")).to_be_visible()
    other = open_report(open_page, resident.id, ZHAO)
    other.get_by_label("Reason").fill("A threat was in it.")
    press(other, "Open what was withdrawn", shows=REPORT["text"])
