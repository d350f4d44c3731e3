"""The search finds a text in every encoding: otherwise finding nothing would mean nothing."""

import base64
import gzip
import json
import struct
import zlib
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.security.search import search

TEXT = "CANARY-张三 met me at 4"

ENCODERS: dict[str, Callable[[str], bytes]] = {
    "clear": str.encode,
    "lower case": lambda text: text.lower().encode(),
    "utf-16 little": lambda text: text.encode("utf-16-le"),
    "utf-16 big": lambda text: text.encode("utf-16-be"),
    "base64": lambda text: base64.b64encode(text.encode()),
    "base64, one byte later": lambda text: base64.b64encode(b"." + text.encode() + b"."),
    "base64, two bytes later": lambda text: base64.b64encode(b".." + text.encode() + b"."),
    "base64url": lambda text: base64.urlsafe_b64encode(b"?" + text.encode()),
    "base64 of utf-16": lambda text: base64.b64encode(text.encode("utf-16-le")),
    "hex": lambda text: text.encode().hex().encode(),
    "hex, upper case": lambda text: text.encode().hex().upper().encode(),
    "json": lambda text: json.dumps({"text": text}).encode(),
    "json in json": lambda text: json.dumps(json.dumps([text])).encode(),
    "every letter escaped": lambda text: "".join(f"\\u{ord(one):04x}" for one in text).encode(),
    "a binary attribute": lambda text: json.dumps(
        {"a": {"B": base64.b64encode(text.encode()).decode()}}
    ).encode(),
    "url": lambda text: quote(text).encode(),
    "gzip": lambda text: gzip.compress(text.encode()),
    "gzip after other bytes": lambda text: b"head" + gzip.compress(text.encode()),
    "zlib": lambda text: zlib.compress(text.encode()),
    "deflate": lambda text: zlib.compress(text.encode(), wbits=-15),
    "base64 of gzip": lambda text: base64.b64encode(gzip.compress(text.encode())),
    "a binary attribute with gzip of json": lambda text: json.dumps(
        [{"B": base64.b64encode(gzip.compress(json.dumps(text).encode())).decode()}]
    ).encode(),
    "reversed": lambda text: text.encode()[::-1],
}


@pytest.mark.parametrize("encoding", ENCODERS)
@pytest.mark.parametrize("text", [TEXT, "canary@e.cn", "+86 138 4242 4242"])
def test_a_text_is_found_in_every_encoding(tmp_path: Path, text: str, encoding: str) -> None:
    (tmp_path / "rows").mkdir()
    (tmp_path / "rows" / "a.json").write_bytes(ENCODERS[encoding](text))
    assert {(found.file, found.text) for found in search(tmp_path, [text])} == {
        ("rows/a.json", text)
    }


def test_a_number_is_found_as_a_double(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"..." + struct.pack("<d", 39.91827))
    assert [found.how for found in search(tmp_path, ["39.91827"])] == ["double"]


ADDRESSES = ("203.0.113.77", "203.0.113.0", "2001:db8:cafe:1::77", "2001:db8:cafe::")
TOKEN = bytes(range(200, 216))
OF_ADDRESSES: dict[str, Callable[[bytes], bytes]] = {
    "bytes": lambda packed: packed,
    "bytes of a value": lambda packed: json.dumps(
        {"pk": {"B": base64.b64encode(packed).decode()}}
    ).encode(),
    "base64url without its end": lambda packed: json.dumps(
        base64.urlsafe_b64encode(packed).rstrip(b"=").decode()
    ).encode(),
    "hex": lambda packed: packed.hex().encode(),
    "HEX beside a token": lambda packed: b"SOURCE#" + (packed + TOKEN).hex().upper().encode(),
    "hex beside a token": lambda packed: f"SOURCE#{packed.hex()}f0f0{TOKEN.hex()}".encode(),
    "base64 beside a token": lambda packed: base64.b64encode(TOKEN[:1] + packed + TOKEN),
    "an integer": lambda packed: json.dumps({"N": str(int.from_bytes(packed))}).encode(),
}


@pytest.mark.parametrize("encoding", OF_ADDRESSES)
@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_is_found_as_a_number(tmp_path: Path, address: str, encoding: str) -> None:
    (tmp_path / "a").write_bytes(OF_ADDRESSES[encoding](ip_address(address).packed))
    assert {found.text for found in search(tmp_path, [address])} == {address}


def test_a_network_is_found_by_its_first_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"..." + bytes.fromhex("20010db8cafe") + bytes(99))
    assert {found.text for found in search(tmp_path, ["2001:db8:cafe::"])} == {"2001:db8:cafe::"}


def test_four_bytes_that_chance_writes_into_a_sealed_value_are_no_address(tmp_path: Path) -> None:
    sealed = bytes(49) + ip_address("203.0.113.77").packed
    (tmp_path / "a").write_bytes(base64.b64encode(sealed))
    assert search(tmp_path, ["203.0.113.77"]) == []


def test_a_text_in_a_files_name_is_found(tmp_path: Path) -> None:
    (tmp_path / "CANARY-1.jpg").touch()
    assert [found.how for found in search(tmp_path, ["CANARY-1"])] == ["the file's name"]


def test_nothing_is_found_where_nothing_is(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(json.dumps({"text": "CANARY-2"}).encode())
    assert search(tmp_path, [TEXT, "CANARY-1", "39.91827"]) == []


def test_a_text_that_chance_writes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="46532"):
        search(tmp_path, [TEXT, "46532"])
