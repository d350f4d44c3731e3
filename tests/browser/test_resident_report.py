"""What a resident does with a report that is filed: more files, a place, the ending."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Download, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.residents import (
    Officer,
    Resident,
    own_report,
    phone_photo,
    publish_bulletin,
    wait_until,
)
from tests.browser.screens import press
from tests.local.stack import Stack


def _opened(page: Page, stack: Stack) -> tuple[Resident, str, str]:
    """Return a resident at their report, its receipt and its id."""
    resident = Resident(page)
    receipt = resident.file_and_open()
    return resident, receipt, own_report(stack, receipt)["id"]


@pytest.mark.thorough
def test_a_wrong_receipt_is_told_from_a_short_one(page: Page) -> None:
    resident = Resident(page)
    resident.button("mine").click()
    resident.settle()
    field = page.get_by_label("Receipt")
    field.fill("4J8Z T0W6")
    resident.button("open").click()
    expect(page.get_by_role("alert")).to_contain_text("This has 8.")
    field.fill("4J8Z T0W6 QK2N 9XVB 5M3H CRY7 EG")
    resident.button("open").click()
    expect(page.get_by_role("alert")).to_contain_text("No report was found")


@pytest.mark.thorough
def test_news_are_asked_for_only_while_somebody_looks(page: Page, stack: Stack) -> None:
    page.clock.install()
    _opened(page, stack)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(120_000)
    expect(page.get_by_role("heading", name="Received")).to_be_visible()
    assert asked
    page.evaluate(
        """Object.defineProperty(document, 'visibilityState', {get: () => 'hidden'});
        document.dispatchEvent(new Event('visibilitychange'));"""
    )
    asked.clear()
    page.clock.run_for(600_000)
    assert asked == []


@pytest.mark.thorough
def test_files_that_were_chosen_for_one_report_are_offered_for_no_other(
    page: Page, stack: Stack
) -> None:
    resident, first, _ = _opened(page, stack)
    add = page.get_by_role("button", name="Add photos, videos or sound")
    add.click()
    resident.photograph(phone_photo())
    expect(page.locator(".file")).to_have_count(1)
    resident.button("start").click()
    second = resident.file("Another report.")
    resident.button("start").click()
    for receipt, chosen in ((first, 1), (second, 0)):
        resident.open_report(receipt)
        # Files that wait to be sent are shown at once.
        if not chosen:
            add.click()
        expect(page.get_by_role("button", name="Send the files")).to_be_visible()
        expect(page.locator(".file")).to_have_count(chosen)
        resident.button("start").click()


@pytest.mark.thorough
def test_pictures_of_the_police_are_seen(open_page: OpenPage, stack: Stack) -> None:
    publish_bulletin(stack, "A picture of the bicycle", phone_photo())
    page = open_page()
    _is_seen(page, "Picture: A picture of the bicycle")
    _, _, report_id = _opened(page, stack)
    Officer(stack).upload(f"/v1/officer/reports/{report_id}", phone_photo())
    refresh = page.get_by_role("button", name="Check for updates")
    enlarge = page.get_by_role("button", name="Open picture 1 large")

    def shown() -> bool:
        refresh.click()
        return enlarge.is_visible()

    wait_until(shown)
    enlarge.click()
    _is_seen(page, "Picture 1")


@pytest.mark.thorough
def test_a_later_place_is_sent_when_the_person_says_so(open_page: OpenPage, stack: Stack) -> None:
    here = {"latitude": 39.94, "longitude": 116.46, "accuracy": 8}
    page = open_page(geolocation=here, permissions=["geolocation"])
    _, receipt, _ = _opened(page, stack)
    before = own_report(stack, receipt)["positions_left"]
    press(page, "Send where I am now", shows="Your place is sent.")
    assert own_report(stack, receipt)["positions_left"] == before - 1


@pytest.mark.thorough
def test_the_ending_is_told_questioned_and_undone_once(page: Page, stack: Stack) -> None:
    _, receipt, report_id = _opened(page, stack)
    Officer(stack).change(
        report_id, status="closed", disposition="resolved", reason="He is at home."
    )
    page.get_by_role("button", name="Check for updates").click()
    expect(page.get_by_role("heading", name="Closed")).to_be_in_viewport()
    expect(page.get_by_text("He is at home.")).to_be_visible()
    news = page.get_by_text("There is something new in your report.")
    expect(news).to_be_in_viewport()
    expect(page.get_by_text(re.compile("the report can be deleted from"))).to_be_visible()
    page.get_by_role("region", name="One question").get_by_role("button", name="Yes").click()
    expect(page.get_by_role("region", name="One question")).to_have_count(0)
    thanks = page.get_by_text("Thank you.")
    expect(thanks).to_be_visible()
    page.get_by_role("button", name="It is not resolved yet").click()
    page.get_by_label("Open the report again").fill("He is")
    page.get_by_role("button", name="No, leave it closed").click()
    page.get_by_role("button", name="It is not resolved yet").click()
    expect(page.get_by_label("Open the report again")).to_have_value("")
    page.get_by_label("Open the report again").fill("He is gone again.")
    press(page, "Open it again", shows="Your report is open again.")
    expect(thanks).to_have_count(0)
    expect(news).to_have_count(0)
    report = own_report(stack, receipt)
    assert (report["status"], report["may_reopen"]) == ("in_progress", False)


@pytest.mark.thorough
def test_a_lead_says_once_what_came_of_its_bulletin(open_page: OpenPage, stack: Stack) -> None:
    bulletin_id = publish_bulletin(stack, "A man in a grey coat")
    page = open_page()
    resident = Resident(page)
    page.get_by_role("button", name="I have seen something: A man in a grey coat").click()
    page.get_by_label("Suspected offender").check()
    resident.finish("At the station.")
    path = f"/v1/officer/bulletins/{bulletin_id}"
    officer = Officer(stack)
    version = officer.call("GET", path)["version"]
    ending = {"code": "arrested"}
    officer.call("POST", f"{path}/resolve", ending, **{"If-Match": f'"{version}"'})
    resident.button("open_mine").click()
    words = "On the bulletin that you reported on: The police have made an arrest."
    expect(page.get_by_text(words)).to_be_visible()
    expect(page.get_by_text("an arrest.")).to_have_count(1)


@pytest.mark.thorough
def test_on_paper_is_what_is_to_be_kept_and_nothing_to_press(page: Page, stack: Stack) -> None:
    resident = Resident(page)
    receipt = resident.file()
    page.emulate_media(media="print")
    expect(page.locator(".receipt code")).to_be_visible()
    expect(page.get_by_text(own_report(stack, receipt)["reference"])).to_be_visible()
    _has_nothing_to_press(page)
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))) == 1
    page.emulate_media(media="screen")
    resident.button("open_mine").click()
    expect(resident.button("closing")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", name="Received")).to_be_visible()
    expect(page.get_by_text("An old man at the bus stop, alone.")).to_be_visible()
    _has_nothing_to_press(page)


def _has_nothing_to_press(page: Page) -> None:
    pressed = page.locator("button:visible, a:visible, input:visible, textarea:visible")
    assert pressed.all_inner_texts() == []


def test_a_report_is_withdrawn_after_a_question(page: Page, stack: Stack) -> None:
    _, receipt, _ = _opened(page, stack)
    page.get_by_role("button", name="Withdraw the report").click()
    page.get_by_role("button", name="No, keep it").click()
    assert own_report(stack, receipt)["status"] == "received"
    page.get_by_role("button", name="Withdraw the report").click()
    press(page, "Yes, withdraw it", shows="Your report is withdrawn.")
    expect(page.get_by_role("heading", name="Withdrawn")).to_be_visible()
    assert own_report(stack, receipt)["status"] == "withdrawn"


@pytest.mark.thorough
def test_the_proof_is_saved_with_what_was_sent(page: Page, stack: Stack) -> None:
    _, _, report_id = _opened(page, stack)
    files: list[Download] = []
    page.on("download", lambda download: files.append(download))
    page.get_by_role("button", name="Save the proof").click()
    said = page.get_by_text("it is not a whole proof yet")
    # Nothing that is sent is public, and the page says so: the list has no report.
    expect(said).to_contain_text("nothing of what you sent")
    expect(said).to_contain_text("Whoever uses this device can see the file")
    wait_until(lambda: page.evaluate("true") and len(files) == 2)
    kept = {file.suggested_filename: Path(file.path()).read_text("utf-8") for file in files}
    assert json.loads(kept["proof.json"])["report_id"] == report_id
    assert json.loads(kept["report.json"])["category"] == "missing_elderly"


@pytest.mark.thorough
def test_a_proof_that_is_not_whole_is_looked_for_again(page: Page, stack: Stack) -> None:
    _opened(page, stack)
    page.clock.install()
    with page.expect_response("**/proof") as loaded:
        page.get_by_role("button", name="Save the proof").click()
    expect(page.get_by_text("it is not a whole proof yet")).to_be_visible()
    whole = {name: each for name, each in loaded.value.json().items() if name != "complete_by"}
    page.route("**/proof", lambda route: route.fulfill(json=whole))
    page.clock.fast_forward("02:20:00")
    expect(page.get_by_text("The whole proof is there now. Save it again.")).to_be_visible()
    press(page, "Save the proof", shows="The proof is saved.")


@pytest.mark.thorough
def test_the_word_of_a_step_is_gone_when_another_says_something(page: Page, stack: Stack) -> None:
    _opened(page, stack)
    page.get_by_label("Write to the police").fill("He is still here.")
    press(page, "Send", shows="Your message is sent.", exact=True)
    press(page, "Save the proof", shows="it is not a whole proof yet")
    expect(page.get_by_text("Your message is sent.")).to_have_count(0)


@pytest.mark.thorough
def test_a_message_that_is_too_long_is_not_cut(page: Page, stack: Stack) -> None:
    _, receipt, _ = _opened(page, stack)
    field = page.get_by_label("Write to the police")
    field.fill("x" * 4100)
    expect(page.get_by_text("100 characters too many")).to_be_visible()
    press(page, "Send", shows="Too long: at most 4000 characters.", exact=True)
    expect(field).to_be_focused()
    expect(field).to_have_value("x" * 4100)
    assert own_report(stack, receipt)["messages"] == []


@pytest.mark.thorough
def test_a_closed_report_forgets_its_receipt(page: Page, stack: Stack) -> None:
    resident, _, _ = _opened(page, stack)
    resident.button("closing").click()
    expect(page.get_by_text("its receipt is still on this device")).to_be_visible()
    resident.button("mine").click()
    expect(page.get_by_label("Receipt")).to_have_value("")


def _is_seen(page: Page, alternative: str) -> None:
    """Wait until a picture is loaded: the policy allows where it comes from."""
    picture = page.get_by_role("img", name=alternative, exact=True)
    picture.scroll_into_view_if_needed()
    picture.evaluate("picture => picture.decode()")
    assert picture.evaluate("picture => picture.naturalWidth") > 0
