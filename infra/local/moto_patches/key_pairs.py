"""Decrypt with the RSA keys of KMS, and sign hashes with those of elliptic curves.

moto gives each key a pair, and GetPublicKey returns the public half, but Decrypt knows symmetric
keys only, and GetPublicKey names the key by its id, where AWS gives the ARN. Sign hashes what it
gets, also what is a hash already (MessageType DIGEST). moto also makes a new pair for each key,
which takes a fifth of a second. Here the n-th key has the same pair in each mocked cloud of a
process, so the tests make a few pairs once. The pair that signs for user pools is in a file of
moto's, without its primes; to find them again takes a tenth of a second, and is done once.
"""

import base64
import json
from functools import cache
from types import SimpleNamespace
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from joserfc.jwk import RSAKey
from moto.cognitoidp import models as pools
from moto.core.exceptions import JsonRESTError
from moto.kms import models, utils
from moto.kms.exceptions import (
    InvalidCiphertextException,
    InvalidKeyUsageException,
    ValidationException,
)
from moto.kms.models import Key
from moto.kms.responses import KmsResponse

from infra.local.moto_patches.patch import Patch

_HASHES = {"RSAES_OAEP_SHA_1": hashes.SHA1, "RSAES_OAEP_SHA_256": hashes.SHA256}
# What AWS says of a key that cannot be used in its state.
_REFUSED = {"Disabled": "DisabledException", "PendingDeletion": "KMSInvalidStateException"}

_decrypt_symmetric = KmsResponse.decrypt
_get_public_key = KmsResponse.get_public_key
_sign_message = KmsResponse.sign
_generate = utils.generate_private_key


def _decrypt(self: KmsResponse) -> str:
    """https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html"""
    key_id = self._get_param("KeyId")
    # Only a symmetric ciphertext names its key.
    if key_id is None:
        return _decrypt_symmetric(self)
    self._validate_key_id(key_id)
    key = self.kms_backend.describe_key(key_id)
    if not key.key_spec.startswith("RSA_"):
        return _decrypt_symmetric(self)
    algorithm = self._get_param("EncryptionAlgorithm", "SYMMETRIC_DEFAULT")
    plaintext = _opened(key, self._get_param("CiphertextBlob"), algorithm)
    return json.dumps(
        {
            "KeyId": key.arn,
            "Plaintext": base64.b64encode(plaintext).decode(),
            "EncryptionAlgorithm": algorithm,
        }
    )


def _opened(key: Key, ciphertext: bytes, algorithm: str) -> bytes:
    _refuse_unusable(key)
    if key.key_usage != "ENCRYPT_DECRYPT" or algorithm not in _HASHES:
        raise InvalidKeyUsageException
    digest = _HASHES[algorithm]()
    private_key: Any = key.private_key
    try:
        plaintext: bytes = private_key.private_key.decrypt(
            ciphertext, padding.OAEP(padding.MGF1(digest), digest, label=None)
        )
    except ValueError:
        # Another key's ciphertext looks the same: an RSA ciphertext names no key.
        raise InvalidCiphertextException from None
    return plaintext


def _sign(self: KmsResponse) -> str:
    """https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html"""
    key_id, algorithm = self._get_param("KeyId"), self._get_param("SigningAlgorithm")
    self._validate_key_id(key_id)
    key = self.kms_backend.describe_key(key_id)
    _refuse_unusable(key)
    if self._get_param("MessageType") != "DIGEST" or algorithm != "ECDSA_SHA_256":
        return _sign_message(self)
    if key.key_usage != "SIGN_VERIFY" or algorithm not in key.signing_algorithms:
        raise InvalidKeyUsageException
    digest: bytes = self._get_param("Message")
    if len(digest) != hashes.SHA256.digest_size:
        raise ValidationException("Digest is invalid length for algorithm ECDSA_SHA_256.")
    private_key: Any = key.private_key
    signature = private_key.private_key.sign(digest, ec.ECDSA(Prehashed(hashes.SHA256())))
    return json.dumps(
        {
            "KeyId": key.arn,
            "Signature": base64.b64encode(signature).decode(),
            "SigningAlgorithm": algorithm,
        }
    )


def _refuse_unusable(key: Key) -> None:
    if key.key_state in _REFUSED:
        raise JsonRESTError(_REFUSED[key.key_state], f"{key.arn} is {key.key_state}.")


def _public_key(self: KmsResponse) -> str:
    described = json.loads(_get_public_key(self))
    key = self.kms_backend.describe_key(described["KeyId"])
    return json.dumps(described | {"KeyId": key.arn, "KeySpec": key.key_spec})


def _generate_private_key(key_spec: str) -> Any:
    return _pair(
        key_spec,
        sum(
            len(backend.keys)
            for account in models.kms_backends.values()
            for backend in account.values()
        ),
    )


@cache
def _pair(key_spec: str, number: int) -> Any:
    return _generate(key_spec)


def _import_key(jwk: dict[str, str]) -> RSAKey:
    return _imported(json.dumps(jwk))


@cache
def _imported(jwk: str) -> RSAKey:
    return RSAKey.import_key(json.loads(jwk))


PATCH = Patch(
    (KmsResponse, "decrypt", _decrypt),
    (KmsResponse, "get_public_key", _public_key),
    (KmsResponse, "sign", _sign),
    (models, "generate_private_key", _generate_private_key),
    (pools, "jwk", SimpleNamespace(RSAKey=SimpleNamespace(import_key=_import_key))),
)
