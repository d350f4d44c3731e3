"""Install what ships, each file by its hash, into a tree for Lambda; and record what that was.

Two lock files, which `make lock` writes (`infra/lock.py`), have every package in one version, with
the SHA-256 of each of its files. Of what is published as source only pip builds a wheel, which runs
the code in its archive. So the archive's hash is pinned (its code is the code that was reviewed),
what builds it is the pinned setuptools of this environment, and the built files must be those whose
digest stands here: each was compared with the archive, and is a copy (docs/adr/0024-hashes.md).

The record is the source of the list of components (`infra/packaging/sbom.py`). It is made of what
pip has unpacked, before the parts that Lambda does not need are removed.
"""

import csv
import email
import email.message
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from infra.packaging import bundle
from infra.packaging.bundle import Incomplete, Processor

WHEELS, SOURCES = "requirements.lock", "requirements-source.lock"
SHIPPED = {
    "openapi-ui-bundles": "e10619f90f55c54069dce6af236b6adef4bb8e690e96770e46992842ba0f96fc",
    "prcoords": "a502485a174826be56ebfd14f2f84fcb3dba217042648347f772aa3c3c5499e0",
}
"""The digest of the files of each that ships and is source only: see `digest`."""

SOURCE_ONLY = {*SHIPPED, "eviltransform"}  # the last is for tests alone
INTO = ("--no-compile", "--target")

# Not used in Lambda: stubs, sources of what is compiled, tests, commands, pip's records of this
# installation, and the pages of openapi-ui-bundles that are not served.
CHAFF = (
    *("*.pyi", "*.pyx", "*.pxd", "*.c", "*.h", "py.typed"),
    *("RECORD", "INSTALLER", "REQUESTED", "direct_url.json"),
    *("swagger-ui*", "redoc.standalone.js", "highlight.min.js"),
)
CHAFF_DIRECTORIES = ("__pycache__", "tests", "bin", "sboms")

_PIN = re.compile(r"(?P<name>[\w.-]+)(\[[\w,.-]+\])?==(?P<version>[^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})\b")
# Such as `libheif-9cc4da60.so.1.23.0`: auditwheel adds a part of the hash to the name.
_BUNDLED = re.compile(r"(?P<name>lib.+)-[0-9a-f]{8}\.so(\.(?P<version>[0-9.]+))?")
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
    found: dict[str, Pin] = {}
    for entry in re.split(r"\n(?=\S)", "\n".join(lines)):
        if match := _PIN.match(entry.strip()):
            name = canonicalize_name(match["name"])
            found[name] = Pin(name, match["version"], tuple(_HASH.findall(entry)))
    return found


def parse(requirement: str) -> tuple[str, str]:
    """Return the normalised name and the version of a requirement such as `PyJWT[crypto]==2.15.1`.

    Raises Incomplete when it does not name one version.
    """
    match = _PIN.fullmatch(requirement)
    if not match:
        raise Incomplete(f"{requirement} does not name one version: write name==version")
    return canonicalize_name(match["name"]), match["version"]


def pinned(requirements: Path) -> list[str]:
    """Return the requirements in a file, without comments."""
    lines = (line.split("#")[0].strip() for line in requirements.read_text().splitlines())
    return [line for line in lines if line and not line.startswith("-")]


@dataclass(frozen=True, slots=True)
class Installed:
    """A distribution that was unpacked into a tree.

    `sha256` is the hash, in hex, of the archive that was downloaded. `top_level` are the names at
    the top of the tree that came with it, and `inside` are the libraries that its native parts are
    made of: those that its own list of components names, and those that it brings along.
    """

    name: str
    version: str
    sha256: str
    licence: str
    requires: tuple[str, ...]
    top_level: tuple[str, ...]
    inside: tuple[dict[str, str], ...] = ()


def install(requirements: Iterable[str], target: Path, processor: Processor, lock: Lock) -> None:
    """Install `requirements` (exact versions, with all that they need) into `target`, for
    `processor`: wheels, and what is published as source only, each by a hash in `lock`.

    If `target` was filled from the same files, nothing is done. Raises Incomplete when a hash is
    missing or is another one, when something would ship that is not pinned, and when there is no
    wheel.
    """
    wheels, built = lock.lines(requirements)
    reviewed = [f"{name} {digest}" for name, digest in sorted(SHIPPED.items())]
    mark = target / bundle.MARK
    content = "\n".join([processor.lambda_name, *wheels, "", *built, *reviewed])
    if mark.is_file() and mark.read_text() == content:
        return
    shutil.rmtree(target, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        run_pip("install", *_options(target, processor), "--report", str(report), lines=wheels)
        hashes = dict(_hashes(json.loads(report.read_text(encoding="utf-8"))))
        if built:
            _unpack(build_wheels(built, Path(folder)), target)
    for line in built:
        (hashes[parse(line.split()[0])[0]],) = lock.sources[parse(line.split()[0])[0]].hashes
    refuse_unpinned(target, [line.split()[0] for line in (*wheels, *built)])
    record = [asdict(_read(path, hashes)) for path in sorted(target.glob("*.dist-info"))]
    _remove_chaff(target)
    (target / bundle.RECORD).write_text(json.dumps(record, indent=1), encoding="utf-8")
    mark.write_text(content)


def read_record(target: Path) -> list[Installed]:
    """Return what was installed into `target`."""
    record = json.loads((target / bundle.RECORD).read_text(encoding="utf-8"))
    lists = ("requires", "top_level", "inside")
    return [Installed(**{**one, **{name: tuple(one[name]) for name in lists}}) for one in record]


def refuse_unpinned(target: Path, requirements: Iterable[str]) -> None:
    """Raise Incomplete unless every distribution in `target` is in `requirements`, in the same
    version.
    """
    names = (path.name.removesuffix(".dist-info").split("-") for path in target.glob("*.dist-info"))
    unpinned = {(canonicalize_name(name), version) for name, version in names} - set(
        map(parse, requirements)
    )
    if unpinned:
        listed = ", ".join(f"{name}=={version}" for name, version in sorted(unpinned))
        raise Incomplete(f"these would ship without being pinned: {listed}")


def _options(target: Path, processor: Processor) -> list[str]:
    options = ["--only-binary=:all:", "--python-version", "3.13", "--implementation", "cp"]
    options += [argument for abi in ("cp313", "abi3", "none") for argument in ("--abi", abi)]
    for platform in processor.platforms:
        options += ["--platform", platform]
    return [*options, *INTO, str(target)]


def _hashes(report: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the name and the hash of each archive in pip's report."""
    for one in report["install"]:
        yield (
            canonicalize_name(one["metadata"]["name"]),
            one["download_info"]["archive_info"]["hashes"]["sha256"],
        )


def _read(info: Path, hashes: dict[str, str]) -> Installed:
    """Return what a folder `*.dist-info` says of its distribution."""
    metadata = email.message_from_string((info / "METADATA").read_text(encoding="utf-8"))
    with (info / "RECORD").open(encoding="utf-8", newline="") as record:
        top_level = {row[0].split("/")[0] for row in csv.reader(record)}
    name = canonicalize_name(metadata["Name"])
    return Installed(
        name=name,
        version=metadata["Version"],
        sha256=hashes[name],
        licence=_licence(metadata),
        requires=tuple(metadata.get_all("Requires-Dist", [])),
        # `../../bin` holds commands, which do not ship.
        top_level=tuple(sorted(top_level - {".."})),
        inside=(*_inside(info), *_bundled(info.parent, top_level)),
    )


def _licence(metadata: email.message.Message) -> str:
    """Return what a distribution says of its licence: an SPDX expression, if it has one."""
    classified = [
        line.rpartition(" :: ")[2]
        for line in metadata.get_all("Classifier", [])
        if line.startswith("License :: ") and not line.endswith("OSI Approved")
    ]
    stated = [metadata.get("License-Expression"), metadata.get("License"), *classified]
    short = [each for each in stated if each and each != "UNKNOWN" and "\n" not in each]
    return short[0] if short else ""


def _inside(info: Path) -> Iterator[dict[str, str]]:
    """Yield the components that the distribution's own lists (PEP 770) name, once each."""
    seen = set()
    for path in sorted((info / "sboms").glob("*.json")):
        for one in json.loads(path.read_text(encoding="utf-8")).get("components", []):
            found = {name: str(one.get(name, "")) for name in ("name", "version", "purl")}
            if tuple(found.values()) not in seen:
                seen.add(tuple(found.values()))
                yield found


def _bundled(tree: Path, top_level: Iterable[str]) -> Iterator[dict[str, str]]:
    """Yield the shared libraries that a wheel brings along, by their files' names: not every wheel
    lists them. The version is that of the library's interface.
    """
    for folder in sorted(name for name in top_level if name.endswith(".libs")):
        for path in sorted((tree / folder).iterdir()):
            if found := _BUNDLED.fullmatch(path.name):
                yield {"name": found["name"], "version": found["version"] or "", "purl": ""}


def _remove_chaff(target: Path) -> None:
    for pattern in CHAFF:
        for path in target.rglob(pattern):
            path.unlink()
    for path in [path for name in CHAFF_DIRECTORIES for path in target.rglob(name)]:
        shutil.rmtree(path, ignore_errors=True)


def build_wheels(lines: Iterable[str], folder: Path) -> list[Path]:
    """Build wheels of requirements with hashes in `folder`, and return them.

    Raises Incomplete when an archive has another hash, or when a built wheel is for one platform or
    has other files than those that were reviewed.
    """
    lines = list(lines)
    run_pip(
        "wheel",
        *("--no-deps", "--no-build-isolation", "--use-pep517", "--no-binary", ":all:"),
        *("--wheel-dir", str(folder)),
        lines=lines,
    )
    for line in lines:
        name, version = parse(line.split()[0])
        refuse_unknown(name, version, folder)
    return sorted(folder.glob("*.whl"))


def refuse_unknown(name: str, version: str, folder: Path) -> None:
    """Raise Incomplete unless the wheel of a package in `folder` is pure Python, and has the files
    that were reviewed.
    """
    built = [
        wheel
        for wheel in folder.glob("*.whl")
        if canonicalize_name(wheel.name.split("-")[0]) == name
    ]
    if len(built) != 1 or not built[0].name.endswith("-none-any.whl"):
        raise Incomplete(f"{name} was not built as one wheel of pure Python")
    if (found := digest(built[0])) != SHIPPED.get(name):
        raise Incomplete(
            f"the files of {name} {version} are not those that were reviewed. Compare them with "
            f'its archive; then write "{name}": "{found}" into infra/packaging/installation.py'
        )


def digest(wheel: Path) -> str:
    """Return the SHA-256, in hex, of the names and contents of a wheel's files, but for those about
    the wheel itself, which depend on what built it.
    """
    whole = hashlib.sha256()
    with zipfile.ZipFile(wheel) as archive:
        for name in sorted(archive.namelist()):
            if not name.split("/")[0].endswith(".dist-info") and not name.endswith("/"):
                whole.update(f"{hashlib.sha256(archive.read(name)).hexdigest()}  {name}\n".encode())
    return whole.hexdigest()


def run_pip(command: str, *options: str, lines: Iterable[str]) -> None:
    """Run a command of pip for requirements with hashes. Raises Incomplete when it refuses."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.write("\n".join(lines))
        file.flush()
        _run(command, "--require-hashes", *options, "--requirement", file.name)


def _unpack(wheels: Iterable[Path], target: Path) -> None:
    """Unpack wheels that were built here into `target`."""
    _run("install", *INTO, str(target), "--no-index", "--no-deps", *map(str, wheels))


def _run(command: str, *options: str) -> None:
    whole = [sys.executable, "-m", "pip", command, "--quiet", "--disable-pip-version-check"]
    done = subprocess.run([*whole, *options], check=False, capture_output=True, text=True)
    if done.returncode != 0:
        reasons = (plain for said, plain in _REFUSALS.items() if said in done.stderr)
        raise Incomplete(f"{next(reasons, 'pip failed')}:\n{done.stderr.strip()}")
