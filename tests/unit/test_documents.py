"""What the documents name is there: links, files, commands of make."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
each_document = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=[path.relative_to(ROOT).as_posix() for path in DOCUMENTS]
)


@each_document
def test_links_lead_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text(encoding="utf-8"))
    assert [
        target
        for target in targets
        if "://" not in target and not (document.parent / target).exists()
    ] == []


@each_document
def test_a_file_that_is_named_is_there(document: Path) -> None:
    named = re.findall(
        r"`((?:chalicelib|infra|tests|examples|docs|handlers|services|store|domain|media|notify)/[\w./-]+\.(?:py|json|yaml|md|geojson|sh))`",
        document.read_text(encoding="utf-8"),
    )
    assert [
        name
        for name in named
        if not (ROOT / name).exists() and not (ROOT / "chalicelib" / name).exists()
    ] == []


@each_document
def test_a_command_of_make_that_is_named_is_there(document: Path) -> None:
    targets = set(
        re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    )
    named = re.findall(r"`make (?:-s )?([a-z-]+)", document.read_text(encoding="utf-8"))
    assert [name for name in named if name not in targets] == []
