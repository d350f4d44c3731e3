"""A report that is about the police is moved to oversight, and two of oversight return it."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.officers import Resident
from tests.browser.screens import axe_violations
from tests.browser.test_console import open_report
from tests.local.stack import Stack

pytestmark = pytest.mark.thorough

ZHOU, WU = "Ombudsman Zhou", "Ombudsman Wu"
QUEUE = re.compile("/console/$")


def give_reason(page: Page, button: str, reason: str, submit: str) -> None:
    page.get_by_role("button", name=button, exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill(reason)
    dialog.get_by_role("button", name=submit, exact=True).click()


def test_a_report_is_moved_to_oversight_and_returned_by_two(
    open_page: OpenPage, stack: Stack
) -> None:
    resident = Resident(stack.api)
    page = open_report(open_page, resident.id)
    give_reason(page, "Move to oversight…", "It names an officer of this station.", "Move it")
    expect(page).to_have_url(QUEUE)
    assert resident.read()["read_by"]

    asking = open_report(open_page, resident.id, ZHOU)
    expect(asking.get_by_text("Reported as", exact=True)).to_be_visible()
    assert axe_violations(asking) == []
    button = "Ask to return it to its station…"
    give_reason(asking, button, "It names somebody of the same name.", "Ask to return it")
    expect(asking.get_by_role("button", name="Take the request back…")).to_be_visible()

    agreeing = open_report(open_page, resident.id, WU)
    agreeing.get_by_role("button", name="Return it", exact=True).click()
    expect(agreeing).to_have_url(QUEUE)
    page.goto(f"/console/reports/{resident.id}")
    expect(page.get_by_role("heading", name="Next step")).to_be_visible()
    assert resident.read()["read_by"] is None
