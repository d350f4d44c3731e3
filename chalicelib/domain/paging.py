"""Pages over sharded indexes: one total order (newest first), signed cursors, a k-way merge."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from chalicelib import errors

CURSOR_LIFE = timedelta(hours=24)
_LONGEST_CURSOR = 512
_MAC_BYTES = 16


class Cursors:
    """Signs where a page ended, bound to the reader and the filter. `ring`: the newest key signs, every key verifies."""

    def __init__(self, ring: Sequence[bytes]) -> None:
        self._ring = tuple(ring)

    def sign(self, position: str, *, reader: str, filters: Mapping[str, object], now: datetime) -> str:
        expires = int((now + CURSOR_LIFE).timestamp())
        payload = json.dumps([position, expires], separators=(",", ":")).encode()
        mac = self._mac(self._ring[0], payload, reader, filters)
        return base64.urlsafe_b64encode(mac + payload).rstrip(b"=").decode()

    def read(self, cursor: str | None, *, reader: str, filters: Mapping[str, object], now: datetime) -> str | None:
        """The position in `cursor`; None for the first page. Raises Malformed `bad_cursor`: not ours, not for this, or too old."""
        if cursor is None:
            return None
        if len(cursor) > _LONGEST_CURSOR:
            raise errors.Malformed("bad_cursor")
        try:
            raw = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, UnicodeEncodeError):
            raise errors.Malformed("bad_cursor") from None
        mac, payload = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        if not any(hmac.compare_digest(mac, self._mac(key, payload, reader, filters)) for key in self._ring):
            raise errors.Malformed("bad_cursor")
        # Two spellings decode alike (unused bits): only the one that was given out is taken.
        if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != cursor:
            raise errors.Malformed("bad_cursor")
        position, expires = json.loads(payload)
        if now.timestamp() > expires:
            raise errors.Malformed("bad_cursor")
        return str(position)

    @staticmethod
    def _mac(key: bytes, payload: bytes, reader: str, filters: Mapping[str, object]) -> bytes:
        binding = hashlib.sha256(json.dumps([reader, filters], sort_keys=True, default=str).encode()).digest()
        return hmac.digest(key, binding + payload, "sha256")[:_MAC_BYTES]
