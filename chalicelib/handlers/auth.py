"""The authorizer: it checks the access token of an officer.

It does not decide what the officer may do. Each request reads that from the officer's row.
"""

import logging
import time
from typing import Any

from chalice.app import AuthRequest, AuthResponse, Blueprint

from chalicelib import wiring

bp = Blueprint(__name__)
log = logging.getLogger(__name__)

_LONGEST_TOKEN = 4096
_ACCESS = "access"
# The issuer's clock may be ahead of ours. The leeway does not apply to the expiry.
_CLOCKS_DIFFER_S = 5
# Headers with which a token names its own key. Tokens of our issuer do not have them.
_OWN_KEYS = frozenset({"jku", "jwk", "x5u", "x5c"})
_GROUPS = "cognito:groups"


# Not cached: a deactivated officer must be refused at the next request.
@bp.authorizer(ttl_seconds=0)
def authorize_officer(request: AuthRequest) -> AuthResponse:
    """Allow a request that has a valid access token of our issuer and client.

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
        username = _read_username(token, key)
    except Exception as error:
        kind = type(error).__name__
        if _is_refusal(error):
            log.info("token_refused", extra={"kind": kind})
            raise Exception("Unauthorized") from None
        # An alarm counts this line. Lambda's own metric of errors counts every refusal too.
        log.error("authorizer_failed", extra={"kind": kind})
        raise
    return AuthResponse(routes=["*"], principal_id=username)


def _is_refusal(error: Exception) -> bool:
    """Return whether the token is at fault, and not the way to the issuer's keys."""
    import jwt

    return isinstance(error, jwt.PyJWTError) and not isinstance(
        error, jwt.PyJWKClientConnectionError
    )


def _read_username(token: str, key: Any) -> str:
    """Return the username in an access token.

    Raises PyJWTError unless the token is signed with RS256, is from our issuer for our client, has
    `token_use` access, and has not expired.
    """
    import jwt

    settings = wiring.settings()
    claims = jwt.decode(
        token,
        key,
        algorithms=["RS256"],
        issuer=settings.issuer,
        leeway=_CLOCKS_DIFFER_S,
        # A Cognito access token names its client in `client_id` and has no audience.
        options={"require": ["exp", "iss", "client_id", "token_use"], "verify_aud": False},
    )
    if int(claims["exp"]) <= time.time():
        raise jwt.ExpiredSignatureError("expired")
    username = claims.get("username") or claims.get("sub")
    if (
        claims["token_use"] != _ACCESS
        or claims["client_id"] != settings.client_id
        or not isinstance(username, str)
        or not username
    ):
        raise jwt.InvalidTokenError("not an access token for this client")
    if not isinstance(claims.get(_GROUPS, []), list):
        raise jwt.InvalidTokenError("the groups are not a list")
    return username
