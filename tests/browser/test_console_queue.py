"""The queue: read by eye or by key, and never moving under a finger."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.console_pages import asked_in_a_minute, page_of
from tests.browser.officers import LI, Resident, sign_in, sign_in_by_clock
from tests.browser.screens import assert_usable, box_of, overlaps, scrolls_sideways, take_pictures
from tests.local.stack import Stack

PULSE_MS = 10_000


@pytest.fixture
def page(open_page: OpenPage, stack: Stack) -> Page:
    for _ in range(2):
        Resident(stack.api, "lost_and_found", "Found a key.")
    return sign_in_by_clock(open_page("/console/"))


def test_the_keys_move_acknowledge_and_take(page: Page, stack: Stack) -> None:
    resident = Resident(stack.api, "child_abduction", "A girl was pulled into a van.")
    page.reload()
    row = page.get_by_role("listitem").filter(has_text=resident.reference)
    expect(row).to_be_visible()
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="Child abduction").first).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("k")
    link = row.get_by_role("link")
    link.focus()
    assert page.url.endswith("/console/")
    page.keyboard.press("a")
    expect(row).to_contain_text("Acknowledged")
    page.keyboard.press("m")
    expect(row).to_contain_text("Assigned to you")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(resident.reference)


def test_no_row_moves_when_a_report_is_taken(page: Page) -> None:
    take = page.get_by_role("button", name="Take")
    row = page.locator(".report-row", has_text="Nobody’s yet").filter(has=take).first
    row = page.locator(f".report-row[data-id='{row.get_attribute('data-id')}']")
    # The browser lays out a row when it comes into sight, and keeps it there when others move.
    row.hover()
    reference = row.locator(".reference").inner_text()
    rows = page.locator(".report-list")
    top = "list => list.getBoundingClientRect().top + scrollY"
    before = row.bounding_box(), rows.evaluate(top)
    row.get_by_role("button", name="Take").click()
    said = page.get_by_role("status").get_by_text(f"{reference} is yours.")
    expect(said).to_be_visible()
    assert (row.bounding_box(), rows.evaluate(top)) == before
    # It is about the list that was shown.
    page.get_by_role("button", name="Mine", exact=True).click()
    expect(said).to_have_count(0)


def test_times_are_by_the_clocks_of_the_city_wherever_the_computer_is(
    open_page: OpenPage, stack: Stack
) -> None:
    Resident(stack.api, "lost_and_found", "Found a glove.")
    page = page_of(open_page, LI, "/console/", timezone_id="America/New_York")
    received = page.locator(".report-row time").first
    shape = "{dateStyle: 'medium', timeStyle: 'short', timeZone: 'Asia/Shanghai'}"
    in_city = f"each => new Date(each.dateTime).toLocaleString('en-GB', {shape})"
    assert received.get_attribute("title") == received.evaluate(in_city)
    expect(page.get_by_text("Times are by the clocks of Chaoyang (UTC+8).")).to_have_count(1)


@pytest.mark.thorough
def test_the_keys_are_explained_and_can_be_switched_off(page: Page) -> None:
    expect(page.locator(".report-row").first).to_be_visible()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    dialog.get_by_label("Use these keys").uncheck()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.keyboard.press("j")
    expect(page.locator(".report-row :focus")).to_have_count(0)


def test_a_new_report_is_announced_and_shown_when_wanted(page: Page, stack: Stack) -> None:
    rows = page.locator(".report-row__link")
    expect(rows.first).to_be_visible()
    before = rows.all_text_contents()
    rows.first.focus()
    resident = Resident(stack.api, "child_abduction", "A boy was taken from the playground.")
    page.clock.run_for(PULSE_MS)
    show = page.get_by_role("button", name="1 new, critical — show")
    expect(show).to_be_visible()
    expect(rows.first).to_be_focused()
    assert rows.all_text_contents() == before
    show.click()
    expect(page.get_by_role("link", name=resident.reference)).to_be_visible()


@pytest.mark.thorough
def test_an_empty_list_shows_what_comes_in_by_itself(page: Page, stack: Stack) -> None:
    page.get_by_label("District:").select_option("shunyi")
    expect(page.get_by_role("heading", name="No report matches these filters.")).to_be_visible()
    resident = Resident(stack.api, location={"lat": 40.13, "lon": 116.65})
    page.clock.run_for(PULSE_MS)
    expect(page.get_by_role("link", name=resident.reference)).to_be_visible()
    expect(page.get_by_role("button", name="show")).to_have_count(0)
    expect(page.get_by_role("heading", name="No report matches these filters.")).to_have_count(0)


@pytest.mark.thorough
def test_a_report_with_something_unread_is_opened_first(page: Page, stack: Stack) -> None:
    resident = Resident(stack.api, "lost_and_found", "Found a bag.")
    resident.write("It is red.")
    page.reload()
    row = page.get_by_role("listitem").filter(has_text=resident.reference)
    expect(row.get_by_role("button")).to_have_count(0)
    row.get_by_role("link").focus()
    page.keyboard.press("a")
    expect(page.get_by_text("open it first, it has something unread")).to_be_visible()


@pytest.mark.thorough
def test_the_list_is_narrowed_by_chips(page: Page, stack: Stack) -> None:
    Resident(stack.api, "suspected_offender", "Somebody sells pills.")
    page.reload()
    page.get_by_label("Category:").select_option("suspected_offender")
    expect(page.locator(".report-row").first).to_contain_text("Suspected offender")
    page.get_by_label("Status:").select_option("withdrawn")
    expect(page.get_by_role("heading", name="No report matches these filters.")).to_be_visible()
    page.get_by_role("button", name="Clear filters").click()
    expect(page.locator(".report-row").nth(1)).to_be_visible()
    page.get_by_role("button", name="Nobody’s").click()
    expect(page.get_by_role("button", name="Nobody’s")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".report-row").first).to_contain_text("Nobody’s yet")


@pytest.mark.thorough
def test_a_report_is_found_by_its_reference_and_no_address_has_it(page: Page, stack: Stack) -> None:
    resident = Resident(stack.api, "lost_and_found", "Found a hat.")
    page.get_by_label("Find by number").fill(resident.reference.replace("-", " ").lower())
    # Its word has its room.
    find = page.get_by_role("button", name="Find", exact=True)
    assert find.evaluate("button => button.scrollWidth <= button.clientWidth")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name=resident.reference)).to_be_visible()
    assert page.url.endswith("/console/search")
    # The list is narrow on this wide screen: a row goes by its list.
    parts = page.locator(".report-row__link, .report-row__facts, .report-row__state")
    assert overlaps(parts) == []
    assert box_of(page.locator(".report-row"))["height"] < 150
    page.get_by_role("main").get_by_role("link", name="Reports", exact=True).click()
    expect(page.get_by_role("heading", name="Reports", level=1)).to_be_visible()


def test_an_empty_search_leads_to_what_nobody_has_opened(
    open_page: OpenPage, stack: Stack, language: str
) -> None:
    Resident(stack.api, "lost_and_found", "Found a ring.")
    Resident(stack.api, "lost_and_found", "Found a coat.")
    page = page_of(open_page, LI, "/console/", language=language)
    page.locator("#find").fill("京Z99999")
    page.keyboard.press("Enter")
    left = page.get_by_text(
        re.compile("尚无人打开过，未被查找" if "zh" in language else "not searched: nobody")
    )
    expect(left).to_be_visible()
    before = number_in(left)
    assert_usable(page, f"console-search-empty-{language}", narrow={"width": 360, "height": 740})
    page.keyboard.press("n")
    expect(page.locator("#next-step")).to_be_visible()
    page.go_back()
    expect(left).to_be_visible()
    assert number_in(left) == before - 1


def number_in(text: Locator) -> int:
    [number] = re.findall(r"\d+", text.inner_text())
    return int(number)


@pytest.mark.thorough
def test_a_closed_report_is_no_alarm_however_urgent_it_was(page: Page, stack: Stack) -> None:
    resident = Resident(stack.api, "child_abduction", "A boy was pulled into a van.")
    resident.withdraw()
    page.get_by_label("Find by number").fill(resident.reference)
    page.keyboard.press("Enter")
    row = page.locator(".report-row")
    expect(row).to_contain_text("Critical")
    assert row.get_attribute("data-urgency") is None
    expect(row.locator(".tag--critical")).to_have_count(0)


@pytest.mark.thorough
def test_a_list_is_exported_for_a_reason(page: Page) -> None:
    page.get_by_label("Category:").select_option("lost_and_found")
    page.get_by_label("Urgency:").select_option("low")
    page.get_by_role("button", name="Export this list").click()
    dialog = page.get_by_role("dialog", name="Export this list")
    expect(dialog.get_by_role("status")).to_contain_text(re.compile(r"hold \d+ reports"))
    expect(dialog).to_contain_text("Lost and found")
    expect(dialog).to_contain_text("all, also closed ones")
    expect(dialog).to_contain_text("cannot be narrowed by: Urgency.")
    page.get_by_label("Reason").fill("For the monthly review.")
    page.get_by_role("button", name="Make the zip").click()
    expect(page.get_by_role("link", name="Download")).to_be_visible()


def test_the_list_and_its_export_are_of_chosen_days(
    open_page: OpenPage, stack: Stack, language: str
) -> None:
    Resident(stack.api, "lost_and_found", "Found a scarf.")
    page = page_of(open_page, LI, "/console/", language=language)
    zh = language.startswith("zh")
    today = page.evaluate("new Date().toLocaleDateString('sv', {timeZone: 'Asia/Shanghai'})")
    start, end = ("起始日：", "截止日：") if zh else ("From:", "Until:")
    page.get_by_role("button", name="日期" if zh else "Days").click()
    page.get_by_label(end).fill("2026-01-01")
    nothing = "没有符合筛选条件的举报。" if zh else "No report matches these filters."
    expect(page.get_by_role("heading", name=nothing)).to_be_visible()
    page.get_by_label(start).fill(today)
    reversed_days = re.compile("起始日晚于截止日|first day is after")
    expect(page.get_by_label(end)).to_have_accessible_description(reversed_days)
    page.get_by_label(end).fill("")
    expect(page.locator(".report-row").first).to_be_visible()
    assert_usable(page, f"console-queue-days-{language}")

    page.get_by_role("button", name="导出此列表" if zh else "Export this list").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("#export-from")).to_have_value(today)
    counted = dialog.get_by_role("status").first
    expect(counted).to_contain_text(re.compile(r"[1-9]"))
    assert_usable(page, f"console-export-days-{language}")
    dialog.locator("#export-until").fill("2026-01-01")
    expect(dialog.locator("#export-until")).to_have_accessible_description(reversed_days)
    dialog.locator("#export-from").fill("")
    expect(counted).to_have_text("目前共 0 件举报。" if zh else "Now it would hold 0 reports.")
    page.route(
        "**/exports/count", lambda route: route.fulfill(json={"count": 250, "complete": False})
    )
    dialog.locator("#export-until").fill(today)
    expect(counted).to_contain_text("250")
    take_pictures(page, f"console-export-too-many-{language}")
    page.set_viewport_size({"width": 360, "height": 740})
    assert not scrolls_sideways(page)
    page.keyboard.press("Escape")
    assert not scrolls_sideways(page)


@pytest.mark.thorough
def test_a_list_that_cannot_be_read_says_so(page: Page) -> None:
    page.route("**/v1/officer/reports?*", lambda route: route.abort())
    page.get_by_role("button", name="Unread", exact=True).click()
    expect(page.get_by_role("heading", name="The list could not be read.")).to_be_visible()
    page.unroute("**/v1/officer/reports?*")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="The list could not be read.")).to_have_count(0)


@pytest.mark.thorough
def test_a_page_that_nobody_sees_asks_for_nothing(page: Page) -> None:
    expect(page.locator(".report-row").first).to_be_visible()
    page.clock.run_for(1_000)  # names that rows asked for are read by then
    page.evaluate(
        "Object.defineProperty(document, 'visibilityState', {value: 'hidden', configurable: true})"
    )
    assert asked_in_a_minute(page) == []
    with page.expect_response("**/v1/officer/pulse"):
        page.evaluate("delete document.visibilityState")
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


@pytest.mark.thorough
def test_the_sound_is_off_until_an_officer_wants_it(page: Page) -> None:
    page.get_by_role("button", name="Sound on critical: off").click()
    expect(page.get_by_role("button", name="Sound on critical: on")).to_be_visible()


@pytest.mark.thorough
def test_a_digest_leads_to_its_reports(open_page: OpenPage, stack: Stack) -> None:
    Resident(stack.api, "lost_and_found", "Found a glove.")
    page = open_page("/console/reports?category=lost_and_found&district=unknown")
    sign_in(page)
    expect(page.get_by_label("Category:")).to_have_value("lost_and_found")
    expect(page.get_by_label("District:")).to_have_value("unknown")
    expect(page.locator(".report-row").first).to_contain_text("Lost and found")
    assert page.url.endswith("/console/")
