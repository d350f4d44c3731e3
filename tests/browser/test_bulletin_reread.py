"""A newer version of a bulletin is read before it is approved, however it came to the screen."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.console_pages import call, page_of
from tests.browser.officers import ZHAO
from tests.browser.screens import assert_usable, press
from tests.browser.test_bulletins import changed, drafted, public, published, with_place
from tests.local.stack import Stack

BLACK = {"title": {"en": "Have you seen a black van?", "zh": "寻找黑色面包车"}}
FIRST = "Approve version 1 and publish it"


def in_chinese(page: Page) -> None:
    page.get_by_role("button", name=ZHAO).click()
    with page.expect_response("**/history"):
        page.get_by_role("button", name="中文").click()
    expect(page.get_by_role("heading", name="待批准")).to_be_visible()


def nothing_to_approve_before_it_is_read(page: Page, shown: str, read: str) -> None:
    """The change stands there, and no button, until the officer says that they have read it."""
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text(shown)
    button = page.get_by_role("button", name=re.compile("^Approve|^批准"))
    expect(button).to_have_count(0)
    page.get_by_label(read).check()
    expect(button).to_be_visible()


def test_another_language_neither_hides_a_change_nor_loses_what_is_typed(
    open_page: OpenPage, stack: Stack
) -> None:
    bulletin = drafted(stack)
    page = page_of(open_page, ZHAO, f"/console/bulletins/{bulletin['id']}")
    page.get_by_role("button", name="Decline…").click()
    page.get_by_label("What is to change").fill("A reason that took long.")
    changed(stack, bulletin, BLACK)
    page.get_by_role("button", name=FIRST).click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("+black")
    # Nothing to approve stands where the button was.
    expect(alert).to_be_focused()
    expect(alert).to_be_in_viewport()
    expect(page.get_by_label("What is to change")).to_be_hidden()
    in_chinese(page)
    nothing_to_approve_before_it_is_read(page, "+黑", "我已阅读变化之处")
    expect(page.get_by_label("需要修改")).to_have_value("A reason that took long.")


@pytest.mark.thorough
def test_a_version_that_comes_with_another_language_is_said_to_be_new(
    open_page: OpenPage, stack: Stack
) -> None:
    bulletin = drafted(stack)
    page = page_of(open_page, ZHAO, f"/console/bulletins/{bulletin['id']}")
    expect(page.get_by_role("button", name=FIRST)).to_be_visible()
    changed(stack, bulletin, BLACK)
    in_chinese(page)
    nothing_to_approve_before_it_is_read(page, "+黑", "我已阅读变化之处")
    page.get_by_role("button", name="批准第 2 版并发布").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    assert public(stack, bulletin["id"]).json()["title"] == BLACK["title"]


def with_a_picture_on_its_way(stack: Stack) -> dict[str, Any]:
    bulletin = drafted(stack)
    path = f"/v1/officer/bulletins/{bulletin['id']}/media"
    call(stack, "officer", "POST", path, {"media": [{"content_type": "image/jpeg", "size": 1000}]})
    return bulletin


@pytest.mark.thorough
@pytest.mark.parametrize("by", ["itself", "the officer"])
def test_a_version_that_comes_while_a_picture_is_prepared_is_said_to_be_new(
    open_page: OpenPage, stack: Stack, by: str
) -> None:
    bulletin = with_a_picture_on_its_way(stack)
    page = page_of(open_page, ZHAO, f"/console/bulletins/{bulletin['id']}")
    again = page.get_by_role("button", name="Look again")
    expect(again).to_be_visible()
    changed(stack, bulletin, BLACK)
    again.focus()
    if by == "the officer":
        page.keyboard.press("Enter")
    # Nothing moves under the hand.
    expect(page.get_by_role("alert")).to_be_visible()
    expect(again).to_be_focused()
    nothing_to_approve_before_it_is_read(page, "+black", "I have read what changed")
    assert_usable(page, "bulletins-reread")


@pytest.mark.thorough
def test_other_words_about_an_end_are_shown_before_they_are_approved(
    open_page: OpenPage, stack: Stack
) -> None:
    bulletin = published(stack)
    path = f"/v1/officer/bulletins/{bulletin['id']}/resolve"

    def resolve(words: str) -> None:
        outcome = {"en": words, "zh": "谢谢。"}
        call(stack, "officer", "POST", path, {"code": "found", "outcome": outcome})

    resolve("He is at home.")
    page = page_of(open_page, ZHAO, f"/console/bulletins/{bulletin['id']}")
    button = page.get_by_role("button", name="Approve these words")
    expect(button).to_be_visible()
    resolve("He is with Mr Wang.")
    button.click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Words about the end")
    nothing_to_approve_before_it_is_read(page, "+Mr Wang", "I have read what changed")
    button.click()
    expect(page.get_by_text("Residents see the words within a minute.")).to_be_visible()


@pytest.mark.thorough
def test_what_an_officer_has_written_themselves_is_not_new_to_them(
    open_page: OpenPage, stack: Stack
) -> None:
    bulletin = drafted(stack)
    page = with_place(open_page, bulletin)
    press(page, "Save", shows="Saved. A colleague", exact=True)
    expect(page.get_by_text("Version 2").first).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
