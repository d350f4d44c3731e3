"""An officer plays a video in its place, without a reason; what does not play says why."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.console_pages import call, page_of
from tests.browser.officers import LI, Resident, wait_until
from tests.browser.screens import assert_usable, take_pictures
from tests.local.stack import Stack
from tests.media_samples import scene, video

pytestmark = pytest.mark.thorough

H264 = "document.createElement('video').canPlayType('video/mp4; codecs=\"avc1.640028\"') !== ''"
WITHOUT_CODECS = "HTMLMediaElement.prototype.canPlayType = () => '';"
COVERED = "lost_and_found"


def sent(stack: Stack, page: Page, codec: str = "libx264", category: str = "other") -> Resident:
    """Return the resident of a report with a video of two seconds."""
    content = video([scene(320, 240)] * 20, codec, sound=True)
    media = [{"content_type": "video/mp4", "size": len(content)}]
    resident = Resident(stack.api, category, media=media)
    resident.upload(0, content, page)
    return resident


def at_desk(open_page: OpenPage, resident: Resident) -> Page:
    return page_of(open_page, LI, f"/console/reports/{resident.id}")


@pytest.fixture
def page(page: Page) -> Page:
    if not page.evaluate(H264):
        pytest.skip("this build of Chromium has no H.264")
    return page


def test_a_video_plays_in_its_place_by_the_keyboard_and_without_a_reason(
    open_page: OpenPage, stack: Stack, page: Page
) -> None:
    desk = at_desk(open_page, sent(stack, page))
    clip = desk.get_by_label("Video", exact=True)
    expect(clip).to_be_visible()
    assert clip.evaluate("video => video.paused && video.currentTime === 0")
    assert_usable(desk, "console-clip")
    clip.focus()
    desk.keyboard.press("Space")
    wait_until(desk, lambda: bool(clip.evaluate("video => video.currentTime > 0")))
    assert clip.evaluate("video => [video.videoWidth, video.videoHeight]") == [320, 240]
    expect(desk.get_by_role("dialog")).to_have_count(0)
    expect(desk.get_by_role("button", name="Open the original…")).to_be_visible()


def test_a_covered_video_is_not_there_before_it_is_asked_for(
    open_page: OpenPage, stack: Stack, page: Page
) -> None:
    def cover(blur: bool) -> None:
        shown = {"code": COVERED, "state": "active", "blur": blur}
        call(stack, "admin", "PATCH", "/v1/admin/catalogue", {"categories": [shown]})

    cover(True)
    try:
        desk = at_desk(open_page, sent(stack, page, category=COVERED))
        media = desk.get_by_role("region", name="Pictures and recordings")
        expect(media.get_by_role("button", name=re.compile("^Show picture"))).to_be_visible()
        expect(media.locator("video")).to_have_count(0)
        media.get_by_role("button", name=re.compile("^Show picture")).press("Enter")
        expect(media.locator("video")).to_be_focused()
    finally:
        cover(False)


@pytest.mark.parametrize(
    ("codec", "text"),
    [
        ("libx265", "This browser does not play HEVC videos."),
        ("mpeg4", "It is not in a form that plays here"),
    ],
)
def test_what_does_not_play_says_why_and_has_its_original(
    open_page: OpenPage, stack: Stack, page: Page, codec: str, text: str
) -> None:
    desk = at_desk(open_page, sent(stack, page, codec))
    desk.add_init_script(WITHOUT_CODECS)
    desk.reload()
    expect(desk.get_by_text(text)).to_be_visible()
    expect(desk.locator("video")).to_have_count(0)
    take_pictures(desk, f"console-no-clip-{codec}")
    desk.get_by_role("button", name="Play the video…").first.click()
    expect(desk.get_by_role("dialog")).to_be_visible()
