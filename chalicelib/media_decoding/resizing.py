"""Resizing with the processor's SIMD, by libswscale, which PyAV brings.

Pillow resizes without SIMD, and takes four times as long for the same quality
(docs/adr/0046-thumbnails.md). This module runs in a decoder's child.
"""

from av.video.frame import VideoFrame
from PIL import Image

from chalicelib.kernel.derived import Size

# An image may first be made smaller by 2, 4 or 8, which is fast but less exact than LANCZOS. It
# must stay larger than the result by this factor, so that no loss is visible (45 dB).
MARGIN = 1.15


def shrink(image: Image.Image, size: Size) -> Image.Image:
    """Return `image`, which is RGB, at `size`, which is not larger in either direction."""
    ratios = image.width / size[0], image.height / size[1]
    factors = factor(ratios[0] / MARGIN), factor(ratios[1] / MARGIN)
    if factors != (1, 1):
        image = image.reduce(factors)
    frame = VideoFrame(image.width, image.height, "gray8")
    [plane] = frame.planes
    shrunk = Image.new("RGB", size)
    # Each channel as grey: libswscale resizes RGB by way of YUV.
    for channel in "RGB":
        plane.update(image.tobytes("raw", channel, plane.line_size))
        # The child may start no threads.
        [small] = frame.reformat(*size, interpolation="LANCZOS", threads=1).planes
        shrunk.frombytes(memoryview(small), "raw", channel, small.line_size)
    return shrunk


def factor(ratio: float) -> int:
    """Return the largest power of two that is not larger."""
    found = 1
    while ratio >= 2 * found:
        found *= 2
    return found
