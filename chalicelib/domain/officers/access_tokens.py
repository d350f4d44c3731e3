"""The claims of an officer's access token, whatever issuer has signed it.

The issuer is Amazon Cognito, or any other that signs its access tokens as JWTs (RFC 9068). They
differ in how they mark an access token, name its client and name the person:

| issuer | marked by | client | audience | person |
|---|---|---|---|---|
| Cognito | `token_use` access | `client_id` | none | `username` |
| RFC 9068 | the header `typ` at+jwt | `client_id` | `aud` | `sub` |
| Keycloak | `typ` Bearer | `azp` | `aud` | `preferred_username` |
| Entra ID | `scp` | `azp` (v1: `appid`) | `aud` | `oid`, by the setting |
| Auth0 | `scope` | `azp` | `aud` | `sub`, or a claim by the setting |
| Okta | `scp` | `cid` | `aud` | `sub` |

A machine's token is of its own client, by client credentials, and is about that client: its `sub`
is the client id (Cognito, RFC 9068, Okta), `<client id>@clients` (Auth0), or another with
`preferred_username` `service-account-<client id>` (Keycloak).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

type Claims = Mapping[str, Any]

_ACCESS_TYPES = ("at+jwt", "application/at+jwt")
# Only ID tokens have these: hashes of what was issued with them.
_ID_TOKEN_CLAIMS = frozenset({"at_hash", "c_hash", "s_hash"})
_CLIENT_CLAIMS = ("client_id", "azp", "appid", "cid")
_USERNAME_CLAIMS = ("username", "preferred_username", "sub")
# Others cannot be an officer's. In the audit, "(clock)" is not a person and "#" separates parts.
_USERNAME = re.compile(r"[\w.@|:+-]{1,128}")
_GROUPS = "cognito:groups"
_COGNITO_ACCESS = ("token_use", "access")


class NotOurs(Exception):
    """The token is not an access token for us. The message says why, and shows no claim."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom an access token must be for: our client, and the API as its audience.

    `machines` are the names of machines by the ids of their clients. `username_claim` names the
    claim with the officer's username. If empty, the first of `username`, `preferred_username` and
    `sub` that the token has.
    """

    client_id: str
    audience: str = ""
    username_claim: str = ""
    machines: Mapping[str, str] = field(default_factory=dict)


# Before the name of a machine. No username of a person has it.
MACHINE = "system/"


def machines_in(listed: str) -> dict[str, str]:
    """Return machines by the ids of their clients, of which `listed` has `name=client id, …`."""
    named = (each.strip().partition("=") for each in listed.split(",") if each.strip())
    return {client_id: name for name, _, client_id in named}


def read_caller(header: Claims, claims: Claims, recipient: Recipient) -> str:
    """Return the username in an access token of our issuer, whose times are checked already; of a
    machine its name after `MACHINE`.

    Raises NotOurs for a token of another kind, of another client or for another audience.
    """
    if not _is_access_token(header, claims):
        raise NotOurs("not an access token")
    client_id = _client_of(claims)
    _check_audience(claims, recipient.audience or recipient.client_id)
    if client_id in recipient.machines and client_id != recipient.client_id:
        _check_no_person(claims, client_id)
        return MACHINE + recipient.machines[client_id]
    if client_id != recipient.client_id:
        raise NotOurs("another client")
    if not isinstance(claims.get(_GROUPS, []), list):
        raise NotOurs("the groups are not a list")
    names = (recipient.username_claim,) if recipient.username_claim else _USERNAME_CLAIMS
    username = next((claims[name] for name in names if claims.get(name)), None)
    if not isinstance(username, str) or not _USERNAME.fullmatch(username):
        raise NotOurs("no username")
    return username


def _is_access_token(header: Claims, claims: Claims) -> bool:
    """Return whether the token is marked as an access token. An ID token is not, even for us."""
    if not _ID_TOKEN_CLAIMS.isdisjoint(claims):
        return False
    if "token_use" in claims:
        return _COGNITO_ACCESS in claims.items()
    if "typ" in claims:
        return bool(claims["typ"] == "Bearer")
    if str(header.get("typ", "")).lower() in _ACCESS_TYPES:
        return True
    # The weakest mark, because an issuer can be set to write other claims into ID tokens. Those
    # of a sign-in have its nonce.
    return ("scp" in claims or "scope" in claims) and "nonce" not in claims


def _client_of(claims: Claims) -> str:
    """Return the client that a token names. Raises NotOurs unless each name is the same one."""
    named = [claims[name] for name in _CLIENT_CLAIMS if name in claims]
    if not named or not isinstance(named[0], str) or any(name != named[0] for name in named):
        raise NotOurs("two clients, or none")
    return named[0]


def _check_no_person(claims: Claims, client_id: str) -> None:
    """Raise NotOurs for what a person has signed in for at a machine's client."""
    account = claims.get("preferred_username")
    is_account = account == f"service-account-{client_id.lower()}"
    is_client = claims.get("sub") in (client_id, f"{client_id}@clients") and account is None
    if "username" in claims or not (is_client or is_account):
        raise NotOurs("a person, at the client of a machine")


def _check_audience(claims: Claims, audience: str) -> None:
    """Raise NotOurs unless the token is for us.

    Cognito's has no audience. Without one, any other token could be for another API of the issuer.
    """
    if "aud" not in claims and _COGNITO_ACCESS in claims.items():
        return
    named = claims.get("aud")
    if audience not in (named if isinstance(named, list) else [named]):
        raise NotOurs("another audience, or none")
