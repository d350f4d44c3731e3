"""The program that cuts metadata on a resident's phone, run by Node.js as it stands in `sdk/`."""

import json
import subprocess
from pathlib import Path
from typing import NamedTuple

from infra.web.node import InstalledNode

ROOT = Path(__file__).parents[2]
_COMMAND = ROOT / "sdk" / "metadata" / "testing" / "command.ts"


class Cut(NamedTuple):
    """A file as it would be sent."""

    data: bytes
    type: str
    removed: frozenset[str]
    known: bool


class Cutter:
    """One process for all files of a test. It works in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process = subprocess.Popen(
            [str(InstalledNode().program), "--max-old-space-size=512", str(_COMMAND)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def cut(self, data: bytes, name: str, *, place: bool = False, time: bool = False) -> Cut:
        """Return what would be sent of a file. Raises AssertionError when the program fails."""
        source, target = self._folder / name, self._folder / f"cut-{name}"
        source.write_bytes(data)
        keep = {"place": place, "time": time}
        assert self._process.stdin
        assert self._process.stdout
        assert self._process.stderr
        self._process.stdin.write(
            json.dumps({"file": str(source), "to": str(target), "keep": keep}) + "\n"
        )
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, self._process.stderr.read()
        result = json.loads(line)
        return Cut(
            target.read_bytes(), result["type"], frozenset(result["removed"]), result["known"]
        )

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()
