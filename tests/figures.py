"""Count what the tests try, and print it.

python -m tests.figures     the tests of faults and rules, and the fuzzing of the contract

It is a plugin of pytest as well (`-p tests.figures`): a fault is one that a test injects into a
call of AWS, an input one that Hypothesis makes.
"""

import argparse
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis.internal.observability import add_observability_callback

FOLDERS = ("tests/faults", "tests/unit", "tests/functional", "tests/security")
_LINE = re.compile(r"^figures: (\d+) tests, (\d+) faults, (\d+) inputs$", re.MULTILINE)
_FUZZED = re.compile(r"^(\d+) cases of (\d+) operations", re.MULTILINE)

_counted: Counter[str] = Counter()


def main() -> int:
    """Run them, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.figures")
    parser.add_argument("tests", nargs="*", default=FOLDERS, help="other tests than all")
    asked = parser.parse_args()
    command = [sys.executable, "-m", "pytest", "-q", "--no-cov", "-n", "auto", "-p", __spec__.name]
    tests = subprocess.run([*command, *asked.tests], capture_output=True, text=True, check=False)
    fuzzing = subprocess.run(
        [sys.executable, "-m", "tests.contract.fuzz"], capture_output=True, text=True, check=False
    )
    print(tests.stdout[-2000:], fuzzing.stdout[-2000:], fuzzing.stderr[-2000:])
    counted, fuzzed = _LINE.search(tests.stdout), _FUZZED.search(fuzzing.stdout)
    if tests.returncode or fuzzing.returncode or not counted or not fuzzed:
        return 1
    print(sentence(*map(int, (*counted.groups(), *fuzzed.groups()))))
    return 0


def sentence(tests: int, faults: int, inputs: int, cases: int, operations: int) -> str:
    """Return the figures in words."""
    return (
        f"{tests:,} tests: {faults:,} faults injected into calls of AWS, {inputs:,} inputs made by "
        f"Hypothesis. {cases:,} cases fuzzed, over {operations} operations. All pass."
    )


def pytest_configure(config: pytest.Config) -> None:
    """Count every input that Hypothesis makes."""

    def count(observation: Any, *_: Any) -> None:
        _counted["inputs"] += observation.type == "test_case"

    add_observability_callback(count)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    # In each worker, and in the one process if there are none; the controller sees all again.
    if report.when == "call" and report.passed and not hasattr(report, "node"):
        _counted["tests"] += 1


def pytest_sessionfinish(session: pytest.Session) -> None:
    from tests.faults import inject

    _counted["faults"] = inject.injected[0]
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["figures"] = dict(_counted)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add what a worker of xdist has counted."""
    counted: Mapping[str, int] = getattr(node, "workeroutput", {}).get("figures", {})
    _of_workers.update(counted)


_of_workers: Counter[str] = Counter()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    total = _counted + _of_workers
    terminalreporter.write_line(
        f"figures: {total['tests']} tests, {total['faults']} faults, {total['inputs']} inputs"
    )


if __name__ == "__main__":
    sys.exit(main())
