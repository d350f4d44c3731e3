"""The lock files: every package that is installed, in one version, with the SHA-256 of each of its
files. `make lock` writes them (`infra/lock.py`).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.packaging.bundle import Incomplete

WHEELS, SOURCES = "requirements.lock", "requirements-source.lock"
_PIN = re.compile(r"(?P<name>[\w.-]+)(\[[\w,.-]+\])?==(?P<version>[^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})\b")


@dataclass(frozen=True, slots=True)
class Pin:
    """A package in a lock file. `hashes` are those of its files, in hex."""

    name: str
    version: str
    hashes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lock:
    """The packages that are installed as wheels, and those that are published as source only, each
    by normalised name.
    """

    wheels: Mapping[str, Pin]
    sources: Mapping[str, Pin]

    def lines(self, requirements: Iterable[str]) -> tuple[list[str], list[str]]:
        """Return requirements (exact versions) with their hashes, as pip reads them: those with
        wheels, and those with source only. Both are sorted.

        Raises Incomplete when one is not in a lock file, is there in another version, or has no
        hash.
        """
        wheels: list[str] = []
        sources: list[str] = []
        for requirement in sorted(requirements):
            name, version = parse(requirement)
            into, file = (sources, SOURCES) if name in self.sources else (wheels, WHEELS)
            pin = self.sources.get(name) or self.wheels.get(name)
            if pin is None or pin.version != version:
                found = f"not {pin.version}, which it has" if pin else "which it does not have"
                raise Incomplete(f"{file} needs {name}=={version}, {found}: run `make lock`")
            if not pin.hashes:
                raise Incomplete(f"{file} has no hash of {name}=={version}: run `make lock`")
            into.append(" ".join([requirement, *(f"--hash=sha256:{each}" for each in pin.hashes)]))
        return wheels, sources


def read_lock(root: Path) -> Lock:
    """Return the lock files of a project."""
    return Lock(*(pins((root / name).read_text(encoding="utf-8")) for name in (WHEELS, SOURCES)))


def pins(text: str) -> dict[str, Pin]:
    """Return the packages of a lock file's text, by normalised name."""
    lines = (line.split("#")[0] for line in text.splitlines())
    found = {}
    for entry in re.split(r"\n(?=\S)", "\n".join(lines)):
        if match := _PIN.match(entry.strip()):
            name = normalised(match["name"])
            found[name] = Pin(name, match["version"], tuple(_HASH.findall(entry)))
    return found


def parse(requirement: str) -> tuple[str, str]:
    """Return the normalised name and the version of a requirement such as `PyJWT[crypto]==2.15.1`.

    Raises Incomplete when it does not name one version.
    """
    match = _PIN.fullmatch(requirement)
    if not match:
        raise Incomplete(f"{requirement} does not name one version: write name==version")
    return normalised(match["name"]), match["version"]


def normalised(name: str) -> str:
    """Return a package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()
