"""A picture that is not ready holds up nobody: what it says to whom, and how to go on without."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.console_pages import opened, page_of
from tests.browser.officers import (
    ZHAO,
    approve,
    officer_api,
    picture,
    resident_with_picture,
    sign_in,
)
from tests.browser.officers import Resident as Filed
from tests.browser.residents import Resident, phone_photo
from tests.browser.screens import axe_violations, scrolls_sideways, take_pictures
from tests.browser.test_bulletins import drafted, public, published
from tests.local.stack import Stack

pytestmark = pytest.mark.thorough

WAITS = {"state": "processing", "thumbnail_url": None}
DELAYED = {**WAITS, "delayed": True, "preview_url": None, "evidence": None}
PHOTO = {"content_type": "image/jpeg", "size": len(picture())}


def change_media(page: Page, path: str, change: dict[str, Any]) -> None:
    """Let the API say something else of each medium of the reports that it returns."""

    def say(route: Route) -> None:
        response = route.fetch()
        body = response.json()
        media = [medium | change for medium in body.get("media", [])]
        route.fulfill(response=response, body=json.dumps(body | {"media": media}))

    page.route(path, say)


def is_well(page: Page) -> None:
    assert axe_violations(page) == []
    assert not scrolls_sideways(page)


@pytest.mark.parametrize(
    ("content_type", "words"),
    [
        ("image/jpeg", {"en": "We have your photo.", "zh-CN": "我们已收到您的照片"}),
        ("video/mp4", {"en": "We have your video.", "zh-CN": "我们已收到您的视频"}),
        ("audio/mp4", {"en": "We have your recording.", "zh-CN": "我们已收到您的录音"}),
    ],
)
def test_a_reporter_reads_that_the_police_have_it(
    open_page: OpenPage, language: str, content_type: str, words: dict[str, str]
) -> None:
    page = open_page("/", language=language)
    change_media(page, "**/v1/reports/mine", {**WAITS, "content_type": content_type})
    resident = Resident(page, language).begin()
    resident.photograph(phone_photo())
    resident.finish("An old man at the bus stop, alone.")
    resident.press("open_mine", shows=words[language])
    is_well(page)
    kind = content_type.partition("/")[0]
    take_pictures(page, f"report-delayed-{kind}-{language}")


def test_an_officer_opens_the_original_of_what_is_delayed(
    open_page: OpenPage, stack: Stack, language: str
) -> None:
    first = open_page("/console/", language=language)
    resident = resident_with_picture(stack.api, first)
    page = open_page(f"/console/reports/{resident.id}", language=language)
    change_media(page, f"**/v1/officer/reports/{resident.id}*", DELAYED)
    sign_in(page)
    says, button, reason = (
        ("因我方系统故障延迟处理", "打开原件", "理由")
        if language == "zh-CN"
        else ("a fault of ours delays it", "Open the original", "Reason")
    )
    expect(page.get_by_text(says)).to_be_visible()
    is_well(page)
    take_pictures(page, f"console-delayed-{language}")
    page.get_by_role("button", name=re.compile(button)).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label(re.compile(reason)).fill("To see it now.")
    dialog.get_by_role("button", name=re.compile("^(Open it|打开)$")).click()
    expect(dialog.get_by_role("link")).to_be_visible()


def test_a_bulletin_is_published_without_a_picture_that_is_not_ready(
    open_page: OpenPage, stack: Stack, language: str
) -> None:
    bulletin = drafted(stack)
    path = f"/v1/officer/bulletins/{bulletin['id']}"
    officer_api(stack, "officer")("POST", f"{path}/media", {"media": [PHOTO]})
    console = f"/console/bulletins/{bulletin['id']}"
    page = page_of(open_page, ZHAO, console, language=language)
    approve, done, left_out = (
        ("先不带照片，批准第 2 版并发布", "已发布", "批准时有 1 张照片尚未就绪")
        if language == "zh-CN"
        else (
            "Approve version 2 without the picture, and publish it",
            "Published.",
            "was not ready",
        )
    )
    button = page.get_by_role("button", name=approve)
    expect(button).to_be_visible()
    is_well(page)
    take_pictures(page, f"console-bulletin-waits-{language}")
    button.click()
    expect(page.get_by_role("status").get_by_text(done)).to_be_visible()
    expect(page.get_by_text(left_out)).to_be_visible()
    is_well(page)
    assert public(stack, bulletin["id"]).json()["media"] == []


def test_a_correction_that_only_adds_a_picture_cannot_go_without_it(
    open_page: OpenPage, stack: Stack
) -> None:
    bulletin = published(stack)
    path = f"/v1/officer/bulletins/{bulletin['id']}"
    officer_api(stack, "officer")("POST", f"{path}/media", {"media": [PHOTO]})
    page = page_of(open_page, ZHAO, f"/console/bulletins/{bulletin['id']}")
    expect(page.get_by_text("One picture is not ready yet.")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^Approve"))).to_have_count(0)


def test_a_picture_that_came_too_late_for_a_referral_is_proposed_by_itself(
    open_page: OpenPage, stack: Stack, language: str
) -> None:
    first = open_page("/console/", language=language)
    resident = Filed(stack.api, media=[PHOTO, PHOTO])
    resident.upload(0, picture(), first)
    path = f"/v1/officer/reports/{resident.id}/referral"
    wanted = {"agency": "city_services", "reason": "Theirs.", "include": ["media"]}
    officer_api(stack, "officer")("POST", path, wanted)
    approve(stack, "supervisor", f"{path}/approve")
    resident.upload(1, picture(), first)
    page = opened(open_page, resident, language=language)
    late, propose, reason, submit = (
        ("有 1 张图片尚未就绪，现已就绪", "补充转交图片", "理由（供同事查看）", "提出转交")
        if language == "zh-CN"
        else (
            "A picture was not ready when",
            "Pass on what is ready now",
            "Reason, for colleagues",
            "Propose it",
        )
    )
    expect(page.get_by_text(late)).to_be_visible()
    take_pictures(page, f"console-supplement-{language}")
    page.get_by_role("button", name=propose).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label(reason).fill("It came later.")
    is_well(page)
    take_pictures(page, f"console-supplement-form-{language}")
    dialog.get_by_role("button", name=submit).click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("button", name=propose)).to_have_count(0)
    report = officer_api(stack, "officer")("GET", f"/v1/officer/reports/{resident.id}").json()
    assert report["referrals"][-1]["media_ids"] == [resident.uploads[1]["media_id"]]
