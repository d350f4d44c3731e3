"""An OIDC issuer on loopback: its keys, discovery, authorisation and token endpoints.

It signs in whoever comes, at once. Of everything else it is strict: the client, the registered
redirect addresses, the PKCE verifier, and that a code is used once.
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from werkzeug import Request, Response

from chalicelib import wiring
from tests import loopback
from tests.loopback import as_json

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_jwk(key: Any) -> dict[str, Any]:
    return dict(json.loads(RSAAlgorithm.to_jwk(key.public_key())))


# Keycloak publishes a key for encryption too; Entra ID names no algorithm.
KEY_SET = {
    "keys": [
        public_jwk(OTHER_KEY) | {"kid": "k1-enc", "use": "enc", "alg": "RSA-OAEP"},
        public_jwk(KEY) | {"kid": "k1", "use": "sig", "alg": "RS256"},
        public_jwk(KEY) | {"kid": "k0", "use": "sig"},
        public_jwk(KEY) | {"kid": "k512", "use": "sig", "alg": "RS512"},
    ]
}


def sign(
    claims: Mapping[str, Any],
    *,
    key: Any = KEY,
    algorithm: Any = "RS256",
    headers: Mapping[str, Any] | None = None,
) -> str:
    """Return a token with these claims and headers; those that are None are left out."""
    return jwt.encode(
        _given(claims), key, algorithm=algorithm, headers=_given({"kid": "k1", **(headers or {})})
    )


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def part(content: Any) -> str:
    """Return a part of a token."""
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def unsigned(claims: Mapping[str, Any]) -> str:
    return f"{part({'alg': 'none', 'kid': 'k1'})}.{part(claims)}."


def signed_with_public_key(claims: Mapping[str, Any]) -> str:
    """Return a token that is signed by HS256 with the public key, which a bad library accepts."""
    pem = KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    signed = f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': 'k1'})}.{part(claims)}"
    mac = base64.urlsafe_b64encode(hmac.digest(pem, signed.encode(), hashlib.sha256))
    return f"{signed}.{mac.rstrip(b'=').decode()}"


class FakeIssuer:
    """The issuer, serving. A test changes its attributes to make it misbehave."""

    def __init__(self) -> None:
        self.url = ""
        self.client_id = "tipline-client"
        self.redirect_uris: list[str] = []
        self.discovered: dict[str, Any] = {}
        """Members of the discovery document that differ."""
        self.returned: dict[str, str] = {}
        """Parameters of the redirect that differ; an empty one is left out."""
        self.id_claims: dict[str, Any] = {}
        """Claims of the ID token that differ."""
        self.tokens: dict[str, Any] = {}
        """Members of the token response that differ."""
        self.asked: list[dict[str, str]] = []
        """The parameters of each authorisation request."""
        self.keys_fetched, self.keys_status = 0, 200
        self._codes: dict[str, dict[str, str]] = {}

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks.json",
            "id_token_signing_alg_values_supported": ["RS256"],
            **self.discovered,
        }

    def respond(self, request: Request) -> Response:
        if request.method == "POST":
            status, content = self.redeem(request.form.to_dict())
            return as_json(content, status)
        match request.path:
            case "/jwks.json":
                self.keys_fetched += 1
                return as_json(KEY_SET, self.keys_status)
            case path if path.endswith("/.well-known/openid-configuration"):
                return as_json(self.discovery())
            case "/authorize":
                status, result = self.authorize(request.args.to_dict())
                if status == 302:
                    return Response(status=302, headers={"Location": result})
                return as_json({"error": result}, status)
        return as_json({}, 404)

    def authorize(self, asked: dict[str, str]) -> tuple[int, str]:
        """Return a status, and where the browser is sent or what is wrong."""
        self.asked.append(asked)
        if asked.get("client_id") != self.client_id:
            return 400, "unknown client"
        if asked.get("redirect_uri") not in self.redirect_uris:
            return 400, "redirect_uri is not registered"
        if asked.get("response_type") != "code" or asked.get("code_challenge_method") != "S256":
            return 302, self._back(asked, {"error": "invalid_request"})
        code = uuid4().hex
        self._codes[code] = asked
        return 302, self._back(asked, {"code": code})

    def _back(self, asked: Mapping[str, str], result: Mapping[str, str]) -> str:
        parameters = {**result, "state": asked.get("state", ""), **self.returned}
        query = urlencode({name: value for name, value in parameters.items() if value})
        return f"{asked['redirect_uri']}?{query}"

    def redeem(self, form: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        """Return the response of the token endpoint."""
        asked = self._codes.pop(form.get("code", ""), None)
        if asked is None or form.get("grant_type") != "authorization_code":
            return 400, {"error": "invalid_grant", "error_description": "unknown code"}
        if any(form.get(name) != asked[name] for name in ("client_id", "redirect_uri")):
            return 400, {"error": "invalid_grant", "error_description": "another client"}
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if challenge != asked["code_challenge"]:
            return 400, {"error": "invalid_grant", "error_description": "wrong code_verifier"}
        now = int(time.time())
        person = {"iss": self.url, "sub": "li", "iat": now, "exp": now + 300}
        id_token = person | {"aud": self.client_id, "nonce": asked.get("nonce")} | self.id_claims
        access = person | {"aud": self.client_id, "client_id": self.client_id, "scope": "openid"}
        return 200, {
            "access_token": sign(access, headers={"typ": "at+jwt"}),
            "id_token": sign(id_token),
            "token_type": "Bearer",
            "expires_in": 300,
            **self.tokens,
        }


@contextmanager
def serving() -> Iterator[FakeIssuer]:
    """Serve an issuer on a free port."""
    issuer = FakeIssuer()
    with loopback.serving(issuer.respond) as issuer.url:
        yield issuer


@contextmanager
def trusted(monkeypatch: pytest.MonkeyPatch, issuer: str, client: str) -> Iterator[FakeIssuer]:
    """Let the authorizer trust tokens of `issuer` for `client`, signed with the keys here.

    Yield what serves the keys.
    """
    with serving() as keys:
        monkeypatch.setenv("ISSUER", issuer)
        monkeypatch.setenv("CLIENT_ID", client)
        monkeypatch.setenv("JWKS_URI", f"{keys.url}/jwks.json")
        wiring.reset()
        yield keys
