"""Parts are joined on disk, in the order of their numbers."""

import base64
import tracemalloc
from collections.abc import Iterator, Mapping

import pytest
from awscrt import checksums
from moto.s3.exceptions import InvalidPartOrder
from moto.s3.models import FakeMultipart
from requests.structures import CaseInsensitiveDict

from infra.local.moto_patches import apply_patches, multipart
from infra.local.moto_patches.bodies import OnDisk

MIB = 1 << 20
PARTS = {1: b"a" * 8 * MIB, 2: b"b" * 8 * MIB, 3: b"end"}


@pytest.fixture(autouse=True)
def patches() -> None:
    apply_patches()


def _upload(metadata: Mapping[str, str] | None = None) -> FakeMultipart:
    upload = FakeMultipart("k", CaseInsensitiveDict(metadata or {}), "123456789012", "us-east-1")
    for number, body in PARTS.items():
        upload.set_part(number, body)
    return upload


def _listed(upload: FakeMultipart, *numbers: int) -> Iterator[tuple[int, str]]:
    return iter([(number, upload.parts[number].etag) for number in numbers])


def _peak(upload: FakeMultipart) -> int:
    listed = _listed(upload, 1, 2, 3)
    tracemalloc.start()
    try:
        upload.complete(listed)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("metadata", [{}, {"x-amz-checksum-algorithm": "CRC64NVME"}])
def test_the_whole_has_crc64nvme_over_the_full_object(metadata: Mapping[str, str]) -> None:
    upload = _upload(metadata)
    body, etag, checksum = upload.complete(_listed(upload, 1, 2, 3))
    whole = b"".join(PARTS.values())
    assert isinstance(body, OnDisk)
    body.file.seek(0)
    assert body.file.read() == whole
    assert etag.endswith("-3")
    expected = base64.b64encode(checksums.crc64nvme(whole).to_bytes(8, "big")).decode()
    assert checksum == ("FULL_OBJECT", expected, 1)
    body.file.close()


def test_another_algorithm_is_motos() -> None:
    upload = _upload({"x-amz-checksum-algorithm": "SHA256"})
    _, _, checksum = upload.complete(_listed(upload, 1, 2, 3))
    assert checksum is not None
    assert checksum[0] == "COMPOSITE"


def test_parts_out_of_order_are_refused() -> None:
    upload = _upload()
    with pytest.raises(InvalidPartOrder):
        upload.complete(_listed(upload, 2, 1, 3))


def test_joining_takes_little_memory() -> None:
    assert _peak(_upload()) < 2 * MIB


def test_moto_alone_takes_parts_in_any_order() -> None:
    upload = _upload()
    with multipart.PATCH.removed():
        assert upload.complete(_listed(upload, 2, 1, 3))


def test_moto_alone_joins_in_memory() -> None:
    with multipart.PATCH.removed():
        assert _peak(_upload()) > 16 * MIB
