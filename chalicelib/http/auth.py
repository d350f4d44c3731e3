"""The authorizer: it checks the access token of an officer.

It does not decide what the officer may do: each request reads that from the officer's row. So the
gateway may cache its policy for a minute (docs/adr/0049-cost.md): the policy says whose token it is
and until when, and each request compares that with the clock.
"""

import logging
import time
from typing import Any

from chalice.app import AuthRequest, AuthResponse, Blueprint

from chalicelib import wiring
from chalicelib.domain.officers.access_tokens import NotOurs, Recipient, machines_in, read_caller

bp = Blueprint(__name__)
log = logging.getLogger(__name__)

_LONGEST_TOKEN = 4096
# Every issuer of such tokens must support it (RFC 9068).
_ALGORITHM = "RS256"
# The issuer's clock may be ahead of ours. The leeway does not apply to the expiry.
_CLOCKS_DIFFER_S = 5
# Headers with which a token names its own key. Tokens of our issuer do not have them.
_OWN_KEYS = frozenset({"jku", "jwk", "x5u", "x5c"})


# API Gateway caches the policy this long: of one token, for all routes.
KEPT_S = 60


@bp.authorizer(ttl_seconds=KEPT_S)
def authorize_officer(request: AuthRequest) -> AuthResponse:
    """Allow requests that have a valid access token of our issuer and client: all routes, since
    the policy is cached. `expires_at` in its context is the token's end, in seconds since 1970.

    Raises Exception('Unauthorized'), for which API Gateway returns 401. Raises
    PyJWKClientConnectionError when the issuer's keys cannot be fetched, for which it returns 503.
    """
    scheme, _, token = (request.token or "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or len(token) > _LONGEST_TOKEN:
        raise Exception("Unauthorized")
    try:
        username, expires_at = _read_token(token)
    except Exception as error:
        kind = type(error).__name__
        if _is_refusal(error):
            log.info("token_refused", extra={"kind": kind})
            raise Exception("Unauthorized") from None
        # An alarm counts this line. Lambda's own metric of errors counts every refusal too.
        log.error("authorizer_failed", extra={"kind": kind})
        raise
    return AuthResponse(
        routes=["*"], principal_id=username, context={"expires_at": str(expires_at)}
    )


def _is_refusal(error: Exception) -> bool:
    """Return whether the token is at fault, and not the way to the issuer's keys."""
    import jwt

    return isinstance(error, (jwt.PyJWTError, NotOurs)) and not isinstance(
        error, jwt.PyJWKClientConnectionError
    )


def _read_token(token: str) -> tuple[str, int]:
    """Return the caller of an access token, and when it ends, in seconds since 1970.

    All that the token says is checked before its key is looked for: what anybody can see to be no
    token of ours causes no call of the issuer. Raises PyJWTError, NotOurs.
    """
    import jwt

    header = jwt.get_unverified_header(token)
    key_id = header.get("kid")
    if header.get("alg") != _ALGORITHM or not isinstance(key_id, str):
        raise jwt.InvalidTokenError("another algorithm, or no key")
    if not _OWN_KEYS.isdisjoint(header):
        raise jwt.InvalidTokenError("the token names its own key")
    _read_claims(token)
    return _read_claims(token, wiring.signing_keys().get_signing_key(key_id))


def _read_claims(token: str, key: Any = None) -> tuple[str, int]:
    """Return the caller and the end in a token. Without `key`, its signature is not checked.

    Raises PyJWTError unless the token is signed, is from our issuer, and has not expired; NotOurs
    unless it is an access token for us.
    """
    import jwt

    settings = wiring.settings()
    decoded = jwt.decode_complete(
        token,
        key,
        algorithms=[_ALGORITHM],
        issuer=settings.issuer,
        leeway=_CLOCKS_DIFFER_S,
        options={
            "verify_signature": key is not None,
            "verify_exp": True,
            "verify_nbf": True,
            "verify_iat": True,
            "verify_iss": True,
            # `read_caller` checks the audience: Cognito's access tokens have none.
            "verify_aud": False,
            "require": ["exp", "iss"],
        },
    )
    claims = decoded["payload"]
    expires_at = int(claims["exp"])
    if expires_at <= time.time():
        raise jwt.ExpiredSignatureError("expired")
    recipient = Recipient(
        settings.client_id,
        settings.audience,
        settings.username_claim,
        machines_in(settings.system_clients),
    )
    return read_caller(decoded["header"], claims, recipient), expires_at
