"""Pages over sharded indexes: one total order (newest first), signed cursors, a k-way merge."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from chalicelib import errors

CURSOR_LIFE = timedelta(hours=24)
_LONGEST_CURSOR = 512
# So that made-up cursors do not cost a read of the secret each.
_RENEW_EVERY = timedelta(minutes=1)
_MAC_BYTES = 16


class Cursors:
    """Signs where a page ended, bound to the reader and the filter.

    `ring`: the newest key signs, every key verifies. `renew` reads the ring again: a function that
    started before a key rotation meets cursors of functions that started after it.
    """

    def __init__(
        self, ring: Sequence[bytes], renew: Callable[[], Sequence[bytes]] | None = None
    ) -> None:
        self._ring = tuple(ring)
        self._renew = renew
        self._renew_next: datetime | None = None

    def sign(
        self, position: str, *, reader: str, filters: Mapping[str, object], now: datetime
    ) -> str:
        expires = int((now + CURSOR_LIFE).timestamp())
        payload = json.dumps([position, expires], separators=(",", ":")).encode()
        mac = self._mac(self._ring[0], payload, reader, filters)
        return base64.urlsafe_b64encode(mac + payload).rstrip(b"=").decode()

    def read(
        self, cursor: str | None, *, reader: str, filters: Mapping[str, object], now: datetime
    ) -> str | None:
        """Return the position in `cursor`; None for the first page.

        Raises Malformed `bad_cursor` when it is not ours, for another reader or filter, or expired.
        """
        if cursor is None:
            return None
        if len(cursor) > _LONGEST_CURSOR:
            raise errors.Malformed("bad_cursor")
        try:
            raw = base64.b64decode(
                cursor.encode("ascii") + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True
            )
        except (binascii.Error, UnicodeEncodeError):
            raise errors.Malformed("bad_cursor") from None
        mac, payload = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        if not self._is_ours(mac, payload, reader, filters, now):
            raise errors.Malformed("bad_cursor")
        # Unused bits give one cursor two spellings: only the issued one is accepted.
        if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != cursor:
            raise errors.Malformed("bad_cursor")
        position, expires = json.loads(payload)
        if now.timestamp() > expires:
            raise errors.Malformed("bad_cursor")
        return str(position)

    def _is_ours(
        self, mac: bytes, payload: bytes, reader: str, filters: Mapping[str, object], now: datetime
    ) -> bool:
        def fits() -> bool:
            return any(
                hmac.compare_digest(mac, self._mac(key, payload, reader, filters))
                for key in self._ring
            )

        if fits():
            return True
        if self._renew is None or (self._renew_next and now < self._renew_next):
            return False
        self._renew_next = now + _RENEW_EVERY
        self._ring = tuple(self._renew())
        return fits()

    @staticmethod
    def _mac(key: bytes, payload: bytes, reader: str, filters: Mapping[str, object]) -> bytes:
        binding = hashlib.sha256(
            json.dumps([reader, filters], sort_keys=True, default=str).encode()
        ).digest()
        return hmac.digest(key, binding + payload, "sha256")[:_MAC_BYTES]
