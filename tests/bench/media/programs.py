"""The programs that derive the pictures of one file, each in a fresh process."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from chalicelib.kernel.derived import PREVIEW_PX, THUMB_PX
from chalicelib.media_decoding.images import JPEG_QUALITY
from tests.bench import rows as table
from tests.bench.media.files import File
from tests.bench.peers import FOLDER, WANTED, install

type Figures = Mapping[str, float]
"""`seconds` and `bytes`, as of `tests.bench.media.sample`."""

type Program = Callable[[File], Figures]


def ours() -> dict[str, Program]:
    return {way: _ours(way) for way in ("library", "apart", "naive")}


def theirs() -> dict[str, Program]:
    """Return pyvips, which is installed if it is not yet. Raises as `install`."""
    return {"pyvips": _foreign(install().python, WANTED / "with_pyvips.py")}


def _foreign(program: Path, script: Path) -> Program:
    sizes = [str(number) for number in (PREVIEW_PX, THUMB_PX, JPEG_QUALITY)]

    def measure(file: File) -> Figures:
        command = [str(program), str(script), str(file.path), *sizes]
        done = table.run_program(command, folder=FOLDER)
        figures: Figures = json.loads(done)
        return figures

    return measure


def _ours(way: str) -> Program:
    def measure(file: File) -> Figures:
        figures: Figures = table.run_json(
            "tests.bench.media.sample", way, file.content_type, str(file.path)
        )
        return figures

    return measure
