"""The dates of a report on the screens of officers, and pictures that are covered."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.console_pages import call, opened, page_of
from tests.browser.officers import CHEN, LI, ZHAO, Resident, resident_with_picture, sign_in
from tests.browser.screens import assert_usable, press, take_pictures
from tests.local.stack import Stack

TRAFFIC = "Traffic accident or violation"


def test_a_reminder_of_today_brings_its_report_to_the_first_rows_until_it_is_removed(
    open_page: OpenPage, stack: Stack, language: str
) -> None:
    resident = Resident(stack.api)
    page = opened(open_page, resident, language=language)
    zh = language.startswith("zh")
    dates = page.get_by_role("region", name="日期" if zh else "Dates")
    dates.get_by_role("button", name="设置提醒" if zh else "Set reminder").click()
    expect(dates.get_by_text("请选择日期。" if zh else "Choose a day.")).to_be_visible()
    today = page.evaluate("new Date().toLocaleDateString('sv', {timeZone: 'Asia/Shanghai'})")
    dates.locator("#remind-on").fill("2001-01-01")
    dates.locator("#remind-on").press("Enter")
    expect(dates.locator("#remind-on")).to_have_attribute("aria-invalid", "true")
    expect(dates.locator("#remind-on")).to_be_focused()
    dates.locator("#remind-on").fill(today)
    dates.locator("#remind-for").select_option("legal_deadline")
    dates.locator("#remind-on").press("Enter")
    expect(dates.get_by_text("法定期限：" if zh else "Legal deadline:")).to_be_visible()
    expect(dates.get_by_role("heading", level=3)).to_be_focused()
    assert_usable(page, f"console-dates-{language}", narrow={"width": 360, "height": 740})

    queue = page_of(open_page, LI, "/console/", language=language)
    row = queue.locator(f"[data-id='{resident.id}']")
    expect(row.get_by_text("法定期限" if zh else "Legal deadline")).to_be_visible()
    assert_usable(queue, f"console-queue-due-{language}")
    dates.get_by_role("button", name="取消提醒" if zh else "Remove reminder").click()
    expect(dates.get_by_text("法定期限：" if zh else "Legal deadline:")).to_have_count(0)


def test_a_supervisor_keeps_a_report_open_with_a_reason_and_a_day(
    open_page: OpenPage, stack: Stack
) -> None:
    resident = Resident(stack.api)
    page = opened(open_page, resident, ZHAO)
    page.get_by_role("button", name="Keep it open…").click()
    dialog = page.get_by_role("dialog", name="Keep it open")
    press(dialog, "Keep it open", shows="Choose a day.")
    dialog.get_by_label("Reason").fill("The search goes on.")
    dialog.get_by_label("Next review").fill("2001-01-01")
    dialog.get_by_role("button", name="Keep it open").click()
    expect(dialog.get_by_label("Next review")).to_have_attribute("aria-invalid", "true")
    next_month = "new Date(Date.now() + 30 * 864e5).toISOString().slice(0, 10)"
    dialog.get_by_label("Next review").fill(page.evaluate(next_month))
    dialog.get_by_role("button", name="Keep it open").click()
    expect(page.get_by_text("The report is kept open.")).to_be_visible()
    press(page, "Show who did and saw what", shows="The search goes on.")


def test_covered_pictures_are_not_loaded_before_they_are_pressed(
    open_page: OpenPage, stack: Stack
) -> None:
    loaded: list[str] = []

    def watched(path: str) -> Page:
        page = open_page(path)
        page.on("request", lambda sent: loaded.append(sent.url))
        sign_in(page)
        return page

    admin = page_of(open_page, CHEN, "/console/admin/catalogue")
    admin.get_by_role("button", name=f"Change {TRAFFIC}").first.click()
    form = admin.get_by_role("form", name=f"Change {TRAFFIC}")
    form.get_by_label("only when an officer presses them").check()
    form.get_by_role("button", name="Save").click()
    expect(admin.get_by_text("pictures covered")).to_be_visible()
    resident = resident_with_picture(stack.api, admin, category="traffic_violation")

    queue = watched("/console/")
    queue.get_by_label("Order").select_option("newest")
    row = queue.locator(f"[data-id='{resident.id}']")
    cover = row.get_by_role("button", name=re.compile("^Show picture"))
    expect(cover).to_be_visible()
    assert_usable(queue, "console-covered-queue")
    assert not pictures_in(loaded, resident.id)
    with queue.expect_request(lambda sent: bool(pictures_in([sent.url], resident.id))):
        cover.press("Enter")
    expect(row.get_by_role("link")).to_be_focused()
    expect(row.locator("img")).to_be_visible()

    queue.close()
    loaded.clear()
    page = watched(f"/console/reports/{resident.id}")
    media = page.get_by_role("region", name="Pictures and recordings")
    expect(media.get_by_role("button", name=re.compile("^Show picture"))).to_be_visible()
    take_pictures(page, "console-covered-report")
    assert not pictures_in(loaded, resident.id)
    media.get_by_role("button", name=re.compile("^Show picture")).press("Enter")
    expect(media.get_by_role("button", name="Enlarge picture 1")).to_be_focused()
    expect(media.locator("img")).to_be_visible()
    shown = {"code": "traffic_violation", "state": "active", "blur": False}
    call(stack, "admin", "PATCH", "/v1/admin/catalogue", {"categories": [shown]})


def pictures_in(urls: list[str], report_id: str) -> list[str]:
    return [url for url in urls if report_id in url and ".jpg" in url]
