"""`make token STAGE=dev`: sign in to a stage in a browser, and print the access token.

    TOKEN=$(make -s token STAGE=dev)
    curl -H "Authorization: Bearer $TOKEN" …/v1/officer/me

Standard output has the token and nothing else. It is valid for minutes (15, with Cognito) and is
kept nowhere; neither is the refresh token. Without STAGE, `make token OFFICER=officer` is
`infra.local.token`.

Authorisation code with PKCE (RFC 7636), as a native app does it (RFC 8252). Nothing here prints or
logs a token or a code.
"""

import base64
import hashlib
import hmac
import json
import secrets
import ssl
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any
from urllib.parse import urlencode

import httpx
import jwt

from infra.stage.browser import PORT, REDIRECT_URI, listening, open_browser
from infra.stage.console import Refused
from infra.stage.target import Target, command, find_target, is_loopback

PATIENCE_S = 300.0
TIMEOUT_S = 10
# Only signatures with a public key. Any of them would do for an ID token.
_ALGORITHMS = ["RS256", "PS256", "ES256"]
_CLOCKS_DIFFER_S = 60


def main(arguments: Sequence[str]) -> int:
    parser = command("stage token", "Sign in, and print the access token.", required=True)
    target = find_target(parser.parse_args(arguments).stage)
    pasted = sys.stdin if sys.stdin.isatty() else None
    print(sign_in(begin(target), show=open_browser, pasted=pasted))
    return 0


def begin(target: Target) -> "SignIn":
    """Return a new sign-in to a stage. Raises Refused when its issuer cannot be asked."""
    client = Client(
        client_id=target.output("OfficersClientId"),
        redirect_uri=REDIRECT_URI,
        scope=target.output("SignInScope"),
        audience=target.outputs.get("Audience", ""),
    )
    return SignIn(issuer_of(target), client)


def issuer_of(target: Target) -> "Issuer":
    """Return what the issuer of a stage says of itself. Raises Refused when it cannot be asked."""
    return discover(target.output("Issuer"), _discovery_address(target))


def sign_in(
    attempt: "SignIn",
    *,
    show: Callable[[str], bool],
    pasted: IO[str] | None,
    patience_s: float = PATIENCE_S,
    port: int = PORT,
) -> str:
    """Return the access token of whoever signs in. `show` opens a page in a browser, if it can.

    Raises Refused when nobody signs in, or the issuer refuses.
    """
    with listening(attempt.is_own, port) as listener:
        url = attempt.url()
        shown = show(url)
        for line in _instructions(url, shown=shown, can_paste=pasted is not None):
            print(line, file=sys.stderr)
        redirect = listener.wait(pasted, patience_s)
    return attempt.access_token(redirect)


def _instructions(url: str, *, shown: bool, can_paste: bool) -> list[str]:
    lines = [
        "Sign in in the browser, at:" if shown else "Open this page in a browser, and sign in:"
    ]
    lines += ["", f"  {url}", ""]
    if can_paste:
        lines.append(
            "If the browser is on another machine, its last page cannot be loaded. Then paste the "
            "address of that page here:"
        )
    return lines


def _discovery_address(target: Target) -> str:
    """Return where the issuer's discovery document is when it is not below the issuer: an emulator
    signs in Cognito's name, and serves everything itself.
    """
    pool = target.outputs.get("OfficersPoolId")
    endpoint = str(target.client("cognito-idp").meta.endpoint_url)
    return f"{endpoint.rstrip('/')}/{pool}" if pool and is_loopback(endpoint) else ""


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
    """Return the JSON object at `address`; with a form, the response to it. Redirects are refused:
    none of the endpoints that a program calls has a reason for one.

    Raises Refused, with the error that the issuer names.
    """
    if not _is_safe(address):
        raise Refused(f"{address} does not begin with https.")
    try:
        response = httpx.request(
            "GET" if form is None else "POST",
            address,
            data=form,
            headers={"Accept": "application/json"},
            timeout=TIMEOUT_S,
            verify=ssl.create_default_context(),  # whom this machine trusts
            trust_env=not is_loopback(address),  # a proxy cannot reach its own addresses
        )
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        # What is no HTTP at all has no words of its own.
        reason = str(error).strip() or type(error).__name__
        raise Refused(f"{address} cannot be read: {reason}. Check the network.") from None
    found = _object_or_none(response.content)
    if not response.is_success:
        said = _reason(found or {})
        raise Refused(f"{address} refuses with {response.status_code}: {said}")
    if found is None:
        raise Refused(f"{address} is no JSON document. Check the parameter Issuer.")
    return found


def _is_safe(address: str) -> bool:
    return address.startswith("https://") or (
        address.startswith("http://") and is_loopback(address)
    )


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
