"""Work on many rows of the queue: chosen by box or key, one step, and what came of it for each."""

import uuid

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.officers import Resident, change_report, officer_api, sign_in
from tests.browser.screens import axe_violations, scrolls_sideways
from tests.local.stack import Stack

UNDO_MS = PULSE_MS = 10_000
BAR = "With the chosen reports"


@pytest.fixture
def residents(stack: Stack) -> list[Resident]:
    # Those of one text are one row, which cannot be chosen.
    return [Resident(stack.api, "lost_and_found", str(uuid.uuid4())) for _ in range(5)]


def newest(open_page: OpenPage, residents: list[Resident]) -> Page:
    """Open the queue, the newest first, with a clock that the test moves."""
    page = open_page("/console/")
    page.clock.install()
    sign_in(page)
    page.get_by_label("Order").select_option("newest")
    expect(row(page, residents[0])).to_be_visible()
    return page


def row(page: Page, resident: Resident) -> Locator:
    return page.locator(f".report-row[data-id='{resident.id}']")


def take(page: Page, count: int) -> None:
    dialog = page.get_by_role("dialog", name=f"A step on {count} reports")
    dialog.get_by_role("button", name="Go on").click()
    assert axe_violations(page) == []
    dialog.get_by_role("button", name="Do it").click()
    expect(dialog).to_be_hidden()


def test_three_of_five_are_assigned_by_key_and_given_back(
    open_page: OpenPage, residents: list[Resident], stack: Stack
) -> None:
    page = newest(open_page, residents)
    bar = page.get_by_role("region", name=BAR)
    row(page, residents[4]).get_by_role("link").focus()
    for key in ("Space", "j", "j", "Shift+Space"):
        page.keyboard.press(key)
    expect(bar).to_contain_text("3 chosen")
    assert axe_violations(page) == []
    page.keyboard.press("m")
    expect(page.get_by_role("combobox", name="Assign to")).to_have_value("officer")
    take(page, 3)
    expect(bar).to_contain_text("3 reports done.")
    page.get_by_role("button", name="Undo").focus()  # so it stays
    assert axe_violations(page) == []
    for each in residents[2:]:
        expect(row(page, each)).to_contain_text("Assigned to you")
    page.keyboard.press("u")
    expect(bar).to_contain_text("Undone: 3 reports are as before.")
    for each in residents[2:]:
        expect(row(page, each)).to_contain_text("Nobody’s yet")
    call = officer_api(stack, "supervisor")
    found = call("GET", "/v1/officer/reports?sort=newest").json()["items"]
    chosen = {each.id for each in residents}
    assert {each["assignee"] for each in found if each["id"] in chosen} == {None}


@pytest.mark.thorough
def test_what_came_behind_the_dialog_is_left_and_the_rest_can_be_undone(
    open_page: OpenPage, residents: list[Resident], stack: Stack
) -> None:
    page = newest(open_page, residents)
    mine, theirs, written = residents[:3]
    for each in (mine, theirs, written):
        page.get_by_label(f"Choose {each.reference}").check()
    written.write("It is blue.")
    page.clock.run_for(PULSE_MS)
    expect(row(page, written)).to_contain_text("1 unread")
    page.get_by_role("button", name="Assign…").click()
    change_report(officer_api(stack, "supervisor"), theirs.id, assignee="supervisor")
    page.clock.run_for(PULSE_MS)
    expect(row(page, theirs)).to_contain_text("Assigned to Supervisor Zhao")
    take(page, 3)
    bar = page.get_by_role("region", name=BAR)
    expect(bar).to_contain_text("1 report done.")
    for each, why in ((theirs, "A colleague was faster"), (written, "has added something")):
        said = bar.get_by_role("listitem").filter(has_text=why)
        expect(said.get_by_role("link", name=each.reference)).to_be_visible()
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_be_visible()
    page.clock.run_for(UNDO_MS)
    expect(undo).to_have_count(0)
    expect(row(page, mine)).to_contain_text("Assigned to you")


def test_what_was_never_opened_is_not_closed_and_each_has_a_reason(
    open_page: OpenPage, residents: list[Resident], stack: Stack
) -> None:
    critical = Resident(stack.api, "child_abduction", "A girl was pulled into a van.")
    read, also_read, unopened, written, _ = residents
    call = officer_api(stack, "officer")
    for each in (read, also_read, written, critical):
        call("GET", f"/v1/officer/reports/{each.id}")
    written.write("It has a name in it.")
    page = newest(open_page, residents)
    for each in (read, also_read, unopened, written, critical):
        page.get_by_label(f"Choose {each.reference}").check()
    page.get_by_role("button", name="Close…").click()
    dialog = page.get_by_role("dialog", name="A step on 5 reports")
    dialog.get_by_role("radio", name="True, nothing to be done").check()
    dialog.get_by_label("What each reporter reads").fill("It was called for.")
    take(page, 5)
    bar = page.get_by_role("region", name=BAR)
    expect(bar).to_contain_text("2 reports done.")
    expect(bar).to_contain_text("3 reports left as they are:")
    reasons = {
        unopened: "Never opened by you",
        written: "Its reporter has added something",
        critical: "Its end takes two officers",
    }
    for each, why in reasons.items():
        said = bar.get_by_role("listitem").filter(has_text=why)
        expect(said.get_by_role("link", name=each.reference)).to_be_visible()
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)
    # The bar then covers no row.
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    assert axe_violations(page) == []
    assert not scrolls_sideways(page)
    assert {each.read()["status"] for each in (read, also_read)} == {"closed"}
    assert {each.read()["status"] for each in (unopened, written, critical)} == {"received"}


def test_a_colleagues_report_is_not_taken_from_them_by_one_key(
    open_page: OpenPage, residents: list[Resident], stack: Stack
) -> None:
    path = f"/v1/officer/reports/{residents[0].id}"
    call = officer_api(stack, "supervisor")
    me = call("GET", "/v1/officer/me").json()["username"]
    change_report(call, residents[0].id, assignee=me)
    page = newest(open_page, residents)
    theirs = row(page, residents[0])
    theirs.get_by_role("link").focus()
    page.keyboard.press("m")
    dialog = page.get_by_role("dialog", name=f"Take {residents[0].reference} from Supervisor Zhao?")
    assert axe_violations(page) == []
    dialog.get_by_role("button", name="Leave it with Supervisor Zhao").click()
    assert call("GET", path).json()["assignee"] == me
    page.keyboard.press("m")
    dialog.get_by_role("button", name="Take", exact=True).click()
    expect(theirs).to_contain_text("Assigned to you")


def test_a_chosen_report_goes_into_an_incident_of_the_queue(
    open_page: OpenPage, residents: list[Resident], stack: Stack
) -> None:
    like = residents[0]
    officer_api(stack, "supervisor")("POST", "/v1/officer/incidents", {"like": like.id})
    page = newest(open_page, residents)
    page.get_by_role("checkbox", name=f"Choose {residents[1].reference}").check()
    bar = page.get_by_role("region", name=BAR)
    into = bar.get_by_label("Into another incident…")
    option = into.locator("option").filter(has_text=like.reference)
    into.select_option(value=option.get_attribute("value"))
    bar.get_by_role("button", name="Put them into it").click()
    expect(page.locator("#outcomes-of-many")).to_contain_text("1 report taken in.")
