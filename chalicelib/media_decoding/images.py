"""Decoding of images: make two clean JPEGs from an untrusted file.

The pixels are copied to a new image, and only that image is encoded. So the result cannot contain
Exif, GPS, XMP, an ICC profile, comments, an embedded thumbnail or trailing bytes. This module runs
in a decoder's child; nothing else imports it.
"""

import struct
import warnings
import zlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from typing import Any, cast

from av import CodecContext, Packet
from av.error import FFmpegError
from PIL import (
    Image,
    ImageColor,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    _imaging,
)

from chalicelib.kernel.derived import (
    MAX_PIXELS,
    PREVIEW_PX,
    THUMB_PX,
    Hint,
    PictureInfo,
    Pictures,
    Rejected,
    RejectReason,
    Size,
    fit,
)
from chalicelib.media_decoding import resizing

JPEG_QUALITY = 80
# The most pixels of an image by type. All other types have MAX_PIXELS.
MOST_PIXELS = {
    # For phones with 200 megapixels; decoded at a quarter of the width or less.
    "image/jpeg": 250_000_000,
    # For phones with 48 megapixels; takes half a gigabyte and three seconds.
    "image/heic": 50_000_000,
}
# The errors that reading a faulty Exif may raise.
_ILL_WRITTEN = (ArithmeticError, LookupError, SyntaxError, TypeError, ValueError, struct.error)
# Twice the size of a JPEG segment. A larger Exif is an attack on the parser.
MAX_EXIF_BYTES = 1 << 17

# Pillow imports these at their first use, but the child cannot import anything later. (TIFF is
# the format of Exif.) Without the codecs, Pillow would report a fault of the file.
_NEEDED_LATER = (
    ImageColor,
    TiffImagePlugin,
    _imaging.jpeg_decoder,
    _imaging.jpeg_encoder,
    _imaging.zip_decoder,
    CodecContext.create("png", "r"),
)
Image.preinit()

# The errors and warnings of the decoders about a file. Only these reject a file; any other error is
# a fault of this system. RuntimeError is from libheif; for OSError, see `_is_ours`.
_ABOUT_THE_FILE = (
    SyntaxError,
    ValueError,
    EOFError,
    OSError,
    RuntimeError,
    struct.error,
    zlib.error,
    UserWarning,
    Image.DecompressionBombWarning,
)

# Some decoders allocate memory when they open a file, so Pillow must check the limit as well. It
# raises at twice this value.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS // 2

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = range(5, 9)


def load_decoder(content_type: str) -> type[ImageFile.ImageFile]:
    """Import and return the decoder of this type, which was detected from the content.

    So an untrusted file never reaches one of Pillow's many other decoders.
    """
    if content_type == "image/jpeg":
        return JpegImagePlugin.JpegImageFile
    if content_type == "image/png":
        return _PngFile
    if content_type == "image/webp":
        from PIL import _webp  # noqa: F401  (the plugin loads without it, but cannot decode)
        from PIL.WebPImagePlugin import WebPImageFile

        return WebPImageFile
    import _pi_heif  # type: ignore[import-not-found]  # noqa: F401  (the same)
    import pi_heif as heif

    heif.options.DECODE_THREADS = 1  # each thread would use the child's limited memory
    heif.options.THUMBNAILS = heif.options.DEPTH_IMAGES = heif.options.AUX_IMAGES = False
    return heif.HeifImageFile  # type: ignore[attr-defined]


def derive(data: bytes, content_type: str) -> Pictures:
    """Return the pictures of an image file of an accepted type.

    Raises Rejected for a fault of the file, and MemoryError. Any other error is a fault of this
    system.
    """
    file = BytesIO(data)
    del data  # to free the memory when `look` closes the file
    return render(*_open(file, content_type))


def redact(preview: bytes, boxes: Iterable[tuple[int, int, int, int]]) -> Pictures:
    """Return a preview with these boxes of pixels in black, and its thumbnail.

    The colours are not coded at half the size, as they are in the preview: so a box is black to its
    edges. Raises as `derive`.
    """
    image, info = _open(BytesIO(preview), "image/jpeg")
    for box in boxes:
        image.paste((0, 0, 0), box)
    redacted = _repaint(image)
    return Pictures(_encode(shrink(redacted)), _encode(redacted, subsampling=0), info)


def _open(file: BytesIO, content_type: str) -> tuple[Image.Image, PictureInfo]:
    """Return the same as `look`. Raises as `derive`."""
    with warnings.catch_warnings():
        for kind in (UserWarning, Image.DecompressionBombWarning):
            warnings.simplefilter("error", kind)
        # A faulty Exif must not reject the file; only the hint is lost.
        warnings.filterwarnings("ignore", module=r"PIL\.TiffImagePlugin")
        try:
            return look(file, content_type)
        except Image.DecompressionBombError:
            raise Rejected(RejectReason.TOO_MANY_PIXELS) from None
        except _ABOUT_THE_FILE as error:
            if _is_ours(error):
                raise
            raise Rejected(RejectReason.UNREADABLE) from None


def _is_ours(error: BaseException | None) -> bool:
    """Return whether the operating system raised the error, such as for too many open files.

    Only such an OSError has a number; those of decoders have none. Libraries may wrap it.
    """
    while error:
        if isinstance(error, OSError) and error.errno is not None:
            return True
        error = error.__context__
    return False


def look(file: BytesIO, content_type: str) -> tuple[Image.Image, PictureInfo]:
    """Return the image upright, in RGB and at most of preview size, with its metadata.

    Closes `file`. Raises Rejected, and the errors of the decoders.
    """
    image: Image.Image = load_decoder(content_type)(file)
    width, height = image.size
    if width * height > MOST_PIXELS.get(content_type, MAX_PIXELS):
        raise Rejected(RejectReason.TOO_MANY_PIXELS)
    box = fit(image.size, PREVIEW_PX)
    # A JPEG can be decoded at 1/2, 1/4 or 1/8 of its size.
    image.draft("RGB", _with_margin(box))
    image.load()
    file.close()
    if len(image.info.get("exif") or b"") > MAX_EXIF_BYTES:  # a HEIC without Exif has None here
        del image.info["exif"]
    orientation, hint = _read_exif(image)
    image = resizing.shrink(_flatten(image), box)
    if orientation in _UPRIGHT:
        image = image.transpose(_UPRIGHT[orientation])
    if orientation in _SIDEWAYS:
        width, height = height, width
    return image, PictureInfo(width=width, height=height, hint=hint)


def render(image: Image.Image, info: PictureInfo) -> Pictures:
    """Encode an upright RGB image of at most preview size as preview and thumbnail."""
    preview = _repaint(image)
    thumb = shrink(preview)
    return Pictures(_encode(thumb), _encode(preview), replace(info, edges=_edges(thumb)))


def _edges(thumb: Image.Image) -> str:
    """Return the difference hash of a picture: where it grows brighter to the right, on a grid of
    eight by eight. A smaller copy, or one that was compressed again, has nearly the same.
    """
    grid = thumb.convert("L").resize((9, 8), Image.Resampling.BOX).tobytes()
    bits = 0
    for row in range(8):
        for column in range(8):
            at = row * 9 + column
            bits = bits << 1 | (grid[at + 1] > grid[at])
    return f"{bits:016x}"


def shrink(preview: Image.Image) -> Image.Image:
    """Return the thumbnail of a preview."""
    return resizing.shrink(preview, fit(preview.size, THUMB_PX))


class _PngFile(PngImagePlugin.PngImageFile):
    """A PNG. FFmpeg decodes what phones write, three or four channels of eight bits; and Pillow all
    else, and damaged pixels, of which FFmpeg shows none.
    """

    _factor = 1

    def draft(self, mode: str | None, size: Size | None) -> None:
        """Let a picture be reduced by 2, 4 or 8 as it is decoded, as a JPEG, to at least `size`."""
        # What is transparent is first painted on white.
        if size and self.mode == "RGB" and not self.has_transparency_data:
            self._factor = resizing.factor(min(self.width / size[0], self.height / size[1]))

    def load(self) -> Any:
        if not self.tile or self.is_animated or self.tile[0].args not in _CHANNELS:
            return super().load()
        [by_pillow], whole = self.tile, self.size
        self._size = -(-whole[0] // self._factor), -(-whole[1] // self._factor)
        args = (by_pillow.args, whole, self._factor)
        self.tile = [
            by_pillow._replace(codec_name=_PngPixels.NAME, extents=(0, 0, *self.size), args=args)
        ]
        try:
            return super().load()
        except MemoryError:  # PyAV's is an FFmpegError, too
            raise
        except FFmpegError:
            pass  # Its frame is freed with the exception, before Pillow begins.
        self.tile, self.decoderconfig, self._size = [by_pillow], (), whole
        self._im = None  # it may have been made for less
        return super().load()


# The code of PNG for each order of channels.
_CHANNELS = {"RGB": 2, "RGBA": 6}
# So many pixels are reduced at a time.
_BAND = 1 << 18


class _PngPixels(ImageFile.PyDecoder):
    """Decode the pixels of a PNG by FFmpeg, in two thirds of Pillow's time: it reverses the filters
    of rows with the processor's SIMD (docs/adr/0066-png.md).

    It gets the size and the compressed pixels of a file, and no other chunk. Without the one that
    ends a file, it takes none whose rows are missing.
    """

    NAME = "png_by_ffmpeg"
    _pulls_fd = True

    def decode(self, buffer: Image.DecoderInput) -> tuple[int, int]:
        file = cast("BytesIO", self.fd)
        begin = file.tell()
        rawmode, (width, height), factor, *interlaced = self.args
        form = struct.pack(">2I5B", width, height, 8, _CHANNELS[rawmode], 0, 0, bool(interlaced))
        context = CodecContext.create("png", "r")
        context.thread_count = 1  # the child may start no threads
        [frame] = context.decode(Packet(_plain_png(form, file.getvalue(), begin - 8)))
        [plane] = frame.planes
        pixels, line = cast("Any", memoryview(plane)), plane.line_size
        image = cast("Any", self.im)
        step = factor * max(1, _BAND // (width * factor))
        for top in range(0, height, step):
            size, some = (width, min(step, height - top)), pixels[top * line :]
            rows = Image.frombuffer(rawmode, size, some, "raw", rawmode, line, 1).reduce(factor)
            above = top // factor
            image.paste(rows.im, (0, above, rows.width, above + rows.height))
        file.seek(begin)  # Pillow reads on from here: the chunks after the pixels
        return -1, 0


Image.register_decoder(_PngPixels.NAME, _PngPixels)


def _plain_png(form: bytes, data: bytes, begin: int) -> bytes:
    """Return a PNG of this form with the chunks of pixels of another, which begin at `begin`."""
    end = begin
    while data[end + 4 : end + 8] == b"IDAT":
        end += 12 + int.from_bytes(data[end : end + 4])
    header = b"IHDR" + form
    checksum = zlib.crc32(header).to_bytes(4)
    pixels = memoryview(data)[begin:end]
    return b"".join((b"\x89PNG\r\n\x1a\n", len(form).to_bytes(4), header, checksum, pixels))


def _with_margin(box: Size) -> Size:
    return int(box[0] * resizing.MARGIN), int(box[1] * resizing.MARGIN)


def _flatten(image: Image.Image) -> Image.Image:
    """Return the image in RGB: transparent pixels on white, and 8 of 16 bits in each channel."""
    if image.mode.startswith("I;16"):
        return image.point(lambda value: value / 256).convert("L").convert("RGB")
    if not image.has_transparency_data:
        return image if image.mode == "RGB" else image.convert("RGB")
    image = image if image.mode == "RGBA" else image.convert("RGBA")
    white = Image.new("RGB", image.size, "white")
    white.paste(image, mask=image)
    return white


def _repaint(image: Image.Image) -> Image.Image:
    """Copy the pixels to a new image, because Pillow copies `info` from image to image."""
    clean = Image.new("RGB", image.size)
    clean.paste(image)
    return clean


def _encode(image: Image.Image, subsampling: int = -1) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", quality=JPEG_QUALITY, optimize=True, subsampling=subsampling)
    return out.getvalue()


def _read_exif(image: Image.Image) -> tuple[Any, Hint | None]:
    """Return the orientation and the hint; None for both when the Exif cannot be read."""
    try:
        exif = image.getexif()
        return exif.get(0x0112), _read_hint(exif)
    except _ILL_WRITTEN:
        return None, None


def _read_hint(exif: Image.Exif) -> Hint | None:
    lat, lon = _read_place(exif)
    hint = Hint(taken_at=_read_time(exif), lat=lat, lon=lon)
    return None if hint == Hint() else hint


def _read_time(exif: Image.Exif) -> datetime | None:
    """Return the time of the photo, with a time zone if the camera wrote one."""
    try:
        details = exif.get_ifd(0x8769)
        written = str(details.get(0x9003) or details.get(0x9004) or exif.get(0x0132))
        zone = str(details.get(0x9011) or details.get(0x9010) or "")
        taken_at = datetime.fromisoformat(
            f"{written[:10].replace(':', '-')}T{written[11:19]}{zone.strip()}"
        )
    except _ILL_WRITTEN:
        return None
    return taken_at if taken_at.year >= 1990 else None  # earlier: the clock was never set


def _read_place(exif: Image.Exif) -> tuple[float, float] | tuple[None, None]:
    try:
        gps = exif.get_ifd(0x8825)
        lat, lon = _read_degrees(gps[2], gps[1], "S"), _read_degrees(gps[4], gps[3], "W")
    except _ILL_WRITTEN:
        return None, None
    # A camera that does not know its position writes 0, 0.
    return (lat, lon) if abs(lat) <= 90 and abs(lon) <= 180 and (lat or lon) else (None, None)


def _read_degrees(parts: Any, reference: Any, negative: str) -> float:
    degrees: float = sum(float(part) / 60**power for power, part in enumerate(parts[:3]))
    return round(-degrees if str(reference).strip("\0 ").upper() == negative else degrees, 6)
