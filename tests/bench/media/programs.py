"""The programs that derive the pictures of one file, each in a fresh process."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from chalicelib.kernel.derived import PREVIEW_PX, THUMB_PX
from chalicelib.media_decoding.images import JPEG_QUALITY
from tests.bench import rows as table
from tests.bench.media.files import File

type Figures = Mapping[str, float]
"""`seconds` and `bytes`, as of `tests.bench.media.sample`."""

type Program = Callable[[File], Figures]


def ours() -> dict[str, Program]:
    return {way: _ours(way) for way in ("library", "apart", "naive")}


def foreign(command: Sequence[str], folder: Path) -> Program:
    """Return a program of `peers`, which runs in `folder`."""
    sizes = [str(number) for number in (PREVIEW_PX, THUMB_PX, JPEG_QUALITY)]

    def measure(file: File) -> Figures:
        done = table.run_program([*command, str(file.path), *sizes], folder=folder)
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
