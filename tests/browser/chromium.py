"""The system's Chromium, by its path: no browser is downloaded."""

import os
import shutil
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_MACOS = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
NONE = (
    "There is no Chromium: install `chromium` (Debian), or name one with CHROMIUM=/path. "
    "The tests in a browser are skipped."
)


def find() -> str | None:
    """Return the path of a Chromium, that of CHROMIUM first; None when there is none."""
    for name in (os.environ.get("CHROMIUM", ""), *NAMES):
        if name and (found := shutil.which(name)):
            return found
    return str(_MACOS) if _MACOS.exists() else None


def arguments() -> list[str]:
    """Return what it is started with. Its own sandbox takes no root; a container's shared memory
    may be too small for it.
    """
    return [
        "--disable-dev-shm-usage",
        "--enable-unsafe-swiftshader",
        *(["--no-sandbox"] if os.geteuid() == 0 else []),
    ]
