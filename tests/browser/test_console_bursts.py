"""A burst at the console: one row, one page, and one closing by two officers.

The stack refuses no flood, so the API's responses about bursts are given here. What they do is
tested in tests/functional/flood.
"""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.console_pages import go
from tests.browser.officers import ZHAO, Resident, sign_in
from tests.browser.screens import axe_violations, press, scrolls_sideways, take_pictures
from tests.local.stack import Stack

BURST = "child_abduction.2026-11-24T12"
PATH = f"/console/bursts/{BURST}"
ROW = "Burst: Child abduction"


class Service:
    """What the API says of one burst. `parts` are the responses to an approval, in their order."""

    def __init__(self) -> None:
        self.count, self.asked = 1000, 0
        self.ending: dict[str, Any] | None = None
        self.parts: list[int] = [412, 503, 588]
        self.sent: list[Any] = []
        self.tags: list[str] = []

    def serve(self, page: Page) -> None:
        page.route("**/v1/officer/bursts", self._list)
        page.route(f"**/v1/officer/bursts/{BURST}", self._read)
        page.route(f"**/v1/officer/bursts/{BURST}/ending", self._ending)
        page.route(f"**/v1/officer/bursts/{BURST}/ending/approve", self._approve)
        page.route(f"**/v1/officer/reports?*burst={BURST}*", self._reports)

    def ask(self, by: str, disposition: str = "unfounded") -> None:
        self.asked += 1
        self.ending = {
            "disposition": disposition,
            "with_unread": False,
            "by": by,
            "at": f"2026-11-24T13:0{self.asked}:00Z",
            "approved_by": None,
            "tag": f'"{self.asked:020}"',
        }

    @property
    def burst(self) -> dict[str, Any]:
        return {
            "id": BURST,
            "category": "child_abduction",
            "since": "2026-11-24T12:00:00Z",
            "until": "2026-11-24T13:00:00Z",
            "count": self.count,
            "is_exact": self.count < 1000,
        }

    def _list(self, route: Route) -> None:
        route.fulfill(json={"items": [self.burst] if self.count else []})

    def _read(self, route: Route) -> None:
        route.fulfill(json={**self.burst, "ending": self.ending})

    def _ending(self, route: Route) -> None:
        if route.request.method == "DELETE":
            self.ending = None
            return route.fulfill(status=204)
        body: Any = route.request.post_data_json
        self.sent.append(body)
        self.ask("officer", body["disposition"])
        return self._read(route)

    def _approve(self, route: Route) -> None:
        assert self.ending
        self.tags.append(route.request.headers["if-match"])
        if self.tags[-1] != self.ending["tag"]:
            return route.fulfill(status=412, json={})
        self.ending["approved_by"] = "supervisor"
        ended = self.parts.pop(0)
        if ended == 503:
            return route.fulfill(status=503, json={})
        self.count -= ended
        return route.fulfill(json={"ended": ended, "is_complete": not self.parts})

    def _reports(self, route: Route) -> None:
        route.continue_(url=re.sub(r"burst=[^&]*&?", "", route.request.url))


@pytest.fixture
def service(stack: Stack) -> Service:
    Resident(stack.api, "child_abduction", "A girl was pulled into a van.")
    return Service()


def opened(open_page: OpenPage, service: Service, path: str, name: str = "Officer Li") -> Page:
    page = open_page(path)
    service.serve(page)
    sign_in(page, name)
    return page


def test_three_clicks_ask_to_close_a_burst(open_page: OpenPage, service: Service) -> None:
    page = opened(open_page, service, "/console/")
    row = page.locator(".report-row").first
    expect(row).to_contain_text("24 Nov 2026, 20:00–21:00")
    expect(row).to_contain_text("more than 1,000 reports")
    row.get_by_role("link", name=ROW).click()
    expect(page).to_have_url(re.compile(re.escape(PATH)))
    expect(page.get_by_role("heading", name=ROW, level=1)).to_be_focused()
    page.get_by_role("button", name="Close all: more than 1,000 reports").click()
    dialog = page.get_by_role("dialog", name="Close them as one")
    expect(dialog).to_contain_text("Nothing is closed until a second officer approves it.")
    dialog.get_by_role("button", name="Ask to close as “Malicious”").click()
    expect(page.get_by_text("A second officer must approve it.")).to_be_visible()
    expect(page.get_by_role("heading", name="Close them as one")).to_be_focused()
    assert service.sent == [{"disposition": "malicious", "with_unread": False}]
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_role("button", name="Close all")).to_be_visible()
    page.get_by_role("link", name="Reports", exact=True).last.click()
    expect(page.get_by_role("link", name=ROW)).to_be_focused()


@pytest.mark.thorough
def test_a_second_officer_closes_part_by_part_and_goes_on_after_a_failure(
    open_page: OpenPage, service: Service
) -> None:
    service.ask("officer")
    page = opened(open_page, service, PATH, ZHAO)
    expect(page.get_by_text("Officer Li has asked")).to_contain_text("“Checked, and not true”")
    page.get_by_role("button", name="Approve, and close them").click()
    expect(page.get_by_role("status").get_by_text("412 of more than 1,000")).to_be_visible()
    expect(page.get_by_role("alert").get_by_text("could not do it (503)")).to_be_visible()
    page.get_by_role("button", name="Go on closing").click()
    expect(page.get_by_role("status").get_by_text("1,000 closed: that is all")).to_be_visible()
    expect(page.get_by_role("button", name="Go on closing")).to_have_count(0)
    assert service.tags == [f'"{1:020}"'] * 3


@pytest.mark.thorough
def test_what_was_swapped_is_read_before_it_is_approved(
    open_page: OpenPage, service: Service
) -> None:
    service.ask("officer")
    service.parts = [1000]
    page = opened(open_page, service, PATH, ZHAO)
    approve = page.get_by_role("button", name="Approve, and close them")
    expect(approve).to_be_visible()
    service.ask("officer", "malicious")
    approve.click()
    changed = page.get_by_role("alert").filter(has_text="It has been replaced")
    expect(changed).to_contain_text("“Checked, and not true”")
    expect(approve).to_have_count(0)
    expect(page.get_by_text("Officer Li has asked")).to_contain_text("“Malicious”")
    page.get_by_label("I have read what changed").check()
    approve.click()
    expect(page.get_by_role("status").get_by_text("1,000 closed")).to_be_visible()
    assert service.tags == [f'"{1:020}"', f'"{2:020}"']


@pytest.mark.thorough
def test_an_unproven_report_is_lifted_out(open_page: OpenPage, stack: Stack) -> None:
    resident = Resident(stack.api, "child_abduction", "A boy was pulled into a van.")
    lifted: list[str] = []

    def unproven(route: Route) -> None:
        response = route.fetch()
        route.fulfill(response=response, json={**response.json(), "unproven": not lifted})

    page = open_page(f"/console/reports/{resident.id}")
    page.route(f"**/v1/officer/reports/{resident.id}", unproven)
    page.on("request", lambda sent: lifted.append(sent.url) if "lift-out" in sent.url else None)
    sign_in(page)
    press(page, "Lift out", shows="It stands with the others now")
    expect(page.get_by_role("button", name="Lift out")).to_have_count(0)
    expect(page.get_by_role("heading", name="Next step")).to_be_focused()
    assert lifted == [f"{stack.api}/v1/officer/reports/{resident.id}/lift-out"]


@pytest.mark.thorough
def test_bursts_that_cannot_be_read_are_missed_aloud(open_page: OpenPage, service: Service) -> None:
    page = open_page("/console/")
    page.route("**/v1/officer/bursts", lambda route: route.abort())
    sign_in(page)
    alert = page.get_by_role("alert").get_by_text("The bursts of reports could not be")
    expect(alert).to_be_visible()
    expect(page.locator(".report-row").first).to_be_visible()
    service.serve(page)
    page.get_by_role("button", name="Nobody’s").click()
    expect(page.get_by_role("link", name=ROW)).to_be_visible()
    expect(alert).to_have_count(0)
    page.get_by_role("button", name="Mine", exact=True).click()
    expect(page.get_by_role("link", name=ROW)).to_have_count(0)


@pytest.mark.thorough
def test_anybody_can_read_a_burst(open_page: OpenPage, service: Service, language: str) -> None:
    page = open_page("/console/", language=language)
    service.serve(page)
    sign_in(page)
    expect(page.locator(f"[data-id='{BURST}']")).to_be_visible()
    found = axe_violations(page)
    take_pictures(page, f"console-queue-burst-{language}")
    go(page, PATH)
    expect(page.locator("#closing")).to_be_visible()
    for name in ("own", "ask", "waits"):
        if name == "ask":
            page.locator("#closing + * ~ .button--danger").click()
        if name == "waits":
            page.keyboard.press("Escape")
            service.ask("supervisor")
            go(page, "/console/")
            go(page, PATH)
            expect(page.locator("section .button--primary")).to_be_visible()
        found += [f"{name}: {violation}" for violation in axe_violations(page)]
        take_pictures(page, f"console-burst-{name}-{language}")
        page.set_viewport_size({"width": 320, "height": 640})
        assert not scrolls_sideways(page), name
        page.set_viewport_size({"width": 1440, "height": 900})
    assert found == []
