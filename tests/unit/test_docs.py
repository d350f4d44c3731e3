"""Links, files and make commands in the documents exist, and diagrams are valid."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
# A path in a document begins at one of these folders: the root or the app.
FOLDERS = [
    path.name
    for parent in (ROOT, ROOT / "chalicelib")
    for path in parent.iterdir()
    # What a run or a tool leaves behind, `.local` say, is there or not.
    if path.is_dir()
    and (path.name in (".chalice", ".ci") or (path.name[0] not in "._" and path.name != "build"))
]
DIAGRAMS = ("flowchart", "sequenceDiagram", "stateDiagram-v2")
each_document = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=[path.relative_to(ROOT).as_posix() for path in DOCUMENTS]
)


def named_paths(text: str) -> list[str]:
    """Return the paths of files and folders in `text` that are written as code: `aws/keys.py`."""
    named = re.findall(r"`([\w.-]+/[\w./-]*)`", text)
    return [path for path in named if path.partition("/")[0] in FOLDERS]


def exists(path: str) -> bool:
    """Return whether a file, folder, module or name in a module (`aws/keys.report`) exists."""
    module, _, name = path.rpartition(".")
    for parent in (ROOT, ROOT / "chalicelib"):
        if (parent / path).exists() or (parent / f"{path}.py").is_file():
            return True
        source = parent / f"{module}.py"
        if source.is_file() and re.search(rf"(def|class) {name}\b", source.read_text("utf-8")):
            return True
    return False


def diagrams(text: str) -> list[str]:
    return re.findall(r"^```mermaid\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


@each_document
def test_links_lead_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text(encoding="utf-8"))
    assert [
        target
        for target in targets
        if "://" not in target and not (document.parent / target).exists()
    ] == []


@each_document
def test_a_path_that_is_named_is_there(document: Path) -> None:
    assert [
        path for path in named_paths(document.read_text(encoding="utf-8")) if not exists(path)
    ] == []


def test_a_path_that_is_not_there_is_seen() -> None:
    text = "`chalicelib/aws/keys.py`, `aws/keys`, `aws/keys.report`, `application/json`, `s3/`"
    assert [path for path in named_paths(text) if not exists(path)] == []
    text = "`store/kyes.py`, `aws/keys.rapport`, `tests/`, `tests/nothing/`"
    assert [path for path in named_paths(text) if exists(path)] == ["tests/"]


def test_the_map_has_every_floor_and_room() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    chalicelib = ROOT / "chalicelib"
    floors = {f"{path.name}/" for path in chalicelib.iterdir() if (path / "__init__.py").exists()}
    rooms = {
        path.stem
        for floor in ("domain", "store", "services", "handlers")
        for path in (chalicelib / floor).iterdir()
        if path.stem != "__init__" and (path.suffix == ".py" or (path / "__init__.py").exists())
    }
    assert sorted(name for name in floors | rooms if f"| `{name}` |" not in text) == []


@each_document
def test_a_command_of_make_that_is_named_is_there(document: Path) -> None:
    targets = set(
        re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    )
    named = re.findall(r"`make (?:-s )?([a-z-]+)", document.read_text(encoding="utf-8"))
    assert [name for name in named if name not in targets] == []


def test_the_readme_links_every_page() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    pages = {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")}
    assert sorted(pages - set(re.findall(r"\]\(([^)#]+)", readme))) == []


@each_document
def test_each_block_is_closed(document: Path) -> None:
    fences = re.findall(r"^```(\w*)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    assert [fence for fence in fences[1::2] if fence] == []
    assert len(fences) % 2 == 0


@each_document
def test_a_diagram_is_of_a_known_kind(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    assert text.count("```mermaid") == len(diagrams(text))
    assert [
        diagram for diagram in diagrams(text) if diagram.split(maxsplit=1)[0] not in DIAGRAMS
    ] == []


@each_document
def test_no_line_of_a_diagram_ends_early(document: Path) -> None:
    """In a sequence diagram a semicolon ends the statement."""
    lines = "".join(diagrams(document.read_text(encoding="utf-8"))).splitlines()
    assert [line for line in lines if ";" in line] == []
