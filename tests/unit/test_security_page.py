"""Each test that `docs/security.md` names exists, and each row of its table is shown by one."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "security.md"
COLUMNS = 4


def rows() -> dict[str, list[str]]:
    """Return the cells of each row of the table of breaches, by its first cell."""
    table = PAGE.read_text(encoding="utf-8").partition("| breach |")[2].partition("\n\n")[0]
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]
    ]
    return {row[0]: row for row in cells}


def shown_by() -> dict[str, str]:
    """Return what the page names for each row of the table, by the row's first cell."""
    text = PAGE.read_text(encoding="utf-8").partition("### Shown by")[2].partition("\n## ")[0]
    return dict(re.findall(r"(?m)^- \*\*(.+?)\*\*: (.+)$", text))


def named_tests(text: str) -> list[str]:
    return re.findall(r"`([\w/]+\.py::\w+)`", text)


def exists(named: str) -> bool:
    """Return whether a test such as `unit/test_docs.py::test_…` is a function of its file."""
    file, _, name = named.partition("::")
    path = ROOT / "tests" / file
    return path.is_file() and any(
        isinstance(node, ast.FunctionDef) and node.name == name
        for node in ast.parse(path.read_text(encoding="utf-8")).body
    )


def test_every_named_test_exists() -> None:
    named = named_tests(PAGE.read_text(encoding="utf-8"))
    assert named
    assert [test for test in named if not exists(test)] == []


def test_every_row_is_shown_by_a_test() -> None:
    found = rows()
    assert len(found) > 10
    assert {name: len(row) for name, row in found.items()} == dict.fromkeys(found, COLUMNS)
    shown = shown_by()
    assert list(shown) == list(found)
    assert [name for name, text in shown.items() if not named_tests(text)] == []


def test_a_test_that_is_not_there_is_seen() -> None:
    assert exists("unit/test_security_page.py::test_every_named_test_exists")
    assert not exists("unit/test_security_page.py::test_of_nobody")
    assert not exists("unit/test_of_nobody.py::test_every_named_test_exists")
