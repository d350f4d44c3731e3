"""The decoder of each type of file.

Each is imported when its first file comes: an environment of `decode` may never see another type.
"""

from collections.abc import Callable
from typing import NamedTuple

from chalicelib.kernel.derived import Pictures, Sound

type Read = Callable[[int, int], bytes]
"""`read(offset, length)` returns exactly these bytes of the original."""

type Box = tuple[int, int, int, int]
"""Pixels of a preview to paint over: left, top, right, bottom."""


class Order(NamedTuple):
    """One file to open: its type, as detected from its bytes, and its size in bytes. With `boxes`
    it is a preview, in which these are to be painted over. `clip`: its clip is wanted, too.
    """

    content_type: str
    size: int
    boxes: tuple[Box, ...] = ()
    clip: bool = False


class Decoder(NamedTuple):
    """`decode(order, read)` returns what is derived from the file. It raises Rejected for a fault
    of the file, and MemoryError; any other error is a fault of this system. `threads`: it cannot
    work without a thread of its own.
    """

    decode: Callable[[Order, Read], Pictures | Sound]
    threads: bool = False


# libde265, which decodes HEIC, ends the process when it cannot start a thread, at any setting.
_THREADED = frozenset({"image/heic", "image/heif"})


def load(order: Order) -> Decoder:
    """Return the decoder of a file, with all imported that it needs: it can open no file then.

    Raises what a library raises at its import.
    """
    kind = order.content_type.partition("/")[0]
    if kind == "video":
        from chalicelib.media_decoding import videos

        return Decoder(lambda order, read: videos.derive(read, order.size, clip=order.clip))
    if kind == "audio":
        from chalicelib.media_decoding import sounds

        sounds.try_encoder()
        return Decoder(lambda order, read: sounds.derive(_whole(order, read), order.content_type))
    from chalicelib.media_decoding import images

    if order.boxes:
        return Decoder(lambda order, read: images.redact(_whole(order, read), order.boxes))
    images.load_decoder(order.content_type)
    return Decoder(
        lambda order, read: images.derive(_whole(order, read), order.content_type),
        threads=order.content_type in _THREADED,
    )


def _whole(order: Order, read: Read) -> bytes:
    return read(0, order.size)
