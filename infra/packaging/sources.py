"""Packages that are published as source only.

pip builds a wheel of each, which runs the code in its archive. So the archive's hash is pinned (its
code is the code that was reviewed), what builds it is the pinned setuptools of this environment,
and the built files must be those whose digest stands here: each was compared with the archive, and
is a copy. See docs/adr/0024-hashes.md.
"""

import hashlib
import zipfile
from collections.abc import Iterable
from pathlib import Path

from infra.packaging import pip
from infra.packaging.bundle import Incomplete
from infra.packaging.locked import normalised, parse

SHIPPED = {
    "openapi-ui-bundles": "e10619f90f55c54069dce6af236b6adef4bb8e690e96770e46992842ba0f96fc",
    "prcoords": "a502485a174826be56ebfd14f2f84fcb3dba217042648347f772aa3c3c5499e0",
}
"""The digest of the files of each that ships: see `digest`."""

SOURCE_ONLY = {*SHIPPED, "eviltransform"}  # the last is for tests alone


def build_wheels(lines: Iterable[str], folder: Path) -> list[Path]:
    """Build wheels of requirements with hashes in `folder`, and return them.

    Raises Incomplete when an archive has another hash, or when a built wheel is for one platform or
    has other files than those that were reviewed.
    """
    lines = list(lines)
    pip.run(
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
        wheel for wheel in folder.glob("*.whl") if normalised(wheel.name.split("-")[0]) == name
    ]
    if len(built) != 1 or not built[0].name.endswith("-none-any.whl"):
        raise Incomplete(f"{name} was not built as one wheel of pure Python")
    if (found := digest(built[0])) != SHIPPED.get(name):
        raise Incomplete(
            f"the files of {name} {version} are not those that were reviewed. Compare them with "
            f'its archive; then write "{name}": "{found}" into infra/packaging/sources.py'
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
