"""A file on disk becomes an object without being copied."""

import hashlib
import tempfile
import threading
from itertools import zip_longest
from typing import IO, Any

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3.models import FakeKey

from infra.local.moto_patches import apply_patches, bodies
from infra.local.moto_patches.bodies import PIECE, OnDisk, pieces_of

BODY = bytes(range(256)) * (3 * PIECE // 256) + b"end"


@pytest.fixture(autouse=True)
def patches() -> None:
    apply_patches()


def _file() -> IO[bytes]:
    file = tempfile.TemporaryFile()  # noqa: SIM115 - becomes the object
    file.write(BODY)
    return file


def _key(value: Any) -> FakeKey:
    return FakeKey("k", value, account_id=DEFAULT_ACCOUNT_ID, region_name="us-east-1")


def test_the_file_itself_is_the_object() -> None:
    file = _file()
    key = _key(OnDisk(file, len(BODY)))
    assert key._value_buffer is file
    assert (key.size, key.value) == (len(BODY), BODY)


def test_its_etag_is_that_of_the_same_bytes_in_memory() -> None:
    assert _key(OnDisk(_file(), len(BODY))).etag == _key(BODY).etag
    assert _key(BODY).etag == f'"{hashlib.md5(BODY).hexdigest()}"'  # noqa: S324


def test_readers_at_once_do_not_move_each_others_place() -> None:
    key = _key(OnDisk(_file(), len(BODY)))
    first, second = pieces_of(key, 0, len(BODY)), pieces_of(key, 7, len(BODY))
    read = [b"", b""]
    for one, other in zip_longest(first, second, fillvalue=b""):
        read[0] += one
        read[1] += other
    assert read == [BODY, BODY[7:]]


def test_the_etag_waits_for_whoever_reads() -> None:
    key = _key(OnDisk(_file(), len(BODY)))
    with key.lock:
        reader = threading.Thread(target=lambda: key.etag)
        reader.start()
        reader.join(0.1)
        assert reader.is_alive()
    reader.join()


def test_moto_alone_takes_no_file() -> None:
    with bodies.PATCH.removed(), _file() as file, pytest.raises(TypeError):
        _key(OnDisk(file, len(BODY)))
