"""Each step of CONTRIBUTING's recipe for a field of a report is needed.

A copy of the tree gets fields that lack one step each: `test_report_fields.py` names these. With
all steps, a text is searched for, sealed, shown and masked as the others.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHECK = "tests/unit/test_report_fields.py"
DOMAIN, VIEWS = "chalicelib/domain", "chalicelib/handlers/casework"
FILES = {
    "ReportContent": f"{DOMAIN}/reports/report.py",
    "Content": f"{DOMAIN}/reports/report.py",
    "Report": f"{DOMAIN}/reports/report.py",
    "MaskPart": f"{DOMAIN}/reports/masks.py",
    "ReportQuery": f"{DOMAIN}/casework/query.py",
    "ListedReportView": f"{VIEWS}/listed.py",
    "ReportView": f"{VIEWS}/report_views.py",
}
MARKS = ("Listed", "FILTER", "KEPT", "MOVED")

type Steps = dict[str, str]
"""The line that declares a field, in each class that has it."""


def text(name: str) -> Steps:
    """Return all steps for a text that residents write."""
    return {
        "ReportContent": f"{name}: Line | None = None",
        "Content": f"{name}: str | None = None",
        "MaskPart": f'{name.upper()} = "{name}"',
        "ReportView": f"{name}: str | None",
    }


def code(name: str, but: str = "") -> Steps:
    """Return all steps for a code that officers list and filter by, but for one mark."""
    marks = {each: f'Listed("{name}")' if each == "Listed" else each for each in MARKS}
    declared = ", ".join(marks[each] for each in MARKS if each != but)
    return {
        "ReportContent": f"{name}: Code | None = None",
        "Report": f"{name}: Annotated[Code | None, {declared}] = None",
        "ReportQuery": f"{name}: str | None = None",
        "ListedReportView": f"{name}: str | None",
        "ReportView": f"{name}: str | None",
    }


def in_clear(name: str, declared: str) -> Steps:
    """Return the step that declares a text in the report, where it is not sealed."""
    marks = f'Listed("{name}"), KEPT, MOVED'
    return {"Report": f"{name}: Annotated[{declared} | None, {marks}] = None"}


def incomplete() -> Iterator[tuple[str, str, Steps]]:
    """Yield fields that lack a step: the name, what the check has to ask for, and the others."""
    for step in text(""):
        yield (name := f"text_{step.lower()}"), step, {**text(name), step: ""}
    # One that residents do not send lacks nothing.
    for step in code("").keys() - {"ReportContent", "Report"}:
        yield (name := f"code_{step.lower()}"), step, {**code(name), step: ""}
    for mark in MARKS:
        yield (name := f"code_{mark.lower()}"), mark, code(name, mark)
    for number, each in enumerate(("str", "Line", "dict[Code, Any]", "tuple[str, ...]")):
        yield (name := f"clear_{number}"), "Content", in_clear(name, each)
    yield (name := "clear_code"), "Content", {**text(name), "Content": "", **in_clear(name, "Code")}


INCOMPLETE = {name: (asked, steps) for name, asked, steps in incomplete()}


def copied(folder: Path, *parts: str) -> Path:
    """Copy folders and files of the project."""
    ignored = shutil.ignore_patterns("__pycache__", "browser", "load", "pictures", "rehearsal")
    for name in ("chalicelib", "city", "infra", *parts):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, folder / name)
    return folder


def declare(folder: Path, steps: Steps) -> None:
    """Declare a field as the first of each class."""
    for name, line in steps.items():
        path = folder / FILES[name]
        before = path.read_text(encoding="utf-8")
        found = re.search(rf"^class {name}\(.*?(?=^    \w+(?:: | = ))", before, re.S | re.M)
        assert found, name
        after = f"{before[: found.end()]}    {line}\n{before[found.end() :]}"
        path.write_text(after, encoding="utf-8")


def run_tests(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run tests of a copy. Return how they ended, and what they said."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[list[str], str]]:
    """What the check says of fields that lack a step: their names, and what to do."""
    parts = ("tests/__init__.py", "tests/fields.py", "tests/unit/__init__.py", CHECK)
    tree = copied(tmp_path_factory.mktemp("incomplete"), *parts)
    for _, steps in INCOMPLETE.values():
        declare(tree, steps)
    ended, said = run_tests(tree, CHECK, "--noconftest", "-c", os.devnull, "--rootdir=.")
    assert ended == 1, said
    found = re.findall(r"^E +AssertionError: ([\w, ]+): (.+)$", said, re.M)
    return [(names.split(", "), words) for names, words in found]


@pytest.mark.parametrize("name", sorted(INCOMPLETE))
def test_a_field_that_lacks_a_step_fails_by_name(
    complaints: list[tuple[list[str], str]], name: str
) -> None:
    asked, _ = INCOMPLETE[name]
    assert [words for names, words in complaints if name in names and asked in words]


def test_the_recipe_names_each_step() -> None:
    said = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    recipe = said.partition("## A new field of a report")[2].partition("\n## ")[0]
    named = [*FILES, *MARKS, *(Path(path).name for path in FILES.values())]
    assert [each for each in named if each not in recipe] == []


@pytest.mark.thorough
def test_a_text_with_all_steps_is_treated_as_the_others(tmp_path: Path) -> None:
    tree = copied(tmp_path, ".chalice", "app.py", "examples", "pyproject.toml", "tests")
    declare(tree, text("witness"))
    ended, said = run_tests(
        tree,
        "--no-cov",
        CHECK,
        "tests/faults/test_canaries.py::test_what_a_reporter_says_leaves_the_reports_own_rows_nowhere",
        "tests/functional/reports/test_messages_seen.py::test_in_each_text_of_another_report",
        "tests/security/test_masked.py::test_a_masked_passage_is_in_no_row_object_log_or_notice",
    )
    assert ended == 0, said
