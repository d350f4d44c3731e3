"""The key in KMS under which reports are found by a number.

One call names one token. The key never leaves KMS, so that nobody can try out all numbers against a
copy of the table: each try is a call that CloudTrail records (docs/adr/0038).
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TYPE_CHECKING, Literal

from chalicelib.aws_errors import unavailable

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

_ALGORITHM: Literal["HMAC_SHA_256"] = "HMAC_SHA_256"
# No other use of the key can give the same name.
_PURPOSE = b"tipline/search/1\0"
_NAME_BYTES = 16
_AT_ONCE = 8


class SearchKey:
    """The key with the ARN or alias `key_id`. Every method raises Unavailable."""

    def __init__(self, kms: "KMSClient", key_id: str) -> None:
        self._kms = kms
        self._key_id = key_id
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="search")

    def name_of(self, token: str) -> str:
        """Return the name of a token: what its entries are kept under."""
        with unavailable():
            made = self._kms.generate_mac(
                KeyId=self._key_id, MacAlgorithm=_ALGORITHM, Message=_PURPOSE + token.encode()
            )
        return made["Mac"][:_NAME_BYTES].hex()

    def names_of(self, tokens: Iterable[str]) -> list[str]:
        """Return the names of tokens, in their order, by several calls at once."""
        waiting = [self._pool.submit(copy_context().run, self.name_of, token) for token in tokens]
        return [each.result() for each in waiting]
