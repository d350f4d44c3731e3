"""How far our pictures are from the best ones, before they are encoded."""

from io import BytesIO
from math import log10

from PIL import Image, ImageMath, ImageOps

from chalicelib.media_decoding import images
from tests.bench.media.files import File


def decibels(file: File) -> float:
    """Return the peak signal to noise ratio of a file's preview or thumbnail, of the worse one,
    against a resize of the whole image in floating point.
    """
    data = file.path.read_bytes()
    preview, _ = images.look(BytesIO(data), file.content_type)
    Image.MAX_IMAGE_PIXELS = None
    # Its own decoder: Pillow does not know them all.
    whole = images.load_decoder(file.content_type)(BytesIO(data))
    best = ImageOps.exif_transpose(whole).convert("RGB")
    return min(_compare(best, preview), _compare(best, images.shrink(preview)))


def _compare(best: Image.Image, small: Image.Image) -> float:
    errors = []
    for ideal, band in zip(best.split(), small.split(), strict=True):
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
