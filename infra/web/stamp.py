"""What a build was made of, in one digest: equal digests, equal builds."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

PACKAGES = ("package.json", "package-lock.json", ".npmrc")
# Installed, made, or types alone, which no build needs.
_NOT_SOURCES = ("node_modules", "schema.d.ts", "schema.ts", "dist", "LICENSE")


def of_packages(web: Path, node: str) -> str:
    """Return the digest of what is installed: the lock file, and the version of Node.js."""
    return _digest(node, ((name, web / name) for name in PACKAGES))


def of_build(root: Path, city: Path, node: str) -> str:
    """Return the digest of what is built: packages, sources, the city with its map."""
    sources = (path for folder in ("web", "sdk") for path in _sources(root / folder))
    named = [(str(path.relative_to(root)), path) for path in sources]
    texts = sorted((city / "texts").glob("*.json"))
    streets = streets_of(city)
    files = (city / "city.json", *texts, *([streets] if streets else ()))
    named += [(f"city/{path.name}", path) for path in files]
    return _digest(node, named)


def streets_of(city: Path) -> Path | None:
    """Return the file of a city's street map, which is beside its folder; None without one."""
    path = Path(f"{city.resolve()}.pmtiles")
    return path if path.is_file() else None


def _sources(folder: Path) -> Iterator[Path]:
    """Yield each file below `folder` that is in the repository or will be, in a fixed order."""
    for path in sorted(folder.iterdir()):
        if path.name in _NOT_SOURCES or ".test." in path.name:
            continue
        if path.is_dir():
            yield from _sources(path)
        else:
            yield path


def _digest(node: str, named: Iterable[tuple[str, Path]]) -> str:
    digest = hashlib.sha256(f"node {node}\n".encode())
    for name, path in named:
        content = path.read_bytes()
        digest.update(f"{name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()
