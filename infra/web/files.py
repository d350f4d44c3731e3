"""The built files, as a web server or a bucket serves them."""

import mimetypes
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from infra.web.headers import cache_control

# Not those of the system, which differ from one to the next.
_TYPES = mimetypes.MimeTypes(filenames=(), strict=True)
_OWN_TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    # No type that CloudFront compresses: a page reads parts of it.
    ".pmtiles": "application/vnd.pmtiles",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
_TEXT = ("text/", "application/json", "application/manifest+json", "image/svg+xml")


@dataclass(frozen=True, slots=True)
class WebFile:
    """A built file. `name` is its path below the root, without a slash before it."""

    name: str
    path: Path

    @property
    def content_type(self) -> str:
        return content_type(self.name)

    @property
    def cache_control(self) -> str:
        return cache_control(self.name)


def files(folder: Path) -> Iterator[WebFile]:
    """Yield each file of a build, the pages last: whoever uploads in this order never serves a page
    whose scripts are not there yet.
    """
    found = [path for path in folder.rglob("*") if path.is_file()]
    for path in sorted(found, key=lambda path: (path.suffix == ".html", path)):
        yield WebFile(path.relative_to(folder).as_posix(), path)


def content_type(name: str) -> str:
    """Return the type of a file by its name."""
    found = _OWN_TYPES.get(Path(name).suffix) or _TYPES.guess_type(name)[0]
    if found is None:
        return "application/octet-stream"
    return f"{found}; charset=utf-8" if found.startswith(_TEXT) else found
