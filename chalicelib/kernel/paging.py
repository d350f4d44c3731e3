"""The size of a page, and cursors: where one ended, encrypted, so that they show no exact time.

A cursor is base64url of a nonce and an AES-256-GCM-SIV ciphertext (RFC 8452) of the position and
the time when it expires. The reader and the filters are its associated data: it is good for no
other list. Random nonces may even repeat: then SIV only shows that two positions are equal.
"""

import base64
import binascii
import hmac
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

from chalicelib.kernel import errors
from chalicelib.kernel.models import read_number

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

MOST_ON_A_PAGE = 50


Limit = Annotated[
    int,
    BeforeValidator(read_number),
    Field(strict=True, ge=1, le=MOST_ON_A_PAGE),
    WithJsonSchema(
        {
            "type": "integer",
            "minimum": 1,
            "maximum": MOST_ON_A_PAGE,
            "description": "Maximum number of items on a page. The default is 20.",
        }
    ),
]
"""The maximum number of items on a page, as a query parameter."""

CURSOR_LIFE = timedelta(hours=24)
_LONGEST_CURSOR = 512
# So that made-up cursors do not cost a read of the secret each.
_RENEW_EVERY = timedelta(minutes=1)
_LABEL = b"cursor/1"
_NONCE_BYTES, _TAG_BYTES = 12, 16


class Cursors:
    """Issues and reads cursors, bound to the reader and the filters of a list.

    `ring`: the newest secret encrypts, every one decrypts. `renew` reads the ring again: a function
    that started before a rotation meets cursors of functions that started after it.
    """

    def __init__(
        self, ring: Sequence[bytes], renew: Callable[[], Sequence[bytes]] | None = None
    ) -> None:
        self._ring = tuple(ring)
        self._renew = renew
        self._renew_next: datetime | None = None

    def issue(
        self,
        position: str,
        *,
        reader: str,
        filters: Mapping[str, object],
        now: datetime,
        life: timedelta = CURSOR_LIFE,
    ) -> str:
        """Return a cursor for the page that begins at `position`. It is good for `life`."""
        expires = int((now + life).timestamp())
        content = json.dumps([position, expires], separators=(",", ":")).encode()
        nonce = secrets.token_bytes(_NONCE_BYTES)
        encrypted = _cipher(self._ring[0]).encrypt(nonce, content, _binding(reader, filters))
        return _as_text(nonce + encrypted)

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
        # Unused bits give one cursor two spellings: only the issued one is accepted.
        if _as_text(raw) != cursor:
            raise errors.Malformed("bad_cursor")
        content = self._decrypt(raw, _binding(reader, filters), now)
        if content is None:
            raise errors.Malformed("bad_cursor")
        position, expires = json.loads(content)
        if now.timestamp() > expires:
            raise errors.Malformed("bad_cursor")
        return str(position)

    def _decrypt(self, raw: bytes, binding: bytes, now: datetime) -> bytes | None:
        """Return the content of a cursor of ours, else None."""
        content = _decrypt_with(self._ring, raw, binding)
        if content is not None or self._renew is None:
            return content
        if self._renew_next and now < self._renew_next:
            return None
        self._renew_next = now + _RENEW_EVERY
        self._ring = tuple(self._renew())
        return _decrypt_with(self._ring, raw, binding)


def _as_text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _binding(reader: str, filters: Mapping[str, object]) -> bytes:
    return json.dumps([reader, filters], sort_keys=True, default=str).encode()


def _decrypt_with(ring: Sequence[bytes], raw: bytes, binding: bytes) -> bytes | None:
    """Return the content of `raw` by the first secret that opens it, or None."""
    from cryptography.exceptions import InvalidTag

    nonce, encrypted = raw[:_NONCE_BYTES], raw[_NONCE_BYTES:]
    if len(encrypted) < _TAG_BYTES:
        return None
    for secret in ring:
        try:
            return _cipher(secret).decrypt(nonce, encrypted, binding)
        except InvalidTag:
            continue
    return None


def _cipher(secret: bytes) -> "AESGCMSIV":
    # Imported here, so that only a call that needs a cursor waits for this library.
    from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

    return AESGCMSIV(hmac.digest(secret, _LABEL, "sha256"))
