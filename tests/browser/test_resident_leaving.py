"""What is left on the phone when somebody leaves the page, and what the next person sees."""

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.residents import Officer, Resident, own_report, phone_photo, wait_until
from tests.local.stack import Stack

_NEUTRAL = "https://www.weather.com/"
_WORD = "plum blossom rain"
_TEXT = "He hits her every night."
# Everything that a script finds: names and sizes, since what is in a row may be by chance.
_FOUND = """async () => {
  const size = value => value instanceof ArrayBuffer || ArrayBuffer.isView(value)
    ? value.byteLength : typeof value === 'string' ? value.length
    : value && typeof value === 'object' ? sizes(value) : value;
  const sizes = row => Object.fromEntries(
    Object.entries(row).map(([name, one]) => [name, size(one)]));
  const asked = request => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const databases = {};
  for (const { name, version } of await indexedDB.databases()) {
    const database = await asked(indexedDB.open(name));
    for (const store of database.objectStoreNames) {
      const rows = database.transaction(store).objectStore(store);
      const [keys, values] = [await asked(rows.getAllKeys()), await asked(rows.getAll())];
      databases[`${name} ${version} ${store}`] = keys.map((key, at) => [key, size(values[at])]);
    }
    database.close();
  }
  const cached = {};
  for (const name of await caches.keys()) {
    cached[name] = (await (await caches.open(name)).keys()).map(({ url }) => url);
  }
  const entries = Object.entries({ ...localStorage });
  return {
    databases, cached, local: entries.sort(), session: { ...sessionStorage },
    cookie: document.cookie, title: document.title, state: history.state, address: location.href,
    icon: document.querySelector('link[rel=icon]').href, screen: document.body.innerText,
  };
}"""


# Whether a page has done all that it does when nobody touches it.
_IS_QUIET = """async () => {
  const databases = (await indexedDB.databases()).map(({ name }) => name);
  if (databases.length < 3) return false;
  const rows = await new Promise(resolve => {
    indexedDB.open('tipline-safe').onsuccess = ({ target: { result } }) => {
      result.transaction('safe').objectStore('safe').count().onsuccess = counted => {
        result.close();
        resolve(counted.target.result);
      };
    };
  });
  const worker = await navigator.serviceWorker.ready;
  return rows === 1 && worker.active?.state === 'activated'
    && localStorage.getItem('tipline-left') === null;
}"""


def _first_page(page: Page, stack: Stack) -> Any:
    """Open the first page in another window of the same phone. Return what a script finds there."""
    window = page.context.new_page()
    window.goto(stack.api)
    expect(window.get_by_role("button", name="Missing elderly person")).to_be_visible()
    expect(window.get_by_text("Loading…")).to_have_count(0)
    # A string that is waited for is evaluated, which the page's policy refuses the second time.
    wait_until(lambda: window.evaluate(_IS_QUIET))
    found = window.evaluate(_FOUND)
    window.close()
    return found


def _newest(officer: Officer) -> str:
    """Return the text of the newest report."""
    [newest] = officer.call("GET", "/v1/officer/reports?sort=newest&limit=1")["items"]
    return str(officer.call("GET", f"/v1/officer/reports/{newest['id']}")["text"])


def _weather(page: Page) -> None:
    page.context.route(
        f"{_NEUTRAL}**", lambda route: route.fulfill(body="<title>Weather</title>Sunny")
    )


def _leave(page: Page) -> None:
    Resident(page).button("leave").click()
    page.wait_for_url(f"{_NEUTRAL}**")


@pytest.mark.parametrize("kept", [False, True])
def test_leaving_leaves_what_a_visit_to_the_first_page_leaves(
    open_page: OpenPage, stack: Stack, kept: bool
) -> None:
    visited = _first_page(open_page(), stack)
    page = open_page()
    _weather(page)
    resident = Resident(page).begin_kept(_TEXT)
    resident.photograph(phone_photo())
    expect(page.locator(".file")).to_have_count(1)
    with page.expect_response("**/v1/catalogue"):
        page.get_by_role("button", name="中文").click()
    expect(page.locator("h1")).to_have_text("老人走失")
    page.get_by_role("button", name="English").click()
    if kept:
        resident.button("later").click()
        page.get_by_label("A word that only you know").fill(_WORD)
        resident.press("Keep it under this word", shows="hides what you have begun under your word")
    page.get_by_label("What did you see?").press_sequentially(" Now too.")
    _leave(page)
    found = _first_page(page, stack)
    assert _TEXT not in json.dumps(found)
    assert found == visited


def test_whoever_gives_the_word_goes_on_where_they_were(page: Page, stack: Stack) -> None:
    _weather(page)
    resident = Resident(page).begin_kept(_TEXT)
    resident.photograph(phone_photo())
    resident.button("later").click()
    page.get_by_label("A word that only you know").fill(_WORD)
    resident.button("Keep it under this word").click()
    said = page.get_by_text("hides what you have begun under your word")
    expect(said).to_be_in_viewport(ratio=1)
    expect(page.locator(":focus").filter(has=said)).to_have_count(1)
    page.get_by_label("What did you see?").press_sequentially(" Now too.")
    for _ in range(9):  # three of them are quick enough on any machine
        page.keyboard.press("Shift")
    page.wait_for_url(f"{_NEUTRAL}**")
    page.goto(stack.api)
    expect(page.get_by_text("You have begun a report.")).to_have_count(0)
    resident.button("mine").click()
    resident.button("kept").click()
    page.get_by_label("Your word").fill("another word")
    resident.press("Show it", shows="Nothing is kept under this word")
    page.get_by_label("Your word").fill(_WORD)
    resident.button("Show it").click()
    resident.button("Go on with it").click()
    expect(page.get_by_label("What did you see?")).to_have_value(f"{_TEXT} Now too.")
    resident.send()
    assert len(own_report(stack, resident.receipt())["media"]) == 1


def test_what_was_sent_arrives_after_leaving_and_is_shown_to_nobody(
    page: Page, stack: Stack
) -> None:
    _weather(page)
    words = "Sent in a tunnel, then left."
    resident = Resident(page).begin()
    resident.lose_network()
    resident.write(words)
    resident.send()
    expect(resident.heading("waiting")).to_be_visible()
    resident.button("leave").click()
    page.wait_for_url(f"{_NEUTRAL}**")
    page.context.set_offline(False)
    page.goto(stack.api)
    expect(page.get_by_role("button", name="Missing elderly person")).to_be_visible()
    expect(page.get_by_text("Your reports on this device")).to_have_count(0)
    wait_until(lambda: resident.kept_rows() == 0)
    # Which page has sent it does not matter: the one that was left may have, with its last step.
    assert _newest(Officer(stack)) == words
