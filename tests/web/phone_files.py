"""Files as phones make them, with a canary wherever a name, a number or a note can stand."""

import struct
from collections.abc import Iterable
from io import BytesIO
from typing import Any

import av
from PIL import Image, PngImagePlugin

from tests import media_samples as samples
from tests.media_samples import CANARY, box, jpeg_segment

NOTE = CANARY.decode()
TIMES = {0x9003: "2026:11:24 08:30:00", 0x9004: "2026:11:24 08:30:00", 0x9011: "+08:00"}
PLACE = {1: "N", 2: (39.0, 55.0, 12.0), 3: "E", 4: (116.0, 26.0, 24.0), 27: NOTE, 29: "2026:11:24"}
ISO6709 = b"+39.9200+116.4400/"


def exif(orientation: int | None = None) -> bytes:
    """Return the Exif of a camera that names everything."""
    data = Image.Exif()
    if orientation is not None:
        data[0x0112] = orientation
    for tag in (0x010E, 0x010F, 0x0110, 0x0131, 0x013B, 0x013C, 0x8298):
        data[tag] = NOTE
    data[0x0132] = "2026:11:24 08:30:00"
    notes = dict.fromkeys((0xA420, 0xA430, 0xA431, 0xA433, 0xA434, 0xA435), NOTE)
    data.get_ifd(0x8769).update({**TIMES, **notes, 0x927C: CANARY * 40, 0x9286: CANARY})
    data.get_ifd(0x8825).update(PLACE)
    return _with_thumbnail(data.tobytes())


def _with_thumbnail(data: bytes) -> bytes:
    """Return an Exif with a second directory, which has a small JPEG with a comment."""
    header, tiff = data[:6], data[6:]
    order = "<" if tiff[:2] == b"II" else ">"
    first = struct.unpack_from(f"{order}I", tiff, 4)[0]
    count = struct.unpack_from(f"{order}H", tiff, first)[0]
    small = samples.with_segments(
        samples.encode(samples.scene(16, 16), "JPEG"), jpeg_segment(0xFE, CANARY)
    )
    at = len(tiff)
    entries = ((0x0103, 3, 1, 6), (0x0201, 4, 1, at + 42), (0x0202, 4, 1, len(small)))
    directory = struct.pack(f"{order}H", len(entries)) + b"".join(
        struct.pack(f"{order}HHI", tag, kind, number)
        + (struct.pack(f"{order}HH", value, 0) if kind == 3 else struct.pack(f"{order}I", value))
        for tag, kind, number, value in entries
    )
    linked = bytearray(tiff)
    struct.pack_into(f"{order}I", linked, first + 2 + count * 12, at)
    return header + bytes(linked) + directory + bytes(4) + small


XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><o>" + CANARY + b"</o></x:xmpmeta>"


def jpeg(orientation: int | None = None, **options: Any) -> bytes:
    """Return a JPEG with segments of every kind that phones write, a thumbnail in each place where
    one can stand, and a video behind it.
    """
    plain = samples.jpeg(orientation=orientation, exif=exif(orientation), **options)
    segments = (
        jpeg_segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP)
        + jpeg_segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + XMP)
        + jpeg_segment(0xE2, b"maker\0" + CANARY)
        + jpeg_segment(0xE4, CANARY)
        + jpeg_segment(0xED, b"Photoshop 3.0\0" + CANARY)
        + jpeg_segment(0xEB, b"JP\0\0" + CANARY)
        + jpeg_segment(0xFE, CANARY)
    )
    plain = _with_jfif_thumbnail(plain)
    # The start, JFIF and Exif first, as cameras write them.
    at = 2
    while plain[at + 1] in (0xE0, 0xE1):
        at += 2 + int.from_bytes(plain[at + 2 : at + 4])
    trailer = box(b"ftyp", b"mp42" + CANARY) + CANARY + b"SEFT"
    return plain[:at] + segments + plain[at:] + trailer


def _with_jfif_thumbnail(data: bytes) -> bytes:
    """Return a JPEG with a thumbnail of 3 by 2 pixels, which spell the canary."""
    assert data[2:4] == b"\xff\xe0"
    end = 4 + int.from_bytes(data[4:6])
    spelt = (CANARY * 2)[:18]
    return data[:2] + jpeg_segment(0xE0, data[6:18] + b"\3\2" + spelt) + data[end:]


def png(orientation: int | None = None, **options: object) -> bytes:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Author", NOTE)
    texts.add_text("Comment", NOTE, zip=True)
    texts.add_itxt("XML:com.adobe.xmp", XMP.decode())
    image = samples.scene()
    turn = samples.TRANSPOSED.get(orientation or 1)
    if turn is not None:
        image = image.transpose(turn)
    data = samples.encode(image, "PNG", pnginfo=texts, exif=exif(orientation), **options)
    private = samples.png_chunk(b"maKe", CANARY) + samples.png_chunk(
        b"tIME", struct.pack(">HBBBBB", 2026, 11, 24, 8, 30, 0)
    )
    return data[:33] + private + data[33:] + CANARY


def webp(orientation: int | None = None, **options: object) -> bytes:
    data = samples.encode(samples.scene(), "WEBP", exif=exif(orientation), xmp=XMP, **options)
    private = b"maKe" + struct.pack("<I", len(CANARY)) + CANARY + b"\0" * (len(CANARY) % 2)
    return data[:4] + struct.pack("<I", len(data) - 8 + len(private)) + data[8:] + private + CANARY


def heif(brand: bytes = b"heic", *, version: int = 0, in_idat: bool = False) -> bytes:
    """Return a HEIC with Exif and XMP, a description among its properties, and boxes of a maker.

    `version` is that of the table of places. `in_idat`: the notes are within `meta`.
    """
    stored = samples.scene(128, 96).transpose(Image.Transpose.ROTATE_270)
    xmp = b"mime" + CANARY + b"\0application/rdf+xml\0"
    notes = {b"Exif\0": struct.pack(">I", 6) + exif(6), xmp: XMP}
    data = samples.heif(stored, 1, notes, brand=brand, own=CANARY, version=version, in_idat=in_idat)
    return data + box(b"sefd", CANARY) + CANARY + b"SEFT"


def video(
    container: str = "mp4",
    codec: str = "libx264",
    *,
    texts: bool = True,
    pictures: bool = True,
    sound: str | None = "aac",
    fragmented: bool = False,
) -> bytes:
    """Return a video with names, a place and a time wherever its muxer can write them, and a track
    of notes beside its pictures.
    """
    out = BytesIO()
    flags = "use_metadata_tags" + "+frag_keyframe+empty_moov" * fragmented
    options = {} if container == "3gp" else {"movflags": flags}
    with av.open(out, "w", format=container, container_options=options) as made:
        for name in ("title", "artist", "comment", "com.apple.quicktime.make", "make", NOTE):
            made.metadata[name] = NOTE
        made.metadata["location"] = ISO6709.decode()
        made.metadata["com.apple.quicktime.location.ISO6709"] = ISO6709.decode()
        made.metadata["com.apple.quicktime.creationdate"] = "2026-11-24T08:30:00+0800"
        made.metadata["creation_time"] = "2026-11-24T00:30:00Z"
        streams: list[Any] = []
        if pictures:
            stream: Any = made.add_stream(codec, rate=10)
            stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
            stream.options = {"x265-params": "log-level=none"} if codec == "libx265" else {}
            streams.append(stream)
        voice: Any = made.add_stream(sound, rate=48000) if sound else None
        streams += [voice] if voice else []
        notes: Any = made.add_stream("mov_text", rate=1) if texts else None
        for stream in streams:
            stream.metadata["handler_name"] = NOTE
        if notes:
            notes.codec_context.subtitle_header = b""
        if pictures:
            shown = samples.scene(128, 96)
            for at in range(12):
                frame: Any = av.VideoFrame.from_image(shown.rotate(at * 10))  # type: ignore[no-untyped-call]
                frame.pts = at
                made.mux(streams[0].encode(frame))
                if notes and at % 4 == 0:
                    _write_note(made, notes, at)
            made.mux(streams[0].encode(None))
        if voice:
            samples._hum(made, voice, 1.2)
    return _with_compressor(out.getvalue()) if codec == "libx264" else out.getvalue()


def _with_compressor(data: bytes) -> bytes:
    """Return a video whose format of pictures says who made the encoder."""
    at = data.index(b"avc1", data.index(b"stsd")) + 4 + 42
    return data[:at] + bytes([len(CANARY)]) + CANARY.ljust(31, b"\0") + data[at + 32 :]


def with_one_byte_samples(data: bytes) -> bytes:
    """Return a video whose index gives raw sound samples of one byte, as QuickTime does."""
    at = data.index(b"stsz", data.index(b"sowt")) + 8
    return data[:at] + struct.pack(">I", 1) + data[at + 4 :]


def _write_note(made: Any, notes: Any, at: int) -> None:
    packet = av.Packet(struct.pack(">H", len(CANARY)) + CANARY)
    packet.stream, packet.pts, packet.dts, packet.duration = notes, at, at, 1
    made.mux(packet)


def with_maker_boxes(data: bytes) -> bytes:
    """Return a video with boxes of a maker, used free space and a trailer behind all others."""
    extra = (
        box(b"uuid", bytes(16), CANARY),
        box(b"free", CANARY),
        box(b"mpvd", CANARY),
        box(b"meta", CANARY),
    )
    return data + b"".join(extra) + CANARY + b"\xff\xff"


def decoded(data: bytes) -> list[object]:
    """Return everything that a player would show and play of a video."""
    shown: list[object] = []
    with av.open(BytesIO(data), "r") as video:
        for stream in (*video.streams.video, *video.streams.audio):
            video.seek(0)
            for frame in video.decode(stream):
                shown.append((stream.type, frame.pts, _content(frame)))
    return shown


def _content(frame: Any) -> list[bytes]:
    return [bytes(plane) for plane in frame.planes]


def pixels(data: bytes) -> list[tuple[str, tuple[int, int], bytes]]:
    """Return each picture of a file as it is decoded, before it is turned."""
    shown = []
    with Image.open(BytesIO(data)) as image:
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            shown.append((image.mode, image.size, image.tobytes()))
    return shown


def tags(data: bytes) -> dict[int, object]:
    """Return the Exif of a picture, those of its directories of details and place among it."""
    with Image.open(BytesIO(data)) as image:
        found = image.getexif()
        parts: Iterable[dict[int, object]] = (
            dict(found),
            found.get_ifd(0x8769),
            {0x10000 + tag: value for tag, value in found.get_ifd(0x8825).items()},
        )
        return {
            tag: value
            for part in parts
            for tag, value in part.items()
            if tag not in (0x8769, 0x8825)
        }
