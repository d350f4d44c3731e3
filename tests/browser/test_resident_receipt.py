"""The receipt can be kept, and opens the report by its QR code."""

import io

from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.residents import Resident, phone_photo
from tests.local.stack import Stack


def test_the_receipt_is_kept_as_a_picture_and_on_paper(page: Page) -> None:
    resident = Resident(page)
    receipt = resident.file()
    with page.expect_download() as saved:
        resident.button("Save as a picture").click()
    expect(page.get_by_text("Saved. Whoever uses this device")).to_be_visible()
    picture = Image.open(io.BytesIO(saved.value.path().read_bytes())).convert("L")
    assert picture.width == 720
    # A code is black and white in equal parts; what is above it is mostly white.
    code = picture.crop((40, picture.height - 680, 680, picture.height - 40))
    dark = code.histogram()[0] / (code.width * code.height)
    assert 0.25 < dark < 0.6
    page.emulate_media(media="print")
    expect(page.locator(".receipt code")).to_have_text(receipt)
    expect(page.get_by_role("img", name="The receipt as a QR code")).to_be_visible()
    expect(page.locator(".print-only")).to_contain_text("Chaoyang police · Tipline")
    expect(page.locator(".print-only")).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)


# As a phone's: what is in a picture is decided here, since Chromium on a desk reads no codes.
_READER = """
window.BarcodeDetector = class {
  static async getSupportedFormats() { return ['qr_code']; }
  async detect(picture) { return picture.width === 720 ? [{ rawValue: window.code }] : []; }
};
"""


def test_the_saved_picture_opens_the_report_on_the_phone_that_has_it(page: Page) -> None:
    page.add_init_script(_READER)
    page.reload()
    resident = Resident(page)
    receipt = resident.file("By its picture.").replace(" ", "")
    with page.expect_download() as saved:
        resident.button("Save as a picture").click()
    page.evaluate("text => { window.code = text; }", f"https://tipline.test/#receipt={receipt}")
    resident.button("start").click()
    resident.button("mine").click()
    chooser = page.get_by_label("Choose the saved picture")
    chooser.set_input_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": phone_photo()})
    expect(page.get_by_role("alert")).to_contain_text("No receipt was found in this picture.")
    chooser.set_input_files(saved.value.path())
    expect(page.get_by_text("By its picture.")).to_be_visible()


def test_a_browser_that_falsifies_pictures_says_so(open_page: OpenPage) -> None:
    page = open_page()
    # As Tor Browser does.
    page.add_init_script(
        "CanvasRenderingContext2D.prototype.getImageData = () => ({ data: [255, 255, 255, 255] });"
    )
    page.reload()
    resident = Resident(page)
    resident.file()
    resident.press("Save as a picture", shows="This browser cannot make the picture.")


def test_the_code_opens_the_report_and_no_server_reads_it(
    open_page: OpenPage, page: Page, stack: Stack
) -> None:
    receipt = Resident(page).file("By the code.").replace(" ", "")
    other = open_page("about:blank")
    asked: list[str] = []
    other.on("request", lambda request: asked.append(request.url))
    other.goto(f"{stack.api}/#receipt={receipt}")
    expect(other.get_by_text("By the code.")).to_be_visible()
    assert other.url == f"{stack.api}/"
    # A fragment is no part of what is asked for.
    assert not any(receipt in url.partition("#")[0] for url in asked)
