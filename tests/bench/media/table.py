"""The rows: each a ratio of two ways that were measured in turn, or a figure of its own.

Every sample is a fresh process on one core, and all ways of a file alternate. So the machine's
speed does not count.
"""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from chalicelib.media_decoding import videos
from tests import media_samples as samples
from tests.bench import rows as table
from tests.bench.media import files, quality
from tests.bench.media.files import File
from tests.bench.media.programs import Program, ours, theirs

_NAMES = {
    "library": "in one process",
    "apart": "in a process apart, as in production",
    "naive": "naive Pillow (open, transpose, LANCZOS)",
}
_UNITS = {"seconds": "time", "bytes": "peak memory"}


class Ratio(NamedTuple):
    way: str
    against: str
    figure: str = "seconds"
    at_most: float | None = None


_PHOTO = [
    Ratio("apart", "naive", at_most=0.42),
    Ratio("library", "naive", at_most=0.35),
    Ratio("library", "naive", "bytes", at_most=0.35),
    Ratio("apart", "pyvips", at_most=1.3),
    Ratio("library", "pyvips", at_most=1.0),
    Ratio("pyvips", "naive"),
    Ratio("pyvips", "naive", "bytes"),
]
_HEIC = [Ratio("apart", "naive", at_most=0.75)]
_PNG = [Ratio("apart", "naive", at_most=0.85), Ratio("apart", "pyvips", at_most=1.25)]
_RATIOS: Mapping[str, list[Ratio]] = {
    "12 MP JPEG": _PHOTO,
    "48 MP JPEG": [
        Ratio("apart", "naive", at_most=0.17),
        Ratio("library", "naive", "bytes", at_most=0.09),
    ],
    "12 MP HEIC": _HEIC,
    "PNG screenshot": _PNG,
    "12 MP PNG photo": [*_PNG, Ratio("library", "naive", "bytes", at_most=0.55)],
    "12 MP PNG": _PNG,
    "Galaxy photo": _PHOTO,
    "iPhone HEIC": _HEIC,
}


def rows(*, peers: bool = False, rounds: int = table.ROUNDS) -> list[table.Row]:
    """With `peers`, also beside pyvips, which is installed first."""
    programs = ours() | (theirs() if peers else {})
    found: list[table.Row] = []
    with TemporaryDirectory() as folder:
        for file in files.write(Path(folder)):
            found += _compare(file, programs, rounds)
            if file.content_type != "image/png":
                found.append(_quality(file))
        return [*found, *_video(Path(folder, "long.mp4"))]


def _compare(file: File, programs: Mapping[str, Program], rounds: int) -> list[table.Row]:
    ratios = [each for each in _RATIOS[file.name] if {each.way, each.against} <= programs.keys()]
    ways = sorted({way for ratio in ratios for way in (ratio.way, ratio.against)})
    taken = [{way: programs[way](file) for way in ways} for _ in range(rounds)]
    return [
        table.row(
            f"{file.name}, {_NAMES.get(ratio.way, ratio.way)}: {_UNITS[ratio.figure]}",
            _NAMES.get(ratio.against, ratio.against),
            [each[ratio.way][ratio.figure] / each[ratio.against][ratio.figure] for each in taken],
            at_most=ratio.at_most,
        )
        for ratio in ratios
    ]


def _quality(file: File) -> table.Row:
    return table.row(
        f"{file.name}: quality before encoding",
        "float LANCZOS of the whole image",
        [quality.decibels(file)],
        at_least=45,
        unit=" dB",
    )


def _video(path: Path) -> list[table.Row]:
    samples.large_video(path, 200_000_000)
    size, asked = path.stat().st_size, []
    with path.open("rb") as file:

        def read(offset: int, length: int) -> bytes:
            asked.append(length)
            file.seek(offset)
            return file.read(length)

        videos.derive(read, size)
    what = f"video still, index at the end, {size // 1_000_000} MB"
    return [
        table.row(f"{what}: bytes read", "the file's size", [sum(asked) / size], at_most=0.007),
        table.row(f"{what}: GETs", "one", [len(asked)], at_most=5),
    ]
