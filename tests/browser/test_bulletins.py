"""Bulletins: written by one officer, approved by another from what differs."""

import re
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.console_pages import call, go, page_of
from tests.browser.officers import LI, ZHAO, approve
from tests.browser.screens import axe_violations, press, take_pictures
from tests.local.stack import Stack
from tests.media_samples import jpeg

DRAFT = {
    "channel": "key_cases",
    "title": {"zh": "寻找白色面包车", "en": "Have you seen a white van?"},
    "body": {"zh": "周二早上在公园附近。", "en": "Near the park, on Tuesday morning."},
    "area": {"district": "chaoyang"},
    "about": "other",
}


def drafted(stack: Stack, **change: Any) -> dict[str, Any]:
    bulletin: dict[str, Any] = call(
        stack, "officer", "POST", "/v1/officer/bulletins", DRAFT | change
    )
    return bulletin


def published(stack: Stack, **change: Any) -> dict[str, Any]:
    bulletin = drafted(stack, **change)
    path = f"/v1/officer/bulletins/{bulletin['id']}/approve"
    approved: dict[str, Any] = approve(stack, "supervisor", path).json()
    return approved


def changed(stack: Stack, bulletin: dict[str, Any], change: dict[str, Any]) -> None:
    path = f"/v1/officer/bulletins/{bulletin['id']}"
    version = call(stack, "officer", "GET", path)["version"]
    call(stack, "officer", "PATCH", path, change, {"If-Match": f'"{version}"'})


def with_place(open_page: OpenPage, bulletin: dict[str, Any]) -> Page:
    """Return a bulletin that Zhao edits: its place is written, and not saved."""
    page = page_of(open_page, ZHAO, f"/console/bulletins/{bulletin['id']}")
    page.get_by_role("button", name="Edit").click()
    page.get_by_label("Place in words").fill("By the lake")
    return page


def public(stack: Stack, bulletin_id: str) -> requests.Response:
    return requests.get(f"{stack.api}/v1/bulletins/{bulletin_id}", timeout=10)


def opened(page: Page) -> str:
    page.wait_for_url(re.compile(r"/console/bulletins/B-"))
    return page.url.rpartition("/")[2]


def test_a_bulletin_of_one_officer_is_published_by_another(
    open_page: OpenPage, stack: Stack, tmp_path: Path
) -> None:
    picture = tmp_path / "van.jpg"
    picture.write_bytes(jpeg())
    page = page_of(open_page, LI, "/console/bulletins")
    page.get_by_role("link", name="Write a bulletin").click()
    page.get_by_label("Anybody or anything else").check()
    page.get_by_label("Title, Chinese").fill("寻找白色面包车")
    page.get_by_label("Text, Chinese").fill("周二早上在公园附近。")
    page.get_by_label("Title, English").fill("Have you seen a white van?")
    page.get_by_label("Text, English").fill("Near the park.")
    page.get_by_label("District").select_option("chaoyang")
    page.get_by_label("Add pictures").set_input_files(picture)
    preview = page.get_by_role("region", name="Preview")
    expect(preview.get_by_role("heading", name="Have you seen a white van?")).to_be_visible()
    expect(preview.get_by_text("区域：朝阳区")).to_be_visible()
    expect(preview.get_by_role("img")).to_have_count(2)
    page.get_by_role("button", name="Save the draft").click()
    bulletin_id = opened(page)
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    expect(page.get_by_role("status").get_by_text("Saved. A colleague")).to_be_visible()
    expect(page.get_by_text("a colleague of the channel approves it")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Approve"))).to_have_count(0)
    assert public(stack, bulletin_id).status_code == 404
    # Each card has the words of its readers.
    for name in ("Picture 1", "照片 1"):
        expect(page.locator(".preview").get_by_role("img", name=name)).to_have_count(1)

    other = page_of(open_page, ZHAO, "/console/bulletins")
    waiting = other.get_by_role("region", name="Awaits your approval")
    waiting.locator(f"a[href$='{bulletin_id}']").click()
    expect(other.get_by_text("All of it is new")).to_be_visible()
    expect(other.get_by_text("Approved now, it stands until")).to_be_visible()
    approval = other.get_by_role("region", name="To approve")
    expect(approval.get_by_role("img", name="Picture 1")).to_be_visible()
    other.get_by_role("button", name=re.compile(r"Approve version \d+ and publish it")).click()
    expect(other.get_by_text("Published. Residents see it within a minute.")).to_be_visible()
    seen = public(stack, bulletin_id).json()
    assert seen["title"]["en"] == "Have you seen a white van?"
    assert len(seen["media"]) == 1
    address = other.get_by_role("link", name="Public page").get_attribute("href")
    assert address == f"{stack.api}/bulletins/{bulletin_id}"
    assert "text/html" in requests.get(str(address), timeout=10).headers["Content-Type"]


@pytest.mark.thorough
def test_what_awaits_an_officer_is_counted_in_the_navigation(
    open_page: OpenPage, stack: Stack, language: str
) -> None:
    bulletin = drafted(stack)
    words = "条待您批准" if language == "zh-CN" else "your approval"
    calls: list[str] = []
    page = page_of(open_page, ZHAO, "/console/dashboard", language=language)
    link = page.locator(".frame__nav a[href$='bulletins']")
    expect(link).to_have_accessible_name(re.compile(words))
    take_pictures(page, f"console-approvals-{language}")
    count = int(link.locator(".frame__count > :first-child").inner_text())
    # No page costs another call.
    page.on("request", lambda request: calls.append(request.url))
    for path in ("/console/map", "/console/admin/me", "/console/"):
        go(page, path)
    assert [url for url in calls if "/officer/bulletins" in url] == []
    link.click()
    expect(page.locator("#group-mine .count")).to_have_text(str(count))
    page.locator(f"main a[href$='{bulletin['id']}']").click()
    page.locator("#approval ~ .row .button--primary").click()
    expect(page.locator("#approval")).to_have_count(0)
    left = link.locator(".frame__count > :first-child")
    expect(left).to_have_text([str(count - 1)] if count > 1 else [])
    # Nobody approves their own words.
    drafted(stack)
    author = page_of(open_page, LI, "/console/bulletins", language=language)
    expect(author.locator("#group-others")).to_be_visible()
    mine = author.locator("#group-mine .count").all_inner_texts()
    expect(
        author.locator(".frame__nav a[href$='bulletins'] .frame__count > :first-child")
    ).to_have_text(mine)


def test_a_correction_is_approved_from_its_diff(open_page: OpenPage, stack: Stack) -> None:
    bulletin = published(stack)
    body = {"zh": "周二早上在公园附近。", "en": "Near the park, on Monday morning."}
    changed(stack, bulletin, {"body": body})
    page = page_of(open_page, ZHAO, f"/console/bulletins/{bulletin['id']}")
    expect(page.get_by_text("Version 1 approved by Supervisor Zhao")).to_be_visible()
    approval = page.get_by_role("region", name="To approve")
    changes = approval.get_by_role("definition")
    expect(changes.get_by_role("deletion")).to_have_text("Removed: −Tuesday")
    expect(changes.get_by_role("insertion")).to_have_text("Added: +Monday")
    assert "Tuesday" in public(stack, bulletin["id"]).json()["body"]["en"]
    # By the keyboard alone, and where it goes on.
    approval.get_by_role("button", name=re.compile("Approve")).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Published. Residents see it within a minute.")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    assert "Monday" in public(stack, bulletin["id"]).json()["body"]["en"]


def test_what_is_declined_says_why_and_waits_again_once_it_is_written(
    open_page: OpenPage, stack: Stack
) -> None:
    bulletin = drafted(stack)
    path = f"/console/bulletins/{bulletin['id']}"
    page = page_of(open_page, ZHAO, path)
    page.get_by_role("button", name="Decline…").click()
    press(page, "Decline it", shows="Give a reason")
    page.get_by_label("What is to change").fill("Leave out the street.")
    press(page, "Decline it", shows="Declined. Its authors are notified.")
    # Nothing is left to be declined again.
    expect(page.get_by_label("What is to change")).to_have_count(0)
    expect(page.get_by_role("button", name="Decline it")).to_have_count(0)
    expect(page.get_by_role("button", name=re.compile("Approve"))).to_have_count(0)
    assert axe_violations(page) == []

    author = page_of(open_page, LI, "/console/bulletins")
    declined = author.get_by_role("region", name="Declined: to be written anew")
    declined.get_by_role("link", name=bulletin["title"]["en"]).first.click()
    expect(author.get_by_text("Leave out the street.")).to_be_visible()
    author.get_by_role("button", name="Edit").click()
    # Beside the form, too.
    expect(author.get_by_text("Leave out the street.")).to_be_visible()
    author.get_by_label("Place in words").fill("By the lake")
    press(author, "Save", shows="Saved. A colleague", exact=True)
    page.reload()
    # Whoever reads it again sees what was asked for, and what came of it.
    before = page.get_by_role("region", name="It was declined before")
    expect(before).to_contain_text("Leave out the street.")
    expect(before).to_contain_text("Changed from version 1 to version 2:")
    expect(before).to_contain_text("By the lake")
    expect(before).not_to_contain_text(bulletin["title"]["en"])
    assert axe_violations(page) == []
    expect(page.get_by_role("button", name="Approve version 2 and publish it")).to_be_visible()


@pytest.mark.thorough
def test_what_a_colleague_has_declined_is_not_offered_any_more(
    open_page: OpenPage, stack: Stack
) -> None:
    bulletin = drafted(stack)
    path = f"/v1/officer/bulletins/{bulletin['id']}"
    page = page_of(open_page, ZHAO, f"/console/bulletins/{bulletin['id']}")
    approve = page.get_by_role("button", name="Approve version 1 and publish it")
    expect(approve).to_be_visible()
    reason = {"reason": "Leave out the street."}
    call(stack, "officer", "POST", f"{path}/decline", reason, {"If-Match": '"1"'})
    approve.click()
    expect(page.get_by_text("Leave out the street.")).to_be_visible()
    expect(approve).to_have_count(0)


@pytest.mark.thorough
def test_a_colleagues_change_is_shown_before_it_is_written_over(
    open_page: OpenPage, stack: Stack
) -> None:
    bulletin = drafted(stack)
    page = with_place(open_page, bulletin)
    changed(stack, bulletin, {"title": {"en": "Have you seen a black van?"}})
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("A colleague has changed it")
    expect(page.get_by_label("Place in words")).to_have_value("By the lake")
    page.get_by_role("button", name="Save my text on top of version 2").click()
    expect(
        page.get_by_text("Saved. A colleague of the channel can approve it now.")
    ).to_be_visible()


@pytest.mark.thorough
def test_a_bulletin_is_resolved_with_a_code_at_once(open_page: OpenPage, stack: Stack) -> None:
    bulletin = published(stack)
    page = page_of(open_page, LI, f"/console/bulletins/{bulletin['id']}")
    page.get_by_role("button", name="Resolve").click()
    press(page, "Resolve now", shows="Choose what readers see.")
    page.get_by_label("Found. The search is over.").check()
    page.get_by_label("English (optional)").fill("Thanks to everybody.")
    press(page, "Resolve now", shows="Words that await approval")
    seen = public(stack, bulletin["id"]).json()
    assert (seen["state"], seen["code"]) == ("resolved", "found")
    assert seen["outcome"]["en"] == "Found. The search is over."
    other = page_of(open_page, ZHAO, f"/console/bulletins/{bulletin['id']}")
    # What is approved is the end and its words, not the bulletin of before.
    shown = other.get_by_role("region", name="As readers will see it")
    expect(shown.get_by_role("region", name="English")).to_contain_text(
        "Found. The search is over.\nThanks to everybody."
    )
    expect(shown.get_by_role("region", name="Chinese")).to_contain_text("已找到，寻找工作结束。")
    expect(other.get_by_text("What residents saw before it ended")).to_be_visible()
    expect(other.get_by_text(bulletin["body"]["en"])).to_be_hidden()
    assert axe_violations(other) == []
    press(other, "Approve these words", shows="Residents see the words within a minute.")
    assert public(stack, bulletin["id"]).json()["outcome"]["en"].endswith("Thanks to everybody.")


@pytest.mark.thorough
def test_approved_words_are_not_lost_with_another_code(open_page: OpenPage, stack: Stack) -> None:
    bulletin = published(stack)
    path = f"/v1/officer/bulletins/{bulletin['id']}"
    words = {"code": "found", "outcome": {"en": "Thanks to everybody."}}
    call(stack, "officer", "POST", f"{path}/resolve", words)
    approve(stack, "supervisor", f"{path}/approve")
    page = page_of(open_page, LI, f"/console/bulletins/{bulletin['id']}")
    press(page, "Withdraw", shows="The words that readers see now are gone with this.")
    page.get_by_role("button", name="Change what readers see").click()
    expect(page.get_by_label("English (optional)")).to_have_value("Thanks to everybody.")
    expect(page.get_by_text("wait until a colleague approves them again")).to_be_visible()
    page.get_by_label("The police have made an arrest.").check()
    press(page, "Change it now", shows="Words that await approval")
    now = call(stack, "officer", "GET", path)
    assert (now["code"], now["pending_words"]) == ("arrested", words["outcome"])


@pytest.mark.thorough
@pytest.mark.parametrize(("about", "count"), [("other", 3), ("child", 4)])
def test_only_the_outcomes_of_its_channel_are_offered(
    open_page: OpenPage, stack: Stack, about: str, count: int
) -> None:
    bulletin = published(stack, about=about)
    page = page_of(open_page, LI, f"/console/bulletins/{bulletin['id']}")
    press(page, "Resolve", shows="Found. The search is over.")
    expect(page.get_by_role("radio")).to_have_count(count)
    expect(page.get_by_label("Found safe.")).to_have_count(1 if about == "child" else 0)


@pytest.mark.thorough
def test_a_picture_that_the_browser_cannot_show_is_said_to_come(
    open_page: OpenPage, tmp_path: Path
) -> None:
    picture = tmp_path / "wang.heic"
    picture.write_bytes(b"\0\0\0\x18ftypheic")
    page = page_of(open_page, LI, "/console/bulletins/new")
    page.get_by_label("Title, English").fill("Have you seen Mr Wang?")
    page.get_by_label("Add pictures").set_input_files(picture)
    preview = page.get_by_role("region", name="Preview")
    expect(preview.get_by_text("Picture 1: Shown once the bulletin is saved")).to_be_visible()
    expect(preview.get_by_role("img")).to_have_count(0)


@pytest.mark.thorough
def test_a_place_is_said_as_chinese_says_it(open_page: OpenPage, stack: Stack) -> None:
    bulletin = drafted(stack, area={"district": "chaoyang", "text": "公园南门"})
    path = f"/console/bulletins/{bulletin['id']}"
    page = page_of(open_page, ZHAO, path, language="zh")
    approval = page.get_by_role("region", name="待批准的内容")
    expect(approval.get_by_text("朝阳区公园南门", exact=True)).to_be_visible()
    expect(approval.get_by_text("您正在查看第 1 版。全部为新内容")).to_be_visible()


@pytest.mark.thorough
def test_a_draft_is_withdrawn_with_no_word_for_readers(open_page: OpenPage, stack: Stack) -> None:
    page = page_of(open_page, LI, f"/console/bulletins/{drafted(stack)['id']}")
    page.get_by_role("button", name="Withdraw").click()
    expect(page.get_by_role("group", name="What readers see")).to_have_count(0)
    press(page, "Withdraw now", shows="The draft is withdrawn.")
    expect(page.get_by_text("Readers see")).to_have_count(0)


@pytest.mark.thorough
def test_what_was_withdrawn_is_not_shown_as_what_residents_will_see(
    open_page: OpenPage, stack: Stack
) -> None:
    bulletin = published(stack)
    path = f"/v1/officer/bulletins/{bulletin['id']}/withdraw"
    call(stack, "supervisor", "POST", path, {"code": "published_in_error"})
    page = page_of(open_page, LI, f"/console/bulletins/{bulletin['id']}")
    expect(page.get_by_text("What residents saw before it ended")).to_be_visible()
    expect(page.locator(".preview")).to_be_hidden()
    expect(page.get_by_role("button", name="Withdraw")).to_have_count(0)
    page.get_by_role("button", name="Change what readers see").click()
    page.get_by_label("The police no longer ask").check()
    press(page, "Change it now", shows="Readers see the new text within a minute.")
    page.get_by_text("Record", exact=True).click()
    record = page.locator(".record__list")
    expect(record.get_by_text("withdrew")).to_have_count(2)


@pytest.mark.thorough
def test_a_closed_channel_and_a_missing_consent_are_explained(open_page: OpenPage) -> None:
    page = page_of(open_page, LI, "/console/bulletins/new")
    page.get_by_label("Channel").select_option("traffic")
    expect(page.get_by_text("“Traffic” is not open (Coming soon).")).to_be_visible()
    page.get_by_label("Channel").select_option("missing_persons")
    page.get_by_label("An elderly person").check()
    page.get_by_label("Title, English").fill("Have you seen Mrs Wang?")
    page.get_by_label("Text, English").fill("A blue coat.")
    page.get_by_role("button", name="Save the draft").click()
    summary = page.get_by_role("alert").filter(has_text="There is a problem")
    summary.get_by_role("link", name="Record the consent of the guardian.").click()
    expect(page.get_by_label("The guardian has consented")).to_be_focused()
    # Nothing was put right: a second press says so again.
    page.get_by_role("button", name="Save the draft").click()
    expect(summary).to_be_focused()
    expect(summary).to_be_in_viewport()


@pytest.mark.thorough
def test_leads_are_listed_with_their_bulletin(open_page: OpenPage, stack: Stack) -> None:
    bulletin = published(stack)
    lead = {"category": "other", "text": "I saw it.", "bulletin_id": bulletin["id"]}
    key = {"Idempotency-Key": "9b2f1c1e-6c5e-4a57-8f0e-2f4f8a1f3b11"}
    sent = requests.post(f"{stack.api}/v1/reports", json=lead, headers=key, timeout=10).json()
    page = page_of(open_page, LI, f"/console/bulletins/{bulletin['id']}")
    page.get_by_role("button", name="Show the leads").click()
    expect(page.get_by_role("link", name=sent["reference"])).to_be_visible()
