"""An open report says what is new and what is so, and does nothing that nobody asked for."""

import re
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.console_pages import go, opened, page_of
from tests.browser.officers import (
    LI,
    ZHAO,
    Resident,
    approve,
    officer_api,
    resident_with_picture,
    sign_in,
    wait_until,
)
from tests.browser.screens import assert_usable, axe_violations, box_of, press, take_pictures
from tests.local.stack import Stack

pytestmark = pytest.mark.thorough

PULSE_MS = 10_000
PHONE = {"width": 360, "height": 740}
CHANGED = "A colleague has changed this report."
# Somewhere in a district of this size.
AREA = {"lat": 39.9, "lon": 116.4, "accuracy_m": 9600, "address": "Dongcheng"}
# Whether a picture is scrolled to what was pressed.
SCROLLED = "view => view.scrollLeft > 0 && view.scrollWidth > view.clientWidth"


def hold(stack: Stack, resident: Resident) -> str:
    """Let Officer Li ask for a hold. Return the path of its approval."""
    path = f"/v1/officer/reports/{resident.id}/hold"
    body = {"reason": "For the court.", "until": "2030-01-01T00:00:00Z"}
    officer_api(stack, "officer")("POST", path, body)
    return f"{path}/approve"


def test_the_second_officers_step_is_said_on_the_first_ones_page(
    open_page: OpenPage, stack: Stack
) -> None:
    resident = Resident(stack.api)
    approval = hold(stack, resident)
    page = opened(open_page, resident)
    expect(page.get_by_text("Officer Li asks for a hold until")).to_be_visible()
    page.clock.run_for(PULSE_MS)
    expect(page.get_by_text(CHANGED)).to_have_count(0)
    approve(stack, "supervisor", approval)
    page.clock.run_for(PULSE_MS)
    expect(page.get_by_text(CHANGED)).to_be_in_viewport()
    press(page, "Show it as it is now", shows="Held until")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    expect(page.get_by_text(CHANGED)).to_have_count(0)


def test_whoever_ends_a_request_does_not_ask_to_lift_what_was_approved(
    open_page: OpenPage, stack: Stack
) -> None:
    resident = Resident(stack.api)
    approval = hold(stack, resident)
    page = opened(open_page, resident)
    page.get_by_role("button", name="Take the request back…").click()
    approve(stack, "supervisor", approval)
    page.get_by_label("Reason").fill("A mistake.")
    page.get_by_role("button", name="Take the request back", exact=True).click()
    expect(page.get_by_role("alert").get_by_text("has approved this hold")).to_be_visible()
    expect(page.get_by_role("button", name="Ask to lift the hold…")).to_be_focused()
    shown = officer_api(stack, "supervisor")("GET", f"/v1/officer/reports/{resident.id}").json()
    assert shown["hold"]["lift"] is None


def test_what_is_withdrawn_leaves_an_open_page_by_itself(open_page: OpenPage, stack: Stack) -> None:
    resident = Resident(stack.api, text="A man with a knife.", contact={"name": "Mr Zhang"})
    resident.write("He has gone.")
    page = opened(open_page, resident)
    expect(page.get_by_text("Mr Zhang")).to_have_count(0)
    page.get_by_role("button", name="Show the contact…").click()
    press(page, "Show the contact", shows="Give a reason: it goes on record.", exact=True)
    page.get_by_label("Reason").fill("To call back.")
    press(page, "Show the contact", shows="Mr Zhang", exact=True)
    resident.withdraw()
    page.clock.run_for(PULSE_MS)
    expect(page.get_by_role("heading", name="The reporter has withdrawn this")).to_be_visible()
    for text in ("A man with a knife.", "He has gone.", "Mr Zhang", "left no contact"):
        expect(page.get_by_text(text)).to_have_count(0)
    expect(page.get_by_text("was deleted when the reporter withdrew")).to_be_visible()


def test_a_later_place_is_counted_where_it_is_and_outlives_a_step(
    open_page: OpenPage, stack: Stack
) -> None:
    place = {"lat": 39.93, "lon": 116.45}
    resident = Resident(stack.api, "missing_elderly", "An old man.", location=place)
    resident.write("He walks on.")
    resident.go(39.94, 116.46)
    page = opened(open_page, resident, viewport=PHONE)
    parts = page.get_by_role("navigation", name="Parts of this report")
    expect(parts.get_by_role("link", name="Conversation")).to_contain_text("1 unread")
    expect(parts.get_by_role("link", name="Place")).to_contain_text("1 unread")
    press(page, "Acknowledge and take", shows="The report is now: Acknowledged")
    expect(parts.get_by_role("link", name="Place")).to_contain_text("1 unread")
    look = page.get_by_role("button", name="See where")
    expect(look).to_be_in_viewport()
    look.click()
    later = page.locator(".positions > li")
    expect(later).to_be_in_viewport()
    expect(later).to_contain_text("New")
    expect(look).to_have_count(0)
    expect(parts.get_by_role("link", name="Place")).not_to_contain_text("unread")

    resident.go(39.95, 116.47)
    page.clock.run_for(PULSE_MS)
    page.get_by_role("button", name="Show it as it is now").click()
    expect(later).to_have_count(2)
    expect(later.last).to_be_in_viewport()
    expect(page.get_by_role("heading", name="Where it was later")).to_be_focused()


def test_an_agency_reads_how_vague_a_place_is_and_its_pictures_are_seen_large(
    open_page: OpenPage, stack: Stack
) -> None:
    page = open_page("/console/")
    resident = resident_with_picture(stack.api, page, location=AREA)
    sign_in(page, ZHAO)
    officer_api(stack, "officer")(
        "POST",
        f"/v1/officer/reports/{resident.id}/referral",
        {"agency": "city_services", "reason": "Theirs.", "include": ["place", "media"]},
    )
    go(page, f"/console/reports/{resident.id}")
    page.get_by_role("button", name="Read what the agency gets").click()
    document = page.get_by_role("dialog", name=re.compile("^What .+ gets$"))
    expect(document.get_by_text("About here: within 9.6 km")).to_be_visible()
    expect(document.get_by_text("Middle of the circle")).to_be_visible()
    document.get_by_role("button", name="Enlarge picture 1").click()
    large = page.get_by_role("dialog", name="Picture 1 of 1")
    expect(large.get_by_role("img", name="Picture 1 of 1")).to_be_visible()
    page.keyboard.press("Escape")
    expect(large).to_have_count(0)
    expect(document.get_by_role("button", name="Enlarge picture 1")).to_be_focused()
    page.emulate_media(media="print")
    expect(document.get_by_text("About here: within 9.6 km")).to_be_visible()
    expect(document.get_by_role("img", name="Picture 1 of 1")).to_be_visible()


def test_a_picture_is_seen_in_its_full_size(open_page: OpenPage, stack: Stack) -> None:
    page = open_page("/console/", viewport=PHONE)
    resident = resident_with_picture(stack.api, page)
    sign_in(page)
    go(page, f"/console/reports/{resident.id}")
    page.get_by_role("button", name="Enlarge picture 1").click()
    picture = page.get_by_role("img", name="Picture 1 of 1")
    expect(picture).to_have_js_property("naturalWidth", 800)
    fitted = box_of(picture)["width"]
    picture.click(position={"x": 300, "y": 300})
    expect(page.get_by_role("button", name="Fit the screen")).to_be_visible()
    view = page.locator(".lightbox__view")
    assert box_of(picture)["width"] == 800 > fitted
    assert view.evaluate(SCROLLED)
    # The arrow keys move it, and what is pressed again is fitted.
    before = view.evaluate("view => view.scrollLeft")
    page.keyboard.press("ArrowLeft")
    assert view.evaluate("view => view.scrollLeft") < before
    picture.click()
    assert box_of(picture)["width"] == fitted
    page.get_by_role("button", name="Full size").press("Enter")
    assert box_of(picture)["width"] == 800


def test_the_record_says_which_picture_was_redacted(open_page: OpenPage, stack: Stack) -> None:
    page = open_page("/console/")
    resident = resident_with_picture(stack.api, page)
    sign_in(page)
    [medium] = resident.read()["media"]
    regions = [{"x": 0.1, "y": 0.1, "width": 0.2, "height": 0.2}]
    path = f"/v1/officer/reports/{resident.id}/media/{medium['media_id']}/redaction"
    officer_api(stack, "officer")("POST", path, {"regions": regions})
    go(page, f"/console/reports/{resident.id}")
    page.get_by_role("button", name="Show who did and saw what").click()
    expect(page.locator(".history")).to_contain_text("Picture 1 of 1: redacted")
    page.get_by_role("button", name="Show these lists").click()
    expect(page.locator("form .history")).to_contain_text("Officer Li listed it")


def test_what_was_wrong_goes_with_its_cause(open_page: OpenPage, stack: Stack) -> None:
    page = opened(open_page, Resident(stack.api))
    reply = page.get_by_label("Message to the reporter")
    reply.fill("It is with {department}.")
    press(page, "Send", shows="Replace {department} first.", exact=True)
    reply.fill("")
    expect(page.get_by_text("Replace {department} first.")).to_have_count(0)

    page.get_by_role("button", name="Pass on to an agency…").click()
    dialog = page.get_by_role("dialog", name="Pass the report on")
    press(dialog, "Propose it", shows="Choose what the agency gets.")
    dialog.get_by_label("Text", exact=True).check()
    expect(dialog.get_by_text("Choose what the agency gets.")).to_have_count(0)
    dialog.get_by_label("Reason").fill("T")
    expect(dialog.get_by_text("Give a reason")).to_have_count(0)
    dialog.get_by_role("button", name="Cancel").click()

    page.get_by_role("button", name="Close…").click()
    close = page.get_by_role("dialog", name="Close the report")
    close.get_by_role("button", name="Close the report").click()
    expect(close.get_by_role("link", name="Choose what came of it.")).to_be_visible()
    close.get_by_label("Resolved").check()
    expect(close.get_by_text("Choose what came of it.")).to_have_count(0)


def test_a_redaction_that_is_not_ready_is_said_at_the_pictures(
    open_page: OpenPage, stack: Stack
) -> None:
    page = opened(open_page, Resident(stack.api))
    page.route("**/referral", refuse)
    page.get_by_role("button", name="Pass on to an agency…").click()
    dialog = page.get_by_role("dialog", name="Pass the report on")
    dialog.get_by_label("Reason").fill("Theirs.")
    dialog.get_by_label(re.compile("^Pictures")).check()
    dialog.get_by_role("button", name="Propose it").click()
    parts = dialog.get_by_role("group", name="What it gets")
    expect(parts.get_by_text("A picture is not ready.")).to_be_visible()
    expect(parts).to_be_focused()
    expect(dialog.get_by_label("Reason")).to_have_attribute("aria-invalid", "false")


def refuse(route: Route) -> None:
    code = "redaction_not_ready"
    problem = {"type": code, "title": code, "code": code, "status": 409, "request_id": "1"}
    detail = {"detail": "A picture is not ready."}
    route.fulfill(status=409, json=problem | detail, content_type="application/problem+json")


def test_an_agency_that_is_sent_words_gets_these_and_no_part(
    open_page: OpenPage, stack: Stack, language: str
) -> None:
    asked: list[Any] = []

    def take(route: Route) -> None:
        asked.append(route.request.post_data_json)
        refuse(route)

    page = open_page(f"/console/reports/{Resident(stack.api).id}", language=language)
    page.route("**/v1/officer/agencies", send_words)
    page.route("**/referral", take)
    sign_in(page)
    page.locator("section[aria-labelledby=referrals] .button").click()
    dialog = page.get_by_role("dialog").filter(has=page.locator("#referral-words"))
    words = dialog.locator("#referral-words")
    propose = dialog.locator("button[type=submit]")
    dialog.locator("textarea:not(#referral-words)").fill("Theirs.")
    propose.click()
    expect(words).to_be_focused()
    expect(words).to_have_attribute("aria-invalid", "true")
    assert_usable(page, f"referral-words-missing-{language}")
    words.fill("A lamp is broken.")
    take_pictures(page, f"referral-words-{language}")
    propose.click()
    expect(dialog.get_by_text("A picture is not ready.")).to_be_visible()
    sent = {"agency": "municipal_police", "reason": "Theirs.", "words": "A lamp is broken."}
    assert asked == [sent | {"include": []}]
    dialog.locator("#agency").select_option("city_services")
    expect(dialog.get_by_role("checkbox")).to_have_count(1)
    take_pictures(page, f"referral-words-place-{language}")


def send_words(route: Route) -> None:
    """Let all agencies receive by Open311, of which the first one publishes."""
    response = route.fetch()
    body = response.json()
    for number, agency in enumerate(body["items"]):
        agency |= {"receives": "open311", "publishes": number == 0}
    route.fulfill(response=response, json=body)


def test_why_an_agency_refuses_is_read_as_its_own_words_and_never_as_markup(
    open_page: OpenPage, stack: Stack, language: str
) -> None:
    words = "403: <b>No</b> <img src=x onerror=alert(1)>\nSecond reason. " + "x" * 400

    def refuse_it(route: Route) -> None:
        response = route.fetch()
        body = response.json()
        sent = {"state": "waiting", "reference": "R-1", "at": body["received_at"]}
        body["referrals"][0]["sent"] = sent | {"request_id": None, "notes": words}
        route.fulfill(response=response, json=body)

    resident = Resident(stack.api)
    path = f"/v1/officer/reports/{resident.id}/referral"
    body = {"agency": "city_services", "reason": "Theirs.", "include": ["text"]}
    assert officer_api(stack, "officer")("POST", path, body).status_code == 201
    page = open_page(f"/console/reports/{resident.id}", language=language, viewport=PHONE)
    page.route(f"**/v1/officer/reports/{resident.id}", refuse_it)
    sign_in(page)
    said = page.locator("section[aria-labelledby=referrals] blockquote")
    expect(said).to_have_text(words)
    expect(said.locator("*")).to_have_count(0)
    expect(said).to_have_css("white-space", "pre-line")
    mark = "In the agency’s own words:" if language == "en" else "以下为对方原话："
    expect(said).to_have_accessible_name(mark)
    assert_usable(page, f"referral-refused-{language}", {"width": 320, "height": 740})


def test_what_a_dialog_is_answered_with_is_in_sight(open_page: OpenPage, stack: Stack) -> None:
    page = opened(open_page, Resident(stack.api), viewport=PHONE)
    page.get_by_role("button", name="Close…").click()
    close = page.get_by_role("dialog", name="Close the report")
    for name in ("Close the report", "Not yet"):
        expect(close.get_by_role("button", name=name)).to_be_in_viewport(ratio=1)
    # What is written in is not behind them.
    reason = close.get_by_label("What the reporter reads")
    reason.focus()
    page.keyboard.type("Thank you.")
    foot = close.get_by_role("button", name="Close the report")

    def is_above() -> bool:
        box = box_of(reason)
        return box["y"] + box["height"] < box_of(foot)["y"]

    wait_until(page, is_above)


def test_a_report_that_is_not_suggested_is_joined_by_its_number(
    open_page: OpenPage, stack: Stack
) -> None:
    here = Resident(stack.api, "lost_and_found", "Found a key.")
    there = Resident(stack.api, "other", "A drill is loud all night.")
    page = page_of(open_page, LI, f"/console/reports/{here.id}")
    number = page.get_by_label("Another report, by its number")
    number.fill("7")
    press(page, "Add it", shows="A number has 8 letters and digits.")
    number.fill(here.reference)
    press(page, "Add it", shows="This is the report that is open.")
    number.fill(there.reference)
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("checkbox", name=f"Choose {there.reference}")).to_be_checked()
    assert axe_violations(page) == []
    page.screenshot(path="/tmp/console45-number.png", full_page=True)
    page.get_by_role("button", name="Take the chosen one into one incident").click()
    expect(page).to_have_url(re.compile("/console/incidents/"))
    expect(page.get_by_role("link", name=there.reference)).to_be_visible()
