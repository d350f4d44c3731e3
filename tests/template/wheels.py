"""Packages for tests: a folder that pip reads in the place of an index, and its lock files."""

import base64
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from infra.packaging.installation import Lock, pins

PYPROJECT = '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'


def wheel(folder: Path, name: str, files: Mapping[str, str], requires: tuple[str, ...] = ()) -> str:
    """Write version 1.0 of a package as a wheel, and return its SHA-256 in hex."""
    metadata = [f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nLicense: MIT"]
    metadata += [f"Requires-Dist: {each}" for each in requires]
    info = f"{name}-1.0.dist-info"
    content = {
        **files,
        f"{info}/METADATA": "\n".join(metadata) + "\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = [f"{path},sha256={_hash(text)},{len(text.encode())}" for path, text in content.items()]
    content[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,"]) + "\n"
    target = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(target, "w") as archive:
        for path, text in content.items():
            archive.writestr(path, text)
    return hashlib.sha256(target.read_bytes()).hexdigest()


def source(folder: Path, name: str, text: str, setup: str = "") -> str:
    """Write version 1.0 of a package as source only, which runs `setup` when it is built, and
    return its SHA-256 in hex.
    """
    content = {
        f"{name}.py": text,
        "pyproject.toml": PYPROJECT,
        "setup.py": (
            f"{setup}\nfrom setuptools import setup\n"
            f"setup(name={name!r}, version='1.0', py_modules=[{name!r}])\n"
        ),
        "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
    }
    target = folder / f"{name}-1.0.tar.gz"
    with tarfile.open(target, "w:gz") as archive:
        for path, written in content.items():
            entry = tarfile.TarInfo(f"{name}-1.0/{path}")
            entry.size = len(written.encode())
            archive.addfile(entry, io.BytesIO(written.encode()))
    return hashlib.sha256(target.read_bytes()).hexdigest()


def lock(wheels: Mapping[str, str], sources: Mapping[str, str] | None = None) -> Lock:
    """Return the lock files of packages, by name, with the hash of each."""
    return Lock(pins(lock_text(wheels)), pins(lock_text(sources or {})))


def lock_text(hashes: Mapping[str, str]) -> str:
    return "".join(
        f"{name}==1.0 \\\n    --hash=sha256:{digest}\n    # via what needs it\n"
        for name, digest in hashes.items()
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
