"""Write the lock files: `make lock`.

    requirements*.txt           what is wanted, in which version, and why
    → requirements.lock         that and what it needs in turn, with the hashes of all files
    → requirements-source.lock  the part of it that is published without a wheel
    infra/scan, tests/bench/peers: the same, for what has an environment of its own

A version in a lock file stays until a requirement asks for another one. To take newer versions of
what is needed in turn, remove its entry, and run `make lock` again.
"""

import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Set
from pathlib import Path

from packaging.utils import canonicalize_name

from infra.packaging import installation
from infra.packaging.installation import SOURCES, WHEELS

ROOT = Path(__file__).parents[1]
HEADER = "# Written by `make lock`. Change requirements*.txt, not this file.\n"
# The oldest Python that the project runs on: an entry that only some Pythons need says so.
PYTHON = "3.12"


def main() -> None:
    together = ROOT / WHEELS
    resolve(ROOT / "requirements-dev.txt", together, ROOT / SOURCES)
    entries = read_entries(together.read_text(encoding="utf-8"))
    missing = sorted(installation.SOURCE_ONLY - {name_of(entry) for entry in entries})
    if missing:
        sys.exit(
            f"Not locked: no requirement needs {', '.join(missing)} (infra/packaging/installation)"
        )
    write(together, entries, lambda name: name not in installation.SOURCE_ONLY)
    write(ROOT / SOURCES, entries, lambda name: name in installation.SOURCE_ONLY)
    scanners, peers = ROOT / "infra" / "scan", ROOT / "tests" / "bench" / "peers"
    lock_apart(scanners, source_only=frozenset())
    lock_apart(peers, source_only=frozenset({"pyvips"}))


def lock_apart(folder: Path, source_only: Set[str]) -> None:
    """Lock what has a virtual environment of its own."""
    built = folder / SOURCES
    resolve(folder / "requirements.txt", folder / WHEELS, built)
    entries = read_entries((folder / WHEELS).read_text(encoding="utf-8"))
    write(folder / WHEELS, entries, lambda name: name not in source_only)
    if source_only:
        write(built, entries, lambda name: name in source_only)


def resolve(wanted: Path, lock: Path, *also: Path) -> None:
    """Write all that `wanted` needs into `lock`, which keeps the versions that it and `also` have.

    For all systems, and with no word on where packages come from.
    """
    known = "".join(path.read_text(encoding="utf-8") for path in (lock, *also) if path.is_file())
    lock.write_text(known, encoding="utf-8")
    command = [str(Path(sys.executable).parent / "uv"), "pip", "compile", "--quiet", "--universal"]
    command += ["--generate-hashes", "--no-header", "--python-version", PYTHON]
    command += ["--output-file", str(lock.relative_to(ROOT)), str(wanted.relative_to(ROOT))]
    if subprocess.run(command, check=False, cwd=ROOT).returncode != 0:
        sys.exit(f"Not locked: see above. {lock.name} may be broken: take it from git again.")


def read_entries(text: str) -> list[str]:
    """Return the entries of a lock file, each with its hashes and with what needs it."""
    return [entry for entry in re.split(r"(?m)^(?=[A-Za-z0-9])", text) if "==" in entry]


def name_of(entry: str) -> str:
    return canonicalize_name(entry.partition("==")[0].partition("[")[0])


def write(lock: Path, entries: Iterable[str], belongs: Callable[[str], bool]) -> None:
    kept = [entry for entry in entries if belongs(name_of(entry))]
    lock.write_text(HEADER + "".join(kept), encoding="utf-8")


if __name__ == "__main__":
    main()
