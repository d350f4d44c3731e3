"""Search a folder for texts, in the clear and in every usual encoding of it.

Two ways, because either alone is blind somewhere. The text is encoded, and searched for as it is.
And what is there is unpacked, again and again: members of JSON, base64, hexadecimal, percent
signs, gzip and deflate.

An address is a number, too: it is also searched for as one, and as the bytes of that.
"""

import base64
import binascii
import contextlib
import json
import re
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, unquote_to_bytes

DEPTH = 4
"""How many encodings around each other are unpacked."""

SHORTEST = 8
"""Bytes of a text, so that each of its forms has at least eight digits of base64."""

FOUR_BYTES_IN = 40
"""Bytes of the longest value that is searched for the four bytes of an address of IPv4: chance
writes these in megabytes of sealed values, which are longer.
"""

_V4_BYTES = 4
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{12,}={0,2}")
_HEX = re.compile(rb"(?:[0-9a-fA-F]{2}){6,}")
_GZIP = b"\x1f\x8b\x08"
_ZLIB = (b"x\x01", b"x\x5e", b"x\x9c", b"x\xda")
_UNPACKED = 4_000_000  # bytes, of one compressed value


class Found(NamedTuple):
    file: str
    text: str
    how: str


def search(folder: Path, texts: Iterable[str]) -> list[Found]:
    """Return where a text is, in which file and how it is encoded.

    Raises:
        ValueError: A text is so short that chance writes it: megabytes of sealed values hold each
            group of four digits of base64 somewhere.
    """
    patterns = {text: encodings(text) for text in texts}
    if short := [text for text in patterns if len(text.encode()) < SHORTEST]:
        raise ValueError(f"too short to search for, take {SHORTEST} bytes or more: {short}")
    found = set()
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        name = path.relative_to(folder).as_posix()
        found |= {Found(name, text, "the file's name") for text in patterns if text in name}
        for content, unpacked in unpack(path.read_bytes()):
            found |= {
                Found(name, text, " in ".join([how, *unpacked]))
                for text, encoded in patterns.items()
                for how, pattern in encoded.items()
                if is_in(pattern, content, how)
            }
    return sorted(found)


def is_in(pattern: bytes, content: bytes, how: str) -> bool:
    """Return whether a form of a text is in a content."""
    if how == "bytes" and len(pattern) == _V4_BYTES and len(content) > FOUR_BYTES_IN:
        return False
    return pattern in content or (how == "clear" and pattern.lower() in content.lower())


def encodings(text: str) -> Mapping[str, bytes]:
    """Return the forms of a text by name."""
    clear = text.encode()
    forms: dict[str, bytes] = {
        "clear": clear,
        "utf-16 little": text.encode("utf-16-le"),
        "utf-16 big": text.encode("utf-16-be"),
        "hex": clear.hex().encode(),
        "HEX": clear.hex().upper().encode(),
        "json": json.dumps(text).strip('"').encode(),
        "url": quote(text, safe="").encode(),
        "every letter escaped": "".join(f"\\u{ord(letter):04x}" for letter in text).encode(),
        "reversed": clear[::-1],
    }
    for shift in range(3):
        forms |= {
            f"base64 at {shift}": _base64_inside(clear, shift, base64.b64encode),
            f"base64url at {shift}": _base64_inside(clear, shift, base64.urlsafe_b64encode),
        }
    with contextlib.suppress(ValueError):
        number = float(text)
        forms |= {"double": struct.pack("<d", number), "DOUBLE": struct.pack(">d", number)}
    with contextlib.suppress(ValueError):
        forms |= _of_address(text)
    return forms


def _of_address(text: str) -> Mapping[str, bytes]:
    """Return the forms of an IP address as a number, or as that of its network. Raises ValueError
    for any other text.
    """
    address = ip_address(text)
    packed = address.packed
    if isinstance(address, IPv6Address):
        packed = packed.rstrip(b"\0")
    encoded = base64.b64encode(packed)
    return {
        "integer": str(int(address)).encode(),
        "bytes": packed,
        "bytes, hex": packed.hex().encode(),
        "bytes, HEX": packed.hex().upper().encode(),
        # Of a value of its own, so short that nothing unpacks it.
        "bytes, base64": encoded.ljust(8, b"="),
        "bytes, base64 without its end": encoded.rstrip(b"=") + b'"',
    }


def unpack(
    content: bytes, depth: int = DEPTH, how: tuple[str, ...] = ()
) -> Iterator[tuple[bytes, tuple[str, ...]]]:
    """Yield the content, and all that can be unpacked from it, with the ways in."""
    yield content, how
    if not depth:
        return
    seen = {content}
    for name, unpacker in _UNPACKERS.items():
        for inner in unpacker(content):
            if inner and inner not in seen:
                seen.add(inner)
                yield from unpack(inner, depth - 1, (name, *how))


def _base64_inside(clear: bytes, shift: int, encode: Callable[[bytes], bytes]) -> bytes:
    """Return the digits that base64 has for a text wherever it begins `shift` bytes after a group
    of three, without those that what stands beside it decides.
    """
    encoded = encode(bytes(shift) + clear).rstrip(b"=")
    first = (0, 2, 3)[shift]
    whole = (shift + len(clear)) // 3 * 4
    return encoded[first:whole]


def _members(content: bytes) -> Iterator[bytes]:
    """Yield all strings of a JSON document, as one value: escapes are read."""
    with contextlib.suppress(ValueError, RecursionError):
        yield "\n".join(_strings(json.loads(content))).encode("utf-8", "surrogatepass")


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, member in value.items():
            yield str(name)
            yield from _strings(member)
    elif isinstance(value, list):
        for member in value:
            yield from _strings(member)


def _from_base64(content: bytes) -> Iterator[bytes]:
    for match in _BASE64.finditer(content):
        digits = match[0].rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
        with contextlib.suppress(binascii.Error):
            yield base64.b64decode(digits + b"=" * (-len(digits) % 4))


def _from_hex(content: bytes) -> Iterator[bytes]:
    for match in _HEX.finditer(content):
        yield bytes.fromhex(match[0].decode())


def _from_percent(content: bytes) -> Iterator[bytes]:
    if b"%" in content:
        yield unquote_to_bytes(content)


def _from_deflate(content: bytes) -> Iterator[bytes]:
    starts = {0: -zlib.MAX_WBITS}
    for magic, bits in ((_GZIP, 31), *((magic, zlib.MAX_WBITS) for magic in _ZLIB)):
        start = content.find(magic)
        while start >= 0:
            starts[start] = bits
            start = content.find(magic, start + 1)
    for start, bits in starts.items():
        with contextlib.suppress(zlib.error):
            yield zlib.decompressobj(bits).decompress(content[start:], _UNPACKED)


_UNPACKERS: Mapping[str, Callable[[bytes], Iterator[bytes]]] = {
    "json": _members,
    "base64": _from_base64,
    "hex": _from_hex,
    "url": _from_percent,
    "deflate": _from_deflate,
}
