"""`make release VERSION=0.2.0rc1`: check what is here, and make it a release.

    python -m infra.release 0.2.0rc1

Two commits. The first is the release: a dated section of CHANGELOG.md made from [Unreleased], and
the version in the code. It has the tag. The second adds the entry to `releases.toml` that names the
first: no commit can hold its own id. A clone may come without tags, so everything that needs a
release reads that file.
"""

import argparse
import re
import subprocess
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from infra.stage.console import Refused, run

ROOT = Path(__file__).parents[1]
FILE = "releases.toml"
CHANGELOG, VERSION_FILE = "CHANGELOG.md", "chalicelib/__init__.py"
# What the version is written into: the residents' document and its examples have it, too.
CHANGED = (CHANGELOG, VERSION_FILE, "openapi.json", "chalicelib/http/examples/public.json")
UNRELEASED = "## [Unreleased]\n"
_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:rc([1-9]\d*))?")

type Step = Callable[[Path], None]


@dataclass(frozen=True)
class Release:
    """A release as `releases.toml` has it. `commit` is the full id."""

    version: str
    date: date
    commit: str


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.release", description="Make a release.")
    parser.add_argument("version", help="such as 0.2.0rc1, a candidate, or 0.2.0")
    version = parser.parse_args(arguments).version
    made = release(ROOT, version, datetime.now(UTC).date())
    print(
        f"{version} is commit {made.commit[:10]}, tagged {tag_of(version)}. To publish it:\n"
        f"    git push origin HEAD {tag_of(version)}"
    )
    return 0


def read_releases(root: Path) -> list[Release]:
    """Return the releases, the oldest first. Raises Refused when the file is not of this form."""
    path = root / FILE
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("release", [])
        return [Release(**entry) for entry in entries]
    except (tomllib.TOMLDecodeError, TypeError) as error:
        raise Refused(f"{FILE} cannot be read: {error}") from None


def release(root: Path, version: str, today: date, check: Step | None = None) -> Release:
    """Make a release of the commit that is checked out in `root`, and return its entry.

    `check` checks what is released, and raises Refused; by default `check_all`. Raises
    Refused, and then everything is as it was.
    """
    refuse(root, version)
    try:
        write_changelog(root / CHANGELOG, version, today)
        write_version(root, version)
        (check or check_all)(root)
        if changed := [each for each in _changed(root) if each not in CHANGED]:
            raise Refused(f"Changed while it was checked, so not released: {', '.join(changed)}")
        _git(root, "commit", "--quiet", "--message", f"Release {version}", "--", *CHANGED)
    except BaseException:
        _git(root, "restore", "--staged", "--worktree", "--", *CHANGED)
        raise
    made = Release(version, today, _git(root, "rev-parse", "HEAD"))
    _git(root, "tag", "--annotate", tag_of(version), "--message", f"Tipline {version}")
    with (root / FILE).open("a", encoding="utf-8") as file:
        file.write(entry_of(made))
    _git(root, "commit", "--quiet", "--message", f"Record release {version}", "--", FILE)
    return made


def refuse(root: Path, version: str) -> None:
    """Raise Refused unless `version` can be released from here."""
    now = version_of(root)
    possible = list(next_versions(now))
    if version not in possible:
        named = f"{version} is no step" if version else "Name the version: VERSION=…. One step"
        raise Refused(f"{named} on from {now}. Possible: {', '.join(possible)}")
    if changed := _changed(root):
        raise Refused(f"Commit these first, or take them away: {', '.join(changed)}")
    if _git(root, "tag", "--list", tag_of(version)):
        raise Refused(f"There is a tag {tag_of(version)} already.")
    if not unreleased(root / CHANGELOG):
        raise Refused(f"{CHANGELOG} has nothing under [Unreleased].")


def next_versions(version: str) -> Iterator[str]:
    """Yield the versions that can follow, as PEP 440 orders them: after a candidate the next one or
    the release itself, after a release each next number or its first candidate.
    """
    found = _VERSION.fullmatch(version)
    if found is None:
        raise Refused(f"{VERSION_FILE} has the version {version}, which is none.")
    major, minor, patch = map(int, found.groups()[:3])
    if found[4]:
        yield f"{major}.{minor}.{patch}rc{int(found[4]) + 1}"
        yield f"{major}.{minor}.{patch}"
        return
    for number in (f"{major}.{minor}.{patch + 1}", f"{major}.{minor + 1}.0", f"{major + 1}.0.0"):
        yield from (f"{number}rc1", number)


def version_of(root: Path) -> str:
    """Return the version that the code in `root` names."""
    text = (root / VERSION_FILE).read_text(encoding="utf-8")
    (version,) = re.findall(r'^__version__ = "([^"]+)"$', text, re.MULTILINE)
    return str(version)


def unreleased(changelog: Path) -> str:
    """Return what stands under [Unreleased]; "" when nothing does."""
    _, _, after = changelog.read_text(encoding="utf-8").partition(UNRELEASED)
    return re.split(r"(?m)^## ", after, maxsplit=1)[0].strip()


def write_changelog(changelog: Path, version: str, today: date) -> None:
    """Make what stands under [Unreleased] the section of a version."""
    text = changelog.read_text(encoding="utf-8")
    changelog.write_text(
        text.replace(UNRELEASED, f"{UNRELEASED}\n## [{version}] - {today}\n", 1), encoding="utf-8"
    )


def write_version(root: Path, version: str) -> None:
    """Write the version into the code, and into the files that are made from it."""
    named = re.compile(rf'(version(?:__ = |": )"){re.escape(version_of(root))}"')
    for name in CHANGED[1:]:
        path = root / name
        text = path.read_text(encoding="utf-8")
        path.write_text(named.sub(rf'\g<1>{version}"', text), encoding="utf-8")


def entry_of(made: Release) -> str:
    return (
        f'\n[[release]]\nversion = "{made.version}"\ndate = {made.date}\ncommit = "{made.commit}"\n'
    )


def tag_of(version: str) -> str:
    return f"v{version}"


def check_all(root: Path) -> None:
    """Run what CI runs, and the last release's web clients with this API."""
    for command in ([root / ".ci" / "run"], ["make", "contract-clients"]):
        if subprocess.run(command, check=False, cwd=root).returncode != 0:
            raise Refused("The checks failed, so nothing is released: see above.")


def _changed(root: Path) -> list[str]:
    return [line[2:].strip() for line in _git(root, "status", "--porcelain").splitlines()]


def _git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise Refused(f"`git {arguments[0]}` failed: {done.stderr.strip()}")
    return done.stdout.strip()


if __name__ == "__main__":
    run(main)
