"""What others would take in our place: installed into `build/peers`, for the benchmark alone, in
the versions of the lock files beside this one.
"""

import shutil
import subprocess
import sys
import venv
from functools import cache
from pathlib import Path
from typing import NamedTuple

from infra.packaging.installation import SOURCES, WHEELS
from tests.bench.rows import ROOT

WANTED = Path(__file__).parent
FOLDER = ROOT / "build" / "peers"


class Peers(NamedTuple):
    """The Python of an environment that has pyvips and Powertools, and its packages."""

    python: Path
    packages: Path


@cache
def install() -> Peers:
    """Return the peers, which are installed if they are not yet. Raises OSError, and
    CalledProcessError.
    """
    wanted = "".join((WANTED / name).read_text(encoding="utf-8") for name in (WHEELS, SOURCES))
    installed = FOLDER / ".installed"
    if not (installed.is_file() and installed.read_text(encoding="utf-8") == wanted):
        print(f"Installing pyvips and Powertools into {FOLDER} ...", file=sys.stderr)
        shutil.rmtree(FOLDER, ignore_errors=True)
        venv.create(FOLDER, with_pip=True)
        _pip("--only-binary=:all:", "-r", str(WANTED / WHEELS))
        _pip("--no-build-isolation", "-r", str(WANTED / SOURCES))
        installed.write_text(wanted, encoding="utf-8")
    (packages,) = FOLDER.glob("lib/python*/site-packages")
    return Peers(FOLDER / "bin" / "python", packages)


def _pip(*arguments: str) -> None:
    python = str(FOLDER / "bin" / "python")
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*command, "--require-hashes", "--no-deps", *arguments], check=True)
