"""Tries the web clients of the last release with today's API: `make contract-clients`.

The release builds its own clients, and its own tests in a browser use them; only the stack is
today's (`todays_stack.py`).
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from infra.release import ROOT, read_releases
from tests.contract.compatible import unpack

_TESTS = "tests/browser"
TRIPS = (
    *("resident", "resident_report", "resident_never_lost", "outbox", "console", "console_queue"),
    *("console_entry", "console_live", "bulletins", "admin", "dashboard"),
)
_TAG = "an approval takes the tag of one's own reading: the page says to load it again"
_OUTCOME = "what may be a suspect or a thing is not found safe: the page says so"
CHANGED: Mapping[str, Mapping[str, str]] = {
    "0.2.0rc1": {
        "test_admin.py::test_one_admin_proposes_an_officer_and_another_approves": _TAG,
        "test_bulletins.py::test_a_bulletin_of_one_officer_is_published_by_another": _TAG,
        "test_bulletins.py::test_a_correction_is_approved_from_its_diff": _TAG,
        "test_bulletins.py::test_what_changed_since_it_was_read_is_shown_and_not_approved": _TAG,
        "test_bulletins.py::test_approved_words_are_not_lost_with_another_code": _OUTCOME,
        "test_resident_report.py::test_a_lead_says_once_what_came_of_its_bulletin": _OUTCOME,
    }
}
"""Which tests of a release cannot hold any more on purpose, while it is the last one, and why."""


def main() -> None:
    last = read_releases(ROOT)[-1]
    with tempfile.TemporaryDirectory() as folder:
        release = Path(folder)
        if not unpack(last.commit, ROOT, release):
            print(f"Not tried with release {last.version}: this clone has no {last.commit}.")
            return
        subprocess.run([sys.executable, "-m", "infra.web"], cwd=release, check=True)
        command = [sys.executable, "-m", "pytest", "--no-cov", "-n", "auto", "-p", "todays_stack"]
        command += [f"{_TESTS}/test_{each}.py" for each in TRIPS]
        command += [f"--deselect={_TESTS}/{each}" for each in CHANGED.get(last.version, {})]
        paths = {"PYTHONPATH": str(Path(__file__).parent), "TODAY": str(ROOT)}
        tried = subprocess.run(command, cwd=release, env=os.environ | paths, check=False)
        sys.exit(tried.returncode)


if __name__ == "__main__":
    main()
