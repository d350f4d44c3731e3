"""An end that waits for its second officer, as both of them see it."""

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.console_pages import page_of
from tests.browser.officers import LI, ZHAO, Resident, officer_api
from tests.browser.screens import assert_usable, press
from tests.local.stack import Stack

WHY = "The school knows no aunt."
UNTRUE = "An aunt had fetched her."


def test_a_colleague_declines_an_end_and_confirms_the_next(
    open_page: OpenPage, stack: Stack
) -> None:
    resident = Resident(stack.api, "child_abduction", text="A man pulls a girl into a van.")
    page = page_of(open_page, LI, f"/console/reports/{resident.id}")

    def propose(what: str, words: str) -> None:
        page.get_by_role("button", name="Close…").click()
        dialog = page.get_by_role("dialog", name="Close the report")
        dialog.get_by_label(what).check()
        dialog.get_by_label("What the reporter reads, in your words").fill(words)
        dialog.get_by_role("button", name="Close the report").click()
        expect(dialog).to_have_count(0)
        expect(page.get_by_text("It waits for a second officer.")).to_be_visible()

    propose("Checked, and not true", UNTRUE)
    expect(page.locator(".status-dot").first).to_have_text("New")
    assert_usable(page, "console-end-proposed")

    other = page_of(open_page, ZHAO, "/console/")
    row = other.get_by_role("listitem").filter(has_text=resident.reference)
    expect(row).to_contain_text("End proposed by Officer Li, waits for a second officer")
    other.goto(f"{stack.api}/console/reports/{resident.id}")
    step = other.get_by_role("region", name="Next step")
    expect(step).to_contain_text("The reporter would read")
    expect(step).to_contain_text(UNTRUE)
    assert_usable(other, "console-end-to-confirm")
    step.get_by_role("button", name="Decline…").click()
    press(step, "Decline it", shows="Give a reason")
    step.get_by_label("Why? Officer Li reads it in the history.").fill(WHY)
    step.get_by_role("button", name="Decline it").click()
    expect(step.get_by_text("No end waits any more.")).to_be_visible()

    page.reload()
    press(page, "Show who did and saw what", shows=f"Reason: {WHY}")
    propose("Resolved", "She is with her mother.")
    other.reload()
    step.get_by_role("button", name="Confirm: close it").click()
    expect(other.locator(".status-dot").first).to_have_text("Closed")


def test_a_colleague_reads_what_was_written_before_they_confirm_an_end(
    open_page: OpenPage, stack: Stack
) -> None:
    resident = Resident(stack.api, "child_abduction", text="A grey van took a boy from the swings.")
    officer = officer_api(stack, "officer")
    path = f"/v1/officer/reports/{resident.id}"
    end = {"status": "closed", "disposition": "unfounded", "reason": UNTRUE}
    officer("PATCH", path, end, **{"If-Match": officer("GET", path).headers["ETag"]})

    page = page_of(open_page, ZHAO, f"/console/reports/{resident.id}")
    step = page.get_by_role("region", name="Next step")
    confirm = step.get_by_role("button", name="Confirm: close it")
    expect(confirm).to_be_visible()
    resident.write("They are back, and he has a knife.")
    confirm.click()
    dialog = page.get_by_role("dialog", name="Somebody has written meanwhile")
    expect(dialog).to_contain_text("he has a knife")
    assert_usable(page, "console-end-unseen")
    expect(page.locator(".status-dot").first).to_have_text("New")
    dialog.get_by_role("button", name="Back to what I was doing").click()
    expect(step.get_by_role("button", name="Decline…")).to_be_visible()
    confirm.click()
    expect(page.locator(".status-dot").first).to_have_text("Closed")
