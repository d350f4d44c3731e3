"""Generated pictures and videos: some as phones make them, and some broken or hostile.

Every picture shows `scene`: red, green, blue and white quarters, to see whether it is upright.
"""

import os
import struct
import zlib
from array import array
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from functools import cache
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import av
from PIL import Image, ImageDraw

QUARTERS = {
    "top left": (220, 30, 30),
    "top right": (30, 200, 30),
    "bottom left": (30, 30, 220),
    "bottom right": (250, 250, 250),
}
PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
CANARY = b"CANARY-8d1f"  # in all metadata of a sample; must not be in the result
TRANSPOSED = {  # applied before storing; the Exif orientation reverses it
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def scene(width: int = 120, height: int = 80) -> Image.Image:
    image = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(image)
    for at, colour in enumerate(QUARTERS.values()):
        left, top = at % 2 * (width // 2), at // 2 * (height // 2)
        draw.rectangle((left, top, left + width, top + height), fill=colour)
    return image


def quarters(jpeg: bytes) -> dict[str, str]:
    """Return, for each quarter of a picture, the quarter of `scene` that has its colour.

    The picture is upright if both are equal everywhere.
    """
    image = Image.open(BytesIO(jpeg)).convert("RGB")
    seen = {}
    for at, name in enumerate(QUARTERS):
        pixel: Any = image.getpixel(
            (
                int(image.width * (0.25 + 0.5 * (at % 2))),
                int(image.height * (0.25 + 0.5 * (at // 2))),
            )
        )
        seen[name] = min(
            QUARTERS,
            key=lambda other: sum(
                abs(int(a - b)) for a, b in zip(QUARTERS[other], pixel, strict=True)
            ),
        )
    return seen


def is_upright(jpeg: bytes) -> bool:
    return all(name == colour for name, colour in quarters(jpeg).items())


def exif(orientation: int | None = None, *, place: bool = True) -> bytes:
    data = Image.Exif()
    if orientation is not None:
        data[0x0112] = orientation
    data[0x010F] = CANARY.decode()
    data.get_ifd(0x8769).update({0x9003: "2026:11:24 08:30:00", 0x9011: "+08:00", 0x927C: CANARY})
    if place:
        data.get_ifd(0x8825).update({1: "N", 2: (39.0, 55.0, 12.0), 3: "E", 4: (116.0, 26.0, 24.0)})
    return data.tobytes()


def encode(image: Image.Image, format: str, **options: object) -> bytes:
    out = BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def jpeg(
    width: int = 120, height: int = 80, orientation: int | None = None, **options: object
) -> bytes:
    image = scene(width, height)
    transposed = TRANSPOSED.get(orientation or 1)
    if transposed is not None:
        image = image.transpose(transposed)
    return encode(image, "JPEG", **{"exif": exif(orientation), "quality": 90, **options})


def jpeg_segment(marker: int, body: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body


def with_segments(data: bytes, segments: bytes) -> bytes:
    """Return a JPEG with more segments after its start."""
    return data[:2] + segments + data[2:]


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(
    width: int,
    height: int,
    rows: bytes,
    depth: int = 8,
    colour: int = 2,
    extra: bytes = b"",
    interlaced: bool = False,
) -> bytes:
    """Return a PNG with this header and data, which need not fit each other."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    chunks = (
        png_chunk(b"IHDR", header)
        + extra
        + png_chunk(b"IDAT", zlib.compress(rows, 9))
        + png_chunk(b"IEND", b"")
    )
    return PNG_MAGIC + chunks


# ISO base media: boxes within boxes.


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", len(body) + 8) + kind + body


def full_box(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def find_box(data: bytes, kind: bytes) -> bytes:
    """Return the body of the first box of this kind, at any depth."""
    at = data.index(kind)
    return data[at + 4 : at - 4 + int.from_bytes(data[at - 4 : at])]


@cache
def heic(
    width: int = 128,
    height: int = 96,
    quarter_turns: int = 0,
    brand: bytes = b"heic",
    orientation: int = 1,
    picture: Callable[[int, int], Image.Image] = scene,
) -> bytes:
    """Return a HEIC with one picture and Exif.

    A viewer must rotate it by `quarter_turns` anticlockwise (`irot`) to see it upright. The Exif
    has an orientation too, as phones write it, but only `irot` is valid.
    """
    image = picture(width, height)
    for _ in range(quarter_turns):
        image = image.transpose(Image.Transpose.ROTATE_270)
    note = struct.pack(">I", 0) + exif(orientation)[6:]
    return heif(image, quarter_turns, {b"Exif\0": note}, brand=brand)


def heif(
    image: Image.Image,
    quarter_turns: int,
    notes: Mapping[bytes, bytes],
    *,
    brand: bytes,
    own: bytes = b"",
    version: int = 0,
    in_idat: bool = False,
) -> bytes:
    """Return a HEIF with one picture, as it is stored, and notes by the kinds of their items.

    `own` is what a maker writes wherever there is a place for it. `version` is that of the table of
    places. `in_idat`: the notes are within `meta`.
    """
    film = video(
        [image],
        "libx265",
        container="mp4",
        options={"x265-params": "log-level=none:keyint=1:pools=none:frame-threads=1"},
    )
    config, coded = find_box(film, b"hvcC"), _first_sample(film)
    ftyp = box(b"ftyp", brand, struct.pack(">I", 0), b"mif1heic")
    described = [full_box(b"udes", 0, 0, b"en\0" + own + bytes(3))] if own else []
    properties = box(
        b"ipco",
        box(b"hvcC", config),
        full_box(b"ispe", 0, 0, struct.pack(">II", *image.size)),
        box(b"irot", bytes([quarter_turns])),
        *described,
    )
    linked = bytes([0x81, 2, 0x83, 4][: 3 + len(described)])
    association = full_box(b"ipma", 0, 0, struct.pack(">IHB", 1, 1, len(linked)), linked)
    numbers = range(2, 2 + len(notes))
    kinds = [full_box(b"infe", 2, 0, struct.pack(">HH", 1, 0), b"hvc1" + own + b"\0")]
    for number, kind in zip(numbers, notes, strict=True):
        kinds.append(full_box(b"infe", 2, 1, struct.pack(">HH", number, 0), kind))

    def places(start: int) -> bytes:
        found = [(1, 0, start, len(coded))]
        at = 0 if in_idat else start + len(coded) + len(own)
        for number, note in zip(numbers, notes.values(), strict=True):
            found.append((number, int(in_idat), at, len(note)))
            at += len(note)
        count = ">H" if version < 2 else ">I"
        rows = (
            struct.pack(count, number)
            + (struct.pack(">H", method) if version else b"")
            + struct.pack(">HHII", 0, 1, where, length)
            for number, method, where, length in found
        )
        return full_box(b"iloc", version, 0, b"\x44\x00", struct.pack(count, len(found)), *rows)

    def meta(start: int) -> bytes:
        return full_box(
            b"meta",
            0,
            0,
            full_box(b"hdlr", 0, 0, b"\0\0\0\0pict" + bytes(12) + own + b"\0"),
            full_box(b"pitm", 0, 0, struct.pack(">H", 1)),
            full_box(b"iinf", 0, 0, struct.pack(">H", len(kinds)), *kinds),
            full_box(b"iref", 0, 0, *(box(b"cdsc", struct.pack(">HHH", n, 1, 1)) for n in numbers)),
            box(b"iprp", properties, association),
            places(start),
            *([box(b"uuid", bytes(16), own)] if own else []),
            *([box(b"idat", *notes.values())] if in_idat else []),
        )

    start = len(ftyp) + len(meta(0)) + 8
    outside = () if in_idat else notes.values()
    return ftyp + meta(start) + box(b"mdat", coded, own, *outside, own)


def _first_sample(film: bytes) -> bytes:
    with av.open(BytesIO(film), "r") as container:
        return next(bytes(packet) for packet in container.demux(video=0) if packet.size)


def video(
    pictures: Iterable[Image.Image],
    codec: str = "libx264",
    *,
    container: str = "mp4",
    rate: int = 10,
    turn: int = 0,
    sound: bool = False,
    voice: str = "aac",
    index_first: bool = False,
    metadata: dict[str, str] | None = None,
    options: dict[str, str] | None = None,
) -> bytes:
    """Return a video of these pictures. A player must rotate it by `turn` degrees anticlockwise."""
    shown = list(pictures)
    with TemporaryDirectory() as folder:
        # A real file, because the library opens it again to move the index to its start.
        path = Path(folder, "film")
        flags = {"movflags": "+faststart"} if index_first else {}
        with av.open(str(path), "w", format=container, container_options=flags) as film:
            film.metadata.update(metadata or {})
            stream: Any = film.add_stream(codec, rate=rate)
            stream.width, stream.height = shown[0].size
            stream.pix_fmt = "yuv420p"
            stream.options = options or {}
            if codec == "libx265":
                stream.options = {"x265-params": "log-level=none"} | stream.options
                stream.codec_context.codec_tag = "hvc1"
            if turn:
                stream.set_display_rotation(turn)
            track: Any = film.add_stream(voice, rate=48000) if sound else None
            for at, picture in enumerate(shown):
                frame: Any = av.VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]
                frame.pts, frame.time_base = at, Fraction(1, rate)
                film.mux(stream.encode(frame))
            film.mux(stream.encode(None))
            if track:
                frames = ("s16", 960) if voice == "libopus" else ()
                _hum(film, track, len(shown) / rate, *frames)
        return path.read_bytes()


def recording(
    seconds: float = 1.0, *, container: str = "mp4", codec: str = "aac", named: bool = False
) -> bytes:
    """Return what a recorder makes: one track of sound; `named` with a canary in all its names."""
    out = BytesIO()
    with av.open(out, "w", format=container) as film:
        if named:
            for name in ("title", "artist", "comment", "location", "creation_time"):
                film.metadata[name] = CANARY.decode()
        voice: Any = film.add_stream(codec, rate=48000, layout="mono")
        if named:
            voice.metadata["handler_name"] = CANARY.decode()
        _hum(film, voice, seconds)
    return out.getvalue()


# What browsers and recorders make besides M4A: container, encoder and its frames.
_OTHERS = {
    "mp3": ("libmp3lame", "s16p", 1152),
    "wav": ("pcm_s16le", "s16", 1024),
    "ogg": ("libopus", "s16", 960),
    "webm": ("libopus", "s16", 960),
}


def other_sound(
    container: str, seconds: float = 1.0, *, codec: str = "", cover: bool = False
) -> bytes:
    """Return a recording as MP3, WAV, Ogg or WebM, with a canary in its names. `cover`: an MP3 with
    a picture whose Exif has the canary, too.
    """
    encoder, form, samples = _OTHERS[container]
    out = BytesIO()
    with av.open(out, "w", format=container) as film:
        for name in ("title", "artist", "comment", "location"):
            film.metadata[name] = CANARY.decode()
        voice: Any = film.add_stream(codec or encoder, rate=48000, layout="mono")
        picture: Any = film.add_stream("mjpeg") if cover else None
        if picture is not None:
            picture.width, picture.height, picture.pix_fmt = 120, 80, "yuvj420p"
            packet = av.Packet(jpeg())
            packet.stream, packet.pts, packet.dts = picture, 0, 0
            film.mux(packet)
        _hum(film, voice, seconds, form, samples)
    return out.getvalue()


def webm_video() -> bytes:
    """Return a WebM of pictures and sound."""
    pictures = [scene(160, 96)] * 3
    return video(pictures, "libvpx", container="webm", sound=True, voice="libopus")


def wav_header(rate: int, channels: int = 1, bits: int = 16, size: int = 0) -> bytes:
    """Return the start of a WAV that says this of itself."""
    block = channels * bits // 8
    form = struct.pack("<HHIIHH", 1, channels, rate, rate * block & 0xFFFFFFFF, block, bits)
    sizes = struct.pack("<I", size), struct.pack("<I", size + 36)
    return b"RIFF" + sizes[1] + b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + sizes[0]


def amr(seconds: float = 1.0, *, wide: bool = False) -> bytes:
    """Return an AMR recording of noise: nothing here encodes AMR, but any bits decode."""
    size, toc, magic = (60, 8 << 3 | 4, b"#!AMR-WB\n") if wide else (31, 7 << 3 | 4, b"#!AMR\n")
    noise = Random(1)
    frames = (bytes([toc]) + noise.randbytes(size) for _ in range(int(seconds * 50)))
    return magic + b"".join(frames)


def amr_in_3gp(seconds: float = 1.0, *, wide: bool = False) -> bytes:
    """Return the same as phones of the years before 2010 made it."""
    out = BytesIO()
    source = BytesIO(amr(seconds, wide=wide))
    with av.open(source, "r") as raw, av.open(out, "w", format="3gp") as film:
        track = film.add_stream_from_template(raw.streams.audio[0])
        for packet in raw.demux():
            if packet.size:
                packet.stream = track
                film.mux(packet)
    return out.getvalue()


def _hum(
    film: av.container.OutputContainer,
    voice: av.AudioStream,
    seconds: float,
    form: str = "fltp",
    samples: int = 1024,
) -> None:
    levels = [(at % 96) / 480 for at in range(samples)]
    whole = [int(level * 32767) for level in levels]
    wave = (array("f", levels) if form == "fltp" else array("h", whole)).tobytes()
    for pts in range(0, int(seconds * 48000), samples):
        frame = av.AudioFrame(format=form, layout="mono", samples=samples)
        frame.sample_rate, frame.pts, frame.time_base = 48000, pts, Fraction(1, 48000)
        frame.planes[0].update(wave)
        film.mux(voice.encode(frame))
    film.mux(voice.encode(None))


def large_video(path: str | os.PathLike[str], size: int) -> None:
    """Write a video of at least `size` bytes to disk: 1080p with sound, and its index at the end.

    It repeats the same two seconds.
    """
    noise = Image.effect_noise((1920, 1080), 60).convert("RGB")
    two_seconds = video(
        [noise.rotate(at) for at in range(0, 120, 2)],
        rate=30,
        options={"preset": "ultrafast", "g": "30", "b": "16M", "maxrate": "16M", "bufsize": "16M"},
    )
    with (
        av.open(BytesIO(two_seconds), "r") as short,
        av.open(os.fspath(path), "w", format="mp4") as long,
    ):
        packets = [
            (bytes(packet), packet.is_keyframe) for packet in short.demux(video=0) if packet.size
        ]
        stream = long.add_stream_from_template(short.streams.video[0])
        voice = long.add_stream("aac", rate=48000)
        written = at = 0
        while written < size:
            for data, is_key in packets:
                packet = av.Packet(data)
                packet.stream, packet.pts, packet.dts, packet.time_base, packet.is_keyframe = (
                    stream,
                    at,
                    at,
                    Fraction(1, 30),
                    is_key,
                )
                long.mux(packet)
                written, at = written + len(data), at + 1
        _hum(long, voice, 2)


def mutate(data: bytes, seed: int) -> bytes:
    """Return a damaged copy of a file. Equal seeds give equal files."""
    random = Random(seed)
    cut = sorted(random.randrange(len(data)) for _ in range(4))
    out = bytearray(data)
    how = seed % 6
    if how == 0:  # flip bits
        for _ in range(random.randint(1, 40)):
            out[random.randrange(len(out))] ^= 1 << random.randrange(8)
    elif how == 1:  # cut off the end, as when an upload stops
        del out[cut[2] :]
    elif how == 2:  # remove a range
        del out[cut[1] : cut[2]]
    elif how == 3:  # replace a range by random bytes
        out[cut[0] : cut[0] + 64] = random.randbytes(64)
    elif how == 4:  # change lengths and counts in the first part, which has the headers
        for _ in range(random.randint(1, 4)):
            at = random.randrange(min(len(out) - 4, 600))
            out[at : at + 4] = struct.pack(
                ">I",
                random.choice((0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, random.getrandbits(32))),
            )
    else:  # exchange two ranges
        stretches = [data[a:b] for a, b in pairwise([0, *cut, len(data)])]
        random.shuffle(stretches)
        out = bytearray(data[:12] + b"".join(stretches)[12:])
    return _with_sums(bytes(out)) if data.startswith(PNG_MAGIC) and seed % 4 else bytes(out)


def _with_sums(data: bytes) -> bytes:
    """Return a damaged PNG with correct checksums, so that a decoder does not stop at them."""
    out, at = bytearray(data), len(PNG_MAGIC)
    while at + 12 <= len(out):
        end = at + 8 + int.from_bytes(out[at : at + 4])
        out[end : end + 4] = struct.pack(">I", zlib.crc32(out[at + 4 : end]))
        at = end + 4
    return bytes(out[: len(data)])
