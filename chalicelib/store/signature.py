"""Sign requests to DynamoDB and KMS: Signature Version 4, in a third of botocore's time.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html

botocore's signer serves every service. All requests to these two are alike: a POST of a body to the
path `/`, without a query. A test compares the signatures with botocore's own.
"""

import hmac
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from botocore import UNSIGNED
from botocore.exceptions import NoCredentialsError

if TYPE_CHECKING:
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kms import KMSClient

_ALGORITHM = "AWS4-HMAC-SHA256"


def use_signature(
    client: "DynamoDBClient | KMSClient",
    credentials: "Credentials | None",
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> None:
    """Let a client of one of the two sign its requests in this way, from now on."""
    service = client.meta.service_model.signing_name

    def add_signature(request: "AWSRequest", region_name: str, **_: Any) -> None:
        if credentials is None:
            raise NoCredentialsError
        place = f"{region_name}/{service}"
        _sign(request, credentials, place, f"{now():%Y%m%dT%H%M%SZ}")

    events: Any = client.meta.events
    events.register(f"choose-signer.{service}", _leave_unsigned)
    events.register(f"before-sign.{service}", add_signature)


def _leave_unsigned(**_: Any) -> Any:
    """Tell botocore to add no signature of its own."""
    return UNSIGNED


def _sign(request: "AWSRequest", credentials: "Credentials", place: str, at: str) -> None:
    # AWS wants `host` and every `x-amz-` header signed.
    present = credentials.get_frozen_credentials()
    headers: Any = request.headers
    headers["X-Amz-Date"] = at
    signed = {
        "content-type": headers["Content-Type"],
        "host": _host(request.url),
        "x-amz-date": at,
        "x-amz-target": headers["X-Amz-Target"],
    }
    if present.token:
        headers["X-Amz-Security-Token"] = signed["x-amz-security-token"] = present.token
    names = sorted(signed)
    lines = [f"{name}:{signed[name]}" for name in names]
    body = sha256(request.data or b"").hexdigest()
    canonical = "\n".join(["POST", "/", "", *lines, "", ";".join(names), body])
    scope = f"{at[:8]}/{place}/aws4_request"
    text = "\n".join([_ALGORITHM, at, scope, sha256(canonical.encode()).hexdigest()])
    signature = hmac.digest(_key(present.secret_key, scope), text.encode(), "sha256").hex()
    headers["Authorization"] = (
        f"{_ALGORITHM} Credential={present.access_key}/{scope}, "
        f"SignedHeaders={';'.join(names)}, Signature={signature}"
    )


@lru_cache(maxsize=8)
def _host(url: str) -> str:
    return urlsplit(url).netloc


@lru_cache(maxsize=8)
def _key(secret: str, scope: str) -> bytes:
    """Return the key of a day: each part of the scope is hashed with the key before it."""
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
