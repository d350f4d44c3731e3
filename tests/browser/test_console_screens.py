"""Every screen of the console: read by anybody, in both languages, by day and night."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Route, ViewportSize, expect

from tests.browser.conftest import OpenPage
from tests.browser.console_pages import go, page_of
from tests.browser.officers import CHEN, ZHAO, Resident, resident_with_picture, sign_in
from tests.browser.screens import assert_usable, axe_violations, scrolls_sideways, take_pictures
from tests.browser.test_bulletins import changed, published
from tests.local.stack import Stack

pytestmark = pytest.mark.thorough

PAGES = ("", "new", "search", "map", "elsewhere")
ADMINISTRATION = (
    *("admin/officers", "admin/appoint", "admin/officers/officer", "admin/shifts"),
    *("admin/catalogue", "admin/destinations", "admin/destinations/.new"),
    *("admin/waiting", "admin/me"),
)
CLOSE = {"en": "Close…", "zh-CN": "办结……"}


@pytest.fixture
def report(stack: Stack) -> Resident:
    return Resident(
        stack.api,
        "child_abduction",
        "一名男子把一个哭泣的女孩拉进白色面包车。",
        location={"lat": 39.93, "lon": 116.45, "address": "市场北门"},
        details={"age": 6},
        contact={"name": "王女士"},
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_anybody_can_read_the_console(
    open_page: OpenPage, stack: Stack, report: Resident, language: str, scheme: str
) -> None:
    page = open_page("/console/", language=language, color_scheme=scheme)
    resident_with_picture(stack.api, page, category="missing_elderly", text="An old man.")
    sign_in(page)
    found = []
    for path in (*PAGES, f"reports/{report.id}"):
        go(page, f"/console/{path}")
        found += [f"{path}: {violation}" for violation in axe_violations(page)]
        name = path.partition("/")[0] or "queue"
        take_pictures(page, f"console-{name}-{language}-{scheme}")
    page.get_by_role("button", name=CLOSE[language]).click()
    found += [f"close: {violation}" for violation in axe_violations(page)]
    take_pictures(page, f"console-close-{language}-{scheme}")
    assert found == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("name", "pages"),
    [(CHEN, ADMINISTRATION), (ZHAO, ("dashboard", "bulletins", "bulletins/new", "bulletins/{id}"))],
)
def test_anybody_can_read_what_few_officers_see(
    open_page: OpenPage,
    stack: Stack,
    report: Resident,
    language: str,
    scheme: str,
    name: str,
    pages: tuple[str, ...],
) -> None:
    bulletin = published(stack)
    changed(
        stack, bulletin, {"title": {"zh": "寻找黑色面包车", "en": "Have you seen a black van?"}}
    )
    page = page_of(open_page, name, "/console/search", language=language, color_scheme=scheme)
    for path in pages:
        go(page, "/console/" + path.format(id=bulletin["id"]))
        shown = path.replace("/", "-").format(id="approval")
        narrow: ViewportSize = {"width": 320, "height": 640}
        assert_usable(page, f"console-{shown}-{language}-{scheme}", narrow)
        page.set_viewport_size({"width": 1440, "height": 900})


@pytest.mark.parametrize("width", [320, 360])
def test_a_narrow_console_is_not_scrolled_sideways(
    open_page: OpenPage, report: Resident, width: int
) -> None:
    page = open_page("/console/", viewport={"width": width, "height": 640}, has_touch=True)
    sign_in(page)
    for path in (*PAGES, f"reports/{report.id}"):
        go(page, f"/console/{path}")
        if path.startswith("reports/"):
            expect(page.get_by_text("Send pictures to the reporter")).to_be_visible()
        assert not scrolls_sideways(page), path


def test_each_page_begins_with_its_heading_and_says_nothing_in_its_title(
    open_page: OpenPage, report: Resident
) -> None:
    page = open_page("/console/dashboard")
    sign_in(page)
    for path in (*PAGES, f"reports/{report.id}"):
        go(page, f"/console/{path}")
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        expect(page.get_by_role("heading", level=1)).to_be_focused()
        assert report.reference not in page.title()


def test_a_page_without_a_report_says_so_in_its_heading(open_page: OpenPage) -> None:
    page = open_page("/console/reports/00000000000000000000000000")
    sign_in(page)
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("The report could not be opened")
    expect(page.get_by_role("heading")).to_have_count(1)


def test_a_report_is_printed_without_buttons(open_page: OpenPage, report: Resident) -> None:
    page = open_page(f"/console/reports/{report.id}")
    sign_in(page)
    expect(page.get_by_role("heading", name="Next step")).to_be_visible()
    page.emulate_media(media="print")
    for button in page.get_by_role("button").all():
        expect(button).to_be_hidden()
    # Paper gets old: who holds it, and times by the clock.
    expect(page.get_by_text("Assigned to").first).to_be_visible()
    expect(page.locator(".report__tags time")).to_contain_text(re.compile(r"20\d\d"))
    expect(
        page.get_by_text(re.compile(r"Printed by Officer Li on \d.*\. Not for others\."))
    ).to_be_visible()


def test_of_two_hundred_rows_only_those_that_are_seen_are_drawn(
    open_page: OpenPage, stack: Stack, report: Resident
) -> None:
    page = open_page("/console/")
    page.route("**/v1/officer/reports?*", four_pages)
    sign_in(page)
    rows = page.locator(".report-row")
    for count in (50, 200):
        expect(rows).to_have_count(count)
        if count < 200:
            page.get_by_role("button", name="Show more").click()
    drawn = "rows => rows.filter(row => row.firstElementChild.checkVisibility({%s})).length"
    assert rows.evaluate_all(drawn % "contentVisibilityAuto: true") < 60
    page.locator(".report-row__link").last.focus()
    expect(rows.last).to_be_in_viewport()


def four_pages(route: Route) -> None:
    """Answer with a page of 50 copies of the first report, each with an id of its own."""
    without_cursor = route.request.url.partition("&cursor=")[0]
    response = route.fetch(url=without_cursor)
    [row, *_] = response.json()["items"]
    before = int((parse_qs(urlsplit(route.request.url).query).get("cursor") or ["0"])[0])
    items = [{**row, "id": f"R{before + number}"} for number in range(50)]
    cursor = str(before + 50) if before < 150 else None
    route.fulfill(response=response, json={"items": items, "next_cursor": cursor})
