"""Administration: two admins appoint, the plan of shifts, the catalogue, and one's own settings."""

import re

import pytest
import requests
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.console_pages import SUN, call, go, page_of
from tests.browser.officers import CHEN, LI, WANG, ZHAO, approve
from tests.browser.screens import assert_usable, press, take_pictures
from tests.local.stack import Stack

ROW = {
    "name": "Officer Zhou",
    "roles": ["officer"],
    "categories": ["traffic_violation"],
    "districts": ["*"],
    "email": "zhou@tipline.test",
}


def appointed(stack: Stack, username: str, **change: object) -> None:
    path = f"/v1/admin/officers/{username}"
    call(stack, "admin", "PUT", path, ROW | change)
    approve(stack, "admin2", f"{path}/approve")


def test_one_admin_proposes_an_officer_and_another_approves(
    open_page: OpenPage, stack: Stack
) -> None:
    page = page_of(open_page, CHEN, "/console/admin/officers")
    page.get_by_role("link", name="Appoint an officer").click()
    page.get_by_label("Username").fill("lin.wei")
    page.get_by_label("Name", exact=True).fill("Lin Wei")
    page.get_by_role("group", name="Categories").get_by_label("Only some").check()
    page.get_by_label("Lost and found").check()
    page.get_by_label("E-mail").fill("lin.wei@tipline.test")
    press(page, "Propose", shows="You proposed this")
    expect(page.get_by_role("button", name="Approve exactly this")).to_have_count(0)

    other = page_of(open_page, SUN, "/console/admin/officers")
    other.get_by_role("region", name=re.compile("Awaits approval")).get_by_role("link").click()
    proposal = other.get_by_role("region", name="What is proposed")
    expect(proposal.get_by_role("insertion").filter(has_text="Lost and found")).to_be_visible()
    expect(proposal.get_by_role("deletion")).to_have_count(0)
    proposal.get_by_role("button", name="Approve exactly this").click()
    expect(other.get_by_text("Approved. It takes effect")).to_be_visible()
    expect(other.get_by_text(re.compile("Approves nothing before"))).to_be_visible()
    assert call(stack, "admin", "GET", "/v1/admin/officers/lin.wei")["categories"] == [
        "lost_and_found"
    ]


@pytest.mark.thorough
def test_all_that_is_wrong_with_a_new_officer_is_said_at_once(open_page: OpenPage) -> None:
    page = page_of(open_page, CHEN, "/console/admin/appoint")
    page.get_by_label("Username").fill("Hu Wei")
    page.get_by_label("E-mail").fill("hu")
    page.get_by_label("Phone").fill("13800138000")
    page.get_by_role("button", name="Propose").click()
    summary = page.get_by_role("alert").filter(has_text="There is a problem")
    expect(summary.get_by_role("link")).to_have_count(3)
    phone = page.get_by_label("Phone")
    expect(phone).to_have_attribute("aria-invalid", "true")
    phone.fill("+8613800138000")
    expect(summary.get_by_role("link")).to_have_count(2)
    page.get_by_label("Username").fill("hu.wei")
    page.get_by_label("E-mail").fill("hu@tipline.test")
    page.get_by_role("button", name="Propose").click()
    # The sign of the mark is not part of the number.
    added = page.get_by_role("insertion").filter(has_text="13800138000")
    expect(added).to_have_text("Added: + +8613800138000")


@pytest.mark.thorough
def test_a_proposal_that_was_replaced_is_shown_and_not_approved(
    open_page: OpenPage, stack: Stack
) -> None:
    appointed(stack, "zhou")
    path = "/v1/admin/officers/zhou"
    call(stack, "admin", "PUT", path, ROW | {"categories": ["traffic_violation", "other"]})
    page = page_of(open_page, SUN, "/console/admin/officers/zhou")
    approve = page.get_by_role("button", name="Approve exactly this")
    expect(approve).to_be_visible()
    call(stack, "admin", "PUT", path, ROW | {"roles": ["officer", "supervisor"]})
    approve.click()
    alert = page.get_by_role("alert").filter(has_text="Somebody has replaced the proposal")
    expect(alert.get_by_text("+Supervisor")).to_be_visible()
    expect(alert.get_by_text("−Something else")).to_be_visible()
    # Nothing to approve stands where the first button was, until the change was read.
    expect(alert).to_be_focused()
    expect(alert).to_be_in_viewport()
    expect(approve).to_have_count(0)
    page.get_by_label("I have read what changed").check()
    expect(approve).to_be_visible()
    press(page, "Decline: withdraw the proposal", shows="The proposal is withdrawn.")


@pytest.mark.thorough
def test_one_admin_deactivates_at_once_and_asks_first(open_page: OpenPage, stack: Stack) -> None:
    appointed(stack, "wu", name="Officer Wu")
    page = page_of(open_page, CHEN, "/console/admin/officers/wu")
    page.get_by_role("button", name="Deactivate at once").click()
    question = page.get_by_role("dialog")
    expect(question.get_by_text("Officer Wu loses access at the next request")).to_be_visible()
    # Enter, pressed once more, would not deactivate anybody.
    expect(question.get_by_role("button", name="Cancel")).to_be_focused()
    question.get_by_role("button", name="Deactivate at once").click()
    expect(page.get_by_text("Deactivated.", exact=True)).to_be_visible()
    assert call(stack, "admin", "GET", "/v1/admin/officers/wu")["active"] is False


@pytest.mark.thorough
def test_nobody_changes_their_own_row(open_page: OpenPage) -> None:
    page = page_of(open_page, CHEN, "/console/admin/officers/admin")
    expect(page.get_by_text("This is you. Another administrator changes it.")).to_be_visible()
    expect(page.get_by_role("button", name="Propose a change")).to_have_count(0)


def test_one_admin_proposes_a_destination_and_another_sees_its_secret_once(
    open_page: OpenPage, stack: Stack
) -> None:
    page = page_of(open_page, CHEN, "/console/admin/destinations")
    page.get_by_role("link", name="Propose a destination").click()
    page.get_by_label("Name", exact=True).fill("dispatch")
    page.get_by_label("Address").fill("https://192.168.0.1/events")
    page.get_by_role("button", name="Propose").click()
    expect(page.get_by_role("alert")).to_contain_text("url")
    page.get_by_label("Address").fill("https://receiver.localhost:9000/events")
    page.get_by_label("A report came").check()
    press(page, "Propose", shows="You proposed this")
    expect(page.get_by_role("button", name="Approve exactly this")).to_have_count(0)

    other = page_of(open_page, SUN, "/console/admin/destinations")
    other.get_by_role("link", name="dispatch").click()
    approve_it = other.get_by_role("button", name="Approve exactly this")
    expect(approve_it).to_be_visible()
    path = "/v1/admin/destinations/dispatch"
    call(stack, "admin", "PUT", path, {"url": "https://receiver.localhost:9000/other"})
    approve_it.click()
    replaced = other.get_by_role("alert").filter(has_text="Somebody has replaced the proposal")
    expect(replaced).to_contain_text("/other")
    expect(approve_it).to_have_count(0)
    other.get_by_label("I have read what changed").check()
    approve_it.click()
    secret = other.get_by_text(re.compile("^whsec_"))
    expect(secret).to_be_visible()
    expect(other.get_by_text("Nothing yet.")).to_be_visible()
    assert_usable(other, "admin-destination")
    other.reload()
    expect(other.get_by_role("heading", name="Events of the last 30 days")).to_be_visible()
    expect(secret).to_have_count(0)
    other.get_by_role("button", name="End it at once").click()
    other.get_by_role("dialog").get_by_role("button", name="End it at once").click()
    expect(other.get_by_text("Nothing goes anywhere.")).to_be_visible()


@pytest.mark.thorough
@pytest.mark.parametrize("way", ["url", "reader", "bus"])
def test_each_way_out_has_its_own_fields(open_page: OpenPage, language: str, way: str) -> None:
    page = page_of(open_page, CHEN, "/console/admin/destinations/.new", language=language)
    page.locator("#way").select_option(way)
    for field in ("url", "reader"):
        expect(page.locator(f"#{field}")).to_have_count(1 if field == way else 0)
    assert_usable(page, f"admin-destination-{way}-{language}")


def test_events_can_be_fetched_by_a_machine_that_two_have_appointed(
    open_page: OpenPage, stack: Stack
) -> None:
    page = page_of(open_page, CHEN, "/console/admin/appoint")
    page.get_by_label("Username").fill("dispatcher")
    page.get_by_label("Machine").check()
    expect(page.get_by_label("Officer", exact=True)).not_to_be_checked()
    for address in ("E-mail", "Phone"):
        expect(page.get_by_label(address)).to_have_count(0)
    press(page, "Propose", shows="You proposed this")
    approve(stack, "admin2", "/v1/admin/officers/dispatcher/approve")
    go(page, "/console/admin/destinations/.new")
    page.get_by_label("Name", exact=True).fill("fetched")
    page.get_by_label("How events leave").select_option("reader")
    page.get_by_label("Reader").fill("dispatcher")
    press(page, "Propose", shows="You proposed this")
    approve(stack, "admin2", "/v1/admin/destinations/fetched/approve")
    page.reload()
    expect(page.get_by_role("button", name="Replace the secret")).to_have_count(0)
    expect(page.get_by_role("heading", name="Events of the last 30 days")).to_be_visible()
    take_pictures(page, "admin-destination-fetched")
    go(page, "/console/admin/officers/dispatcher")
    expect(page.get_by_role("definition").filter(has_text="Machine")).to_be_visible()
    take_pictures(page, "admin-machine")


def test_a_plan_of_shifts_is_saved_and_says_when_nobody_is_on_duty(
    open_page: OpenPage, stack: Stack
) -> None:
    page = page_of(open_page, CHEN, "/console/admin/shifts")
    page.get_by_role("button", name="Change the plan").click()
    page.get_by_role("button", name="Add a shift").click()
    # What a field and a group are called stands in one line.
    edge = "element => element.getBoundingClientRect().left + getComputedStyle(element).paddingLeft"
    labels = [page.get_by_text(name, exact=True) for name in ("Name", "Begins on", "Officers")]
    assert len({label.last.evaluate(edge) for label in labels}) == 1
    page.get_by_role("button", name="Save the plan").click()
    expect(page.get_by_role("link", name="Shift 1: Give the shift a name.")).to_be_visible()
    shift = page.get_by_role("group", name="Shift 1")
    shift.get_by_label("Name").fill("Night")
    shift = page.get_by_role("group", name="Night")
    for day in ("Fri", "Sat"):
        shift.get_by_label(day).check()
    shift.get_by_label("From", exact=True).fill("20:00")
    shift.get_by_label("To", exact=True).fill("08:00")
    expect(shift.get_by_text("It ends on the next day.")).to_be_visible()
    shift.get_by_label("Officer Li (officer)").check()
    expect(page.get_by_text("Mon 00:00 – Fri 20:00")).to_be_visible()
    press(page, "Save the plan", shows="The plan is saved.")
    expect(page.get_by_text("Fri, Sat 20:00–08:00 (+1)")).to_be_visible()
    [kept] = call(stack, "officer", "GET", "/v1/officer/shifts")["shifts"]
    assert (kept["name"], kept["weekdays"]) == ("Night", ["friday", "saturday"])
    assert (kept["starts"], kept["ends"], kept["officers"]) == ("20:00", "08:00", ["officer"])


@pytest.mark.thorough
def test_a_plan_of_somebody_else_is_not_written_over_unseen(
    open_page: OpenPage, stack: Stack
) -> None:
    page = page_of(open_page, CHEN, "/console/admin/shifts")
    page.get_by_role("button", name="Change the plan").click()
    plan = call(stack, "admin", "GET", "/v1/officer/shifts")
    theirs = {"name": "Day", "weekdays": ["monday"], "starts": "08:00", "ends": "20:00"}
    version = {"If-Match": f'"{plan["version"]}"'}
    call(stack, "admin2", "PUT", "/v1/admin/shifts", {"shifts": [theirs]}, version)
    page.get_by_role("button", name="Save the plan").click()
    expect(page.get_by_role("alert")).to_contain_text("Somebody has saved another plan")
    expect(page.get_by_role("alert")).to_be_focused()
    page.get_by_role("button", name="Discard mine, and begin with theirs").click()
    expect(page.get_by_role("group", name="Day")).to_be_visible()


def test_a_deadline_of_a_category_is_changed(open_page: OpenPage, stack: Stack) -> None:
    page = page_of(open_page, CHEN, "/console/admin/catalogue")
    page.get_by_role("button", name="Change Lost and found").first.click()
    form = page.get_by_role("form", name="Change Lost and found")
    form.get_by_label("Urgency Normal").fill("90")
    form.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved: Lost and found.", exact=True)).to_be_visible()
    expect(page.get_by_text("Normal: 1 h 30 min")).to_be_visible()
    state = call(stack, "admin", "PATCH", "/v1/admin/catalogue", {})
    [kept] = [each for each in state["categories"] if each["code"] == "lost_and_found"]
    assert kept["deadlines"]["normal"] == 90


@pytest.mark.thorough
def test_a_category_is_added_as_a_trial(open_page: OpenPage, stack: Stack) -> None:
    page = page_of(open_page, CHEN, "/console/admin/catalogue")
    page.get_by_role("button", name="Add a category").click()
    form = page.get_by_role("form", name="Add a category")
    form.get_by_role("button", name="Add a category").click()
    for field in ("Code", "Name, Chinese", "Name, English"):
        expect(form.get_by_label(field)).to_have_attribute("aria-invalid", "true")
    form.get_by_label("Code").fill("noise")
    expect(form.get_by_label("Code")).to_have_attribute("aria-invalid", "false")
    form.get_by_label("Name, Chinese").fill("噪音")
    form.get_by_label("Name, English").fill("Noise")
    form.get_by_role("button", name="Add a question").click()
    question = form.get_by_role("group", name="Question 1")
    question.get_by_label("Code").fill("kind")
    question.get_by_label("Question, Chinese").fill("哪种噪音？")
    question.get_by_label("Question, English").fill("What kind of noise?")
    question.get_by_label("Kind of answer").select_option("choice")
    question.get_by_label("Answers").fill("music, 音乐, Music\nworks, 施工, Construction works")
    form.get_by_role("button", name="Add a category").click()
    expect(page.get_by_text("Added as a trial.")).to_be_visible()
    form_of = call(stack, "officer", "GET", "/v1/officer/forms?category=noise")
    [kept] = form_of["details"]
    assert [option["code"] for option in kept["options"]] == ["music", "works"]


@pytest.mark.thorough
def test_an_officer_sees_no_administration(open_page: OpenPage) -> None:
    page = page_of(open_page, LI, "/console/admin/officers")
    expect(page.get_by_text("Only administrators see this.")).to_be_visible()
    parts = page.get_by_role("navigation", name="Parts of the administration")
    expect(parts.get_by_role("link")).to_have_text(["Awaiting approval", "Shifts", "My settings"])


@pytest.mark.thorough
def test_an_admin_who_sees_no_reports_is_refused_nothing(open_page: OpenPage) -> None:
    page = page_of(open_page, SUN, "/console/dashboard")
    refused: list[str] = []
    page.on("response", lambda response: refused.append(response.url) if not response.ok else None)
    places = page.get_by_role("navigation", name="Console")
    expect(places.get_by_role("link")).to_have_text(["Dashboard", "Admin"])
    for path in (
        "/console/",
        "/console/admin/shifts",
        "/console/admin/waiting",
        "/console/admin/me",
    ):
        go(page, path)
        expect(page.get_by_role("heading", name="Administration", level=1)).to_be_visible()
        expect(places.locator("[aria-current]")).to_have_text("Admin")
    assert refused == []
    expect(page.get_by_text("No connection to the service.")).to_have_count(0)


@pytest.mark.thorough
def test_an_officer_subscribes_to_notices_and_ends_it(open_page: OpenPage, stack: Stack) -> None:
    page = page_of(open_page, WANG, "/console/admin/me")
    expect(page.get_by_text("You get no notices.")).to_be_visible()
    page.get_by_label("From this urgency on").select_option("high")
    page.get_by_label("Also notify me of drills").check()
    press(page, "Subscribe", shows="narrow@tipline.test")
    # The local stack needs no link.
    expect(page.get_by_text("Confirmed", exact=True)).to_be_visible()
    expect(page.get_by_text("Subscribed. Notices come from now on.")).to_be_visible()
    [kept] = call(stack, "narrow", "GET", "/v1/officer/subscriptions")["items"]
    assert (kept["min_urgency"], kept["drills"]) == ("high", True)
    press(page, "Remove E-mail", shows="You get no notices.")


@pytest.mark.thorough
def test_what_awaits_approval_is_found_in_one_place(open_page: OpenPage, stack: Stack) -> None:
    body = {"category": "other", "text": "Keep this."}
    key = {"Idempotency-Key": "0f0f7f46-5f0e-4f0e-9a35-6a9f0f3c7c11"}
    report = requests.post(f"{stack.api}/v1/reports", json=body, headers=key, timeout=10).json()
    hold = {"reason": "Evidence.", "until": "2027-06-01T00:00:00Z"}
    call(stack, "officer", "POST", f"/v1/officer/reports/{report['id']}/hold", hold)
    page = page_of(open_page, ZHAO, "/console/admin/waiting")
    row = page.get_by_role("listitem").filter(has_text=report["reference"])
    expect(row.get_by_text("Legal hold waits for approval")).to_be_visible()
