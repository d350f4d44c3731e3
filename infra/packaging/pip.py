"""Calls of pip, each with hashes, and its refusals in plain words."""

import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from infra.packaging.bundle import Incomplete

# What pip says, and what it means here.
_REFUSALS = {
    "DO NOT MATCH THE HASHES": (
        "a package is not the file whose hash is locked. Somebody may have replaced it: find out "
        "who, before you run `make lock`"
    ),
    "versions pinned with ==": (
        "a package needs another one that is not pinned. Write it into the requirements file, and "
        "run `make lock`"
    ),
    "Hashes are required": (
        "a package needs another one that has no hash. Write it into the requirements file, and "
        "run `make lock`"
    ),
    "No matching distribution": "there is no wheel for Python 3.13 on this processor",
}


def run(command: str, *options: str, lines: Iterable[str]) -> None:
    """Run a command of pip for requirements with hashes. Raises Incomplete when it refuses."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.write("\n".join(lines))
        file.flush()
        _run(command, "--require-hashes", *options, "--requirement", file.name)


def unpack(wheels: Iterable[Path], target: Path) -> None:
    """Unpack wheels that were built here into `target`."""
    _run("install", *INTO, str(target), "--no-index", "--no-deps", *map(str, wheels))


INTO = ("--no-compile", "--target")


def _run(command: str, *options: str) -> None:
    whole = [sys.executable, "-m", "pip", command, "--quiet", "--disable-pip-version-check"]
    done = subprocess.run([*whole, *options], check=False, capture_output=True, text=True)
    if done.returncode != 0:
        reasons = (plain for said, plain in _REFUSALS.items() if said in done.stderr)
        raise Incomplete(f"{next(reasons, 'pip failed')}:\n{done.stderr.strip()}")
