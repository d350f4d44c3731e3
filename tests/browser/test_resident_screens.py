"""Every screen of the residents' page, in all its states: for anybody, at any size."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.residents import (
    Officer,
    Resident,
    in_a_flood,
    own_report,
    phone_photo,
    publish_bulletin,
)
from tests.browser.screens import assert_usable, overlaps, scrolls_sideways
from tests.local.stack import Stack


@pytest.mark.thorough
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_anybody_can_use_each_screen(open_page: OpenPage, language: str, scheme: str) -> None:
    page = open_page(language=language, color_scheme=scheme)
    resident = Resident(page, language)

    def look(name: str) -> None:
        _look(page, f"{name}-{language}-{scheme}")

    resident.begin()
    look("write")
    resident.send()
    expect(page.locator(".error-summary")).to_be_visible()
    look("errors")
    for fold in ("where", "more", "contact"):
        page.get_by_text(resident.words[fold]).first.click()
    page.get_by_label(resident.words["area"]).check()
    page.locator("#field-area").select_option("chaoyang")
    resident.write("An old man at the bus stop.")
    resident.photograph(phone_photo())
    look("filled")
    resident.button("later").click()
    look("later")
    resident.send()
    receipt = resident.receipt()
    look("receipt")
    resident.button("erase").click()
    look("erase")
    resident.button("erase_yes").click()
    expect(resident.button("mine")).to_be_visible()
    look("start")
    resident.button("mine").click()
    resident.button("kept").click()
    look("door")
    resident.button("start").click()
    resident.open_report(receipt)
    look("mine")


@pytest.mark.thorough
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_anybody_can_see_all_pictures(
    open_page: OpenPage, stack: Stack, language: str, scheme: str
) -> None:
    photos = (phone_photo(), phone_photo())
    bulletin_id = publish_bulletin(stack, f"Pictures {language} {scheme}", *photos)
    page = open_page(language=language, color_scheme=scheme, viewport={"width": 360, "height": 740})
    expect(page.locator(".card__pictures img")).not_to_have_count(0)
    _look(page, f"bulletins-{language}-{scheme}")
    pictures = page.get_by_role("group", name=f"Pictures {language} {scheme}")
    pictures.get_by_role("link").first.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => document.activeElement.parentElement.scrollLeft > 0")
    page.goto(f"/bulletins/{bulletin_id}")
    _look(page, f"bulletin-{language}-{scheme}")


@pytest.mark.thorough
def test_a_bulletin_is_handed_on_by_its_page(
    open_page: OpenPage, stack: Stack, language: str
) -> None:
    bulletin_id = publish_bulletin(stack, f"Hand it on {language}", phone_photo())
    page = open_page(language=language, viewport={"width": 360, "height": 740})
    card = page.get_by_role("article", name=f"Hand it on {language}")
    copy = card.get_by_role("button", name=re.compile("Copy the link|复制链接"))
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    copy.click()
    expect(card.get_by_text(re.compile("The link is copied|链接已复制"))).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    # The page for people, not the JSON.
    assert link == f"{stack.api}/bulletins/{bulletin_id}"
    # Phones have a way of their own.
    page.add_init_script(
        "navigator.share = shared => { window.shared = shared; return Promise.reject() }"
    )
    page.reload()
    card.get_by_role("button", name=re.compile("^(Share|分享)")).click()
    assert page.evaluate("window.shared.url") == link
    card.get_by_role("link", name=f"Hand it on {language}", exact=True).click()
    page.wait_for_url(link)
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Hand it on {language}")
    page.go_back()
    expect(card).to_be_visible()


@pytest.mark.thorough
def test_no_name_covers_another_on_the_map(open_page: OpenPage, language: str) -> None:
    page = open_page(language=language, viewport={"width": 360, "height": 740})
    resident = Resident(page, language).begin()
    page.get_by_text(resident.words["where"], exact=True).first.click()
    page.get_by_label(resident.words["area"]).check()
    names = page.locator(".map__name")
    expect(names.first).to_be_visible()
    assert names.count() == page.locator(".map__area").count()
    assert overlaps(names) == []


@pytest.mark.thorough
def test_anybody_can_use_what_is_not_sent(open_page: OpenPage, language: str) -> None:
    page = open_page(language=language)
    resident = Resident(page, language).begin()
    resident.lose_network()
    resident.write("An old man at the bus stop.")
    resident.send()
    expect(resident.heading("waiting")).to_be_visible()
    _look(page, f"waiting-{language}")
    in_a_flood(page, bits=20, rounds=16)
    page.context.set_offline(False)
    expect(page.get_by_role("progressbar")).to_be_visible()
    _look(page, f"proving-{language}")
    resident.button("start").click()
    expect(page.locator(".unfinished")).to_be_visible()
    _look(page, f"unfinished-{language}")


@pytest.mark.thorough
def test_anybody_can_use_what_has_failed(open_page: OpenPage, stack: Stack, language: str) -> None:
    page = open_page(language=language)
    resident = Resident(page, language)
    receipt = resident.file()
    resident.confirm_receipt()
    resident.begin(receipt)
    resident.send()
    expect(page.locator(".why")).to_be_visible()
    _look(page, f"refused-{language}")
    down = open_page("about:blank", language=language)
    down.route("**/v1/**", lambda route: route.fulfill(status=503))
    down.goto(stack.api)
    expect(down.get_by_role("alert")).to_have_count(2)
    _look(down, f"down-{language}")
    down.locator(".red-button").click()
    expect(down.get_by_role("alert")).to_have_count(1)
    _look(down, f"down-write-{language}")


@pytest.mark.thorough
def test_anybody_can_use_what_an_answer_brings(
    open_page: OpenPage, stack: Stack, language: str
) -> None:
    page = open_page(language=language)
    resident = Resident(page, language)
    receipt = resident.file()
    report_id = own_report(stack, receipt)["id"]
    officer = Officer(stack)
    officer.call("POST", f"/v1/officer/reports/{report_id}/messages", {"text": "We found him."})
    officer.change(report_id, status="closed", disposition="resolved", reason="He is at home.")
    resident.button("open_mine").click()
    expect(page.locator(".question")).to_be_visible()
    page.locator("section[aria-labelledby=more] .step .button").first.click()
    _look(page, f"closed-{language}")


@pytest.mark.thorough
def test_anybody_can_use_messages_that_are_not_sent(open_page: OpenPage, language: str) -> None:
    page = open_page(language=language)
    resident = Resident(page, language)
    receipt = resident.file_and_open()
    field, send = page.locator("#message"), page.locator("form button[type=submit]")
    # The service takes no receipt in a text: it gives the report away.
    field.fill(receipt)
    send.click()
    expect(page.locator(".message--waiting .field__error")).to_be_visible()
    page.context.set_offline(True)
    field.fill("He sits down.")
    send.click()
    expect(page.locator(".message--waiting .row")).to_have_count(2)
    field.fill("And now")
    _look(page, f"message-{language}")
    resident.button("start").click()
    _look(page, f"begun-{language}")


def _look(page: Page, name: str) -> None:
    """Let axe look at the screen, keep its pictures, and make it narrow."""
    # A press leads to the next screen, which may load a part of the client first.
    expect(page.get_by_role("heading", level=1).first).to_be_visible()
    assert_usable(page, f"resident-{name}")
    before = page.viewport_size
    page.set_viewport_size({"width": 320, "height": 640})
    assert not scrolls_sideways(page)
    if before:
        page.set_viewport_size(before)
