"""Who calls: is this token valid? What its owner may do is read from their own row, at every
request.
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
# A token may have been made by a clock that is ahead of ours. When it ends, it ends.
_CLOCKS_DIFFER_S = 5
# Headers by which a token names a key of its own: ours never do.
_OWN_KEYS = frozenset({"jku", "jwk", "x5u", "x5c"})
_GROUPS = "cognito:groups"


# No caching and no list of routes: a cached yes would outlive a deactivation.
@bp.authorizer(ttl_seconds=0)
def authorize_officer(request: AuthRequest) -> AuthResponse:
    """Let in whoever has a valid access token of our issuer and client.

    Raises Exception('Unauthorized'), which API Gateway answers with 401. When the issuer's keys
    cannot be had the error is let through: the gateway's answer to a failing authorizer is 503
    here.
    """
    import jwt

    scheme, _, token = (request.token or "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or len(token) > _LONGEST_TOKEN:
        raise Exception("Unauthorized")
    try:
        if not _OWN_KEYS.isdisjoint(jwt.get_unverified_header(token)):
            raise jwt.InvalidTokenError("names a key of its own")
        key = wiring.signing_keys().get_signing_key_from_jwt(token)
        username = _read_username(token, key)
    except jwt.PyJWKClientConnectionError:
        raise
    except jwt.PyJWTError as error:
        log.info("token_refused", extra={"kind": type(error).__name__})
        raise Exception("Unauthorized") from None
    return AuthResponse(routes=["*"], principal_id=username)


def _read_username(token: str, key: Any) -> str:
    """Return the user's name in an access token.

    Raises PyJWTError unless it is RS256, of our issuer and client, has `token_use` access, and has
    not expired.
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
        raise jwt.ExpiredSignatureError("ended within the leeway")
    username = claims.get("username") or claims.get("sub")
    if (
        claims["token_use"] != _ACCESS
        or claims["client_id"] != settings.client_id
        or not isinstance(username, str)
        or not username
    ):
        raise jwt.InvalidTokenError("not an access token of this client")
    if not isinstance(claims.get(_GROUPS, []), list):
        raise jwt.InvalidTokenError("not a token as the pool makes them")
    return username
