"""Sign in at an OIDC issuer: its discovery document, the address of its sign-in page, and the
exchange of a code for an access token.

Authorisation code with PKCE (RFC 7636), as a native app does it (RFC 8252). The standard library
and PyJWT do all of it, so there is no client library. Nothing here prints or logs a token or a
code.
"""

import base64
import hashlib
import hmac
import http.client
import json
import secrets
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import jwt

from infra.stage.faults import Refused
from infra.stage.target import is_loopback

TIMEOUT_S = 10
LONGEST_RESPONSE = 1_000_000
# Only signatures with a public key. Any of them would do for an ID token.
_ALGORITHMS = ["RS256", "PS256", "ES256"]
_CLOCKS_DIFFER_S = 60


@dataclass(frozen=True, slots=True)
class Issuer:
    """What the discovery document of an issuer says."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str = ""


@dataclass(frozen=True, slots=True)
class Client:
    """How we are known to the issuer, and what we ask for."""

    client_id: str
    redirect_uri: str
    scope: str = "openid"
    audience: str = ""


@dataclass(frozen=True, slots=True)
class SignIn:
    """One sign-in. Its random values are used once."""

    issuer: Issuer
    client: Client
    state: str = field(default_factory=secrets.token_urlsafe)
    nonce: str = field(default_factory=secrets.token_urlsafe)
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(64), repr=False)

    def url(self) -> str:
        """Return the address of the page where a person signs in."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self.client.client_id,
            "redirect_uri": self.client.redirect_uri,
            "scope": self.client.scope,
            "state": self.state,
            "nonce": self.nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        if self.client.audience:
            # Not of the standard. Auth0 needs it, and others ignore it.
            asked["audience"] = self.client.audience
        address = self.issuer.authorization_endpoint
        return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}"

    def is_own(self, parameters: Mapping[str, str]) -> bool:
        """Return whether a redirect belongs to this sign-in: whether it has its state."""
        return hmac.compare_digest(parameters.get("state", "").encode(), self.state.encode())

    def access_token(self, parameters: Mapping[str, str]) -> str:
        """Exchange the code of a redirect, whose state was checked, for an access token.

        Raises Refused when the issuer refuses, or when the response is not one to this sign-in.
        """
        if "error" in parameters:
            raise Refused(f"{self.issuer.issuer} refused the sign-in: {_reason(parameters)}")
        # A redirect of another issuer (RFC 9207).
        if parameters.get("iss", self.issuer.issuer) != self.issuer.issuer:
            raise Refused(f"The redirect names another issuer than {self.issuer.issuer}.")
        tokens = self._redeem(parameters.get("code", ""))
        self._check_id_token(tokens.get("id_token"))
        token = tokens.get("access_token")
        if not isinstance(token, str) or token.count(".") != 2:
            raise Refused(
                f"{self.issuer.issuer} issued an access token that is no JWT, which Tipline cannot "
                "check. Set the parameter Audience (or SignInScope) to your API at that issuer."
            )
        return token

    def _redeem(self, code: str) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.client.redirect_uri,
            "client_id": self.client.client_id,
            "code_verifier": self.verifier,
        }
        return fetch(self.issuer.token_endpoint, form)

    def _check_id_token(self, token: Any) -> None:
        """Raise Refused unless the ID token is of our issuer, for our client and this sign-in.

        Its nonce binds the tokens to the page that was opened here.
        """
        if not isinstance(token, str):
            raise Refused("The issuer sent no ID token. SignInScope must contain openid.")
        try:
            kid = jwt.get_unverified_header(token).get("kid", "")
            keys = jwt.PyJWKSet.from_dict(fetch(self.issuer.jwks_uri))
            claims = jwt.decode(
                token,
                keys[kid],
                algorithms=_ALGORITHMS,
                audience=self.client.client_id,
                issuer=self.issuer.issuer,
                leeway=_CLOCKS_DIFFER_S,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except (jwt.PyJWTError, KeyError) as error:
            raise Refused(
                f"The ID token of {self.issuer.issuer} is not valid ({type(error).__name__}). "
                "Check Issuer and ClientId."
            ) from None
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), self.nonce.encode()):
            raise Refused("The tokens are of another sign-in (nonce). Start again.")


def discover(issuer: str, address: str = "") -> Issuer:
    """Return what an issuer says of itself. Its document is below `address`, or else below the
    issuer itself.

    Raises Refused when it cannot be read, is of another issuer, or names an address without TLS.
    """
    where = f"{(address or issuer).rstrip('/')}/.well-known/openid-configuration"
    document = fetch(where)
    if document.get("issuer") != issuer:
        raise Refused(f"{where} is not of the issuer {issuer}. Check the parameter Issuer.")
    names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    addresses = {name: str(document.get(name, "")) for name in names}
    for name, endpoint in addresses.items():
        if not _is_safe(endpoint):
            raise Refused(f"{where} has no {name} with https, so nobody can sign in there.")
    ending = str(document.get("end_session_endpoint", ""))
    return Issuer(issuer, **addresses, end_session_endpoint=ending if _is_safe(ending) else "")


def fetch(address: str, form: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the JSON object at `address`; with a form, the response to it.

    Raises Refused, with the error that the issuer names.
    """
    if not _is_safe(address):
        raise Refused(f"{address} does not begin with https.")
    request = urllib.request.Request(  # noqa: S310  https, or this machine
        address,
        data=urlencode(form).encode() if form is not None else None,
        headers={"Accept": "application/json"},
    )
    try:
        return _response_to(request, address)
    except (OSError, ValueError, http.client.HTTPException) as error:
        # What is no HTTP at all has no words of its own.
        reason = getattr(error, "reason", None) or str(error).strip() or type(error).__name__
        raise Refused(f"{address} cannot be read: {reason}. Check the network.") from None


def _response_to(request: urllib.request.Request, address: str) -> dict[str, Any]:
    try:
        with _opener(address).open(request, timeout=TIMEOUT_S) as response:
            return _read_object(response.read(LONGEST_RESPONSE), address)
    except urllib.error.HTTPError as error:
        said = _reason(_object_or_none(error.read(LONGEST_RESPONSE)) or {})
        raise Refused(f"{address} refuses with {error.code}: {said}") from None


def _is_safe(address: str) -> bool:
    return address.startswith("https://") or (
        address.startswith("http://") and is_loopback(address)
    )


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Refuse redirects: none of the endpoints that a program calls has a reason for one."""

    def redirect_request(self, *arguments: Any, **more: Any) -> None:
        return None


def _opener(address: str) -> urllib.request.OpenerDirector:
    # A proxy cannot reach this machine's own addresses.
    own = [urllib.request.ProxyHandler({})] if is_loopback(address) else []
    return urllib.request.build_opener(_NoRedirect, *own)


def _read_object(content: bytes, address: str) -> dict[str, Any]:
    found = _object_or_none(content)
    if found is None:
        raise Refused(f"{address} is no JSON document. Check the parameter Issuer.")
    return found


def _object_or_none(content: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _reason(parameters: Mapping[str, Any]) -> str:
    """Return an error of OAuth on one line. It comes from outside, so it is cut and made plain."""
    said = [str(parameters[name]) for name in ("error", "error_description") if name in parameters]
    text = ": ".join(said) or "no reason given"
    return "".join(sign if sign.isprintable() else " " for sign in text)[:300]
