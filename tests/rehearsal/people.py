"""The officers of the stage: appointed by operators and admins, and signed in at the pages."""

import base64
import hashlib
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from infra.stage.browser import REDIRECT_URI
from tests.approvals import NO_TAG, match_of
from tests.rehearsal.sign_in import hidden
from tests.rehearsal.stage import ROOT, Reply, Stage


class SignInRefused(Exception):
    """The sign-in pages refuse somebody. The message is the page."""


def authorization(client: str, scope: str, back_to: str, verifier: str) -> dict[str, str]:
    """Return what a client asks for at the pages, with PKCE."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return {
        "client_id": client,
        "response_type": "code",
        "scope": scope,
        "redirect_uri": back_to,
        "state": secrets.token_urlsafe(18),
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        "code_challenge_method": "S256",
    }


@dataclass
class Person:
    """An officer with a password. `second` is the admin who approves what they propose."""

    stage: Stage
    username: str
    password: str = field(default_factory=lambda: secrets.token_urlsafe(18))
    _token: str = ""
    _fresh_until: float = 0
    second: "Person | None" = None

    def sign_in(self) -> "Person":
        """Sign in at the pages with an authorisation code and PKCE, and keep the access token.

        Raises SignInRefused.
        """
        verifier, outputs = secrets.token_urlsafe(48), self.stage.outputs
        client, pages = outputs["OfficersClientId"], outputs["SignInUrl"]
        asked = authorization(client, outputs["SignInScope"], REDIRECT_URI, verifier)
        redirect = self.visit(f"{pages}/oauth2/authorize?{urlencode(asked)}")
        arrived = dict(parse_qsl(urlsplit(redirect).query))
        assert arrived["state"] == asked["state"]
        done = self.stage.internet.send(
            "POST",
            f"{pages}/oauth2/token",
            data={
                "grant_type": "authorization_code",
                "client_id": client,
                "code": arrived["code"],
                "redirect_uri": REDIRECT_URI,
                "code_verifier": verifier,
            },
        )
        assert done.status == 200, done.text
        self._token = done.json["access_token"]
        self._fresh_until = time.monotonic() + done.json["expires_in"] / 2
        return self

    @property
    def token(self) -> str:
        """The access token. It is a new one when a rehearsal lasts longer than the first."""
        if time.monotonic() >= self._fresh_until:
            self.sign_in()
        return self._token

    def visit(self, url: str) -> str:
        """Sign in where an authorisation begins, with a new password if the page asks for one, and
        return the address that the browser is sent to. Raises SignInRefused.
        """
        page = self.stage.internet.send("GET", url)
        reply = self._submit(page, username=self.username, password=self.password)
        if "new_password" in reply.text:
            # See `mfa-setup` in emulator_gaps.toml: no page asks for an authenticator app.
            self.password = secrets.token_urlsafe(18)
            new = {"new_password": self.password, "confirm_password": self.password}
            reply = self._submit(reply, **new)
        if reply.status not in (302, 303):
            raise SignInRefused(reply.text)
        return str(reply.headers["location"])

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> Reply:
        return self.stage.call(method, path, body, token=self.token, **more)

    def get(self, path: str) -> Any:
        """Read something that must be there."""
        reply = self.call("GET", path)
        assert reply.status == 200, reply.text
        return reply.json

    def approve(self, path: str) -> Reply:
        """Read what waits, and approve it by its path."""
        return self.call("POST", path, headers=match_of(self._waiting, path))

    def _waiting(self, path: str) -> tuple[Any, str | None]:
        """Return what waits, with its tag. Release 0.2.0rc1 took the ETag in its place."""
        reply = self.call("GET", path)
        assert reply.status == 200, reply.text
        found = reply.json
        if self.stage.root != ROOT:
            for each in filter(None, (found, found.get("proposal"))):
                each["tag"] = reply.headers.get("etag", NO_TAG)
        return found, reply.headers.get("etag")

    def _submit(self, page: Reply, **typed: str) -> Reply:
        login = f"{self.stage.outputs['SignInUrl']}/login"
        return self.stage.internet.send("POST", login, data=hidden(page.text) | typed)


def first_admins(stage: Stage) -> tuple[Person, Person]:
    """Make the first two admins by the operator's command, and sign them in."""
    made = stage.command(
        "infra.stage first-admins",
        *("--admins", "zhao,qian", "--names", "Zhao Min,Qian Li"),
        *("--emails", "zhao@police.example,qian@police.example"),
    )
    assert made.returncode == 0, made.stdout + made.stderr
    passwords = dict(re.findall(r"(\w+) \(.*\): first password (\S+)", made.stdout))
    zhao, qian = (Person(stage, name, passwords[name]).sign_in() for name in ("zhao", "qian"))
    return zhao, qian


def chief_of(stage: Stage) -> Person:
    """Make the first two admins, and let them appoint one who is officer, supervisor and admin."""
    zhao, qian = first_admins(stage)
    zhao.second = qian
    chief = appoint(zhao, "chief", roles=["officer", "supervisor", "admin"])
    chief.second = zhao
    return chief


def appoint(admin: Person, username: str, **more: Any) -> Person:
    """Appoint an officer through the API as two admins do, and sign them in.

    A rehearsal cannot last a day, so whoever owns the account takes the wait of the new one away.
    """
    put_officer(admin, username, **more)
    end_wait(admin.stage, username)
    officer = Person(admin.stage, username)
    admin.stage.client("cognito-idp").admin_set_user_password(
        UserPoolId=admin.stage.outputs["OfficersPoolId"],
        Username=username,
        Password=officer.password,
        Permanent=True,
    )
    return officer.sign_in()


def put_officer(admin: Person, username: str, **more: Any) -> None:
    """Appoint an officer as two admins do, for everything, or as `more` says."""
    row = {
        "name": f"Officer {username.title()}",
        "active": True,
        "roles": ["officer"],
        "categories": ["*"],
        "districts": ["*"],
        "email": f"{username}@police.example",
    }
    take_effect(admin, username, row | more)


def take_effect(admin: Person, username: str, row: Mapping[str, Any]) -> None:
    """Propose a row as one admin, and approve it as another."""
    assert admin.second is not None
    path = f"/v1/admin/officers/{username}"
    proposed = admin.call("PUT", path, row)
    assert proposed.status == 202, proposed.text
    approved = admin.second.approve(f"{path}/approve")
    assert approved.status == 200, approved.text


def end_wait(stage: Stage, username: str) -> None:
    stage.client("dynamodb").update_item(
        TableName=stage.outputs["OfficersTableName"],
        Key={"pk": {"S": f"OFFICER#{username}"}, "sk": {"S": "ROW"}},
        UpdateExpression="REMOVE approves_from",
    )


def if_match(reply: Reply) -> dict[str, str]:
    return {"If-Match": str(reply.headers["etag"])}
