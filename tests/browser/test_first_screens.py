"""The two clients as they are first met: served, readable by anybody, and within their policy."""

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.screens import assert_usable, axe_violations, scrolls_sideways
from tests.local.stack import Stack

SCREENS = {"report": "/", "console": "/console/"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", SCREENS)
def test_anybody_can_read_the_first_screen(
    open_page: OpenPage, language: str, screen: str, scheme: str
) -> None:
    page = open_page(SCREENS[screen], language=language, color_scheme=scheme)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.get_attribute("html", "lang") == language
    assert_usable(page, f"{screen}-{language}-{scheme}")


def test_the_emergency_number_is_called_with_one_tap(page: Page) -> None:
    expect(page.get_by_role("link", name="110").first).to_have_attribute("href", "tel:110")


@pytest.mark.parametrize("screen", SCREENS)
def test_a_narrow_screen_is_not_scrolled_sideways(open_page: OpenPage, screen: str) -> None:
    page = open_page(SCREENS[screen], viewport={"width": 320, "height": 640})
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert not scrolls_sideways(page)


def test_without_scripts_a_resident_reads_how_to_telephone(open_page: OpenPage) -> None:
    page = open_page(java_script_enabled=False)
    for text in ("Without JavaScript, report by telephone", "没有 JavaScript，也可以电话举报"):
        expect(page.get_by_role("heading", name=text)).to_be_visible()
    expect(page.get_by_role("link", name="110").first).to_have_attribute("href", "tel:110")
    assert page.title() == "Chaoyang"


def test_what_the_policy_refuses_is_seen(page: Page, wrong: list[str]) -> None:
    page.evaluate(
        """() => new Promise(resolve => {
            document.addEventListener('securitypolicyviolation', resolve);
            const style = document.createElement('style');
            style.textContent = 'body { color: red }';
            document.head.append(style);
        })"""
    )
    assert [each.partition(":")[0] for each in wrong] == ["style-src-elem"]
    wrong.clear()


def test_a_script_that_fails_is_seen(page: Page, wrong: list[str]) -> None:
    with page.expect_event("pageerror"):
        page.evaluate("setTimeout(() => { throw new Error('broken') })")
    assert wrong == ["script: broken"]
    wrong.clear()


def test_what_nobody_can_read_is_seen(page: Page) -> None:
    page.evaluate("document.querySelector('h1').style.setProperty('color', '#ccc')")
    assert any(each.startswith("color-contrast") for each in axe_violations(page))


def test_the_api_keeps_its_pages_with_their_own_policy(stack: Stack) -> None:
    docs = requests.get(f"{stack.api}/docs", timeout=10)
    assert docs.status_code == 200
    assert "style-src 'unsafe-inline'" in docs.headers["Content-Security-Policy"]
    missing = requests.get(f"{stack.api}/v1/nothing", timeout=10)
    assert missing.status_code == 404
    assert missing.json()["code"] == "not_found"


def test_the_terminal_shows_the_addresses_and_no_files(stack: Stack, page: Page) -> None:
    stack.expect(rf"residents +{stack.api}/$")
    stack.expect(rf"console +{stack.api}/console/$")
    assert not any("(web)" in line for line in stack.lines)
