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
from chalicelib.domain.officers.access_tokens import NotOurs, Recipient, read_username

bp = Blueprint(__name__)
log = logging.getLogger(__name__)

_LONGEST_TOKEN = 4096
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
    import jwt

    scheme, _, token = (request.token or "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or len(token) > _LONGEST_TOKEN:
        raise Exception("Unauthorized")
    try:
        if not _OWN_KEYS.isdisjoint(jwt.get_unverified_header(token)):
            raise jwt.InvalidTokenError("the token names its own key")
        key = wiring.signing_keys().get_signing_key_from_jwt(token)
        username, expires_at = _read_token(token, key)
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


def _read_token(token: str, key: Any) -> tuple[str, int]:
    """Return the username in an access token, and when it ends, in seconds since 1970.

    Raises PyJWTError unless the token is signed with RS256, is from our issuer, and has not
    expired; NotOurs unless it is an access token for us.
    """
    import jwt

    settings = wiring.settings()
    decoded = jwt.decode_complete(
        token,
        key,
        # Every issuer of such tokens must support it (RFC 9068).
        algorithms=["RS256"],
        issuer=settings.issuer,
        leeway=_CLOCKS_DIFFER_S,
        # `read_username` checks the audience: Cognito's access tokens have none.
        options={"require": ["exp", "iss"], "verify_aud": False},
    )
    claims = decoded["payload"]
    expires_at = int(claims["exp"])
    if expires_at <= time.time():
        raise jwt.ExpiredSignatureError("expired")
    recipient = Recipient(settings.client_id, settings.audience, settings.username_claim)
    return read_username(decoded["header"], claims, recipient), expires_at
