"""A resident records sound in the page, and an officer hears it."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import chromium
from tests.browser.conftest import OpenPage
from tests.browser.residents import Officer, Resident, own_report, wait_until
from tests.browser.screens import axe_violations, scrolls_sideways
from tests.local.stack import Stack

_SECONDS = re.compile(r"0:(?!00)\d\d / 10:00")
# Keeps what the page has got of the microphone, for `_live`.
WATCHED = """
window.tracks = [];
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (what) => {
  const stream = await ask(what);
  window.tracks.push(...stream.getTracks());
  return stream;
};
"""
HIDE = """Object.defineProperty(document, 'visibilityState', {get: () => 'hidden'});
document.dispatchEvent(new Event('visibilitychange', {bubbles: true}));"""


@pytest.fixture(scope="module")
def with_microphone(browser: Browser) -> Iterator[Browser]:
    fake = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
    started = browser.browser_type.launch(
        executable_path=chromium.find(), args=[*chromium.arguments(), *fake]
    )
    yield started
    started.close()


@pytest.fixture
def phone(with_microphone: Browser, stack: Stack, wrong: list[str]) -> Iterator[Page]:
    context = with_microphone.new_context(
        base_url=stack.api, locale="en", viewport={"width": 360, "height": 740}
    )
    context.expose_binding("reportViolation", lambda _, text: wrong.append(text))
    context.add_init_script(
        "document.addEventListener('securitypolicyviolation',"
        " event => reportViolation(event.effectiveDirective));"
    )
    context.add_init_script(WATCHED)
    page = context.new_page()
    page.on("pageerror", lambda error: wrong.append(f"script: {error}"))
    page.goto("/")
    yield page
    context.close()


def _states(page: Page) -> list[str]:
    """Return the states of all that the page has ever got of the microphone."""
    return list(page.evaluate("window.tracks.map(one => one.readyState)"))


def _recording(page: Page) -> Resident:
    """Return a resident who records, and has recorded a second at least."""
    resident = Resident(page).begin()
    assert _states(page) == []
    resident.button("Sound").click()
    expect(page.get_by_role("timer")).to_contain_text(_SECONDS)
    return resident


def test_what_was_recorded_in_the_page_reaches_an_officer(phone: Page, stack: Stack) -> None:
    resident = _recording(phone)
    expect(resident.button("Stop and attach")).to_be_focused()
    assert axe_violations(phone) == []
    assert not scrolls_sideways(phone)
    resident.button("Pause").press("Enter")
    expect(phone.get_by_text("Paused. Nothing is recorded.")).to_be_visible()
    resident.button("Go on").press("Enter")
    expect(resident.button("Pause")).to_be_visible()
    resident.button("Stop and attach").press("Enter")
    sound = phone.locator("audio.file__sound")
    sound.evaluate("one => one.play()")
    wait_until(lambda: bool(sound.evaluate("one => one.currentTime > 0")))
    assert _states(phone) == ["ended"]
    expect(resident.button("Sound")).to_be_focused()
    assert axe_violations(phone) == []
    assert not scrolls_sideways(phone)
    expect(phone.locator(".file")).to_contain_text(re.compile(r"Recording 1 · 0:\d\d"))
    wait_until(lambda: bool(sound.evaluate("one => one.duration < 60")))
    resident.button("Remove Recording 1").click()
    assert axe_violations(phone) == []
    resident.button("No, keep it").click()
    expect(phone.get_by_text("Kept on this device")).to_be_visible()
    resident.button("Sound").click()
    expect(phone.get_by_role("timer")).to_contain_text(_SECONDS)
    # One that goes on is sent with the report.
    resident.send()
    report = own_report(stack, resident.receipt())
    officer, path = Officer(stack), f"/v1/officer/reports/{report['id']}"
    wait_until(lambda: all(one["state"] == "ready" for one in officer.call("GET", path)["media"]))
    media = officer.call("GET", path)["media"]
    assert [(one["content_type"], one["codec"]) for one in media] == [("audio/webm", "opus")] * 2
    assert all(one["playback_url"] for one in media)


@pytest.mark.thorough
def test_a_page_that_is_hidden_lets_the_microphone_go_and_keeps_what_it_heard(phone: Page) -> None:
    resident = _recording(phone)
    phone.evaluate(HIDE)
    expect(phone.locator("audio.file__sound")).to_be_visible()
    assert _states(phone) == ["ended"]
    resident.button("Remove Recording 1").click()
    resident.button("Yes, remove it").click()
    expect(phone.locator(".file")).to_have_count(0)


@pytest.mark.thorough
@pytest.mark.parametrize("leave", ["the page's back", "the browser's back", "reload"])
def test_a_recording_that_is_left_is_in_the_draft(phone: Page, leave: str) -> None:
    resident = _recording(phone)
    resident.write("He shouts.")
    expect(phone.get_by_text("Kept on this device")).to_be_visible()
    if leave == "reload":
        phone.reload()
    elif leave == "the browser's back":
        phone.go_back()
    else:
        resident.button("start").click()
    resident.button("Go on with it").click()
    expect(phone.get_by_label("What did you see?")).to_have_value("He shouts.")
    expect(phone.locator("audio.file__sound")).to_be_visible()
    expect(phone.locator(".file")).to_contain_text(re.compile(r"Recording 1 · 0:\d\d"))


@pytest.mark.thorough
def test_a_slip_of_the_finger_is_no_recording(phone: Page) -> None:
    resident = Resident(phone).begin()
    phone.evaluate(
        "new MutationObserver(() => document.querySelector('.record button')?.click())"
        ".observe(document.body, {childList: true, subtree: true})"
    )
    resident.button("Sound").click()
    expect(phone.get_by_role("alert").filter(has_text="shorter than a second")).to_be_visible()
    expect(phone.locator(".file")).to_have_count(0)


@pytest.mark.thorough
def test_a_recording_for_an_open_report_is_not_dropped_unasked(phone: Page) -> None:
    resident = Resident(phone)
    resident.file_and_open()
    resident.button("Add photos, videos or sound").click()
    resident.button("Sound").click()
    expect(phone.get_by_role("timer")).to_contain_text(_SECONDS)
    resident.button("Do not add files").click()
    resident.button("No, keep it").click()
    resident.button("Send the files").click()
    expect(phone.get_by_text("The files are sent.")).to_be_visible()


@pytest.mark.thorough
def test_a_report_that_is_erased_lets_the_microphone_go(phone: Page) -> None:
    resident = _recording(phone)
    resident.button("Erase and go back").click()
    phone.get_by_role("button", name="Erase").last.click()
    wait_until(lambda: _states(phone) == ["ended"])


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("NotAllowedError", "The page may not use the microphone."),
        ("NotFoundError", "No microphone was found."),
        ("NotReadableError", "The microphone could not be used."),
    ],
)
def test_why_there_is_no_microphone_is_said(open_page: OpenPage, name: str, said: str) -> None:
    page = open_page()
    page.evaluate(
        "name => { navigator.mediaDevices.getUserMedia = "
        "async () => { throw new DOMException('', name); }; }",
        name,
    )
    resident = Resident(page).begin()
    resident.button("Sound").click()
    expect(page.get_by_role("alert").filter(has_text=said)).to_be_visible()


@pytest.mark.thorough
def test_an_old_phone_gets_the_chooser_and_is_told(open_page: OpenPage) -> None:
    page = open_page()
    page.add_init_script("delete window.MediaRecorder;")
    page.reload()
    Resident(page).begin()
    expect(page.get_by_text("This browser cannot record in the page.")).to_be_visible()
    with page.expect_file_chooser():
        page.get_by_label("Sound", exact=True).click()
