"""pyvips and sharp, which others would take for pictures: installed for the benchmark alone, in the
versions of the lock files beside this one, into `build/peers`.
"""

import shutil
import subprocess
import sys
import venv
from pathlib import Path

from infra.packaging.installation import SOURCES, WHEELS
from infra.web.node import InstalledNode
from tests.bench.media.programs import Program, foreign
from tests.bench.rows import ROOT

_WANTED = Path(__file__).parent
_FOLDER = ROOT / "build" / "peers"
_PYTHON = _FOLDER / "bin" / "python"
_NPM = ("package.json", "package-lock.json", ".npmrc")


def install() -> dict[str, Program]:
    """Return a program for each, which is installed if it is not yet. Raises OSError,
    CalledProcessError, and node.Failed.
    """
    node = InstalledNode()
    wanted = "".join(
        (_WANTED / name).read_text(encoding="utf-8") for name in (WHEELS, SOURCES, _NPM[1])
    )
    installed = _FOLDER / ".installed"
    if not (installed.is_file() and installed.read_text(encoding="utf-8") == wanted):
        print(f"Installing pyvips and sharp into {_FOLDER} ...", file=sys.stderr)
        shutil.rmtree(_FOLDER, ignore_errors=True)
        _install_pyvips()
        _install_sharp(node)
        installed.write_text(wanted, encoding="utf-8")
    return {
        "pyvips": foreign([str(_PYTHON), str(_WANTED / "with_pyvips.py")], _FOLDER),
        "sharp": foreign([str(node.program), str(_WANTED / "with_sharp.cjs")], _FOLDER),
    }


def _install_pyvips() -> None:
    venv.create(_FOLDER, with_pip=True)
    _pip("--only-binary=:all:", "-r", str(_WANTED / WHEELS))
    _pip("--no-build-isolation", "-r", str(_WANTED / SOURCES))


def _pip(*arguments: str) -> None:
    command = [str(_PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*command, "--require-hashes", "--no-deps", *arguments], check=True)


def _install_sharp(node: InstalledNode) -> None:
    for name in _NPM:
        shutil.copy(_WANTED / name, _FOLDER)
    node.npm("ci", "--loglevel=error", folder=_FOLDER)
