"""Objects of a bucket as S3 describes them."""

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.domain.media import Checksum

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef

_CHECKSUMS = ("SHA256", "CRC64NVME", "CRC32C", "CRC32", "SHA1")


@dataclass(frozen=True, slots=True)
class Version:
    version_id: str
    size: int


@dataclass(frozen=True, slots=True)
class Head:
    """The metadata of one version of an object.

    `content_type` is what the uploader declared. `checksum` is from S3; None when S3 has none.
    """

    version_id: str
    size: int
    content_type: str
    checksum: Checksum | None


def read_head(found: "HeadObjectOutputTypeDef") -> Head:
    return Head(
        found.get("VersionId", ""),
        found["ContentLength"],
        found.get("ContentType", ""),
        _read_checksum(found),
    )


def _read_checksum(found: "HeadObjectOutputTypeDef") -> Checksum | None:
    for algorithm in _CHECKSUMS:
        value = found.get(f"Checksum{algorithm}")
        if isinstance(value, str):
            # If S3 does not name the type, a dash in the ETag means an upload in parts.
            kind = found.get("ChecksumType") or (
                "COMPOSITE" if "-" in found["ETag"] else "FULL_OBJECT"
            )
            return Checksum(
                algorithm=algorithm.lower(),
                type=kind.lower(),
                value=_as_hex(value) if algorithm == "SHA256" else value,
            )
    return None


def _as_hex(value: str) -> str:
    """Return a digest of S3, which is base64, as hex.

    A composite digest keeps its suffix: a dash and the number of parts.
    """
    digest, dash, parts = value.partition("-")
    return base64.b64decode(digest).hex() + dash + parts
