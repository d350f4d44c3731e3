"""The line of a report in the queue: offered at its opening, taken over with a key, of nobody."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.console_pages import opened, page_of
from tests.browser.officers import LI, Resident
from tests.browser.screens import assert_usable, take_pictures
from tests.local.stack import Stack

PLACE = {"lat": 39.9930, "lon": 116.3900}


def test_the_line_that_is_offered_is_taken_over_with_a_key_and_stands_in_the_queue(
    open_page: OpenPage, stack: Stack, language: str
) -> None:
    details = {"dementia": "yes", "clothing": "红色外套"}
    # Reports of one text are one row, whichever language the test is in.
    text, category = f"Car 京A12345 took her ({language}).", "missing_elderly"
    unread = Resident(stack.api, category, f"She went out at night ({language}).", location=PLACE)
    resident = Resident(stack.api, category, text, location=PLACE, details=details)
    page = opened(open_page, resident, language=language)
    gist = page.locator("#gist")
    offered = gist.input_value()
    assert offered
    assert "红色外套" not in offered
    page.keyboard.press("g")
    expect(gist).to_be_focused()
    for wrong in ("Car 12345", "京B98765", "Mr Smith", "红" * 81):
        gist.fill(wrong)
        gist.press("Enter")
        expect(gist).to_have_attribute("aria-invalid", "true")
        expect(gist).to_be_focused()
    take_pictures(page, f"console-gist-refused-{language}")
    gist.fill(offered)
    page.route("**/gist", lambda route: route.fulfill(status=503, json={}))
    gist.press("Enter")
    # A fault of the service is none of the words.
    expect(page.locator(".gist .status--error")).to_contain_text("503")
    expect(gist).to_have_attribute("aria-invalid", "false")
    page.unroute("**/gist")
    gist.press("Enter")
    expect(page.locator(".gist button")).to_have_count(2)
    expect(gist).to_have_attribute("aria-invalid", "false")
    assert_usable(page, f"console-gist-{language}", narrow={"width": 360, "height": 740})

    queue = page_of(open_page, LI, "/console/", language=language)
    queue.locator("select:has(option[value=newest])").select_option("newest")
    row = queue.locator(f"[data-id='{resident.id}']")
    expect(row.get_by_text(offered)).to_be_visible()
    other = queue.locator(f"[data-id='{unread.id}']")
    expect(other.locator(".report-row__gist")).to_have_count(0)
    for each in (row, other):
        expect(each.locator(".report-row__facts")).to_contain_text(re.compile(r"\d\d:\d\d"))
    assert_usable(queue, f"console-queue-gists-{language}")

    page.locator(".gist button").nth(1).click()
    expect(page.locator(".gist button")).to_have_count(1)
    expect(gist).to_have_value(offered)
