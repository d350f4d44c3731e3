"""A field is added to a copy of the tree, as CONTRIBUTING.md says: six files, and what is forgotten
fails with words. `witness_count.py` is what becomes of it.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
COPIED = (".chalice", "chalicelib", "city", "examples", "infra", "tests")
NOT_NEEDED = shutil.ignore_patterns("__pycache__", "node_modules", ".*")

REPORT = "chalicelib/domain/reports/report.py"
# It says nothing of a withdrawal.
DECLARED = '    witness_count: Annotated[int | None, Listed("wc"), FILTER, EXPORTED] = None'
SHOWN = "    witness_count: int | None"
SENT = "    witness_count: int | None = None"
# Of each file, what is written after the first line that begins so in the class or call.
Edit = tuple[str, str, str]
EDITS: dict[str, tuple[Edit, ...]] = {
    REPORT: (
        ("class ReportContent(", "    contact: ", SENT),
        ("class Report(", "    assignee: ", DECLARED),
    ),
    "chalicelib/services/reports/intake.py": (
        ("report = Report(", "        source=", "        witness_count=submission.witness_count,"),
    ),
    "chalicelib/domain/casework/query.py": (("class ReportQuery(", "    limit: ", SENT),),
    "chalicelib/handlers/casework/listed.py": (
        ("class ListedReportView(", "    version: ", SHOWN),
    ),
    "chalicelib/handlers/casework/report_views.py": (
        ("class ReportView(", "    restricted: ", SHOWN),
    ),
}
# An example with one of these has the field, too.
EXAMPLES, BESIDE = "chalicelib/http/examples/casework.json", {"unread", "kept_until"}
SCENARIO = "tests/functional/reports/witness_count.py"
EXAMPLES_TEST = "tests/functional/http/test_openapi.py::test_an_example_is_what_its_schema_says"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in COPIED:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=NOT_NEEDED)
    for name in ("app.py", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def edit(path: Path, edits: tuple[Edit, ...]) -> None:
    text = path.read_text(encoding="utf-8")
    for scope, before, line in edits:
        at = text.index("\n", text.index(f"\n{before}", text.index(scope)) + 1)
        text = f"{text[:at]}\n{line}{text[at:]}"
    path.write_text(text, encoding="utf-8")


def add_to_examples(path: Path) -> None:
    def with_field(found: dict[str, Any]) -> dict[str, Any]:
        return found | ({"witness_count": None} if BESIDE & found.keys() else {})

    text = path.read_text(encoding="utf-8")
    path.write_text(json.dumps(json.loads(text, object_hook=with_field)), encoding="utf-8")


def run(tree: Path, *tests: str) -> tuple[list[str], str]:
    """Run tests of the copy. Return the names of those that failed, and all that was said."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", "-n", "0", "-rf", *tests]
    done = subprocess.run(command, cwd=tree, env=env, capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    failed = [line.split()[1] for line in lines if line.startswith(("FAILED", "ERROR"))]
    assert done.returncode == (1 if failed else 0), done.stdout + done.stderr
    return failed, done.stdout


@pytest.mark.slow  # it copies the tree, and starts pytest twice
def test_a_new_field_takes_six_files_and_what_is_forgotten_is_named(tree: Path) -> None:
    fields = "tests/unit/test_report_fields.py"
    edit(tree / REPORT, EDITS[REPORT])
    _, said = run(tree, fields)
    for words in (
        "declare beside the field, in `Report`, that it is KEPT or CLEARED",
        "add it to `ListedReportView`",
        "add it to `ReportView`",
        "add it to `ReportQuery`",
    ):
        assert f"witness_count: {words}" in said

    for name, edits in EDITS.items():
        if name != REPORT:
            edit(tree / name, edits)
    add_to_examples(tree / EXAMPLES)
    assert len({*EDITS, EXAMPLES}) <= 6
    failed, _ = run(tree, fields, SCENARIO, EXAMPLES_TEST)
    assert failed == [f"{fields}::test_each_field_says_whether_a_withdrawal_keeps_it"]
