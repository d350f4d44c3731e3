"""Packaging ends in a sentence, keeps its folder for itself, and knows the commit."""

import fcntl
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from infra import template
from infra.packaging import bundle
from infra.packaging.package import commit_of, write_commit

ROOT = Path(__file__).parents[2]

USE = """
import sys
from pathlib import Path
from infra.packaging.bundle import alone_in
with alone_in(Path(sys.argv[1])):
    print("in use", flush=True)
"""


@pytest.mark.skipif(sys.version_info[:2] != bundle.PYTHON, reason="packaging needs this Python")
@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("def view(:\n", "line 1: SyntaxError: "),
        ("\nunknown_name\n", "line 2: NameError: name 'unknown_name' is not defined"),
        ("import of_nobody\n", "line 1: ModuleNotFoundError: No module named 'of_nobody'"),
    ],
)
def test_an_error_of_the_project_is_a_sentence_with_its_file(
    error: str, said: str, tmp_path: Path
) -> None:
    for name in ("chalicelib", "infra", "city"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "chalicelib/http/pages.py").write_text(error)
    done = subprocess.run(
        [sys.executable, "-m", "infra.packaging", "--build", str(tmp_path / "build")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"Not packaged: chalicelib/http/pages.py, {said}")
    assert done.stderr.endswith("Nothing was sent.\n")


def test_a_folder_that_is_in_use_is_waited_for_with_a_word(tmp_path: Path) -> None:
    with (tmp_path / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        other = subprocess.Popen(
            [sys.executable, "-c", USE, str(tmp_path)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert other.stderr is not None
        assert "is in use by another `make package`" in other.stderr.readline()
        assert other.poll() is None
    assert other.communicate()[0] == "in use\n"


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@city.example"]
    command = ["git", "-C", str(folder), *who, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_the_commit_is_known_and_changes_are_marked(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "commit", "--quiet", "--allow-empty", "--message", "one")
    head = git(tmp_path, "rev-parse", "HEAD")
    assert commit_of(tmp_path) == head[:10]
    (tmp_path / "app.py").touch()
    assert commit_of(tmp_path) == f"{head[:10]}+changes"


def test_operators_and_the_api_know_the_commit() -> None:
    app = template.load("app.yaml")
    write_commit(app, "c92bbd5c41")
    assert app["Outputs"]["Version"] == {"Value": "c92bbd5c41"}
    residents = app["Resources"]["APIHandler"]["Properties"]["Environment"]["Variables"]
    assert residents["COMMIT"] == "c92bbd5c41"
