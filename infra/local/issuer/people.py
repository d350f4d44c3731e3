"""Who may sign in at the local stack, and the tokens that they get: moto's, of the pool."""

import hmac
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import boto3
from joserfc import jwt
from moto.cognitoidp.models import CognitoIdpUserPool, cognitoidp_backends
from moto.core.models import DEFAULT_ACCOUNT_ID

from chalicelib.aws.table import Table
from chalicelib.domain.officers.model import Officer
from chalicelib.store.officers.rows import Officers
from infra.local.seed import PASSWORD


@dataclass(frozen=True, slots=True)
class Client:
    """What the pool has of its client."""

    client_id: str
    redirect_uris: Collection[str]
    logout_uris: Collection[str]
    scopes: Collection[str]


class People:
    """The users of the one pool of this process, and the officers' rows.

    `named` is what `create_resources` returned; `endpoint_url` is that of AWS here.
    """

    def __init__(self, named: Mapping[str, str], endpoint_url: str | None) -> None:
        self.issuer = named["ISSUER"]
        self.pool_id, self._client_id = named["USER_POOL_ID"], named["CLIENT_ID"]
        self._backend = cognitoidp_backends[DEFAULT_ACCOUNT_ID][named["AWS_REGION"]]
        dynamodb = boto3.client(
            "dynamodb", endpoint_url=endpoint_url, region_name=named["AWS_REGION"]
        )
        self._officers = Officers(Table(dynamodb, named["OFFICERS_TABLE"]))

    def client(self) -> Client:
        """Return the client as it is registered now."""
        config = self._pool.clients[self._client_id].extended_config
        return Client(
            self._client_id,
            tuple(config.get("CallbackURLs", ())),
            tuple(config.get("LogoutURLs", ())),
            tuple(config.get("AllowedOAuthScopes", ())),
        )

    def all(self) -> list[Officer]:
        """Return those who may sign in, by username: active officers with a user that is
        enabled.
        """
        return [officer for officer in self._officers.all() if self.may_sign_in(officer)]

    def find(self, username: str) -> Officer | None:
        """Return one of those who may sign in."""
        officer = self._officers.get(username)
        return officer if officer and self.may_sign_in(officer) else None

    def may_sign_in(self, officer: Officer) -> bool:
        user = self._pool.users.get(officer.username)
        return officer.active and user is not None and user.enabled

    def sign_in(self, username: str) -> None:
        """Note that somebody has signed in: they have chosen the password that all have here."""
        self._backend.admin_set_user_password(self.pool_id, username, PASSWORD, True)

    def tokens(self, username: str, *, nonce: str, scope: str, auth_time: int) -> dict[str, Any]:
        """Return new tokens of a user as the token endpoint names them, and for how long they are
        valid, in seconds. `auth_time` is when the user signed in, which may be long ago.
        """
        minutes = int(self._pool.clients[self._client_id].extended_config["AccessTokenValidity"])
        common = {"origin_jti": str(uuid4()), "event_id": str(uuid4()), "auth_time": auth_time}
        person = common | ({"nonce": nonce} if nonce else {})
        return {
            "access_token": self._token(username, "access", minutes, common | {"scope": scope}),
            "id_token": self._token(username, "id", minutes, person),
            "token_type": "Bearer",
            "expires_in": minutes * 60,
        }

    def machine_token(self, client_id: str, secret: str) -> dict[str, Any] | None:
        """Return a new token of a machine by its client's credentials, as Cognito writes it; None
        for any other client, or another secret.
        """
        client = self._pool.clients.get(client_id)
        config = client.extended_config if client else {}
        if client is None or "client_credentials" not in config.get("AllowedOAuthFlows", ()):
            return None
        if not hmac.compare_digest(secret.encode(), str(client.secret).encode()):
            return None
        now, life_s = int(time.time()), int(config["AccessTokenValidity"]) * 60
        claims = {
            "iss": self.issuer,
            "sub": client_id,
            "client_id": client_id,
            "token_use": "access",
            "scope": " ".join(config["AllowedOAuthScopes"]),
            "auth_time": now,
            "iat": now,
            "exp": now + life_s,
            "jti": str(uuid4()),
            "version": 2,
        }
        header = {"kid": "dummy", "alg": "RS256"}  # as moto's others
        token = jwt.encode(header, claims, self._pool.json_web_key)
        return {"access_token": str(token), "token_type": "Bearer", "expires_in": life_s}

    def _token(self, username: str, use: str, minutes: int, claims: dict[str, Any]) -> str:
        token, _ = self._pool.create_jwt(
            self._client_id, username, use, expires_in=minutes * 60, extra_data=claims
        )
        return str(token)

    @property
    def _pool(self) -> CognitoIdpUserPool:
        return self._backend.user_pools[self.pool_id]
