"""An authorisation request: authorisation code with PKCE, as Cognito takes it.

https://docs.aws.amazon.com/cognito/latest/developerguide/authorization-endpoint.html
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_PROMPTS = frozenset({"none", "login", "select_account", "consent"})


class NoWayBack(Exception):
    """The client or its redirect address is unknown, so the browser is sent nowhere."""


class BadRequest(Exception):
    """A request is refused; the error is one of OAuth (RFC 6749, 4.1.2.1)."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error)
        self.error = error
        self.description = description


@dataclass(frozen=True, slots=True)
class Client:
    """What the pool has of its client."""

    client_id: str
    redirect_uris: Collection[str]
    logout_uris: Collection[str]
    scopes: Collection[str]


@dataclass(frozen=True, slots=True)
class Authorization:
    """A request to sign somebody in for a client."""

    client_id: str
    redirect_uri: str
    state: str
    nonce: str
    challenge: str
    scope: str
    prompts: frozenset[str]

    def back(self, **result: str) -> str:
        """Return the address that the browser is sent to, with a result."""
        return _back(self.redirect_uri, self.state, result)

    def is_proved_by(self, verifier: str) -> bool:
        """Return whether whoever has this verifier began the sign-in."""
        if not _VERIFIER.fullmatch(verifier):
            return False
        digest = hashlib.sha256(verifier.encode()).digest()
        found = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        return hmac.compare_digest(found, self.challenge)


def single(query: str) -> dict[str, str]:
    """Return the parameters of a query or form. One that is sent twice counts as none, so that no
    two readers take another one for the truth.
    """
    parsed = parse_qs(query, keep_blank_values=True)
    return {name: values[0] for name, values in parsed.items() if len(values) == 1}


def read_authorization(asked: Mapping[str, str], client: Client) -> Authorization:
    """Return a request for `client`.

    Raises NoWayBack when its client or its redirect address is not the registered one, letter by
    letter; BadRequest for anything else, which the client may know.
    """
    redirect_uri = asked.get("redirect_uri", "")
    if asked.get("client_id") != client.client_id or redirect_uri not in client.redirect_uris:
        raise NoWayBack
    scope, prompts = asked.get("scope") or "openid", frozenset(asked.get("prompt", "").split())
    if asked.get("response_type") != "code":
        raise BadRequest("unsupported_response_type", "response_type must be code")
    if asked.get("code_challenge_method") != "S256":
        raise BadRequest("invalid_request", "code_challenge_method must be S256")
    if not _CHALLENGE.fullmatch(asked.get("code_challenge", "")):
        raise BadRequest("invalid_request", "code_challenge must be a SHA-256 in base64url")
    if not set(scope.split()) <= set(client.scopes) or "openid" not in scope.split():
        raise BadRequest("invalid_scope", f"scope must be of {' '.join(client.scopes)}")
    if not prompts <= _PROMPTS or ("none" in prompts and len(prompts) > 1):
        raise BadRequest("invalid_request", "prompt is not known")
    return Authorization(
        client_id=client.client_id,
        redirect_uri=redirect_uri,
        state=asked.get("state", ""),
        nonce=asked.get("nonce", ""),
        challenge=asked["code_challenge"],
        scope=scope,
        prompts=prompts,
    )


def refusal(asked: Mapping[str, str], refused: BadRequest) -> str:
    """Return where the browser is sent with an error. Its redirect address was checked."""
    result = {"error": refused.error, "error_description": refused.description}
    return _back(asked["redirect_uri"], asked.get("state", ""), result)


def _back(redirect_uri: str, state: str, result: Mapping[str, str]) -> str:
    parameters = {**result, **({"state": state} if state else {})}
    return f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{urlencode(parameters)}"
