"""The same pictures by pyvips: prints `{"seconds", "bytes"}`, as `tests.bench.media.sample` does.

python with_pyvips.py FILE PREVIEW_PX THUMB_PX JPEG_QUALITY
"""

import json
import sys
from pathlib import Path
from time import perf_counter

import pyvips


def peak() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


path, (preview_px, thumb_px, quality) = sys.argv[1], map(int, sys.argv[2:])
before, began = peak(), perf_counter()
preview = pyvips.Image.thumbnail(path, preview_px).copy_memory()
for image in (preview, preview.thumbnail_image(thumb_px)):
    image.jpegsave_buffer(Q=quality, keep="none")
json.dump({"seconds": perf_counter() - began, "bytes": peak() - before}, sys.stdout)
