"""A resident's trip: from the first tap to the receipt, and the answer on another phone."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.residents import Officer, Resident, own_report, phone_photo, publish_bulletin
from tests.browser.screens import box_of
from tests.local.stack import Stack

PHONE_SIZE = {"width": 360, "height": 740}
# What is written on what has the focus; nothing for the page as a whole.
_FOCUSED = """() => {
  const focused = document.activeElement;
  if (!focused || focused === document.body) return '';
  return (focused.labels?.[0] ?? focused).innerText ?? '';
}"""


def test_a_photo_is_a_report_in_four_taps(open_page: OpenPage, stack: Stack, language: str) -> None:
    page = open_page(language=language, viewport=PHONE_SIZE)
    resident = Resident(page, language)
    resident.button("category").click()  # 1
    # 2 opens the camera, 3 is its shutter.
    resident.photograph(phone_photo())
    resident.send()  # 4
    receipt = resident.receipt()
    expect(page.locator(".progress-line")).to_contain_text(re.compile("^.*(sent|已发送)$"))
    report = own_report(stack, receipt)
    assert report["category"] == "missing_elderly"
    assert report["text"] is None
    assert [medium["content_type"] for medium in report["media"]] == ["image/jpeg"]


def test_the_receipt_opens_the_answer_on_another_phone(
    open_page: OpenPage, stack: Stack, language: str
) -> None:
    receipt = Resident(open_page(language=language), language).file("He wears a blue coat.")
    report_id = own_report(stack, receipt)["id"]
    officer = Officer(stack)
    officer.call("POST", f"/v1/officer/reports/{report_id}/messages", {"text": "Where is he now?"})

    other = Resident(open_page(language=language, viewport=PHONE_SIZE), language)
    other.open_report(receipt.lower().replace(" ", "-"))
    expect(other.page.get_by_text("Where is he now?")).to_be_visible()
    # The card on top does not promise an answer that is there: it leads to it.
    expect(
        other.page.get_by_text(re.compile("The answer will be here|回复会显示在这里"))
    ).to_have_count(0)
    other.page.locator(".state button").click()
    expect(other.page.locator(".message--officer")).to_be_focused()
    other.page.locator("#message").fill("Still at the bus stop.")
    other.page.locator("form button[type=submit]").click()
    expect(other.page.locator(".message--reporter")).to_contain_text("Still at the bus stop.")
    said = other.page.get_by_text(re.compile("Your message is sent|留言已发送"))
    expect(said).to_be_visible()
    other.page.locator("#message").fill("He")
    expect(said).to_have_count(0)
    opened = officer.call("GET", f"/v1/officer/reports/{report_id}")
    assert [message["text"] for message in opened["messages"]] == [
        "Where is he now?",
        "Still at the bus stop.",
    ]


def test_the_camera_is_in_sight_after_the_red_button(open_page: OpenPage, language: str) -> None:
    page = open_page(language=language, viewport=PHONE_SIZE)
    page.locator(".red-button").click()
    camera, bar = box_of(page.locator(".picker--main")), box_of(page.locator(".send"))
    assert camera["y"] + camera["height"] <= bar["y"]


@pytest.mark.thorough
def test_the_red_button_begins_a_report_whose_category_comes_later(
    page: Page, stack: Stack
) -> None:
    resident = Resident(page)
    page.get_by_role("button", name=re.compile("^Report now")).click()
    resident.write("Two men break a shop window.")
    resident.send()
    expect(page.locator(".error-summary")).to_contain_text("What is it about? Choose one.")
    page.get_by_role("link", name="What is it about? Choose one.").click()
    page.get_by_label("Suspected offender").check()
    resident.send()
    assert own_report(stack, resident.receipt())["category"] == "suspected_offender"


@pytest.mark.thorough
def test_a_lead_names_its_bulletin(open_page: OpenPage, stack: Stack) -> None:
    bulletin_id = publish_bulletin(stack, "Stolen bicycles", phone_photo())
    page = open_page(viewport=PHONE_SIZE)
    card = page.get_by_role("article", name="Stolen bicycles")
    expect(card).to_contain_text("Valid until")
    page.get_by_role("button", name="I have seen something: Stolen bicycles").click()
    resident = Resident(page)
    expect(page.get_by_text("About this bulletin")).to_contain_text("Stolen bicycles")
    # Once for readers, too: the group has no words of its own.
    expect(page.get_by_text("What is it about?")).to_have_count(1)
    # Those that lead to its channel; the others are behind a button.
    asked = page.get_by_role("group", name="What is it about?").locator(".choice")
    assert asked.all_inner_texts() == ["Child abduction", "Suspected offender"]
    page.get_by_label("Suspected offender").check()
    page.get_by_role("button", name="Send the report").scroll_into_view_if_needed()
    page.get_by_text("How to reach you").scroll_into_view_if_needed()
    expect(page.get_by_text("About this bulletin")).to_be_in_viewport(ratio=1)
    expect(page.locator(".subject img")).to_be_in_viewport(ratio=1)
    resident.write("I saw a van with many bicycles.")
    resident.send()
    report_id = own_report(stack, resident.receipt())["id"]
    opened = Officer(stack).call("GET", f"/v1/officer/reports/{report_id}")
    assert opened["bulletin_id"] == bulletin_id


@pytest.mark.thorough
def test_the_link_of_a_bulletins_page_begins_a_lead_and_leaves_no_trace(
    open_page: OpenPage, stack: Stack
) -> None:
    bulletin_id = publish_bulletin(stack, "Stolen handcarts")
    page = open_page(f"/bulletins/{bulletin_id}")
    link = page.get_by_role("link", name="I have seen something").first.get_attribute("href")
    page.goto(f"{stack.api}/{str(link).rpartition('/')[2]}")
    expect(page.get_by_text("About this bulletin")).to_contain_text("Stolen handcarts")
    assert page.url == f"{stack.api}/"
    page.goto(f"{stack.api}/#bulletin=nothing")
    expect(page.get_by_role("heading", name="The police ask for help")).to_be_visible()
    assert page.url == f"{stack.api}/"


@pytest.mark.thorough
def test_everything_that_can_be_said_arrives(open_page: OpenPage, stack: Stack) -> None:
    here = {"latitude": 39.93, "longitude": 116.45, "accuracy": 15}
    page = open_page(geolocation=here, permissions=["geolocation"])
    resident = Resident(page).begin("An old man at the bus stop.")
    page.get_by_text("Where was it?").first.click()
    page.get_by_label("Here, where I am").check()
    expect(page.get_by_text("Found, to about 15 m").first).to_be_visible()
    page.get_by_label(re.compile("^Address or landmark")).fill("Bus stop at the park")
    page.get_by_text("When was it?").first.click()
    page.get_by_role("button", name="Just now").click()
    page.get_by_text("More about it").click()
    page.get_by_label("About how old is the person?").fill("78")
    page.get_by_label("When was the person last seen?").fill("2026-11-26T08:30")
    for question, answer in (
        ("Is the person hurt or unwell?", "No"),
        ("Does the person have dementia?", "Yes"),
    ):
        page.get_by_role("group", name=question).get_by_label(answer, exact=True).check()
    page.get_by_text("How to reach you").click()
    page.get_by_label("Phone number").fill("+86 10 1234 5678")
    resident.send()
    report_id = own_report(stack, resident.receipt())["id"]
    opened = Officer(stack).call("GET", f"/v1/officer/reports/{report_id}")
    assert opened["location"]["lat"] == 39.93
    assert opened["location"]["accuracy_m"] == 15
    assert opened["location"]["address"] == "Bus stop at the park"
    assert opened["details"]["age"] == 78
    assert opened["details"]["injury"] is False
    assert opened["details"]["dementia"] == "yes"
    assert opened["occurred_at"] is not None
    assert opened["district"] == "chaoyang"


@pytest.mark.thorough
def test_a_district_is_chosen_on_the_map_or_from_the_list(page: Page, stack: Stack) -> None:
    resident = Resident(page).begin("Near the lake.")
    page.get_by_text("Where was it?").first.click()
    page.get_by_label("Choose the area on a map").check()
    area = page.get_by_label("Area", exact=True)
    expect(page.locator(".send")).to_contain_text("No place yet: sent without it.")
    # The first outline is that of the first district.
    page.locator(".map__area").first.click()
    expect(area).to_have_value("chaoyang")
    area.select_option("sanlitun")
    expect(page.locator(".map__area--chosen")).to_have_count(1)
    place = page.locator("details", has_text="Where was it?").locator("summary")
    expect(place).to_contain_text("Sanlitun")
    page.get_by_role("button", name="中文").click()
    expect(page.locator("summary", has_text="在哪里？")).to_contain_text("三里屯")
    page.get_by_role("button", name="English").click()
    expect(place).to_contain_text("Sanlitun")
    resident.send()
    report_id = own_report(stack, resident.receipt())["id"]
    opened = Officer(stack).call("GET", f"/v1/officer/reports/{report_id}")
    assert (opened["district"], opened["station"]) == ("chaoyang", "sanlitun")


@pytest.mark.thorough
def test_a_file_of_unknown_structure_is_sent_only_after_a_yes(page: Page, stack: Stack) -> None:
    resident = Resident(page).begin()
    # A photo that ends in the middle of its pixels, as damaged memory cards give.
    resident.photograph(phone_photo()[:600])
    expect(page.locator(".file")).to_contain_text("We could not check this file for hidden data.")
    resident.send()
    expect(page.get_by_role("alert").first).to_contain_text("may be sent as it is")
    page.get_by_label("Send it as it is").check()
    resident.send()
    assert len(own_report(stack, resident.receipt())["media"]) == 1


@pytest.mark.thorough
def test_the_summary_names_each_question(page: Page) -> None:
    resident = Resident(page).begin()
    page.get_by_text("More about it").click()
    age = page.get_by_label("About how old is the person?")
    expect(age).to_have_attribute("inputmode", "numeric")
    expect(age).to_have_accessible_description("A whole number from 0 to 130")
    age.fill("about eighty")
    resident.send()
    page.get_by_role("link", name="About how old is the person? Enter a whole number").click()
    expect(age).to_be_focused()


@pytest.mark.thorough
def test_a_file_that_cannot_be_sent_is_shown_at_once(open_page: OpenPage) -> None:
    page = open_page(viewport={"width": 360, "height": 640})
    resident = Resident(page).begin()
    resident.photograph(b"Notes", "notes.txt", "text/plain")
    file = page.locator(".file")
    expect(file).to_be_focused()
    expect(file.locator(".field__error")).to_be_in_viewport(ratio=1)
    resident.send()
    expect(
        page.get_by_role("link", name="notes.txt: This kind of file cannot be sent.")
    ).to_be_visible()
    page.get_by_role("button", name="Remove notes.txt").click()
    expect(page.get_by_role("link", name="notes.txt")).to_have_count(0)


@pytest.mark.thorough
def test_a_chosen_language_outlives_a_reload_and_not_leaving(page: Page) -> None:
    page.route("https://www.weather.com.cn/**", lambda route: route.fulfill(body="Sunny"))
    page.get_by_role("button", name="中文").click()
    page.reload()
    Resident(page, "zh-CN").button("leave").click()
    page.wait_for_url("https://www.weather.com.cn/**")
    page.goto("/")
    expect(page.get_by_role("button", name="中文")).to_be_visible()


@pytest.mark.thorough
def test_what_is_wrong_follows_the_language(page: Page) -> None:
    resident = Resident(page).begin()
    resident.send()
    summary = page.get_by_role("alert").filter(has=page.get_by_role("link"))
    expect(summary).to_contain_text("Write a few words, or attach a photo, video or recording.")
    switch = page.get_by_role("button", name="中文")
    switch.click()
    expect(summary).to_contain_text("请写几句话，或添加照片、视频或录音。")
    expect(page.get_by_role("button", name="English")).to_be_focused()
    page.get_by_role("button", name="返回首页").click()
    page.get_by_role("button", name="我有回执").click()
    page.get_by_role("button", name="打开", exact=True).click()
    page.get_by_role("button", name="English").click()
    expect(summary).to_contain_text("A receipt has 26 letters and digits. This has 0.")


@pytest.mark.thorough
def test_what_the_service_refuses_is_said_and_can_be_corrected(page: Page, stack: Stack) -> None:
    resident = Resident(page)
    receipt = resident.file()
    resident.confirm_receipt()
    resident.begin(f"My other report is {receipt}")
    resident.photograph(phone_photo())
    resident.send()
    expect(resident.heading("Your report could not be sent")).to_be_visible()
    expect(page.get_by_text("This holds a receipt.").first).to_be_visible()
    page.get_by_role("button", name="Correct it").click()
    text = page.get_by_label("What did you see?")
    expect(text).to_have_value(f"My other report is {receipt}")
    expect(text).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".file")).to_have_count(1)
    text.fill("I have another report.")
    resident.send()
    report = own_report(stack, resident.receipt())
    assert (report["text"], len(report["media"])) == ("I have another report.", 1)


def test_the_only_copy_of_a_receipt_is_erased_after_a_question(page: Page) -> None:
    resident = Resident(page)
    receipt = resident.file()
    resident.button("have").click()
    question = page.get_by_role("group", name="Erase the receipt and the report")
    expect(question).to_be_focused()
    expect(question).to_contain_text(receipt)
    resident.button("No, leave it here").click()
    assert resident.kept_rows() > 0
    expect(page.locator(".receipt code")).to_have_text(receipt)
    resident.confirm_receipt()
    expect(page.get_by_text("You can still open it with your receipt.")).to_be_visible()
    assert resident.kept_rows() == 0


def test_nothing_of_a_trip_is_in_address_title_or_history(page: Page) -> None:
    resident = Resident(page)
    title, entries = page.title(), page.evaluate("history.length")
    resident.file_and_open()
    assert (page.url.split("/", 3)[3], page.title()) == ("", title)
    assert page.evaluate("[history.length, history.state]") == [entries + 1, "second"]
    page.go_back()
    expect(resident.heading("Tell the police what you saw")).to_be_visible()


@pytest.mark.thorough
def test_leaving_replaces_the_page(page: Page) -> None:
    neutral = "https://www.weather.com/"
    page.route(neutral, lambda route: route.fulfill(body="<title>Weather</title>Sunny"))
    resident = Resident(page).begin("Somebody follows me.")
    resident.button("leave").click()
    page.wait_for_url(neutral)
    page.go_back()
    expect(page.get_by_text("Somebody follows me.")).to_have_count(0)
    assert page.url == "about:blank"


@pytest.mark.thorough
def test_the_keyboard_alone_is_enough(page: Page, stack: Stack) -> None:
    keyboard = page.keyboard

    def tab_to(name: str) -> None:
        for _ in range(60):
            keyboard.press("Tab")
            if name in page.evaluate(_FOCUSED):
                return
        pytest.fail(f"{name} is not reached by the keyboard")

    expect(page.get_by_role("button", name="Something else")).to_be_visible()
    tab_to("Skip to the content")
    keyboard.press("Enter")
    tab_to("Something else")
    keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Something else", level=1)).to_be_focused()
    expect(page.locator("form.write")).to_match_aria_snapshot(
        """
        - heading "Something else" [level=1]
        - region "Photos, videos and sound":
          - heading "Photos, videos and sound" [level=2]
          - button "Take a photo"
        - text: What did you see?
        - textbox "What did you see?"
        - heading "If you can say more" [level=2]
        - region "Before you send"
        - button "Send the report"
        """
    )
    tab_to("What did you see?")
    keyboard.type("Smoke over the roofs.")
    tab_to("Where was it?")
    keyboard.press("Enter")
    tab_to("Prefer not to say")
    keyboard.press("ArrowUp")
    expect(page.get_by_label("Choose the area on a map")).to_be_checked()
    expect(page.get_by_label("Area", exact=True)).to_be_visible()
    tab_to("Area")
    keyboard.type("Chao")
    tab_to("Send the report")
    keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your report has arrived")).to_be_focused()
    expect(page.get_by_role("main")).to_match_aria_snapshot(
        """
        - heading "Your report has arrived" [level=1]
        - status:
          - paragraph: /Reference/
        - region "Keep your receipt":
          - heading "Keep your receipt" [level=2]
          - paragraph: /Nobody can give it to you again/
          - paragraph:
            - code: /[0-9A-Z ]{32}/
          - button "Copy"
          - button "Save as a picture"
          - button "Print"
          - img /QR code/
        - button "I have kept it"
        """
    )
    receipt = page.locator(".receipt code").inner_text()
    tab_to("I have kept it")
    keyboard.press("Enter")
    tab_to("Yes, erase it here")
    keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Tell the police what you saw")).to_be_focused()
    tab_to("I have a receipt")
    keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Open your report")).to_be_focused()
    tab_to("Receipt")
    keyboard.type(receipt)
    keyboard.press("Enter")
    expect(page.get_by_text("Smoke over the roofs.")).to_be_visible()
    report_id = own_report(stack, receipt)["id"]
    assert Officer(stack).call("GET", f"/v1/officer/reports/{report_id}")["district"] == "chaoyang"
