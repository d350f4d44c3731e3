"""docs/reliability.md names tests that exist, for each invariant."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INVARIANTS = [f"I{number}" for number in range(1, 16)]


def rows() -> dict[str, str]:
    """Return the row of each invariant."""
    text = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    return {row[1]: row[0] for row in re.finditer(r"^\| (I\d+) \|.*$", text, re.MULTILINE)}


def named(text: str) -> list[tuple[str, str]]:
    return re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text)


@cache
def known_in(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_each_invariant_has_a_row() -> None:
    assert list(rows()) == INVARIANTS


@pytest.mark.parametrize("invariant", INVARIANTS)
def test_the_tests_of_an_invariant_exist(invariant: str) -> None:
    tests = named(rows()[invariant])
    assert tests
    assert [test for file, test in tests if test not in known_in(file)] == []


def test_a_test_that_is_not_there_is_seen() -> None:
    assert named("`tests/unit/test_reliability.py::test_nothing`") == [
        ("tests/unit/test_reliability.py", "test_nothing")
    ]
    assert "test_nothing" not in known_in("tests/unit/test_reliability.py")
