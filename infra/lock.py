"""Write the lock files: `make lock`.

    requirements*.txt           what is wanted, in which version, and why
    → requirements.lock         that and what it needs in turn, with the hashes of its wheels
    → requirements-source.lock  the part of it that is published without a wheel
    infra/scan: the same, for what has an environment of its own

What has a wheel is installed from one, by CPython, on Linux or macOS (the Makefile asks for bash).
The hashes of other files, three of four, are left out: nothing here would install these.

A version in a lock file stays until a requirement asks for another one. To take newer versions of
what is needed in turn, remove its entry, and run `make lock` again.
What needs what, `uv pip tree` says of the environment.
"""

import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterable, Set
from pathlib import Path
from urllib.parse import unquote

from packaging.tags import Tag
from packaging.utils import canonicalize_name, parse_wheel_filename

from infra.packaging import installation
from infra.packaging.installation import SOURCES, WHEELS

ROOT = Path(__file__).parents[1]
HEADER = "# Written by `make lock`. Change requirements*.txt, not this file.\n"
# The oldest Python that the project runs on: an entry that only some Pythons need says so.
PYTHON = "3.12"
PLATFORM = re.compile(r"any|macosx_.+|(many)?linux.+_(x86_64|aarch64)")
ELSEWHERE = "sys_platform == 'win32'"


def main() -> None:
    together = ROOT / WHEELS
    resolve(ROOT / "requirements-dev.txt", together, ROOT / SOURCES)
    entries = read_entries(together.read_text(encoding="utf-8"))
    missing = sorted(installation.SOURCE_ONLY - {name_of(entry) for entry in entries})
    if missing:
        sys.exit(
            f"Not locked: no requirement needs {', '.join(missing)} (infra/packaging/installation)"
        )
    write(ROOT / SOURCES, entries, lambda name: name in installation.SOURCE_ONLY)
    write(together, entries, lambda name: name not in installation.SOURCE_ONLY)
    lock_apart(ROOT / "infra" / "scan")


def lock_apart(folder: Path) -> None:
    """Lock what has a virtual environment of its own, and a wheel of each package."""
    lock = folder / WHEELS
    resolve(folder / "requirements.txt", lock)
    write(lock, read_entries(lock.read_text(encoding="utf-8")), lambda name: True)


def resolve(wanted: Path, lock: Path, *also: Path) -> None:
    """Write all that `wanted` needs into `lock`, which keeps the versions that it and `also` have.

    For all systems that the project runs on, and with no word on where packages come from.
    """
    known = "".join(path.read_text(encoding="utf-8") for path in (lock, *also) if path.is_file())
    lock.write_text(known, encoding="utf-8")
    run_uv(wanted, lock, "--generate-hashes", "--no-header", "--no-annotate")
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder) / "pylock.toml"
        run_uv(lock, listed, "--no-deps", "--format", "pylock.toml")
        hashes = usable(listed.read_text(encoding="utf-8"))
    entries = read_entries(lock.read_text(encoding="utf-8"))
    kept = [with_hashes(entry, hashes) for entry in entries if ELSEWHERE not in entry]
    lock.write_text("".join(kept), encoding="utf-8")


def run_uv(wanted: Path, into: Path, *options: str) -> None:
    command = [str(Path(sys.executable).parent / "uv"), "pip", "compile", "--quiet", "--universal"]
    command += ["--python-version", PYTHON, *options]
    command += ["--output-file", str(into), str(wanted.relative_to(ROOT))]
    if subprocess.run(command, check=False, cwd=ROOT).returncode != 0:
        sys.exit(f"Not locked: see above. {into.name} may be broken: take it from git again.")


def usable(listed: str) -> set[str]:
    """Return the hashes, in hex, of the files in a `pylock.toml` that can be installed: of each
    package its wheels, or its archive if it is published without one.
    """
    hashes: set[str] = set()
    for package in tomllib.loads(listed)["packages"]:
        for file in package.get("wheels") or [package["sdist"]]:
            name = unquote(file["url"].rpartition("/")[2])
            if not name.endswith(".whl") or any(map(fits, parse_wheel_filename(name)[3])):
                hashes.add(file["hashes"]["sha256"])
    return hashes


def fits(tag: Tag) -> bool:
    """Whether a CPython with its global lock can install what has this tag. What is for one that is
    too old is not in uv's list.
    """
    python = tag.interpreter.startswith(("py3", "cp3")) and not re.search(r"\dt$", tag.abi)
    return python and PLATFORM.fullmatch(tag.platform) is not None


def with_hashes(entry: str, hashes: Set[str]) -> str:
    """Return an entry with those of its hashes that are in `hashes`."""
    lines = [line.removesuffix(" \\") for line in entry.splitlines()]
    kept = [line for line in lines if "--hash" not in line or line.rpartition(":")[2] in hashes]
    return " \\\n".join(kept) + "\n"


def read_entries(text: str) -> list[str]:
    """Return the entries of a lock file, each with its hashes."""
    return [entry for entry in re.split(r"(?m)^(?=[A-Za-z0-9])", text) if "==" in entry]


def name_of(entry: str) -> str:
    return canonicalize_name(entry.partition("==")[0].partition("[")[0])


def write(lock: Path, entries: Iterable[str], belongs: Callable[[str], bool]) -> None:
    kept = [entry for entry in entries if belongs(name_of(entry))]
    lock.write_text(HEADER + "".join(kept), encoding="utf-8")


if __name__ == "__main__":
    main()
