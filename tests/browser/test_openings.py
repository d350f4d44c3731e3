"""Who opened what: one's own openings, an auditor's questions, and a supervisor's numbers."""

import io
import zipfile

import pytest
import requests
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.console_pages import go, page_of
from tests.browser.officers import LI, ZHAO, Resident, officer_api, wait_until
from tests.browser.screens import axe_violations, scrolls_sideways, take_pictures
from tests.local.stack import Stack

QIAN = "Auditor Qian"
PHONE = {"width": 360, "height": 740}


@pytest.fixture
def opened(open_page: OpenPage, stack: Stack) -> Resident:
    """Return a report that an officer has opened, which is listed."""
    report = Resident(stack.api)
    officer = officer_api(stack, "officer")
    officer("GET", f"/v1/officer/reports/{report.id}")
    wait_until(open_page(), lambda: report.id in officer("GET", "/v1/officer/me/openings").text)
    return report


def test_officers_find_what_they_have_opened_beside_their_name(
    open_page: OpenPage, opened: Resident
) -> None:
    page = page_of(open_page, LI, "/console/dashboard", viewport=PHONE)
    page.get_by_role("button", name=LI).click()
    page.get_by_role("link", name="What I have opened").click()
    expect(page.get_by_role("heading", name="What I have opened")).to_be_focused()
    row = page.get_by_role("listitem").filter(has_text=opened.reference)
    expect(row.first).to_contain_text("Report")
    assert not scrolls_sideways(page)
    assert not axe_violations(page)
    row.first.get_by_role("link").click()
    expect(page.get_by_text("Parked cars.").first).to_be_visible()


def test_an_auditor_has_one_page_asks_and_takes_the_answer_along(
    open_page: OpenPage, opened: Resident, language: str
) -> None:
    page = page_of(open_page, QIAN, "/console/", language=language)
    expect(page.get_by_role("navigation").get_by_role("link")).to_have_count(1)
    page.locator("#openings-officer").fill("officer")
    page.locator("#openings-report").fill(opened.id)
    page.locator("#openings-report").press("Enter")
    row = page.locator("ol.rows > li")
    expect(row).to_have_count(1)
    expect(row).to_contain_text(opened.reference)
    expect(row.get_by_role("link")).to_have_count(0)
    page.locator("main section button").click()
    link = page.locator("main section a")
    with zipfile.ZipFile(io.BytesIO(_loaded(link.get_attribute("href")))) as archive:
        assert opened.id in archive.read("openings.csv").decode("utf-8-sig")
    assert not scrolls_sideways(page)
    assert not axe_violations(page)
    take_pictures(page, f"openings-{language}")
    page.set_viewport_size({"width": 360, "height": 740})
    assert not scrolls_sideways(page)
    go(page, "/console/admin")
    expect(page.locator("#openings-officer")).to_be_visible()


def _loaded(url: str | None) -> bytes:
    assert url
    return requests.get(url, timeout=10).content


def test_a_supervisor_reads_the_numbers_of_a_week(open_page: OpenPage, opened: Resident) -> None:
    page = page_of(open_page, ZHAO, "/console/dashboard", viewport=PHONE)
    weeks = page.get_by_role("region", name="What officers did in a week").first
    weeks.get_by_label("A day of the week").press("Enter")
    row = weeks.get_by_role("row").filter(has_text=LI)
    expect(row.get_by_role("cell").first).not_to_have_text("0")
    assert not scrolls_sideways(page)
