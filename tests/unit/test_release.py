"""`make release` makes a release of what is checked, and refuses everything else."""

import subprocess
from datetime import date
from pathlib import Path

import pytest

from infra.release import (
    CHANGED,
    CHANGELOG,
    FILE,
    Release,
    next_versions,
    read_releases,
    release,
    version_of,
)
from infra.stage.console import Refused

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 11, 29)
CONTENT = {
    CHANGELOG: "# Changelog\n\n## [Unreleased]\n\n- A new thing.\n",
    "chalicelib/__init__.py": '__version__ = "0.1.0"\n',
    "openapi.json": '{"openapi": "0.1.0", "version": "0.1.0"}\n',
    "chalicelib/http/examples/public.json": '{"version": "0.1.0"}\n',
    FILE: "# The releases.\n",
}


def git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", root, *arguments], check=True, capture_output=True)
    return done.stdout.decode().strip()


def commit(root: Path) -> None:
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message", "Add a new thing")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a repository with one change since its beginning."""
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "config", "user.name", "Li")
    git(tmp_path, "config", "user.email", "li@tips.example")
    for name, content in CONTENT.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    commit(tmp_path)
    return tmp_path


def passes(_: Path) -> None:
    """Find nothing wrong."""


def test_a_release_has_a_dated_section_its_version_a_tag_and_an_entry(root: Path) -> None:
    made = release(root, "0.2.0rc1", TODAY, passes)

    assert read_releases(root) == [made] == [Release("0.2.0rc1", TODAY, made.commit)]
    assert git(root, "rev-parse", "v0.2.0rc1^{commit}") == made.commit
    released = {name: git(root, "show", f"{made.commit}:{name}") for name in CHANGED}
    assert "## [Unreleased]\n\n## [0.2.0rc1] - 2026-11-29\n\n- A new" in released[CHANGELOG]
    assert released["chalicelib/__init__.py"] == '__version__ = "0.2.0rc1"'
    document = '{"openapi": "0.1.0", "version": "0.2.0rc1"}'
    assert released["openapi.json"] == document
    assert git(root, "status", "--porcelain") == ""


def test_what_is_released_is_what_was_checked(root: Path) -> None:
    seen = []
    release(root, "0.2.0", TODAY, lambda each: seen.append(version_of(each)))
    assert seen == ["0.2.0"]


@pytest.mark.parametrize("fault", [Refused("Red."), KeyboardInterrupt()])
def test_after_checks_that_fail_everything_is_as_it_was(root: Path, fault: BaseException) -> None:
    before = git(root, "rev-parse", "HEAD")

    def fail(_: Path) -> None:
        raise fault

    with pytest.raises(type(fault)):
        release(root, "0.2.0", TODAY, fail)
    assert {name: (root / name).read_text() for name in CONTENT} == CONTENT
    assert (git(root, "rev-parse", "HEAD"), git(root, "tag")) == (before, "")


def test_a_file_that_changes_during_the_checks_is_not_released(root: Path) -> None:
    def write(each: Path) -> None:
        (each / "note.txt").write_text("!")

    with pytest.raises(Refused, match=r"Changed while it was checked, so not released: note\.txt"):
        release(root, "0.2.0", TODAY, write)
    assert (root / "note.txt").exists()


def test_a_tree_with_changes_is_refused(root: Path) -> None:
    (root / CHANGELOG).write_text("")
    (root / "note.txt").write_text("!")
    with pytest.raises(Refused, match=r"take them away: CHANGELOG\.md, note\.txt"):
        release(root, "0.2.0", TODAY, passes)


def test_a_release_without_a_change_is_refused(root: Path) -> None:
    (root / CHANGELOG).write_text("## [Unreleased]\n\n## [0.1.0] - 2026-01-01\n\n- Old.\n")
    commit(root)
    with pytest.raises(Refused, match="nothing under"):
        release(root, "0.2.0", TODAY, passes)


def test_a_tag_that_is_there_is_left_alone(root: Path) -> None:
    git(root, "tag", "v0.2.0")
    with pytest.raises(Refused, match=r"There is a tag v0\.2\.0 already"):
        release(root, "0.2.0", TODAY, passes)


@pytest.mark.parametrize("version", ["0.1.0", "0.0.9", "0.3.0", "0.2.0rc2", "v0.2.0", "0.2.0-rc.1"])
def test_a_version_that_is_no_step_on_is_refused(root: Path, version: str) -> None:
    with pytest.raises(
        Refused, match=rf"{version} is no step on from 0\.1\.0. Possible: 0\.1\.1rc1,"
    ):
        release(root, version, TODAY, passes)


def test_after_a_candidate_comes_the_next_one_or_the_release() -> None:
    assert list(next_versions("0.2.0rc9")) == ["0.2.0rc10", "0.2.0"]


def test_each_release_is_in_the_changelog_and_in_the_history() -> None:
    releases = read_releases(ROOT)
    text = (ROOT / CHANGELOG).read_text(encoding="utf-8")
    assert [each for each in releases if f"## [{each.version}] - {each.date}\n" not in text] == []
    for each in releases:
        shown = ["git", "-C", str(ROOT), "show", f"{each.commit}:chalicelib/__init__.py"]
        done = subprocess.run(shown, check=False, capture_output=True, text=True)
        # A clone may lack the commit.
        assert done.returncode or f'"{each.version}"' in done.stdout
