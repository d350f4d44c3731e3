"""What deriving pictures costs, side by side with naive Pillow: as ratios taken in one run, so that
the machine's speed does not count.

Every sample is a fresh process on one core; samples of the two sides alternate; a row holds the
median ratio, and the extremes. Memory is the peak resident size (VmHWM) above that of the
interpreter with its libraries imported.

    python -m tests.bench.media     prints the table
"""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from io import BytesIO
from math import log10
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from PIL import Image, ImageFilter, ImageMath, ImageOps

from chalicelib.domain.media import PREVIEW_PX, THUMB_PX
from chalicelib.media import images, sandbox, videos
from tests import media_samples as samples

ROUNDS = 7
type Row = dict[str, Any]


def rows() -> list[Row]:
    """`{"what", "against", "ratio", "min", "max", "budget", "holds"}`; `budget` and `holds` are
    None where there is none.
    """
    with tempfile.TemporaryDirectory() as folder:
        twelve, fortyeight = Path(folder, "12mp.jpg"), Path(folder, "48mp.jpg")
        twelve.write_bytes(photo(4032, 3024))
        fortyeight.write_bytes(photo(8064, 6048))
        return [
            *_compare(
                "12 MP JPEG → thumb + preview", "ours", "naive", twelve, time=0.40, memory=0.35
            ),
            *_compare(
                "48 MP JPEG → thumb + preview", "ours", "naive", fortyeight, time=0.20, memory=0.15
            ),
            *(
                row
                for other in _others()
                for row in _compare(f"12 MP JPEG, {other}", other, "naive", twelve)
            ),
            *_compare("12 MP JPEG, in the sandbox", "sandboxed", "naive", twelve),
            _quality(twelve),
            *_video(Path(folder, "long.mp4")),
        ]


def photo(width: int, height: int) -> bytes:
    """Something between a wall and a lawn, held upright: about 0.3 bytes a pixel, turned by its
    Exif as most phones' photos are.
    """
    detail = [
        Image.effect_noise((width, height), 50).filter(ImageFilter.GaussianBlur(1.2))
        for _ in range(3)
    ]
    image = Image.blend(samples.scene(width, height), Image.merge("RGB", detail), 0.5)
    return samples.encode(image, "JPEG", quality=88, exif=samples.exif(6))


def _others() -> list[str]:
    """What is installed of the libraries that others would take."""
    found = ["pyvips"] if importlib.util.find_spec("pyvips") else []
    node = shutil.which("node")
    if (
        node
        and subprocess.run(
            [node, "-e", "require('sharp')"], capture_output=True, check=False
        ).returncode
        == 0
    ):
        found.append("sharp")
    return found


def _compare(
    what: str,
    ours: str,
    theirs: str,
    path: Path,
    time: float | None = None,
    memory: float | None = None,
) -> list[Row]:
    taken = [(_sample(ours, path), _sample(theirs, path)) for _ in range(ROUNDS)]
    against = "naive Pillow (open, transpose, LANCZOS)"
    rows = [
        _row(
            f"{what}: time", against, [a["seconds"] / b["seconds"] for a, b in taken], at_most=time
        )
    ]
    if ours in ("ours", "pyvips"):  # the others' memory is another process's
        rows.append(
            _row(
                f"{what}: peak memory",
                against,
                [a["bytes"] / b["bytes"] for a, b in taken],
                at_most=memory,
            )
        )
    return rows


def _row(
    what: str,
    against: str,
    ratios: list[float],
    at_most: float | None = None,
    at_least: float | None = None,
    unit: str = "",
) -> Row:
    ratio = median(ratios)
    budget = (
        f"≤ {at_most}{unit}"
        if at_most is not None
        else f"≥ {at_least}{unit}"
        if at_least is not None
        else None
    )
    holds = (
        None
        if budget is None
        else ratio <= at_most
        if at_most is not None
        else ratio >= (at_least or 0)
    )
    figures = {"ratio": round(ratio, 4), "min": round(min(ratios), 4), "max": round(max(ratios), 4)}
    return {"what": what, "against": against, **figures, "budget": budget, "holds": holds}


def _quality(path: Path) -> Row:
    """Before encoding, in dB of peak signal to noise; the worse of preview and thumb."""
    data = path.read_bytes()
    preview, _ = images.look(BytesIO(data), "image/jpeg")
    Image.MAX_IMAGE_PIXELS = None
    full = ImageOps.exif_transpose(Image.open(BytesIO(data))).convert("RGB")
    worst = min(_decibels(full, preview), _decibels(full, images.shrink(preview)))
    return _row(
        "12 MP JPEG: quality before encoding",
        "float LANCZOS of the full image",
        [worst],
        at_least=45,
        unit=" dB",
    )


def _decibels(full: Image.Image, small: Image.Image) -> float:
    errors = []
    for ideal, band in zip(full.split(), small.split(), strict=True):
        wanted = ideal.convert("F").resize(small.size, Image.Resampling.LANCZOS)
        squared = ImageMath.lambda_eval(
            lambda args: (
                (args["min"](args["max"](args["a"], 0), 255) - args["float"](args["b"])) ** 2
            ),
            a=wanted,
            b=band,
        )
        errors.append(squared.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0)))
    return 10 * log10(255**2 / (sum(errors) / len(errors)))


def _video(path: Path) -> list[Row]:
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
        _row(f"{what}: bytes read", "the file's size", [sum(asked) / size], at_most=0.01),
        _row(f"{what}: GETs", "one", [len(asked)], at_most=10),
    ]


# A sample: one process, one picture.


def _sample(how: str, path: Path) -> dict[str, float]:
    pinned = ["taskset", "-c", "0"] if shutil.which("taskset") else []
    environment = {**os.environ, "VIPS_CONCURRENCY": "1", "OMP_NUM_THREADS": "1"}
    command = [
        *pinned,
        sys.executable,
        "-m",
        __spec__.name if __spec__ else "tests.bench.media",
        how,
        str(path),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def _ours(path: Path) -> None:
    images.derive(path.read_bytes(), "image/jpeg")


def _sandboxed(path: Path) -> None:
    data = path.read_bytes()
    sandbox.derive("image/jpeg", len(data), lambda offset, length: data[offset : offset + length])


def _naive(path: Path) -> None:
    Image.MAX_IMAGE_PIXELS = None
    image = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    for longest in (PREVIEW_PX, THUMB_PX):
        image.resize(images.fit(image.size, longest), Image.Resampling.LANCZOS).save(
            BytesIO(), "JPEG", quality=images.JPEG_QUALITY
        )


def _pyvips(path: Path) -> None:
    import pyvips

    preview = pyvips.Image.thumbnail(str(path), PREVIEW_PX).copy_memory()
    for image in (preview, preview.thumbnail_image(THUMB_PX)):
        image.jpegsave_buffer(Q=images.JPEG_QUALITY, strip=True)


def _sharp(path: Path) -> float:
    script = f"""
        const sharp = require('sharp'); sharp.concurrency(1); sharp.cache(false);
        const size = n => ({{width: n, height: n, fit: 'inside', withoutEnlargement: true}});
        (async () => {{
            const began = process.hrtime.bigint();
            const small = sharp({json.dumps(str(path))}).rotate().resize(size({PREVIEW_PX}));
            const preview = await small.raw().toBuffer({{resolveWithObject: true}});
            const {{width, height, channels}} = preview.info;
            const raw = {{raw: {{width, height, channels}}}};
            await sharp(preview.data, raw).jpeg({{quality: {images.JPEG_QUALITY}}}).toBuffer();
            await sharp(preview.data, raw).resize(size({THUMB_PX}))
              .jpeg({{quality: {images.JPEG_QUALITY}}}).toBuffer();
            console.log(Number(process.hrtime.bigint() - began) / 1e9);
        }})();"""
    return float(
        subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True).stdout
    )


def _peak() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def _measure(how: str, path: Path) -> None:
    work = {
        "ours": _ours,
        "naive": _naive,
        "sandboxed": _sandboxed,
        "pyvips": _pyvips,
        "sharp": _sharp,
    }[how]
    if how == "sandboxed":
        sandbox.SANDBOX.why_unconfined()  # Its zygote starts in INIT, and has some hundred files.
    before = _peak()
    began = perf_counter()
    seconds = work(path) or perf_counter() - began
    json.dump({"seconds": seconds, "bytes": _peak() - before}, sys.stdout)


def _print(table: list[Row]) -> None:
    for row in table:
        figures = f"{row['ratio']:>9} ({row['min']} to {row['max']})"
        verdict = {None: "", True: "holds", False: "MISSED"}[row["holds"]]
        print(
            f"{row['what']:<58} {figures:<32} {row['budget'] or '':<10} {verdict:<7} "
            f"against {row['against']}"
        )


if __name__ == "__main__":
    if len(sys.argv) == 3:
        _measure(sys.argv[1], Path(sys.argv[2]))
    else:
        _print(rows())
