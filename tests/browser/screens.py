"""What a person meets on a screen: found by axe, kept as pictures."""

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import FloatRect, Locator, Page, ViewportSize, expect

ROOT = Path(__file__).parents[2]
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
PICTURES = ROOT / "build" / "screenshots"
# A phone held in one hand, and a screen on a desk.
SIZES = ((360, 740), (1440, 900))
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def axe_violations(page: Page) -> list[str]:
    """Return what axe finds on the screen as it is, each with its elements."""
    # Evaluated by the debugger: the page's policy would refuse a script element.
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: dict[str, Any] = page.evaluate(
        "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}})", _RULES
    )
    return [
        f"{violation['id']}: {violation['help']}: {[node['html'] for node in violation['nodes']]}"
        for violation in found["violations"]
    ]


def take_pictures(page: Page, name: str) -> None:
    """Keep the screen at 360 and 1440 px as build/screenshots/<name>-<width>.png."""
    before = page.viewport_size
    PICTURES.mkdir(parents=True, exist_ok=True)
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        page.screenshot(path=PICTURES / f"{name}-{width}.png", full_page=True)
    if before:
        page.set_viewport_size(before)


def assert_usable(page: Page, name: str, narrow: ViewportSize | None = None) -> None:
    """Check that axe finds nothing, and that a narrow window shows the whole width. Keep pictures
    by this name. The window stays narrow.
    """
    assert axe_violations(page) == []
    take_pictures(page, name)
    if narrow:
        page.set_viewport_size(narrow)
        assert not scrolls_sideways(page)


def press(
    page: Page | Locator, name: str | re.Pattern[str], *, shows: str, exact: bool = False
) -> None:
    """Press a button, and wait for a text."""
    page.get_by_role("button", name=name, exact=exact).click()
    expect(page.get_by_text(shows)).to_be_visible()


def scrolls_sideways(page: Page) -> bool:
    """Return whether the page is wider than its window."""
    return bool(
        page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    )


def box_of(what: Locator) -> FloatRect:
    """Return where something that is shown lies, and how large it is."""
    box = what.bounding_box()
    assert box
    return box


def overlaps(shapes: Locator) -> list[str]:
    """Return which shapes lie on one another, by more than the height that letters leave free."""
    found: list[str] = shapes.evaluate_all("""all => {
      const boxes = all.map(one => [one.textContent || 'place', one.getBoundingClientRect()]);
      return boxes.flatMap(([name, box], at) => boxes.slice(at + 1)
        .filter(([, other]) => box.left < other.right && other.left < box.right
          && box.top + 3 < other.bottom && other.top + 3 < box.bottom)
        .map(([other]) => `${name} on ${other}`));
    }""")
    return found
