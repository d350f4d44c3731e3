"""The map of the console: the city's streets below what is reported, and nothing from elsewhere."""

import io
import math
import shutil
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, Request, expect

from chalicelib.kernel.geo import Datum, to_wgs84
from infra.web.build import ROOT
from infra.web.node import InstalledNode
from tests import street_map
from tests.browser.conftest import OpenPage
from tests.browser.officers import Resident, sign_in, wait_until
from tests.browser.screens import axe_violations
from tests.local.stack import Stack

PLACE = {"lat": 39.93, "lon": 116.45, "accuracy_m": 20}
# The lake of tests/street_map.py, by day.
WATER = (0x80, 0xDE, 0xEA)
CLIPBOARD = ["clipboard-read", "clipboard-write"]
NO_WEBGL = """const original = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
  return kind.startsWith('webgl') ? null : original.call(this, kind, ...more);
};"""


@pytest.fixture(scope="module")
def with_streets(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """After `stack`, whose build has the packages. A stack of a city that has a street map."""
    folder = tmp_path_factory.mktemp("streets")
    shutil.copytree(ROOT / "city", folder / "city")
    street_map.write(folder / "city.pmtiles", west=115, south=39, east=118, north=41)
    web = ROOT / "web"
    settings = {"CITY": str(folder / "city"), "OUT": str(folder / "web")}
    vite = web / "node_modules" / "vite" / "bin" / "vite.js"
    InstalledNode().run(vite, "build", "--logLevel", "error", folder=web, environment=settings)
    started = Stack(folder / "local", WEB=str(folder / "web"))
    yield started
    started.process.terminate()
    started.process.wait(60)


def drawn(page: Page) -> Locator:
    """Return the map, once all of it is drawn."""
    room = page.locator(".map__room[data-state=drawn]")
    expect(room).to_be_visible()
    return room


def water(room: Locator) -> int:
    """Return how many pixels of the map are water."""
    raw = Image.open(io.BytesIO(room.screenshot())).convert("RGB").tobytes()
    pixels = zip(raw[::3], raw[1::3], raw[2::3], strict=True)
    return sum(
        all(abs(one - other) < 4 for one, other in zip(pixel, WATER, strict=True))
        for pixel in pixels
    )


def test_the_streets_are_the_citys_own_and_stay_without_a_network(
    open_page: OpenPage, with_streets: Stack
) -> None:
    resident = Resident(with_streets.api, location=PLACE)
    asked: list[Request] = []
    page = open_page("about:blank")
    page.on("request", lambda request: asked.append(request))
    page.goto(f"{with_streets.api}/console/reports/{resident.id}")
    sign_in(page)
    room = drawn(page)
    expect(page.get_by_text(f"Streets: {street_map.SOURCE}")).to_be_visible()
    assert water(room) > 500
    known = {urlsplit(with_streets.api).netloc, f"127.0.0.1:{with_streets.aws_port}"}
    assert {urlsplit(request.url).netloc for request in asked} <= known
    tiles = [request for request in asked if request.url.endswith(".pmtiles")]
    assert {request.response().status for request in tiles if request.response()} == {206}  # type: ignore[union-attr]
    place = page.locator(".map__place")
    before = place.bounding_box()
    page.context.set_offline(True)
    page.locator(".maplibregl-canvas").focus()
    page.keyboard.press("ArrowRight")
    wait_until(page, lambda: place.bounding_box() != before)
    assert water(room) > 500


def test_without_a_street_map_the_outlines_are_drawn(open_page: OpenPage, stack: Stack) -> None:
    resident = Resident(stack.api, location=PLACE)
    resident.go(39.94, 116.47)
    page = open_page(f"/console/reports/{resident.id}", permissions=CLIPBOARD)
    sign_in(page)
    room = drawn(page)
    assert water(room) == 0
    expect(page.locator(".map__place")).to_be_visible()
    expect(page.locator(".map__last")).to_be_visible()
    assert axe_violations(page) == []
    for name, datum in (("WGS-84", "wgs84"), ("GCJ-02", "gcj02"), ("BD-09", "bd09")):
        button = page.get_by_role("button", name=f"Copy {name}").first
        button.click()
        expect(page.get_by_role("listitem").filter(has=button)).to_contain_text("Copied.")
        copied = page.evaluate("navigator.clipboard.readText()")
        north, east = copied.split(", ")
        lat, lon = to_wgs84(float(north), float(east), Datum(datum))
        assert math.hypot(lat - 39.93, (lon - 116.45) * 0.77) * 111_320 < 2
    # Nothing is asked of them before it is pressed.
    link = page.get_by_role("link", name="Open in Amap").first
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    expect(link).to_have_attribute(
        "href", r"https://uri.amap.com/marker?position=116.45618,39.93136&coordinate=gaode"
    )


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("no WebGL", "This browser cannot draw the map"),
        ("engine-*.js", "The map could not be loaded"),
        ("maplibre-gl-worker-*.mjs", "The map could not be loaded"),
    ],
)
def test_without_a_map_the_places_are_there_in_words(
    open_page: OpenPage, stack: Stack, why: str, said: str
) -> None:
    resident = Resident(stack.api, location=PLACE)
    page = open_page("about:blank")
    if why == "no WebGL":
        page.add_init_script(NO_WEBGL)
    else:
        page.route(f"**/assets/{why}", lambda route: route.abort())
    page.goto(f"{stack.api}/console/reports/{resident.id}")
    sign_in(page)
    expect(page.get_by_text(said)).to_be_visible()
    expect(page.get_by_text("39.93000, 116.45000")).to_be_visible()
    expect(page.locator(".map__room")).to_be_hidden()
