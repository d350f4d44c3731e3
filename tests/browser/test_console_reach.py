"""What an officer needs is in reach: no long way down, no row in the way, no name on another."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.officers import Resident, change_report, officer_api, sign_in
from tests.browser.screens import box_of, overlaps, scrolls_sideways
from tests.local.stack import Stack

pytestmark = pytest.mark.thorough

LOW = {"width": 720, "height": 450}
PHONE, DESK = {"width": 360, "height": 740}, {"width": 1440, "height": 900}
# What has the focus, and whether any of it is seen: on the page itself nothing is to be seen.
SEEN = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return ['', true];
  const { left, top, width, height } = one.getBoundingClientRect();
  const seen = [0.1, 0.5, 0.9].some(x => [0.1, 0.5, 0.9].some(y => {
    const found = document.elementFromPoint(left + x * width, top + y * height);
    return found && (one.contains(found) || found.closest('label')?.contains(one));
  }));
  return [one.ariaLabel || one.labels?.[0]?.textContent || one.textContent || one.id, seen];
}"""
# Whether a box ends above a height.
BOTTOM = "([box, limit]) => box.getBoundingClientRect().bottom <= limit"
LONG = "An old man in a grey coat stands at the bus stop. " * 60


@pytest.fixture
def resident(stack: Stack) -> Resident:
    place = {"lat": 39.93, "lon": 116.45}
    return Resident(stack.api, "missing_elderly", LONG, location=place)


def opened(open_page: OpenPage, path: str, size: dict[str, int]) -> Page:
    page = open_page(f"/console/{path}", viewport=size)
    sign_in(page)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    return page


@pytest.mark.parametrize("size", [PHONE, DESK])
def test_one_step_leads_to_the_conversation_of_a_long_report(
    open_page: OpenPage, resident: Resident, size: dict[str, int]
) -> None:
    page = opened(open_page, f"reports/{resident.id}", size)
    address = page.url
    parts = page.get_by_role("navigation", name="Parts of this report")
    parts.get_by_role("link", name="Conversation").click()
    heading = page.get_by_role("heading", name="Conversation with the reporter")
    expect(heading).to_be_focused()
    expect(heading).to_be_in_viewport()
    assert not covered(heading)
    # The way to the other parts is still there, and the browser's "back" leads to the list.
    expect(parts).to_be_in_viewport()
    assert page.url == address


def test_on_a_desk_the_conversation_stays_beside_the_report(
    open_page: OpenPage, resident: Resident
) -> None:
    page = opened(open_page, f"reports/{resident.id}", DESK)
    send = page.get_by_role("button", name="Send", exact=True)
    expect(send).to_be_in_viewport()
    page.evaluate("scrollTo(0, document.body.scrollHeight / 2)")
    expect(send).to_be_in_viewport()
    expect(page.get_by_role("heading", level=1)).to_be_in_viewport()


@pytest.mark.parametrize("height", [720, 900])
def test_the_latest_messages_of_a_conversation_are_seen_whole(
    open_page: OpenPage, stack: Stack, resident: Resident, height: int
) -> None:
    for _ in range(5):
        resident.write("He walks up and down, and asks everybody the way to his old house.")
    page = opened(open_page, f"reports/{resident.id}", {"width": 1440, "height": height})
    messages = page.locator(".talk .message")
    expect(messages).to_have_count(5)
    seen = page.locator(".talk .messages").evaluate("""list => {
      const { top, bottom } = list.getBoundingClientRect();
      const boxes = [...list.children].map(one => one.getBoundingClientRect());
      return boxes.filter(box => box.top >= top - 1 && box.bottom <= bottom + 1).length;
    }""")
    assert seen >= 3
    parts = page.get_by_role("navigation", name="Parts of this report")
    expect(parts.get_by_text("5 unread")).to_be_visible()


def test_a_single_message_is_as_high_as_its_words(
    open_page: OpenPage, stack: Stack, resident: Resident
) -> None:
    resident.write("He has gone.")
    page = opened(open_page, f"reports/{resident.id}", DESK)
    assert box_of(page.locator(".talk .message"))["height"] < 100


def test_each_step_says_what_it_does(open_page: OpenPage, resident: Resident) -> None:
    page = opened(open_page, f"reports/{resident.id}", DESK)
    for name, words in (
        ("Acknowledge and take", "It is yours"),
        ("Acknowledge", "no more reminders"),
        ("Start work", "You are working on it now"),
        ("Close…", "The reporter reads why"),
    ):
        button = page.get_by_role("button", name=name, exact=True)
        assert words in described(button)
    assert "{braces}" in described(page.get_by_label("Template", exact=True))


def test_the_head_of_the_queue_is_two_rows_on_a_desk(open_page: OpenPage) -> None:
    page = opened(open_page, "", DESK)
    page.wait_for_load_state("networkidle")
    for part in (".queue-head", ".filters"):
        assert box_of(page.locator(part))["height"] < 60, part
    hint = page.get_by_label("Find by number")
    hint.fill(hint.get_attribute("placeholder") or "")
    assert hint.evaluate("field => field.scrollWidth <= field.clientWidth")


def test_a_closed_report_that_nobody_held_does_not_wait_for_anybody(
    open_page: OpenPage, resident: Resident, stack: Stack
) -> None:
    closing = {"status": "closed", "disposition": "resolved", "reason": "He is at home."}
    change_report(officer_api(stack, "officer"), resident.id, **closing)
    page = opened(open_page, "", DESK)
    page.get_by_label("Status:").select_option("closed")
    row = page.get_by_role("listitem").filter(has_text=resident.reference)
    expect(row).to_contain_text("Closed")
    expect(row).not_to_contain_text("Nobody’s")


def test_an_area_is_no_spot_on_the_map_and_no_station_in_words(
    open_page: OpenPage, stack: Stack
) -> None:
    place = {"lat": 40.03, "lon": 116.25, "accuracy_m": 8764, "address": "Haidian"}
    resident = Resident(stack.api, "missing_elderly", "Every evening.", location=place)
    page = opened(open_page, f"reports/{resident.id}", DESK)
    part = page.get_by_role("region", name="Place")
    expect(part.get_by_text("About here: within 8.8 km")).to_be_visible()
    expect(part.locator(".map__room[data-state=drawn]")).to_be_visible()
    expect(part.locator(".map__place")).to_have_count(0)
    # Which station it is, nobody knows.
    expect(part.get_by_text("Station", exact=True)).to_have_count(0)


@pytest.mark.parametrize("size", [PHONE, LOW])
@pytest.mark.parametrize("which", ["queue", "report", "new"])
def test_nothing_that_has_the_focus_is_behind_a_bar(
    open_page: OpenPage, resident: Resident, size: dict[str, int], which: str
) -> None:
    paths = {"queue": "", "report": f"reports/{resident.id}", "new": "new"}
    page = opened(open_page, paths[which], size)
    page.wait_for_load_state("networkidle")
    hidden, stops = [], 0
    for key in ["Tab"] * 35 + ["Shift+Tab"] * 35:
        page.keyboard.press(key)
        name, is_seen = page.evaluate(SEEN)
        stops += bool(name)
        hidden += [] if is_seen else [f"{key}: {name}"]
    assert hidden == []
    assert stops > 40


@pytest.mark.parametrize("label", ["Message to the reporter", "New note"])
def test_a_box_that_is_written_in_is_whole_above_the_bar(
    open_page: OpenPage, resident: Resident, label: str
) -> None:
    page = opened(open_page, f"reports/{resident.id}", PHONE)
    box = page.get_by_label(label)
    bar = box_of(page.get_by_role("navigation", name="Console"))
    # Half of it is behind the bar.
    box.evaluate(
        "(one, top) => scrollBy({top: one.getBoundingClientRect().top - top, behavior: 'instant'})",
        bar["y"] - 30,
    )
    box.click(position={"x": 20, "y": 10})
    expect(box).to_be_focused()
    page.wait_for_function(BOTTOM, arg=[box.element_handle(), bar["y"]])
    # It grows with what is written.
    box.press_sequentially("\n".join("line"))
    page.wait_for_function(BOTTOM, arg=[box.element_handle(), bar["y"]])


def test_a_box_that_was_left_at_once_is_not_scrolled_back_to(
    open_page: OpenPage, resident: Resident
) -> None:
    page = opened(open_page, f"reports/{resident.id}", LOW)
    last = page.get_by_role("button", name="Show who did and saw what")
    # Faster than the page is drawn.
    page.get_by_label("New note").evaluate(
        """(box, last) => {
          box.focus();
          box.dispatchEvent(new KeyboardEvent('keyup', {key: 'Tab', bubbles: true}));
          last.focus();
          return new Promise(seen => requestAnimationFrame(() => requestAnimationFrame(seen)));
        }""",
        last.element_handle(),
    )
    expect(last).to_be_focused()
    expect(last).to_be_in_viewport()


@pytest.mark.parametrize("percent", [150, 200])
def test_large_text_has_room_on_a_phone(
    open_page: OpenPage, resident: Resident, percent: int
) -> None:
    page = opened(open_page, f"reports/{resident.id}", PHONE)
    page.evaluate(
        "size => document.documentElement.style.setProperty('font-size', size)", f"{percent}%"
    )
    hints = page.locator(".next-step .hint")
    expect(hints.first).to_be_visible()
    assert not scrolls_sideways(page)
    # What a step does is read in lines of words, not of letters.
    lines = hints.evaluate_all(
        "all => all.map(one => one.clientHeight / parseFloat(getComputedStyle(one).lineHeight))"
    )
    assert max(lines) < 5
    assert overlaps(page.locator(".frame__nav span:not(.frame__count *)")) == []


def described(control: Locator) -> str:
    """Return the words that a control is described by."""
    words = control.evaluate(
        "one => one.getAttribute('aria-describedby').split(' ')"
        ".map(id => document.getElementById(id).textContent).join(' ')"
    )
    return str(words)


def covered(element: Locator) -> bool:
    """Return whether something else lies on the beginning of an element."""
    return bool(
        element.evaluate("""one => {
          const { left, top } = one.getBoundingClientRect();
          const found = document.elementFromPoint(left + 4, top + 4);
          return !one.contains(found);
        }""")
    )
