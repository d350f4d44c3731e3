"""The officers of the stage: appointed through the API, and signed in as people are."""

import base64
import hashlib
import hmac
import secrets
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.rehearsal.stage import Reply, Stage

_STEP_S = 30  # how long a code of an authenticator app is valid


def code(secret: str, at: float) -> str:
    """Return the code that an authenticator app shows at that time (RFC 6238)."""
    counter = struct.pack(">Q", int(at) // _STEP_S)
    digest = hmac.digest(base64.b32decode(secret), counter, hashlib.sha1)
    start = digest[-1] & 0xF
    number = int.from_bytes(digest[start : start + 4]) & 0x7FFF_FFFF
    return f"{number % 1_000_000:06}"


@dataclass
class Person:
    """An officer with a password and an authenticator app."""

    stage: Stage
    username: str
    password: str = field(default_factory=lambda: secrets.token_urlsafe(18))
    app: str | None = None
    token: str = ""

    def sign_in(self) -> "Person":
        """Sign in, and keep the access token: on the pool's own pages where its client has them,
        else with password and app.
        """
        client = self._cognito.describe_user_pool_client(
            UserPoolId=self.stage.outputs["OfficersPoolId"],
            ClientId=self.stage.outputs["OfficersClientId"],
        )["UserPoolClient"]
        if "code" in client.get("AllowedOAuthFlows", ()):
            self.token = self._token_by_pages(client)
        else:
            self.token = self._token_by_app()
        return self

    def _token_by_pages(self, client: Mapping[str, Any]) -> str:
        """Fill in the form of the managed page, and exchange its code as the console does (PKCE).

        ministack's page does not ask for the app's code (see `mfa-setup` in emulator_gaps.toml).
        """
        verifier = secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
        asked = {"client_id": client["ClientId"], "redirect_uri": client["CallbackURLs"][0]}
        form = {
            **asked,
            "response_type": "code",
            "scope": "openid",
            "code_challenge": challenge.decode().rstrip("="),
            "code_challenge_method": "S256",
            "username": self.username,
            "password": self.password,
        }
        page = f"https://cognito-idp.{self.stage.cloud.region}.amazonaws.com"
        shown = self.stage.internet.send("POST", f"{page}/login", data=form)
        if shown.status != 302:
            raise PermissionError(f"{self.username} is not signed in: {shown.text}")
        (code,) = parse_qs(urlsplit(shown.headers["location"]).query)["code"]
        exchange = {
            **asked,
            "grant_type": "authorization_code",
            "code": code,
            "code_verifier": verifier,
        }
        tokens = self.stage.internet.send("POST", f"{page}/oauth2/token", data=exchange)
        assert tokens.status == 200, tokens.text
        return str(tokens.json["access_token"])

    def _token_by_app(self) -> str:
        cognito = self._cognito
        try:
            result = self._initiate(cognito)
        except cognito.exceptions.NotAuthorizedException as error:
            raise PermissionError(f"{self.username} is not signed in: {error}") from None
        if result.get("ChallengeName") == "MFA_SETUP":
            raise AssertionError("ministack asks for MFA_SETUP: enrol as Cognito asks for it")
        if "AuthenticationResult" in result:
            # See `mfa-setup` in emulator_gaps.toml: the app is enrolled after the first sign-in.
            self._enrol(result["AuthenticationResult"]["AccessToken"])
            result = self._initiate(cognito)
        assert result["ChallengeName"] == "SOFTWARE_TOKEN_MFA", result
        assert self.app
        done = self._cognito.admin_respond_to_auth_challenge(
            UserPoolId=self.stage.outputs["OfficersPoolId"],
            ClientId=self.stage.outputs["OfficersClientId"],
            ChallengeName="SOFTWARE_TOKEN_MFA",
            Session=result["Session"],
            ChallengeResponses={
                "USERNAME": self.username,
                "SOFTWARE_TOKEN_MFA_CODE": code(self.app, time.time()),
            },
        )
        return str(done["AuthenticationResult"]["AccessToken"])

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> Reply:
        return self.stage.call(method, path, body, token=self.token, **more)

    def get(self, path: str) -> Any:
        """Read something that must be there."""
        reply = self.call("GET", path)
        assert reply.status == 200, reply.text
        return reply.json

    @property
    def _cognito(self) -> Any:
        return self.stage.client("cognito-idp")

    def _initiate(self, cognito: Any) -> Any:
        return cognito.admin_initiate_auth(
            UserPoolId=self.stage.outputs["OfficersPoolId"],
            ClientId=self.stage.outputs["OfficersClientId"],
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": self.username, "PASSWORD": self.password},
        )

    def _enrol(self, token: str) -> None:
        self.app = self._cognito.associate_software_token(AccessToken=token)["SecretCode"]
        self._cognito.verify_software_token(AccessToken=token, UserCode=code(self.app, time.time()))


def first_admin(stage: Stage) -> Person:
    """Make the first admin by hand, as docs/operations.md says."""
    admin = Person(stage, "zhao")
    stage.client("cognito-idp").admin_create_user(
        UserPoolId=stage.outputs["OfficersPoolId"],
        Username=admin.username,
        MessageAction="SUPPRESS",
        TemporaryPassword=secrets.token_urlsafe(18),
    )
    row: dict[str, Any] = {
        "pk": {"S": "OFFICER#zhao"},
        "sk": {"S": "ROW"},
        "username": {"S": "zhao"},
        "name": {"S": "Zhao"},
        "active": {"BOOL": True},
        "roles": {"L": [{"S": "officer"}, {"S": "admin"}, {"S": "supervisor"}]},
        "categories": {"L": [{"S": "*"}]},
        "districts": {"L": [{"S": "*"}]},
    }
    stage.client("dynamodb").put_item(TableName=stage.outputs["OfficersTableName"], Item=row)
    _choose_password(admin)
    return admin.sign_in()


def appoint(admin: Person, username: str, **more: Any) -> Person:
    """Appoint an officer through the API, and sign them in."""
    row = {
        "name": f"Officer {username.title()}",
        "active": True,
        "roles": ["officer"],
        "categories": ["*"],
        "districts": ["*"],
        "email": f"{username}@police.example",
    }
    reply = admin.call("PUT", f"/v1/admin/officers/{username}", row | more)
    assert reply.status == 200, reply.text
    officer = Person(admin.stage, username)
    _choose_password(officer)
    return officer.sign_in()


def _choose_password(person: Person) -> None:
    person.stage.client("cognito-idp").admin_set_user_password(
        UserPoolId=person.stage.outputs["OfficersPoolId"],
        Username=person.username,
        Password=person.password,
        Permanent=True,
    )
