"""What a browser loads before it shows the first screen, against its budget."""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

# KB of 1,000 bytes, gzipped. Residents may be on a slow line; officers come again each day.
BUDGETS_KB = {"index.html": 60, "console/index.html": 180}
_LEVEL = 6


@dataclass(frozen=True, slots=True)
class Size:
    """What a page and everything that it names are in bytes, each file gzipped."""

    page: str
    transferred: int
    budget_kb: int

    @property
    def kilobytes(self) -> float:
        return self.transferred / 1000

    @property
    def holds(self) -> bool:
        return self.kilobytes <= self.budget_kb


def sizes(folder: Path) -> Iterator[Size]:
    """Yield the size of each page's first screen."""
    for page, budget in BUDGETS_KB.items():
        names = {page, *first_files((folder / page).read_text(encoding="utf-8"))}
        transferred = sum(
            len(gzip.compress((folder / name).read_bytes(), _LEVEL)) for name in names
        )
        yield Size(page, transferred, budget)


def first_files(html: str) -> list[str]:
    """Return the files that a page names: its scripts, those that they import, and its styles."""
    reader = _Links()
    reader.feed(html)
    return reader.found


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        loaded = given.get("rel") in ("modulepreload", "stylesheet")
        address = given.get("src") if tag == "script" else given.get("href") if loaded else None
        if address:
            self.found.append(address.lstrip("/"))
