"""The key in KMS that signs the digests of the audit and the heads of the ledger.

Its private half never leaves KMS, and only one function may use it (docs/adr/0028).
"""

import hashlib
from typing import TYPE_CHECKING, Literal

from chalicelib.aws_errors import unavailable

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_kms.type_defs import GetPublicKeyResponseTypeDef

_ALGORITHM: Literal["ECDSA_SHA_256"] = "ECDSA_SHA_256"


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
                SigningAlgorithm=_ALGORITHM,
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
