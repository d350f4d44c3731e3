"""Two officers decide a request of a person who is written about."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.officers import LI, ZHAO, Resident, officer_api, sign_in
from tests.browser.screens import axe_violations
from tests.browser.test_console import open_report
from tests.local.stack import Stack

pytestmark = pytest.mark.thorough


def test_a_request_is_decided_by_two(open_page: OpenPage, stack: Stack) -> None:
    resident = Resident(stack.api)
    call = officer_api(stack, "officer")
    asked = {"right": "erasure", "text": "Take my name out.", "contact": {"name": "Chen Wei"}}
    number = call("POST", "/v1/officer/requests", asked).json()["number"]
    call("POST", f"/v1/officer/requests/{number}/reports", {"report_ids": [resident.id]})

    page = open_report(open_page, resident.id, LI)
    page.get_by_role("link", name=f"Request {number}").click()
    expect(page.get_by_text("Take my name out.")).to_be_visible()
    page.get_by_label("Reasons, for the answer").fill("You only passed by.")
    page.get_by_role("button", name="Propose a decision").click()
    expect(page.get_by_role("button", name="Take it back")).to_be_visible()

    other = open_page(f"/console/requests/{number}")
    sign_in(other, ZHAO)
    expect(other.get_by_text("You only passed by.")).to_be_visible()
    assert axe_violations(other) == []
    other.get_by_role("button", name="Approve the decision").click()
    expect(other.get_by_role("button", name="Approve the decision")).to_have_count(0)
    expect(other.get_by_text("Granted", exact=True)).to_be_visible()
