"""The checksums a client may declare for a body, and S3 verifies."""

import base64
import hashlib
import zlib
from collections.abc import Mapping
from typing import Any

from awscrt import checksums

from infra.local.s3.errors import bad_request

PREFIX = "x-amz-checksum-"


class Checksum:
    """One algorithm over a body that comes in pieces. `name` is as in the header: sha256, sha1,
    crc32, crc32c, crc64nvme or md5.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._hash = (
            hashlib.new(name, usedforsecurity=False) if name in ("sha256", "sha1", "md5") else None
        )
        self._crc = 0

    def update(self, data: Any) -> None:
        """Add the next piece."""
        if self._hash is not None:
            self._hash.update(data)
        elif self.name == "crc32":
            self._crc = zlib.crc32(data, self._crc)
        elif self.name == "crc32c":
            self._crc = checksums.crc32c(data, self._crc)
        else:
            self._crc = checksums.crc64nvme(data, self._crc)

    def base64(self) -> str:
        """Return the checksum of all pieces so far."""
        digest = (
            self._hash.digest()
            if self._hash is not None
            else self._crc.to_bytes(8 if self.name == "crc64nvme" else 4, "big")
        )
        return base64.b64encode(digest).decode()

    def check(self, declared: str) -> None:
        """Raise BadDigest unless the body was what was declared."""
        if declared != self.base64():
            label = "Content-MD5" if self.name == "md5" else self.name.upper()
            raise bad_request(
                "BadDigest", f"The {label} you specified did not match the calculated checksum."
            )


def declared_in(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the checksums that headers or form fields (by lower-case name) declare: algorithm and
    value in base64. Raises S3Error for an unknown algorithm.
    """
    declared = {
        name.removeprefix(PREFIX): value
        for name, value in headers.items()
        if name.startswith(PREFIX)
        and name not in (f"{PREFIX}algorithm", f"{PREFIX}type", f"{PREFIX}mode")
    }
    unknown = declared.keys() - {"sha256", "sha1", "crc32", "crc32c", "crc64nvme"}
    if unknown:
        raise bad_request(
            "InvalidRequest",
            "The algorithm type you specified in x-amz-checksum- header is invalid.",
        )
    if "content-md5" in headers:
        declared["md5"] = headers["content-md5"]
    return declared
