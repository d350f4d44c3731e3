"""What a page loads first is counted, whatever names it."""

import random
from pathlib import Path

from infra.web.files import content_type, files
from infra.web.sizes import BUDGETS_KB, first_files, sizes

PAGE = """<!doctype html><link rel="icon" href="/icon.svg">
<script type="module" crossorigin src="/assets/a.js"></script>
<link rel="modulepreload" crossorigin href="/assets/b.js">
<link rel="stylesheet" crossorigin href="/assets/c.css">"""


def built(folder: Path, script: bytes) -> Path:
    (folder / "assets").mkdir()
    (folder / "console").mkdir()
    for page in BUDGETS_KB:
        (folder / page).write_text(PAGE)
    for name in ("b.js", "c.css"):
        (folder / "assets" / name).write_bytes(b"")
    (folder / "assets/a.js").write_bytes(script)
    return folder


def test_scripts_and_styles_are_loaded_first() -> None:
    assert first_files(PAGE) == ["assets/a.js", "assets/b.js", "assets/c.css"]


def test_a_budget_is_exceeded_by_what_cannot_be_compressed(tmp_path: Path) -> None:
    noise = random.Random(1).randbytes(70_000)
    report, console = sizes(built(tmp_path, noise))
    assert (report.page, report.holds) == ("index.html", False)
    assert (console.page, console.holds) == ("console/index.html", True)


def test_the_pages_come_after_what_they_name(tmp_path: Path) -> None:
    names = [file.name for file in files(built(tmp_path, b""))]
    assert names == [
        "assets/a.js",
        "assets/b.js",
        "assets/c.css",
        "console/index.html",
        "index.html",
    ]


def test_a_file_has_the_type_of_its_name() -> None:
    assert content_type("assets/a.js") == "text/javascript; charset=utf-8"
    assert content_type("assets/a.css") == "text/css; charset=utf-8"
    assert content_type("manifest.webmanifest") == "application/manifest+json; charset=utf-8"
    assert content_type("assets/worker.mjs") == "text/javascript; charset=utf-8"
    assert content_type("assets/streets.pmtiles") == "application/vnd.pmtiles"
    assert content_type("icon.png") == "image/png"
    assert content_type("unknown") == "application/octet-stream"
