"""One file, derived once in this process: prints `{"seconds", "bytes"}`.

    python -m tests.bench.media.sample library|sandboxed|naive TYPE FILE

Seconds are wall time on the one core that it has, and bytes the peak resident size (VmHWM) above
that of the interpreter with its libraries imported. In the sandbox, the memory is other processes'.
"""

import json
import sys
from io import BytesIO
from pathlib import Path
from time import perf_counter

from PIL import Image, ImageOps

from chalicelib.domain.media import PREVIEW_PX, THUMB_PX
from chalicelib.media import images, sandbox


def _library(content_type: str, path: Path) -> None:
    images.derive(path.read_bytes(), content_type)


def _sandboxed(content_type: str, path: Path) -> None:
    data = path.read_bytes()
    sandbox.derive(content_type, len(data), lambda at, length: data[at : at + length])


def _naive(content_type: str, path: Path) -> None:
    """What a first search for thumbnails finds: open, transpose, LANCZOS, save."""
    image = ImageOps.exif_transpose(images.load_decoder(content_type)(path)).convert("RGB")
    for longest in (PREVIEW_PX, THUMB_PX):
        image.resize(images.fit(image.size, longest), Image.Resampling.LANCZOS).save(
            BytesIO(), "JPEG", quality=images.JPEG_QUALITY
        )


_WAYS = {"library": _library, "sandboxed": _sandboxed, "naive": _naive}


def _peak() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def main(way: str, content_type: str, path: Path) -> None:
    Image.MAX_IMAGE_PIXELS = None
    images.load_decoder(content_type)
    if way == "sandboxed":
        sandbox.SANDBOX.why_unconfined()  # Its zygote starts in INIT, and has some hundred files.
    before, began = _peak(), perf_counter()
    _WAYS[way](content_type, path)
    json.dump({"seconds": perf_counter() - began, "bytes": _peak() - before}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
