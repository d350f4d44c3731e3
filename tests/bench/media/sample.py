"""One file, derived once in this process: prints `{"seconds", "bytes"}`.

    python -m tests.bench.media.sample library|apart|naive TYPE FILE

Seconds are wall time on the one core that it has, and bytes the peak resident size (VmHWM) above
that of the interpreter with its libraries imported. A process apart has memory of its own.
"""

import json
import sys
from io import BytesIO
from pathlib import Path
from time import perf_counter

from PIL import Image, ImageOps

from chalicelib.kernel.derived import PREVIEW_PX, THUMB_PX, fit
from chalicelib.media_decoding import images
from tests.decoding import DECODING, derive


def _library(content_type: str, path: Path) -> None:
    images.derive(path.read_bytes(), content_type)


def _apart(content_type: str, path: Path) -> None:
    derive(content_type, path.read_bytes())


def _naive(content_type: str, path: Path) -> None:
    """What a first search for thumbnails finds: open, transpose, LANCZOS, save."""
    is_png = content_type == "image/png"  # for which our decoder is not Pillow's
    opened = Image.open(path) if is_png else images.load_decoder(content_type)(path)
    image = ImageOps.exif_transpose(opened).convert("RGB")
    for longest in (PREVIEW_PX, THUMB_PX):
        image.resize(fit(image.size, longest), Image.Resampling.LANCZOS).save(
            BytesIO(), "JPEG", quality=images.JPEG_QUALITY
        )


_WAYS = {"library": _library, "apart": _apart, "naive": _naive}


def _peak() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def main(way: str, content_type: str, path: Path) -> None:
    Image.MAX_IMAGE_PIXELS = None
    images.load_decoder(content_type)
    if way == "apart":
        DECODING.is_working("owner")  # Its process has opened files before.
    before, began = _peak(), perf_counter()
    _WAYS[way](content_type, path)
    json.dump({"seconds": perf_counter() - began, "bytes": _peak() - before}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
