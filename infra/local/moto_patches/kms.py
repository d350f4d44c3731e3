"""What is changed of moto's KMS and CloudTrail."""

import base64
import json
import os
import uuid
from collections import deque
from datetime import datetime
from functools import cache
from types import SimpleNamespace
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from joserfc.jwk import RSAKey
from moto.cloudtrail.models import CloudTrailBackend, cloudtrail_backends
from moto.cloudtrail.responses import CloudTrailResponse
from moto.cognitoidp import models as pools
from moto.core.exceptions import JsonRESTError
from moto.core.responses import BaseResponse
from moto.kms import models, utils
from moto.kms.exceptions import (
    InvalidCiphertextException,
    InvalidKeyUsageException,
    ValidationException,
)
from moto.kms.models import Key
from moto.kms.responses import KmsResponse
from moto.sts.models import sts_backends

from chalicelib import wiring
from infra.local.moto_patches.patch import Patch

# Pairs of keys. moto gives each key a pair, and GetPublicKey returns the public half, but Decrypt
# knows symmetric keys only, and GetPublicKey names the key by its id, where AWS gives the ARN. Sign
# hashes what it gets, also what is a hash already (MessageType DIGEST). moto also makes a new pair
# for each key, which takes a fifth of a second. Here the n-th key has the same pair in each mocked
# cloud of a process, so the tests make a few pairs once. The pair that signs for user pools is in a
# file of moto's, without its primes: to find them takes a tenth of a second, and is done once.

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
    backends = [each for account in models.kms_backends.values() for each in account.values()]
    return _pair(key_spec, sum(len(backend.keys) for backend in backends))


@cache
def _pair(key_spec: str, number: int) -> Any:
    return _generate(key_spec)


def _import_key(jwk: dict[str, str]) -> RSAKey:
    return _imported(json.dumps(jwk))


@cache
def _imported(jwk: str) -> RSAKey:
    return RSAKey.import_key(json.loads(jwk))


KEY_PAIRS = Patch(
    (KmsResponse, "decrypt", _decrypt),
    (KmsResponse, "get_public_key", _public_key),
    (KmsResponse, "sign", _sign),
    (models, "generate_private_key", _generate_private_key),
    (pools, "jwk", SimpleNamespace(RSAKey=SimpleNamespace(import_key=_import_key))),
)

# The history of events. Each call of KMS that names a key is an event in the form of CloudTrail's,
# as much of it as anybody reads. Who called is the role whose session signed the call. Else it is
# that of the one function that may: SIGNER_ROLE for Sign, OFFICERS_ROLE for the rest. Locally all
# functions are one process. Its time is that of the audit's rows, with which it is compared, also
# when the stack's clock was moved.

# As CloudTrail: so many in a page.
IN_PAGE = 50
# A stack that runs for days must not grow with every request.
_KEPT = 100_000

_call = BaseResponse.call_action


def _call_action(self: KmsResponse) -> Any:
    asked = json.loads(self.body or "{}")
    # Before the call: it may remove the alias.
    key = _key_of(self, asked)
    status, headers, body = _call(self)
    if key:
        _history(self).append(_event(self, asked, key, str(body) if int(status) >= 400 else ""))
    return status, headers, body


def _key_of(call: KmsResponse, asked: dict[str, Any]) -> str | None:
    """Return the ARN of the key that a call names, itself or by an alias; None if there is none."""
    backend = call.kms_backend
    named = backend.get_alias_name(
        asked.get("KeyId") or asked.get("TargetKeyId") or asked.get("AliasName") or ""
    )
    if named.startswith("alias/"):
        named = backend.get_key_id_from_alias(named) or ""
    key = backend.keys.get(backend.get_key_id(named))
    return str(key.arn) if key else None


def _event(call: KmsResponse, asked: dict[str, Any], key: str, fault: str) -> dict[str, Any]:
    """https://docs.aws.amazon.com/kms/latest/developerguide/ct-decrypt.html"""
    named = {
        parameter[0].lower() + parameter[1:]: value
        for parameter, value in asked.items()
        if parameter not in ("CiphertextBlob", "Plaintext", "Message")
    }
    return {
        "userIdentity": _identity(call),
        "eventTime": f"{wiring.clock.now():%Y-%m-%dT%H:%M:%SZ}",
        "eventName": call._get_action(),
        "userAgent": call.headers.get("User-Agent", ""),
        **({"errorCode": json.loads(fault).get("__type", "")} if fault else {}),
        "requestParameters": named,
        "eventID": str(uuid.uuid4()),
        "resources": [{"accountId": call.current_account, "type": "AWS::KMS::Key", "ARN": key}],
    }


def _identity(call: KmsResponse) -> dict[str, Any]:
    sessions = sts_backends[call.current_account]["aws"]
    session = sessions.get_assumed_role_from_access_key(call.get_access_key())
    own = "SIGNER_ROLE" if call._get_action() == "Sign" else "OFFICERS_ROLE"
    role = session.role_arn if session else os.environ.get(own, "")
    name = role.rpartition("/")[2]
    return {
        "type": "AssumedRole",
        "sessionContext": {"sessionIssuer": {"type": "Role", "arn": role, "userName": name}},
    }


def _history(call: BaseResponse) -> deque[dict[str, Any]]:
    """Return the events of a region, the oldest first. They go with moto's other state."""
    backend: CloudTrailBackend = cloudtrail_backends[call.current_account][call.region]
    events: deque[dict[str, Any]] = vars(backend).setdefault("history", deque(maxlen=_KEPT))
    return events


def _lookup_events(self: CloudTrailResponse) -> str:
    """https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html"""
    asked = json.loads(self.body)
    begin, end = float(asked.get("StartTime", 0)), float(asked.get("EndTime", "inf"))
    found = [
        event
        for event in reversed(_history(self))
        if begin <= _seconds(event) <= end
        and all(_has(event, each) for each in asked.get("LookupAttributes", ()))
    ]
    start = int(asked.get("NextToken") or 0)
    most = min(asked.get("MaxResults") or IN_PAGE, IN_PAGE)
    more = {"NextToken": str(start + most)} if start + most < len(found) else {}
    return json.dumps({"Events": [_found(event) for event in found[start : start + most]]} | more)


def _has(event: dict[str, Any], attribute: dict[str, str]) -> bool:
    match attribute["AttributeKey"]:
        case "ResourceName":
            return attribute["AttributeValue"] in [each["ARN"] for each in event["resources"]]
        case "EventName":
            return str(event["eventName"]) == attribute["AttributeValue"]
    raise NotImplementedError(f"lookups by {attribute['AttributeKey']}")


def _seconds(event: dict[str, Any]) -> float:
    return datetime.fromisoformat(event["eventTime"]).timestamp()


def _found(event: dict[str, Any]) -> dict[str, Any]:
    return {
        "EventId": event["eventID"],
        "EventName": event["eventName"],
        "EventTime": _seconds(event),
        "Resources": [
            {"ResourceType": each["type"], "ResourceName": each["ARN"]}
            for each in event["resources"]
        ],
        "CloudTrailEvent": json.dumps(event),
    }


EVENT_HISTORY = Patch(
    (KmsResponse, "call_action", _call_action),
    (CloudTrailResponse, "lookup_events", _lookup_events),
)
