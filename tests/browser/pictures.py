"""`make pictures`: the first screens of residents and officers, for the README.

A stack of its own is started, some reports are sent, and each picture is made small.
"""

import io
import sys
import tempfile
import uuid
from pathlib import Path

import requests
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from tests.browser import chromium
from tests.local.stack import Stack

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
# File, path, width and height of the window.
SCREENS = (("residents.png", "/", 390, 780), ("officers.png", "/console/", 1280, 800))
# Category, text, and where: longitude and latitude in WGS 84.
REPORTS = (
    ("traffic_violation", "A van blocks the crossing in front of the school.", (116.46, 39.92)),
    ("lost_and_found", "A black bag with keys lies at the bus stop.", (116.41, 39.93)),
    ("other", "Somebody tries the doors of parked cars.", (116.31, 39.91)),
    ("missing_elderly", "My father left the house at eight, in a grey coat.", (116.47, 39.95)),
    ("suspected_offender", "The man of bulletin 12 works in this kitchen.", (116.36, 39.90)),
)
OFFICER = "officer"
_COLOURS = 64


def main() -> None:
    """Write the pictures. Exits with the reason when there is no Chromium."""
    path = chromium.find()
    if path is None:
        sys.exit(chromium.NONE)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        stack = Stack(Path(folder), WEB="on")
        try:
            send_reports(stack.api)
            browser = playwright.chromium.launch(
                executable_path=path, args=chromium.arguments(), headless=True
            )
            for name, address, width, height in SCREENS:
                small = smaller(picture(browser, stack.api, address, width, height))
                (FOLDER / name).write_bytes(small)
                print(f"{len(small) / 1000:6.1f} KB  docs/pictures/{name}")
            browser.close()
        finally:
            stack.process.terminate()
            stack.process.wait(60)


def send_reports(api: str) -> None:
    """Give the officers something to look at."""
    for category, text, (longitude, latitude) in REPORTS:
        place: dict[str, float | str] = {"lat": latitude, "lon": longitude, "datum": "wgs84"}
        response = requests.post(
            f"{api}/v1/reports",
            json={"category": category, "text": text, "location": place},
            headers={"Idempotency-Key": str(uuid.uuid4())},
            timeout=10,
        )
        response.raise_for_status()


def picture(browser: Browser, api: str, path: str, width: int, height: int) -> bytes:
    """Return a PNG of the window once nothing is loaded any more, signed in if it asks for that."""
    page = browser.new_page(viewport={"width": width, "height": height}, locale="en")
    page.goto(api + path, wait_until="networkidle")
    if not page.url.startswith(api):
        page.locator(f"button[value='{OFFICER}']").click()
        page.wait_for_url(f"{api}{path}")
        page.wait_for_load_state("networkidle")
    taken = page.screenshot()
    page.close()
    return taken


def smaller(png: bytes) -> bytes:
    """Return the picture with few colours, which a screen of text has anyway."""
    # Small signs keep their colour, which the usual way gives away to the shades of letters.
    image = (
        Image.open(io.BytesIO(png))
        .convert("RGB")
        .quantize(_COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=2, dither=Image.Dither.NONE)
    )
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


if __name__ == "__main__":
    main()
