"""What a person needs is in sight, also in large text and in a low window."""

import pytest
from playwright.sync_api import FilePayload, Locator, Page, Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.residents import Resident, own_report, phone_photo, wait_until
from tests.local.stack import Stack

_IS_FREE = """one => {
  const box = one.getBoundingClientRect();
  const found = document.elementFromPoint(box.left + 8, box.top + 20);
  return found !== null && (one.contains(found) || found.contains(one));
}"""
SMALL = {"width": 320, "height": 640}


def _larger(page: Page) -> None:
    """Show text at 200 %, as people with weak eyes set it."""
    page.evaluate("document.documentElement.style.setProperty('font-size', '200%')")


def _expect_in_sight(what: Locator) -> None:
    """Wait until the first line of something is in the window, and no bar lies over it."""
    expect(what).to_be_visible()
    wait_until(lambda: bool(what.evaluate(_IS_FREE)))


def test_each_screen_shows_its_heading_and_whose_it_is_in_large_text(
    open_page: OpenPage, language: str
) -> None:
    page = open_page(language=language, viewport=SMALL)
    _larger(page)
    resident = Resident(page, language)
    heading, whose = page.get_by_role("heading", level=1), page.locator(".whose")
    _expect_in_sight(heading)
    _expect_in_sight(whose)
    resident.begin()
    _expect_in_sight(heading)
    _expect_in_sight(whose)
    resident.photograph(phone_photo())
    expect(page.locator(".file__removed")).to_be_visible()
    _expect_in_sight(page.locator(".file"))
    _expect_in_sight(resident.button("send"))
    _expect_in_sight(resident.button("leave"))
    resident.send()
    resident.receipt()
    _expect_in_sight(heading)
    resident.button("open_mine").click()
    expect(resident.button("closing")).to_be_visible()
    _expect_in_sight(heading)


@pytest.mark.thorough
def test_send_stays_in_sight_in_a_low_window(open_page: OpenPage) -> None:
    page = open_page(viewport={"width": 360, "height": 480})
    resident = Resident(page).begin()
    _expect_in_sight(resident.button("send"))
    page.set_viewport_size({"width": 640, "height": 340})
    _expect_in_sight(resident.button("send"))


@pytest.mark.thorough
def test_the_first_screen_begins_at_its_top_again(open_page: OpenPage) -> None:
    page = open_page(viewport=SMALL)
    resident = Resident(page)
    page.get_by_role("button", name="Something else").click()
    expect(page.get_by_label("What did you see?")).to_be_visible()
    page.go_back()
    expect(resident.heading("Tell the police what you saw")).to_be_focused()
    assert page.evaluate("scrollY") == 0
    page.get_by_role("button", name="Something else").click()
    resident.button("start").click()
    expect(resident.heading("Tell the police what you saw")).to_be_focused()
    assert page.evaluate("scrollY") == 0


@pytest.mark.thorough
def test_what_is_still_being_sent_is_said_first_on_each_screen(
    open_page: OpenPage, stack: Stack
) -> None:
    held: list[Route] = []
    page = open_page(viewport={"width": 360, "height": 740}, service_workers="block")
    page.route(f"{stack.outputs['aws']}/**", lambda route: held.append(route))
    resident = Resident(page).begin()
    resident.photograph(phone_photo())
    resident.send()
    expect(resident.heading("but not yet its files")).to_be_visible()
    still = page.get_by_text("1 file is still being sent. Keep this page open.")
    _expect_in_sight(still)
    resident.button("have").click()
    question = page.get_by_role("group", name="Erase the receipt and the report")
    expect(question).to_contain_text("Not all files are sent yet")
    resident.button("open_mine").click()
    _expect_in_sight(still)
    resident.button("start").click()
    expect(page.locator(".unfinished")).to_contain_text("Files are being sent: 0 %")
    expect(page.locator(".unfinished")).to_contain_text("Keep this page open")
    page.get_by_role("button", name="Show or erase my receipt").click()
    for route in held:
        route.continue_()
    page.unroute_all()
    expect(page.get_by_text("All files are sent.")).to_be_visible()
    expect(page.get_by_role("heading", name="Your report has arrived", exact=True)).to_be_visible()
    expect(still).to_have_count(0)


def test_without_areas_to_choose_from_a_report_is_sent(page: Page, stack: Stack) -> None:
    resident = Resident(page).begin()
    resident.lose_network()
    resident.write("An old man at the bus stop.")
    page.get_by_text(resident.words["where"]).first.click()
    page.get_by_label(resident.words["area"]).check()
    expect(page.get_by_text("The map could not be loaded.")).to_be_visible()
    expect(page.locator(".send")).to_contain_text("No place yet: sent without it.")
    resident.send()
    expect(resident.heading("waiting")).to_be_visible()
    page.context.set_offline(False)
    assert own_report(stack, resident.receipt())["text"] == "An old man at the bus stop."
    expect(page.get_by_text("No place was sent.")).to_be_visible()


@pytest.mark.thorough
def test_what_a_photo_puts_right_is_no_error_any_more(page: Page) -> None:
    resident = Resident(page)
    page.locator(".red-button").click()
    resident.send()
    summary = page.get_by_role("alert").filter(has_text="There is a problem")
    words = summary.get_by_text("Write a few words, or attach a photo, video or recording.")
    expect(words).to_be_visible()
    resident.photograph(phone_photo())
    expect(words).to_have_count(0)
    expect(summary).to_contain_text("What is it about? Choose one.")
    page.get_by_label("Suspected offender").check()
    expect(summary).to_have_count(0)


@pytest.mark.thorough
def test_what_was_old_is_new_when_the_network_is_back(open_page: OpenPage) -> None:
    page = open_page(service_workers="block")
    resident = Resident(page).begin()
    resident.lose_network()
    # The browser may have the response for some minutes.
    page.route("**/v1/catalogue", lambda route: route.abort())
    resident.button("start").click()
    old = page.get_by_text("this is what was known when you last opened the page")
    expect(old).to_be_visible()
    page.unroute_all()
    page.context.set_offline(False)
    expect(old).to_have_count(0)


def test_each_press_of_send_shows_what_is_still_wrong(open_page: OpenPage) -> None:
    page = open_page(viewport={"width": 360, "height": 640})
    page.locator(".red-button").click()
    resident, summary = Resident(page), page.locator(".error-summary")

    def press() -> None:
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        resident.button("send").focus()
        resident.send()
        expect(summary).to_be_focused()
        _expect_in_sight(summary)

    press()
    press()
    resident.write("An old man.")
    press()
    expect(summary.get_by_role("listitem")).to_have_count(1)


@pytest.mark.thorough
def test_files_that_are_too_many_are_said_beside_them(open_page: OpenPage) -> None:
    page = open_page(viewport={"width": 360, "height": 640})
    resident = Resident(page).begin()
    photo: FilePayload = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": phone_photo()}
    with page.expect_file_chooser() as chooser:
        page.get_by_label("Files", exact=True).click()
    chooser.value.set_files([photo] * 12)
    said = page.get_by_text("2 files too many: you can send 10. Remove 2.")
    expect(said).to_be_in_viewport()
    surplus = page.get_by_text("One too many")
    expect(surplus).to_have_count(2)
    page.get_by_role("button", name="Remove Photo 1", exact=True).click()
    page.get_by_role("button", name="Remove Photo 1", exact=True).click()
    expect(surplus).to_have_count(0)
    resident.send()
    resident.receipt()


def test_what_the_service_says_changes_its_language_too(page: Page, open_page: OpenPage) -> None:
    receipt = Resident(page).file()
    other = Resident(open_page())
    other.open_report(receipt)
    expect(other.page.get_by_text("If anyone is in danger right now")).to_be_visible()
    other.page.get_by_role("button", name="中文").click()
    expect(other.page.get_by_text("如果有人正处于危险之中")).to_be_visible()
    expect(other.page.get_by_text("If anyone is in danger right now")).to_have_count(0)
