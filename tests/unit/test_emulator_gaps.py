"""What the rehearsal replaces or does not enforce is listed, and a test outside stands in."""

import ast
import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from infra.local import resources

ROOT = Path(__file__).parents[2]
LIST = ROOT / "tests" / "rehearsal" / "emulator_gaps.toml"
ENTRIES: dict[str, dict[str, Any]] = tomllib.loads(LIST.read_text(encoding="utf-8"))
VERSIONS = ENTRIES.pop("versions")
GAPS = [gap | {"id": name} for gaps in ENTRIES.values() for name, gap in gaps.items()]
EMULATOR = ROOT / "infra" / "rehearsal" / "emulator"
# They start the emulator. Nothing that AWS does is done otherwise.
STARTS = {"set_environment", "serve", "main"}


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


@pytest.mark.parametrize("emulator", VERSIONS)
def test_each_gap_is_of_the_version_that_is_installed(emulator: str) -> None:
    """After another version is installed, look at each entry of the emulator again."""
    files = [ROOT / "requirements-dev.txt", *EMULATOR.parent.glob("requirements*.txt")]
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    pinned = re.compile(rf"{emulator}(\[.*\]|-bin)?==(.*)")
    assert [found[2] for line in lines if (found := pinned.match(line))] == [VERSIONS[emulator]]


def test_each_patch_of_the_emulator_is_listed() -> None:
    for file in EMULATOR.glob("*.py"):
        assert unlisted(file.read_text(encoding="utf-8"), GAPS) == set(), file.name


def test_each_resource_that_moto_goes_without_is_listed() -> None:
    without = {kind for kind, make in resources._MAKERS.items() if make is resources._left_out}
    listed = " ".join(gap["what"] for gap in ENTRIES["moto"].values())
    assert without
    assert not [kind for kind in without if f"`{kind}`" not in listed]


@pytest.mark.parametrize(
    "source",
    [
        "def new_one(): ...\ndef apply(): new_one()",
        "def new_one(): ...\ndef apply(*, so):\n if so: new_one()",
        "def new_one(so): ...\ndef main(): new_one(1)",
        "def new_one(): ...\nnew_one()",
    ],
)
def test_a_patch_without_an_entry_is_found(source: str) -> None:
    assert unlisted(source, GAPS) == {"new_one"}
    assert unlisted(source, [*GAPS, {"id": "new-one", "instead": ""}]) == set()
    assert unlisted(source, [*GAPS, {"id": "x", "instead": "patches.py (`new_one`)"}]) == set()


@pytest.mark.parametrize(
    "check",
    [
        "tests/unit/test_gone.py::test_each_patch_of_the_emulator_is_listed",
        "tests/unit/test_emulator_gaps.py::test_gone",
        "tests/unit/test_emulator_gaps.py::missing",
        "tests/unit/test_emulator_gaps.py",
        "tests/rehearsal/test_audit.py::administrator",
    ],
)
def test_a_check_that_is_not_there_is_found(check: str) -> None:
    there = "tests/unit/test_emulator_gaps.py::test_each_patch_of_the_emulator_is_listed"
    assert list(missing([there, check])) == [check]
