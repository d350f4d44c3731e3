"""Install what ships, each file by its hash, into a tree for Lambda; and record what that was.

The record is the source of the list of components (`infra/packaging/sbom.py`). It is made of what
pip has unpacked, before the parts that Lambda does not need are removed.
"""

import csv
import email
import email.message
import json
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from infra.packaging import bundle, pip, sources
from infra.packaging.bundle import Incomplete, Processor
from infra.packaging.locked import Lock, normalised, parse

# Not used in Lambda: stubs, sources of what is compiled, tests, commands, pip's records of this
# installation, and the pages of openapi-ui-bundles that are not served.
CHAFF = (
    *(
        "*.pyi",
        "*.pyx",
        "*.pxd",
        "*.c",
        "*.h",
        "py.typed",
        "RECORD",
        "INSTALLER",
        "REQUESTED",
        "direct_url.json",
    ),
    *("swagger-ui*", "redoc.standalone.js", "highlight.min.js"),
)
CHAFF_DIRECTORIES = ("__pycache__", "tests", "bin", "sboms")


# Such as `libheif-9cc4da60.so.1.23.0`: auditwheel adds a part of the hash to the name.
_BUNDLED = re.compile(r"(?P<name>lib.+)-[0-9a-f]{8}\.so(\.(?P<version>[0-9.]+))?")


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
    reviewed = [f"{name} {digest}" for name, digest in sorted(sources.SHIPPED.items())]
    mark = target / bundle.MARK
    content = "\n".join([processor.lambda_name, *wheels, "", *built, *reviewed])
    if mark.is_file() and mark.read_text() == content:
        return
    shutil.rmtree(target, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        pip.run("install", *_options(target, processor), "--report", str(report), lines=wheels)
        hashes = dict(_hashes(json.loads(report.read_text(encoding="utf-8"))))
        if built:
            pip.unpack(sources.build_wheels(built, Path(folder)), target)
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
    unpinned = {(normalised(name), version) for name, version in names} - set(
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
    return [*options, *pip.INTO, str(target)]


def _hashes(report: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the name and the hash of each archive in pip's report."""
    for one in report["install"]:
        yield (
            normalised(one["metadata"]["name"]),
            one["download_info"]["archive_info"]["hashes"]["sha256"],
        )


def _read(info: Path, hashes: dict[str, str]) -> Installed:
    """Return what a folder `*.dist-info` says of its distribution."""
    metadata = email.message_from_string((info / "METADATA").read_text(encoding="utf-8"))
    with (info / "RECORD").open(encoding="utf-8", newline="") as record:
        top_level = {row[0].split("/")[0] for row in csv.reader(record)}
    name = normalised(metadata["Name"])
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
