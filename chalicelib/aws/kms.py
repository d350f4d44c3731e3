"""Keys in KMS: they wrap keys of reports, sign digests, name search tokens, make keys of gists.

Wrapping needs the public half alone, and no call. All else is a call that CloudTrail records, and
only the functions that need it may make it (docs/adr/0028, 0038). No private key leaves KMS, so a
copy of the table alone opens nothing, and nobody can try out all numbers against it.
"""

import hashlib
import logging
import time
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError

from chalicelib.aws.clients import at_once
from chalicelib.aws.errors import code_of, unavailable
from chalicelib.kernel import errors
from chalicelib.kernel.sealing import KEY_BYTES, PrivateKey, Unreadable, WrappedKey, WrappingKey

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_kms.type_defs import GetPublicKeyResponseTypeDef


log = logging.getLogger(__name__)

_WRAPPING: Literal["RSAES_OAEP_SHA_256"] = "RSAES_OAEP_SHA_256"
# The pauses between tries, in seconds. The client makes none of its own, so that CloudTrail's line
# of each try says which one it is.
_PAUSES_S = (0.05, 0.2)
_PASSING = frozenset(
    {"DependencyTimeout", "KMSInternal", "KeyUnavailable", "Throttling", "RequestLimitExceeded"}
)
# What was wrapped was altered, or wrapped by another key than the row says.
_ALTERED = frozenset({"InvalidCiphertext", "IncorrectKey"})

_agent: ContextVar[str] = ContextVar("agent")


class ContentKeys:
    """The key in KMS with the alias or ARN `key_id`, through `client`, which must not retry."""

    def __init__(
        self, client: "KMSClient", key_id: str, *, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._client = client
        self._key_id = key_id
        self._pause = pause
        self._wrapping: WrappingKey | None = None
        # After botocore's own handler, which writes the header anew.
        client.meta.events.register_last(
            "request-created.kms", _name_the_opening, unique_id="opening"
        )

    def wrapping_key(self) -> WrappingKey:
        """Return the public half, to which new keys are wrapped. Raises Unavailable."""
        if self._wrapping is None:
            with unavailable():
                found = self._client.get_public_key(KeyId=self._key_id)
            self._wrapping = WrappingKey(found["KeyId"], found["PublicKey"])
        return self._wrapping

    def unwrap(self, key: WrappedKey, opening: str) -> PrivateKey:
        """Return the private key in `key`. `opening` is the id of the audit row that records it.

        The row must be written before. Raises Unavailable, and Unreadable when what was wrapped
        has been altered.
        """
        for attempt, pause in enumerate((*_PAUSES_S, None), start=1):
            _agent.set(f"opening/{opening}.{attempt}")
            try:
                found = self._client.decrypt(
                    KeyId=key.arn, CiphertextBlob=key.wrapped, EncryptionAlgorithm=_WRAPPING
                )
            except (BotoCoreError, ClientError) as error:
                if pause is None or not _passes(error):
                    raise _refusal(error) from None
                self._pause(pause)
                continue
            request_id = found["ResponseMetadata"]["RequestId"]
            log.info("content_opened", extra={"opening": opening, "kms_request_id": request_id})
            if len(found["Plaintext"]) != KEY_BYTES:
                log.error("content_key_altered")
                raise Unreadable
            return PrivateKey(found["Plaintext"])
        raise errors.Unavailable


def _name_the_opening(request: Any, operation_name: str, **_: Any) -> None:
    """Add the opening to the user agent, which is what CloudTrail records of the caller's own."""
    if operation_name == "Decrypt":
        agent = f"{request.headers['User-Agent']} {_agent.get()}"
        request.headers.replace_header("User-Agent", agent)


def _passes(error: BotoCoreError | ClientError) -> bool:
    if isinstance(error, ClientError):
        return code_of(error) in _PASSING
    return isinstance(error, ConnectionError | HTTPClientError)


def _refusal(error: BotoCoreError | ClientError) -> errors.Unavailable:
    """Return the error of a failed call, and log what an operator must know."""
    code = code_of(error) if isinstance(error, ClientError) else type(error).__name__
    if code in _ALTERED:
        log.error("content_key_altered")
        return Unreadable()
    if code == "AccessDenied":
        log.error("decryption_refused")  # an alarm counts this line
    elif isinstance(error, ClientError) and code not in _PASSING:
        # The key is unknown, disabled, due for deletion or not ours: an alarm counts this line.
        log.error("content_key_unknown", extra={"code": code})
    else:
        log.warning("aws_failed", extra={"call": "Decrypt", "code": code})
    return errors.Unavailable()


_SIGNING: Literal["ECDSA_SHA_256"] = "ECDSA_SHA_256"


class SigningKey:
    """The key with the ARN or alias `key_id`. Every method raises Unavailable.

    An alias is resolved once. So what is signed and the public half are always of one key, also
    while another takes its place behind the alias.
    """

    def __init__(self, kms: "KMSClient", key_id: str) -> None:
        self._kms = kms
        self._key_id = key_id
        self._found: GetPublicKeyResponseTypeDef | None = None

    def sign(self, content: bytes) -> bytes:
        """Return the signature of `content` (DER), which is_signed_by checks."""
        arn = self._described()["KeyId"]
        # KMS takes no message of more than 4,096 bytes, so it gets the hash.
        with unavailable():
            signed = self._kms.sign(
                KeyId=arn,
                Message=hashlib.sha256(content).digest(),
                MessageType="DIGEST",
                SigningAlgorithm=_SIGNING,
            )
        return signed["Signature"]

    def public_key(self) -> bytes:
        """Return the public half (SubjectPublicKeyInfo in DER)."""
        return self._described()["PublicKey"]

    def _described(self) -> "GetPublicKeyResponseTypeDef":
        if self._found is None:
            with unavailable():
                self._found = self._kms.get_public_key(KeyId=self._key_id)
        return self._found


_MAC: Literal["HMAC_SHA_256"] = "HMAC_SHA_256"
# No use of the key can give what another one does.
_SEARCH, _GISTS = b"tipline/search/1\0", b"tipline/gists/1\0"
_NAME_BYTES = 16


class SearchKey:
    """The key with the ARN or alias `key_id`. Every method raises Unavailable."""

    def __init__(self, kms: "KMSClient", key_id: str) -> None:
        self._kms = kms
        self._key_id = key_id

    def name_of(self, token: str) -> str:
        """Return the name of a token, under which its entries are stored."""
        return self._mac(_SEARCH, token)[:_NAME_BYTES].hex()

    def names_of(self, tokens: Iterable[str]) -> list[str]:
        """Return the names of tokens, in their order, by several calls at once."""
        return at_once(self.name_of, tokens)

    def key_of_gists(self, name: str) -> PrivateKey:
        """Return the key of this name, the same each time. It is stored nowhere."""
        return PrivateKey(self._mac(_GISTS, name))

    def _mac(self, purpose: bytes, message: str) -> bytes:
        with unavailable():
            made = self._kms.generate_mac(
                KeyId=self._key_id, MacAlgorithm=_MAC, Message=purpose + message.encode()
            )
        return made["Mac"]
