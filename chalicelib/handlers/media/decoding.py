"""The functions `decode` and `decode_critical`, which open one untrusted file each.

They have one code. Each has environments of its own, so that no flood of other pictures holds up
those of a child abduction. They have no rights (docs/adr/0052-decode.md): their caller signs an
address of the one file, and trusts nothing in the answer.
"""

import base64
import json
import logging
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from chalice.app import Blueprint

from chalicelib.media_decoding.decoders import Order
from chalicelib.media_decoding.supervisor import supervise

bp = Blueprint(__name__)
log = logging.getLogger(__name__)

PATIENCE_S = 8.0
"""How long all reads of a file may take. With the time of its child, less than the function's: so a
slow store is never taken for a slow file.
"""
ATTEMPTS = 2
# Read at once, so that a store which sends little at a time is found to be slow.
_CHUNK = 1 << 20


@bp.lambda_function()
def decode(event: dict[str, Any], context: Any) -> str:
    """Return the answer for one file (`media_decoding/supervisor.py`).

    `event` has the fields of an Order, and either `address`, from which ranges of the file can be
    read, or the file itself as `data`, in base64.
    """
    return _open(**event)


@bp.lambda_function()
def decode_critical(event: dict[str, Any], context: Any) -> str:
    """Return the answer for one file of a critical report."""
    return _open(**event)


def _open(*, address: str | None = None, data: str | None = None, **order: Any) -> str:
    if address is None:
        whole = base64.b64decode(data or "")
        return supervise(Order(**order), lambda at, length: whole[at : at + length])
    try:
        return supervise(Order(**order), Remote(address).read)
    except Unreachable as error:
        return json.dumps({"fault": type(error).__name__})


class Unreachable(Exception):
    """The store did not give what was asked for: nothing is known of the file."""


class Remote:
    """A file at an address that is signed for some seconds. All ranges come by one connection."""

    def __init__(self, address: str, patience_s: float = PATIENCE_S) -> None:
        parts = urlsplit(address)
        self._target = f"{parts.path}?{parts.query}"
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._connection = kind(parts.netloc)
        self._seconds_left = patience_s

    def read(self, offset: int, length: int) -> bytes:
        """Return exactly these bytes. Raises Unreachable, also when all reads take too long."""
        began = monotonic()
        for _ in range(ATTEMPTS):
            self._connection.timeout = max(0.1, self._seconds_left / 2)
            try:
                return self._read(offset, length, began + self._seconds_left)
            except (OSError, HTTPException) as error:
                self._connection.close()
                # Its text may hold the address, with its signature.
                log.warning("the store failed", extra={"error": type(error).__name__})
            finally:
                self._seconds_left -= monotonic() - began
                began = monotonic()
            if self._seconds_left <= 0:
                break
        raise Unreachable

    def _read(self, offset: int, length: int, until: float) -> bytes:
        wanted = {"Range": f"bytes={offset}-{offset + length - 1}"}
        self._connection.request("GET", self._target, headers=wanted)
        socket = self._connection.sock
        response = self._connection.getresponse()
        if response.status != 206:
            raise HTTPException
        data = bytearray()
        while len(data) < length:
            socket.settimeout(max(0.1, until - monotonic()))
            chunk = response.read1(min(length - len(data), _CHUNK))
            if not chunk or monotonic() > until:
                raise HTTPException
            data += chunk
        return bytes(data)
