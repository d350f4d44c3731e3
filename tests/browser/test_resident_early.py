"""An urgent report: its place in one tap, and its picture before the photo has arrived."""

import hashlib
import io
import json
import random
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import ExifTags, Image
from playwright.sync_api import expect

from tests import cloud
from tests.browser.conftest import OpenPage
from tests.browser.residents import Officer, Resident, own_report, stored, wait_until
from tests.browser.screens import axe_violations, scrolls_sideways, take_pictures
from tests.local.stack import Stack

# Lets storage have no original before `held` is called.
_HOLD = """
const make = OffscreenCanvas.prototype.convertToBlob;
OffscreenCanvas.prototype.convertToBlob = async function (...how) {
  const made = await make.apply(this, how);
  window.reduced = true;
  return made;
};
const send = XMLHttpRequest.prototype.send;
window.held = [];
XMLHttpRequest.prototype.send = function (body) {
  if (body.get('key').endsWith('/reduced')) send.call(this, body);
  else window.held.push(() => send.call(this, body));
};
"""
# Gives what Tor Browser gives to a page that reads a canvas: something else.
_NOISE = """
for (const kind of [CanvasRenderingContext2D, OffscreenCanvasRenderingContext2D]) {
  const read = kind.prototype.getImageData;
  kind.prototype.getImageData = function (...area) {
    const found = read.apply(this, area);
    for (let at = 0; at < found.data.length; at += 1) found.data[at] = 255 - found.data[at];
    return found;
  };
}
"""

_ROWS = """new Promise(resolve => {{
  indexedDB.open('tipline-draft', 1).onsuccess = event => {{
    const rows = event.target.result.transaction('drafts', 'readwrite').objectStore('drafts');
    rows.getAll().onsuccess = found => {{
      event.target.result.close();
      const row = found.target.result.find(one => one.words && one.files.length);
      {act}
    }};
  }};
}})"""
# How many files of the draft go uncut; null before the draft is kept with its file.
_KEPT_UNCUT = _ROWS.format(act="resolve(row ? row.words.uncut.length : null);")
_OF_THE_LAST_VERSION = _ROWS.format(
    act="delete row.words.uncut; rows.put(row).onsuccess = () => resolve();"
)


def large_photo(tags: dict[int, Any] | None = None) -> bytes:
    """Return a photo that is worth reducing, taken with the phone on its side."""
    grey = Image.frombytes("L", (9, 8), random.Random(1).randbytes(9 * 8))
    scene = grey.resize((2400, 1800), Image.Resampling.BOX)
    grained = Image.blend(scene, Image.effect_noise(scene.size, 40), 0.3)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    for tag, value in (tags or {}).items():
        exif[tag] = value
    content = io.BytesIO()
    grained.convert("RGB").save(content, "JPEG", quality=95, exif=exif)
    return content.getvalue()


def test_officers_see_a_photo_before_it_has_arrived(open_page: OpenPage, stack: Stack) -> None:
    page = open_page()
    page.add_init_script(_HOLD)
    page.reload()
    resident = Resident(page).begin()
    resident.photograph(large_photo())
    # Whoever sends sooner than it is made sends the photo alone.
    wait_until(lambda: page.evaluate("window.reduced === true"))
    receipt = resident.finish("A photo over a slow network.")
    officer, report_id = Officer(stack), own_report(stack, receipt)["id"]

    def seen() -> Any:
        [medium] = officer.call("GET", f"/v1/officer/reports/{report_id}")["media"]
        return medium

    wait_until(lambda: seen()["early"])
    medium = seen()
    assert medium["state"] == "awaiting"
    expect(page.get_by_text("Officers can see your photo already")).to_be_visible()
    early = requests.get(medium["preview_url"], timeout=20).content
    size = Image.open(io.BytesIO(early)).size
    wait_until(lambda: page.evaluate("held.length > 0"))
    page.evaluate("held.forEach(go => go())")
    wait_until(lambda: seen()["state"] == "ready")
    medium = seen()
    assert (medium["early"], medium["differs"]) == (False, False)
    # Both are upright.
    assert (size[0] > size[1]) == (medium["width"] > medium["height"])


def test_where_a_canvas_shows_noise_the_photo_goes_alone(open_page: OpenPage, stack: Stack) -> None:
    page = open_page()
    page.add_init_script(_NOISE)
    page.reload()
    resident = Resident(page).begin()
    resident.photograph(large_photo())
    expect(page.get_by_text("Looking for data in the file")).to_have_count(0)
    with page.expect_request(lambda request: request.url.endswith("/v1/reports")) as sent:
        resident.finish("From a careful person.")
    assert "reduced" not in (sent.value.post_data or "")


WORDS = {
    "en": (
        "I am here: add the place",
        "Found, to about 15 m, in the area of ",
        "Remove the place",
        "Choose another place",
    ),
    "zh-CN": ("我就在这里：添加位置", "已定位：", "移除位置", "另选位置"),
}


def test_the_place_of_something_urgent_is_one_tap_beside_the_camera(
    open_page: OpenPage, stack: Stack, language: str
) -> None:
    here = {"latitude": 39.93, "longitude": 116.45, "accuracy": 15}
    phone: Any = {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark"}
    page = open_page(language=language, geolocation=here, permissions=["geolocation"], **phone)
    resident = Resident(page, language)
    add, found, remove, move = WORDS[language]
    resident.button("category").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert axe_violations(page) == []
    resident.button(add).press("Enter")
    expect(page.get_by_text(found).first).to_be_visible()
    # Whoever cannot see it is where the button was.
    expect(page.locator(".here :focus")).to_have_count(1)
    assert (axe_violations(page), scrolls_sideways(page)) == ([], False)
    take_pictures(page, f"urgent-place-{language}")
    resident.button(remove).press("Enter")
    expect(resident.button(add)).to_be_visible()
    resident.button(add).click()
    resident.button(move).click()
    expect(page.get_by_role("group", name=resident.words["where"])).to_be_focused()
    resident.button(add).click()
    expect(page.get_by_text(found).first).to_be_visible()
    resident.photograph(large_photo())
    resident.send()
    report_id = own_report(stack, resident.receipt())["id"]
    opened = Officer(stack).call("GET", f"/v1/officer/reports/{report_id}")
    assert (opened["location"]["lat"], opened["location"]["accuracy_m"]) == (39.93, 15)


@pytest.mark.thorough
def test_a_place_that_is_not_found_is_not_called_one(open_page: OpenPage) -> None:
    page = open_page()
    resident = Resident(page).begin()
    resident.button("I am here: add the place").click()
    expect(page.get_by_text("The page is not allowed to see where you are.").first).to_be_visible()
    resident.button("Choose another place").click()
    page.get_by_label(resident.words["area"]).check()
    page.get_by_label("Area", exact=True).select_option("chaoyang")
    expect(page.locator(".here")).to_contain_text("Officers see this area on their map: Chaoyang")
    expect(page.get_by_text("You choose the place under")).to_have_count(0)
    resident.button("Remove the place").click()
    resident.button("I am here: add the place").click()
    resident.button("Go on without a place").click()
    expect(resident.button("I am here: add the place")).to_be_visible()


def test_a_photos_own_place_is_shown_and_added_only_when_pressed(open_page: OpenPage) -> None:
    page = open_page()
    resident = Resident(page).begin()
    resident.photograph(large_photo())
    expect(page.get_by_text("Looking for data in the file")).to_have_count(0)
    offer = page.get_by_label("Add the photo’s place and time")
    expect(offer).to_have_count(0)
    resident.photograph(cloud.photo())
    expect(offer).not_to_be_checked()
    said = page.get_by_text("39.9167, 116.4333").first
    expect(said).to_contain_text("Otherwise they are removed: Photo 2: ")
    offer.check()
    expect(said).to_contain_text("Officers will see this beside it")
    assert axe_violations(page) == []


def signed_photo() -> bytes:
    """Return a photo that names its phone and its place, with a segment of a signature (C2PA)."""
    gps = {1: "N", 2: (39.0, 55.0, 0.0), 3: "E", 4: (116.0, 26.0, 0.0)}
    photo = large_photo({0x010F: "Plum", 0x0110: "Plum 7", 0x8825: gps})
    # An identifier and a number, then a superbox with the description box of a store of C2PA.
    boxes = b"\x00\x00\x00\x1cjumb\x00\x00\x00\x14jumdc2pa" + bytes(8)
    content = b"JP\x00\x01\x00\x00\x00\x01" + boxes
    return photo[:2] + b"\xff\xeb" + (len(content) + 2).to_bytes(2) + content + photo[2:]


UNCUT = {
    "en": (
        "Send Photo 1 uncut",
        "maker Plum, model Plum 7, place 39.9167, 116.4333, a signature of the camera (C2PA)",
        "Remove Photo 1",
        "Go on with it",
    ),
    "zh-CN": (
        "不去除信息，直接发送照片 1",
        "厂商 Plum、型号 Plum 7、地点 39.9167, 116.4333、相机的签名（C2PA）",
        "移除 照片 1",
        "继续写",
    ),
}


def test_a_photo_goes_uncut_only_when_pressed_and_says_what_it_then_tells(
    open_page: OpenPage, stack: Stack, language: str, tmp_path: Path
) -> None:
    page = open_page(language=language, viewport={"width": 360, "height": 740})
    resident, photo = Resident(page, language), signed_photo()
    # A file of the phone has the same time whenever it is chosen.
    path = tmp_path / "photo.jpg"
    path.write_bytes(photo)
    camera = page.get_by_label(resident.words["photo"])
    label, said, remove, again = UNCUT[language]
    offer = page.get_by_label(label)
    resident.begin()
    camera.set_input_files(path)
    expect(offer).not_to_be_checked()
    expect(page.get_by_text(said)).to_be_visible()
    offer.press("Space")
    expect(offer).to_be_checked()
    assert (axe_violations(page), scrolls_sideways(page)) == ([], False)
    offer.scroll_into_view_if_needed()
    take_pictures(page, f"uncut-{language}")
    # The same photo, removed and taken again, is cut.
    resident.button(remove).click()
    camera.set_input_files(path)
    expect(offer).not_to_be_checked()
    offer.press("Space")
    wait_until(lambda: page.evaluate(_KEPT_UNCUT) == 1)
    page.reload()
    resident.button(again).click()
    expect(offer).to_be_checked()
    with page.expect_request(lambda request: request.url.endswith("/v1/reports")) as sent:
        resident.send()
    report_id = own_report(stack, resident.receipt())["id"]
    [declared] = json.loads(sent.value.post_data or "")["media"]
    assert declared["sha256"] == hashlib.sha256(photo).hexdigest()
    wait_until(lambda: photo in stored(stack, report_id))
    [reduced] = [each for each in stored(stack, report_id) if each != photo]
    assert not Image.open(io.BytesIO(reduced)).getexif()
    assert b"c2pa" not in reduced


def test_a_draft_of_the_last_version_is_read_and_its_photo_is_cut(open_page: OpenPage) -> None:
    page = open_page()
    resident = Resident(page).begin()
    resident.photograph(signed_photo())
    wait_until(lambda: page.evaluate(_KEPT_UNCUT) == 0)
    page.evaluate(_OF_THE_LAST_VERSION)
    page.reload()
    resident.button("Go on with it").click()
    expect(page.get_by_label("Send Photo 1 uncut")).not_to_be_checked()
