"""A resident and an officer, for the tests: what a person does on the screens, by their words."""

import io
import json
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import pytest
import requests
from PIL import Image
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.officers import approve, change_report, officer_api
from tests.local.stack import Stack

PHONE = Path(__file__).parents[3] / "shared" / "data" / "phone-media"
# The outbox opens its database only once `go()` is called: a phone that is busy with a long video.
SLOW_OUTBOX = """
const open = IDBFactory.prototype.open;
let waiting = [];
window.slow = false;
window.go = () => { window.slow = false; waiting.forEach(one => one()); waiting = []; };
IDBFactory.prototype.open = function (name, version) {
  if (name !== 'tipline-outbox' || !window.slow) return open.call(this, name, version);
  const held = {};
  waiting.push(() => {
    const request = open.call(this, name, version);
    for (const event of ['onupgradeneeded', 'onsuccess', 'onerror']) {
      request[event] = (...all) => {
        held.result = request.readyState === 'done' ? request.result : undefined;
        held[event]?.(...all);
      };
    }
  });
  return held;
};
"""
# A page that is left, or put away with its tab.
HIDE = "dispatchEvent(new Event('pagehide'))"
CHALLENGE = "1.{bits}.{rounds}.4102444800.12bbe14a485994725027dff448290437"
_ORIENTATION = 0x0112
_SERIAL = 0xA431

WORDS = {
    "en": {
        "category": "Missing elderly person",
        "closing": "Stop showing this report",
        "copy": "Copy",
        "erase": "Erase it without keeping the receipt",
        "erase_yes": "Yes, erase it",
        "have": "I have kept it",
        "have_yes": "Yes, erase it here",
        "kept": "I have kept something under a word",
        "later": "Keep this for later",
        "leave": "Leave this page",
        "mine": "I have a receipt",
        "open": "Open",
        "open_mine": "Open my report",
        "photo": "Take a photo",
        "receipt": "Receipt",
        "red": "Report now",
        "send": "Send the report",
        "start": "Back to the start",
        "text": "What did you see?",
        "arrived": "Your report has arrived",
        "waiting": "Not sent yet",
        "where": "Where was it?",
        "area": "Choose the area on a map",
        "more": "More about it",
        "contact": "How to reach you",
    },
    "zh-CN": {
        "category": "老人走失",
        "closing": "退出查看",
        "copy": "复制",
        "erase": "不留回执，从这台设备上删除",
        "erase_yes": "是，删除",
        "have": "我已保存好",
        "have_yes": "是，从这里删除",
        "kept": "我用暗语保存过内容",
        "later": "留到以后再写",
        "leave": "立即离开",
        "mine": "我有回执",
        "open": "打开",
        "open_mine": "打开我的举报",
        "photo": "拍照",
        "receipt": "回执",
        "red": "我要举报",
        "send": "发送举报",
        "start": "返回首页",
        "text": "您看到了什么？",
        "arrived": "举报已送达",
        "waiting": "还没有发送",
        "where": "在哪里？",
        "area": "在地图上选区域",
        "more": "更多情况",
        "contact": "联系方式",
    },
}


class Resident:
    """A person at a page, who reads its words."""

    def __init__(self, page: Page, language: str = "en") -> None:
        self.page, self.words = page, WORDS[language]

    def button(self, word: str) -> Locator:
        return self.page.get_by_role("button", name=self.words.get(word, word), exact=True)

    def press(self, word: str, *, shows: str) -> None:
        """Press a button, and wait for a text."""
        self.button(word).click()
        expect(self.page.get_by_text(shows)).to_be_visible()

    def heading(self, word: str) -> Locator:
        return self.page.get_by_role("heading", name=self.words.get(word, word), level=1)

    def settle(self) -> None:
        """Wait until a screen has come: its heading takes the focus last."""
        expect(self.page.get_by_role("heading", level=1)).to_be_focused()

    def begin(self, text: str | None = None) -> Self:
        self.button("category").click()
        expect(self.page.get_by_label(self.words["text"])).to_be_visible()
        self.settle()
        if text is not None:
            self.write(text)
        return self

    def begin_kept(self, text: str) -> Self:
        """Begin a report, and wait until it is kept on the phone."""
        self.begin(text)
        expect(self.page.get_by_text("Kept on this device")).to_be_visible()
        return self

    def go_on(self) -> Self:
        """Go on with the report that was begun."""
        self.button("Go on with it").click()
        expect(self.page.get_by_label(self.words["text"])).to_be_visible()
        self.settle()
        return self

    def lose_network(self) -> None:
        """Lose the network once all of the page is there. What is put away it looks for last."""
        wait_until(lambda: "tipline-safe" in self.page.evaluate(_DATABASES))
        self.page.context.set_offline(True)

    def write(self, text: str) -> None:
        self.page.get_by_label(self.words["text"]).fill(text)

    def photograph(self, photo: bytes, name: str = "photo.jpg", kind: str = "image/jpeg") -> None:
        with self.page.expect_file_chooser() as chooser:
            self.page.get_by_label(self.words["photo"]).click()
        chooser.value.set_files({"name": name, "mimeType": kind, "buffer": photo})

    def send(self) -> None:
        self.button("send").click()

    def file(self, text: str = "An old man at the bus stop, alone.") -> str:
        """Send a report of a few words. Return its receipt."""
        self.begin()
        return self.finish(text)

    def file_and_open(self) -> str:
        """Send a report of a few words, and open it. Return its receipt."""
        receipt = self.file()
        self.button("open_mine").click()
        expect(self.button("closing")).to_be_visible()
        self.settle()
        return receipt

    def finish(self, text: str) -> str:
        """Send a report that was begun. Return its receipt."""
        self.write(text)
        self.send()
        return self.receipt()

    def receipt(self) -> str:
        expect(self.heading("arrived")).to_be_visible()
        return self.page.locator(".receipt code").inner_text()

    def confirm_receipt(self) -> None:
        """Say that the receipt is kept elsewhere, and that it may be erased here."""
        self.button("have").click()
        self.button("have_yes").click()

    def open_report(self, receipt: str) -> None:
        self.button("mine").click()
        # It is there once the outbox is open, which sends the messages.
        expect(self.button("kept")).to_be_visible()
        self.settle()
        self.page.get_by_label(self.words["receipt"]).fill(receipt)
        self.button("open").click()
        expect(self.button("closing")).to_be_visible()
        self.settle()

    def kept_rows(self) -> int:
        """Return how many rows all databases of the page have."""
        return int(self.page.evaluate(_COUNT))


class Officer:
    """A seeded officer at the API."""

    def __init__(self, stack: Stack) -> None:
        self._api = officer_api(stack, "officer")

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        response = self._api(method, path, body, **headers)
        return response.json() if response.content else None

    def upload(self, path: str, photo: bytes) -> None:
        """Add a photo to a report or a bulletin at `path`."""
        declared = {"media": [{"content_type": "image/jpeg", "size": len(photo)}]}
        key = {"Idempotency-Key": str(uuid.uuid4())}
        [grant] = self.call("POST", f"{path}/media", declared, **key)["uploads"]
        files = {"file": ("photo.jpg", photo, "image/jpeg")}
        stored = requests.post(grant["url"], data=grant["fields"], files=files, timeout=20)
        assert stored.ok, stored.text

    def change(self, report_id: str, **change: str) -> None:
        change_report(self._api, report_id, **change)


def own_report(stack: Stack, receipt: str) -> Any:
    response = requests.get(
        f"{stack.api}/v1/reports/mine", headers={"Authorization": f"Receipt {receipt}"}, timeout=20
    )
    assert response.ok, response.text
    return response.json()


def stored(stack: Stack, report_id: str) -> list[bytes]:
    """Return the originals of a report, and their reduced pictures, as storage has them."""
    s3, bucket = stack.client("s3"), stack.outputs["bucket"]
    listed = s3.list_objects_v2(Bucket=bucket, Prefix="originals/").get("Contents", ())
    keys = [each["Key"] for each in listed if report_id in each["Key"]]
    return [s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in sorted(keys)]


def begun_words(page: Page) -> list[str]:
    """Return the words of the reports that were begun, as another window finds them."""
    return list(page.evaluate(_BEGUN))


def another(page: Page) -> Page:
    """Return another window of the browser, which goes on with the report that was begun."""
    window = page.context.new_page()
    window.goto("/")
    Resident(window).go_on()
    return window


def publish_bulletin(stack: Stack, title: str, *photos: bytes) -> str:
    """Publish a bulletin by two officers. Return its id."""
    first = Officer(stack)
    drafted = first.call(
        "POST",
        "/v1/officer/bulletins",
        {
            "channel": "key_cases",
            "title": {"en": title, "zh": title},
            "body": {"en": "Who saw it?", "zh": "有谁看见？"},
            "area": {"district": "chaoyang"},
        },
        **{"Idempotency-Key": str(uuid.uuid4())},
    )
    path = f"/v1/officer/bulletins/{drafted['id']}"
    for photo in photos:
        first.upload(path, photo)
    wait_until(lambda: all(one["state"] == "ready" for one in first.call("GET", path)["media"]))
    approve(stack, "supervisor", f"{path}/approve")
    return str(drafted["id"])


def wait_until(holds: Callable[[], bool]) -> None:
    """Ask until it holds; the test's own deadline ends it otherwise."""
    for _ in range(100):
        if holds():
            return
        time.sleep(0.2)
    pytest.fail("it never held")


def in_a_flood(page: Page, *, bits: int = 8, rounds: int = 2) -> None:
    """Have the service ask this page for a proof of work."""
    challenge = {
        "challenge": CHALLENGE.format(bits=bits, rounds=rounds),
        "bits": bits,
        "rounds": rounds,
        "expires_at": "2100-01-01T00:00:00Z",
    }

    def answer(route: Route) -> None:
        body = {"status": "ok", "version": "1", "load_level": 2, "challenge": challenge}
        route.fulfill(body=json.dumps(body), content_type="application/json")

    page.route("**/v1/health", answer)


def phone_photo() -> bytes:
    """Return a photo of a real phone where there is one; else one with what phones write."""
    real = PHONE / "iphone-6.jpg"
    if real.exists():
        return real.read_bytes()
    exif = Image.Exif()
    exif[_ORIENTATION] = 6
    exif.get_ifd(0x8769)[_SERIAL] = "SERIAL-1234"
    content = io.BytesIO()
    Image.new("RGB", (640, 480), "teal").save(content, "JPEG", exif=exif)
    return content.getvalue()


_DATABASES = "async () => (await indexedDB.databases()).map(({ name }) => name)"

_COUNT = """async () => {
  let rows = 0;
  for (const { name } of await indexedDB.databases()) {
    const database = await new Promise((resolve, reject) => {
      const request = indexedDB.open(name);
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    for (const store of database.objectStoreNames) {
      // The same on each phone that has opened the page.
      if (store === 'probes' || store === 'safe') continue;
      rows += await new Promise((resolve, reject) => {
        const request = database.transaction(store).objectStore(store).count();
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    }
    database.close();
  }
  return rows;
}"""

_BEGUN = """() => new Promise(resolve => {
  indexedDB.open('tipline-draft', 1).onsuccess = event => {
    const rows = event.target.result.transaction('drafts').objectStore('drafts');
    rows.getAll().onsuccess = found => {
      event.target.result.close();
      const reports = found.target.result.map(row => row.words ?? row.form).filter(Boolean);
      resolve(reports.map(form => form.text));
    };
  };
})"""
