"""The next step of a report: whoever presses twice takes no step that they have not read."""

from collections.abc import Sequence
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.officers import LI, ZHAO, Resident, change_report, officer_api, sign_in
from tests.browser.screens import assert_usable, box_of, scrolls_sideways
from tests.local.stack import Stack

pytestmark = pytest.mark.thorough

SIZES = ({"width": 360, "height": 740}, {"width": 1440, "height": 900})
CLOSED = {"status": "closed", "disposition": "resolved", "reason": "He is at home again."}
PROPOSED = CLOSED | {"disposition": "malicious"}

# The words of the step at a point of the screen; none when it is no step.
STEP_AT = (
    """([x, y]) => document.elementFromPoint(x, y).closest('.next-step button')?.textContent"""
)


@pytest.mark.parametrize("viewport", SIZES, ids=lambda size: str(size["width"]))
@pytest.mark.parametrize(
    ("before", "steps"),
    [
        (None, ["acknowledgeTake", "in_progress", "handBack", "in_progress"]),
        (None, ["acknowledge", "in_progress"]),
        (None, ["in_progress", "handBack", "in_progress"]),
        (CLOSED, ["reopen", "handBack"]),
        (CLOSED, ["reopenWaiting", "in_progress"]),
        (PROPOSED, ["confirm", "reopen"]),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else "",
)
def test_no_step_comes_where_one_was_pressed(
    open_page: OpenPage,
    stack: Stack,
    language: str,
    viewport: Any,
    before: dict[str, str] | None,
    steps: Sequence[str],
) -> None:
    resident = Resident(stack.api, text="My mother has not come home.")
    if before:
        change_report(officer_api(stack, "officer"), resident.id, **before)
    page = open_page(f"/console/reports/{resident.id}", language=language, viewport=viewport)
    sign_in(page, ZHAO if before else LI)
    for step in steps:
        middle = press(page, step)
        assert page.evaluate(STEP_AT, middle) is None
        expect(page.locator(".next-step__changed")).to_be_in_viewport()
        assert not scrolls_sideways(page)


@pytest.mark.parametrize("viewport", SIZES, ids=lambda size: str(size["width"]))
def test_close_stays_where_it_was_while_work_begins(
    open_page: OpenPage, stack: Stack, language: str, viewport: Any
) -> None:
    resident = Resident(stack.api)
    page = open_page(f"/console/reports/{resident.id}", language=language, viewport=viewport)
    sign_in(page)
    press(page, "acknowledgeTake")
    close = page.locator("button[aria-describedby=step-close-hint]")
    before = box_of(close)
    press(page, "in_progress")
    after = box_of(close)
    # It is the obvious step now, and larger.
    assert after["y"] <= before["y"] + before["height"] / 2 <= after["y"] + after["height"]
    assert_usable(page, f"console-step-{viewport['width']}-{language}")


def test_a_step_that_is_pressed_twice_is_taken_once(open_page: OpenPage, stack: Stack) -> None:
    page = open_page(f"/console/reports/{Resident(stack.api).id}")
    sign_in(page)
    changes: list[str] = []
    page.on("request", lambda each: changes.append(each.method) if each.method == "PATCH" else None)
    page.get_by_role("button", name="Start work").dblclick()
    expect(page.get_by_text("The report is now: In progress")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert changes == ["PATCH"]


def press(page: Page, step: str) -> list[float]:
    """Press a step. Returns where, once it has been taken."""
    button = page.locator(f"button[aria-describedby=step-{step}-hint]")
    expect(button).to_be_visible()
    page.wait_for_load_state("networkidle")
    button.scroll_into_view_if_needed()
    box = box_of(button)
    middle = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
    page.mouse.click(*middle)
    expect(button).to_have_count(0)
    expect(page.locator("#next-step")).to_be_focused()
    return middle
