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

_NAMES = {"library": "in one process", "apart": "in a process apart, as in production"}
_UNITS = {"seconds": "time", "bytes": "peak memory"}


class Ratio(NamedTuple):
    """How much of naive Pillow's time or memory a way takes at the most."""

    way: str
    at_most: float
    figure: str = "seconds"


_PHOTO = [Ratio("apart", 0.42), Ratio("library", 0.35), Ratio("library", 0.35, "bytes")]
_HEIC = [Ratio("apart", 0.75)]
_PNG = [Ratio("apart", 0.85)]
_RATIOS: Mapping[str, list[Ratio]] = {
    "12 MP JPEG": _PHOTO,
    "48 MP JPEG": [Ratio("apart", 0.17), Ratio("library", 0.09, "bytes")],
    "12 MP HEIC": _HEIC,
    "PNG screenshot": _PNG,
    "12 MP PNG photo": [*_PNG, Ratio("library", 0.55, "bytes")],
    "12 MP PNG": _PNG,
    "Galaxy photo": _PHOTO,
    "iPhone HEIC": _HEIC,
}


def rows(rounds: int = table.ROUNDS) -> list[table.Row]:
    found: list[table.Row] = []
    with TemporaryDirectory() as folder:
        for file in files.write(Path(folder)):
            found += _compare(file, rounds)
            if file.content_type != "image/png":
                found.append(_quality(file))
        return [*found, *_video(Path(folder, "long.mp4"))]


def _compare(file: File, rounds: int) -> list[table.Row]:
    ratios = _RATIOS[file.name]
    ways = sorted({"naive", *(ratio.way for ratio in ratios)})
    taken = [{way: _derive(way, file) for way in ways} for _ in range(rounds)]
    return [
        table.row(
            f"{file.name}, {_NAMES[ratio.way]}: {_UNITS[ratio.figure]}",
            "naive Pillow (open, transpose, LANCZOS)",
            [each[ratio.way][ratio.figure] / each["naive"][ratio.figure] for each in taken],
            at_most=ratio.at_most,
        )
        for ratio in ratios
    ]


def _derive(way: str, file: File) -> Mapping[str, float]:
    """Return the `seconds` and `bytes` of one way, in a fresh process."""
    module = "tests.bench.media.sample"
    figures: Mapping[str, float] = table.run_json(module, way, file.content_type, str(file.path))
    return figures


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
