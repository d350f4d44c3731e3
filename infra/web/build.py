"""Build the web clients of a city, when something has changed since.

    package-lock.json → web/node_modules      npm ci
    web/, sdk/, the city → build/clients/…    Vite
    build/clients/… → build/web               a copy: what is packaged, and served by others

What was installed and what was built are stamped: without a change no program is started, and
nothing asks the network. Each city has a folder of its own, from which a running stack serves it.
"""

import fcntl
import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.web import stamp
from infra.web.node import Failed, InstalledNode, Node

ROOT = Path(__file__).parents[2]
INSTALLING = (
    "Installing the packages of the web clients. This happens once, and takes some seconds ..."
)
BUILDING = "Building the web clients ..."

_PAGES = ("index.html", "console/index.html")


class NotBuilt(Exception):
    """The web clients could not be built. The message says why."""


def build(
    root: Path = ROOT,
    *,
    city: Path,
    say: Callable[[str], None],
    node: Node | None = None,
    into: Path | None = None,
) -> Path:
    """Return the folder of the built clients of a city, which it brings up to date; or that of
    their copy, when they are wanted `into` another folder. Raises NotBuilt.
    """
    node = node or InstalledNode()
    try:
        with _alone(root / "build"):
            built = _build(root, city.resolve(), say, node)
            return _copied(built, into) if into else built
    except (Failed, OSError) as error:
        raise NotBuilt(str(error)) from None


def _build(root: Path, city: Path, say: Callable[[str], None], node: Node) -> Path:
    place = hashlib.sha256(str(city).encode()).hexdigest()[:8]
    out = root / "build" / "clients" / f"{city.name}-{place}"
    made_of = out.with_name(f"{out.name}.stamp")
    wanted = stamp.of_build(root, city, node.version)
    if all((out / page).is_file() for page in _PAGES) and _says(made_of, wanted):
        return out
    web = root / "web"
    _install(web, say, node)
    say(BUILDING)
    draft = out.with_name(f"{out.name}.new")
    vite = web / "node_modules" / "vite" / "bin" / "vite.js"
    settings = {"CITY": str(city), "OUT": str(draft)}
    node.run(vite, "build", "--logLevel", "error", folder=web, environment=settings)
    # A half-built folder is never served, and never has a stamp.
    made_of.unlink(missing_ok=True)
    _replace(out, draft)
    made_of.write_text(wanted, encoding="utf-8")
    return out


def _copied(built: Path, out: Path) -> Path:
    draft = out.with_name(f"{out.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    shutil.copytree(built, draft)
    _replace(out, draft)
    return out


def _replace(out: Path, draft: Path) -> None:
    shutil.rmtree(out, ignore_errors=True)
    draft.rename(out)


def install(root: Path = ROOT, *, say: Callable[[str], None], node: Node | None = None) -> None:
    """Install the packages, if they are not those of the lock file. Raises NotBuilt."""
    try:
        with _alone(root / "build"):
            _install(root / "web", say, node or InstalledNode())
    except (Failed, OSError) as error:
        raise NotBuilt(str(error)) from None


def _install(web: Path, say: Callable[[str], None], node: Node) -> None:
    # The SDK, which the clients are made of, uses the same packages.
    modules = web.parent / "sdk" / "node_modules"
    if not modules.is_symlink() and not modules.exists():
        modules.symlink_to(Path("..", web.name, modules.name))
    installed = web / "node_modules" / ".installed"
    wanted = stamp.of_packages(web, node.version)
    if _says(installed, wanted):
        return
    say(INSTALLING)
    node.npm("ci", "--loglevel=error", folder=web)
    installed.write_text(wanted, encoding="utf-8")


def _says(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one process build at a time; another one finds what it built."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".web.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
