"""What the rehearsal replaces or does not enforce is listed, and a test outside stands in."""

import ast
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from infra.local import resources
from tests.rehearsal.probes import PROBES

ROOT = Path(__file__).parents[2]
LIST = ROOT / "tests" / "rehearsal" / "emulator_gaps.toml"
GAPS: list[dict[str, Any]] = tomllib.loads(LIST.read_text(encoding="utf-8"))["gap"]
EMULATOR = ROOT / "infra" / "rehearsal" / "emulator"
# They start the emulator and write down what it did. Nothing that AWS does is done otherwise.
STARTS = {"set_environment", "record_denials", "serve", "main"}


def patches(source: str) -> set[str]:
    """Return the functions of a module that it calls at its top, in `apply` or in `main`."""
    module = ast.parse(source)
    defined = {each.name: each for each in module.body if isinstance(each, ast.FunctionDef)}
    begins = [each for each in module.body if each not in defined.values()]
    begins += [defined[name] for name in ("apply", "main") if name in defined]
    return {
        node.func.id
        for begin in begins
        for node in ast.walk(begin)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    } & defined.keys() - STARTS


def unlisted(source: str, gaps: Sequence[dict[str, Any]]) -> set[str]:
    """Return the patches of a module that have no entry: one of their name, or that names them."""
    ids = {gap["id"] for gap in gaps}
    named = " ".join(gap["instead"] for gap in gaps)
    return {
        name
        for name in patches(source)
        if name.replace("_", "-") not in ids and f"`{name}`" not in named
    }


def missing(checks: Sequence[str]) -> Iterator[str]:
    """Yield the tests that are not there, or run in the rehearsal alone."""
    for check in checks:
        path, _, name = check.partition("::")
        file = ROOT / path
        runs = file.is_file() and not path.startswith("tests/rehearsal/")
        module = ast.parse(file.read_text(encoding="utf-8") if runs else "")
        tests = {each.name for each in module.body if isinstance(each, ast.FunctionDef)}
        if not name.startswith("test_") or name not in tests:
            yield check


@pytest.mark.parametrize("gap", GAPS, ids=lambda gap: gap["id"])
def test_a_gap_says_why_it_matters_and_which_test_stands_in(gap: dict[str, Any]) -> None:
    assert gap["what"]
    assert gap["reason"]
    assert gap["instead"]
    assert gap["checks"]
    assert list(missing(gap["checks"])) == []


def test_each_gap_of_the_emulator_has_a_probe() -> None:
    [installed] = (
        line.replace("==", " ")
        for line in (EMULATOR.parent / "requirements.txt").read_text().splitlines()
        if line.startswith("ministack==")
    )
    of_emulator = [gap for gap in GAPS if gap["emulator"].startswith("ministack")]
    assert {gap["emulator"] for gap in of_emulator} == {installed}
    assert {gap["id"] for gap in of_emulator} == set(PROBES)
    assert len({gap["id"] for gap in GAPS}) == len(GAPS)


def test_each_patch_of_the_emulator_is_listed() -> None:
    for file in EMULATOR.glob("*.py"):
        assert unlisted(file.read_text(encoding="utf-8"), GAPS) == set(), file.name


def test_each_resource_that_moto_goes_without_is_listed() -> None:
    without = {kind for kind, make in resources._MAKERS.items() if make is resources._left_out}
    listed = " ".join(gap["what"] for gap in GAPS if gap["emulator"].startswith("moto"))
    assert without
    assert not [kind for kind in without if f"`{kind}`" not in listed]
