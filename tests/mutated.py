"""Decode many damaged files in one process, which is faster than a sandbox for each, and print the
outcomes.

python -m tests.mutated KIND FIRST LAST

For each seed this prints `SEED` before decoding, and `SEED OUTCOME SECONDS` after it. When a file
ends the process, the second line is missing.
"""

import resource
import sys
from collections.abc import Callable
from time import process_time

from chalicelib.domain.media import sniff
from chalicelib.kernel.derived import Pictures, Rejected, RejectReason
from chalicelib.media_decoding import images, videos
from chalicelib.store.media.decoding import jpeg_size
from tests import media_samples as samples

KINDS: dict[str, Callable[[], bytes]] = {
    "jpeg": lambda: samples.jpeg(320, 240, 6),
    "progressive jpeg": lambda: samples.jpeg(320, 240, progressive=True),
    "png": lambda: samples.encode(
        samples.scene(160, 120).convert("P"), "PNG", transparency=0, exif=samples.exif()
    ),
    "rgba png": lambda: samples.encode(
        samples.scene(160, 120).convert("RGBA"), "PNG", exif=samples.exif()
    ),
    "webp": lambda: samples.encode(samples.scene(160, 120), "WEBP", exif=samples.exif()),
    "lossless webp": lambda: samples.encode(
        samples.scene(160, 120).convert("RGBA"), "WEBP", lossless=True, exif=samples.exif()
    ),
    "heic": lambda: samples.heic(quarter_turns=1),
    "mp4": lambda: samples.video([samples.scene(160, 96)] * 3, turn=90, sound=True),
    "hevc mov": lambda: samples.video([samples.scene(160, 96)] * 3, "libx265", container="mov"),
    "3gp": lambda: samples.video([samples.scene(176, 144)] * 3, "h263", container="3gp"),
    "mpeg4": lambda: samples.video([samples.scene(160, 96)] * 3, "mpeg4", index_first=True),
}


def derive(data: bytes) -> Pictures:
    content_type = sniff(data[:4096])
    if content_type is None:
        raise Rejected(RejectReason.UNSUPPORTED_FORMAT)
    if content_type.startswith("video/"):
        return videos.derive(lambda offset, length: data[offset : offset + length], len(data))
    return images.derive(data, content_type)


def _outcome(data: bytes) -> str:
    try:
        pictures = derive(data)
    except Rejected as rejected:
        return rejected.reason
    except MemoryError:
        return RejectReason.UNPROCESSABLE
    clean = all(
        jpeg_size(picture) and samples.CANARY not in picture
        for picture in (pictures.thumb, pictures.preview)
    )
    return "clean" if clean else "dirty"


def main(kind: str, first: int, last: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    data = KINDS[kind]()
    for seed in range(first, last):
        print(seed, flush=True)
        began = process_time()  # processor time does not depend on how busy the machine is
        print(
            seed, _outcome(samples.mutate(data, seed)), round(process_time() - began, 3), flush=True
        )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
