"""Officers sign in with the access tokens of any issuer, each in its own form, and nothing else."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.http.auth import authorize_officer
from tests import events
from tests.issuer import OTHER_KEY, serving, sign, signed_with_public_key, unsigned

Claims = dict[str, Any]


@dataclass(frozen=True)
class Form:
    """How an issuer writes its tokens, and how Tipline is set for it."""

    issuer: str
    client: str
    access: Claims
    id_token: Claims
    username: str
    settings: dict[str, str] = field(default_factory=dict)
    headers: Claims = field(default_factory=dict)


COGNITO = Form(
    issuer="https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_pool",
    client="7client",
    access={
        "sub": "s-1", "client_id": "7client", "origin_jti": "o", "event_id": "e",
        "token_use": "access", "scope": "openid", "auth_time": 1, "jti": "j", "username": "wang",
        "version": 2,
    },
    id_token={
        "sub": "s-1", "aud": "7client", "cognito:username": "wang", "origin_jti": "o",
        "token_use": "id", "auth_time": 1, "jti": "j", "nonce": "n", "at_hash": "h",
    },
    username="wang",
)  # fmt: skip
KEYCLOAK = Form(
    issuer="https://id.example/realms/police",
    client="tipline",
    access={
        "jti": "j", "aud": ["tipline", "account"], "sub": "f2", "typ": "Bearer", "azp": "tipline",
        "sid": "s", "acr": "1", "realm_access": {"roles": ["offline_access"]},
        "scope": "openid profile", "preferred_username": "wang", "email": "wang@police.example",
    },
    id_token={
        "jti": "j", "aud": "tipline", "sub": "f2", "typ": "ID", "azp": "tipline", "nonce": "n",
        "at_hash": "h", "preferred_username": "wang",
    },
    username="wang",
)  # fmt: skip
ENTRA = Form(
    issuer="https://login.microsoftonline.com/8b1/v2.0",
    client="6e74172b-be56-4843-9ff4-e66a39bb12e3",
    access={
        "aud": "6e74172b-be56-4843-9ff4-e66a39bb12e3", "aio": "a", "azpacr": "0",
        "azp": "6e74172b-be56-4843-9ff4-e66a39bb12e3", "name": "Wang", "oid": "690222be-ff1a",
        "preferred_username": "Wang@police.example", "scp": "access", "sub": "HKZpfaHy",
        "ver": "2.0",
    },
    id_token={
        "aud": "6e74172b-be56-4843-9ff4-e66a39bb12e3", "aio": "a", "name": "Wang", "nonce": "n",
        "oid": "690222be-ff1a", "preferred_username": "Wang@police.example", "sub": "HKZpfaHy",
        "ver": "2.0",
    },
    username="690222be-ff1a",
    settings={"USERNAME_CLAIM": "oid"},
    headers={"kid": "k0"},
)  # fmt: skip
AUTH0 = Form(
    issuer="https://city.eu.auth0.com/",
    client="Kx9client",
    access={
        "sub": "auth0|6504", "aud": ["https://tipline.example", "https://city.eu.auth0.com/userinfo"],
        "scope": "openid", "azp": "Kx9client", "https://tipline.example/username": "wang",
    },
    id_token={"sub": "auth0|6504", "aud": "Kx9client", "nonce": "n", "sid": "s"},
    username="wang",
    settings={
        "AUDIENCE": "https://tipline.example",
        "USERNAME_CLAIM": "https://tipline.example/username",
    },
)  # fmt: skip
STANDARD = Form(
    issuer="https://as.example",
    client="s6BhdRkqt3",
    access={"sub": "wang", "aud": "s6BhdRkqt3", "client_id": "s6BhdRkqt3", "jti": "j"},
    id_token={"sub": "wang", "aud": "s6BhdRkqt3", "nonce": "n"},
    username="wang",
    headers={"typ": "at+jwt"},
)
FORMS = {
    "Cognito": COGNITO,
    "Keycloak": KEYCLOAK,
    "Entra ID": ENTRA,
    "Auth0": AUTH0,
    "RFC 9068": STANDARD,
}


@pytest.fixture(autouse=True)
def form(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Form]:
    form = FORMS[request.param]
    with serving() as keys:
        settings = {"ISSUER": form.issuer, "CLIENT_ID": form.client} | form.settings
        settings["SYSTEM_CLIENTS"] = f"other=x1,dispatch={M2M}"
        for name, value in (settings | {"JWKS_URI": f"{keys.url}/jwks.json"}).items():
            monkeypatch.setenv(name, value)
        wiring.reset()
        yield form
    monkeypatch.undo()
    wiring.reset()


each_form = pytest.mark.parametrize("form", FORMS, indirect=True)


def claims(form: Form, **changed: Any) -> Claims:
    now = int(time.time())
    return {"iss": form.issuer, "iat": now, "exp": now + 900} | form.access | changed


def token(form: Form, **changed: Any) -> str:
    return sign(claims(form, **changed), headers=form.headers)


def id_token(form: Form, **changed: Any) -> str:
    now = int(time.time())
    return sign(
        {"iss": form.issuer, "iat": now, "exp": now + 900} | form.id_token | changed,
        headers=form.headers | {"typ": "JWT"},
    )


def _client_claims(form: Form) -> list[str]:
    return [name for name in ("client_id", "azp") if name in form.access]


ATTACKS: dict[str, Callable[[Form], str]] = {
    "for another API": lambda form: token(form, aud="https://other.example"),
    "for other APIs": lambda form: token(form, aud=["https://other.example", "account"]),
    "by another client": lambda form: token(form, **dict.fromkeys(_client_claims(form), "x")),
    "by no client": lambda form: token(form, **dict.fromkeys(_client_claims(form))),
    "by another client beside ours": lambda form: token(form, appid="x"),
    "an ID token": id_token,
    "an ID token for the API": lambda form: id_token(form, aud=form.access.get("aud")),
    "an ID token with a scope": lambda form: id_token(
        form, scope="openid", azp=form.client, aud=form.access.get("aud", form.client)
    ),
    "with the hash of an ID token": lambda form: token(form, at_hash="h"),
    "with the hash of a code": lambda form: token(form, c_hash="h"),
    "with the hash of a state": lambda form: token(form, s_hash="h"),
    "alg none": lambda form: unsigned(claims(form)),
    "HS256 with the public key": lambda form: signed_with_public_key(claims(form)),
    "expired": lambda form: token(form, exp=int(time.time()) - 1),
    "without an end": lambda form: token(form, exp=None),
    "of another issuer": lambda form: token(form, iss="https://evil.example"),
    "of an issuer below ours": lambda form: token(form, iss=f"{form.issuer}x"),
    "without a kid": lambda form: sign(claims(form), headers=form.headers | {"kid": None}),
    "signed with the key for encryption": lambda form: sign(
        claims(form), key=OTHER_KEY, headers=form.headers | {"kid": "k1-enc"}
    ),
    "signed with an unknown key": lambda form: sign(
        claims(form), key=OTHER_KEY, headers=form.headers
    ),
    "of nobody": lambda form: token(
        form,
        **dict.fromkeys(("sub", "username", "preferred_username", "oid")),
        **{"https://tipline.example/username": None},
    ),
}


def let_in(token: str) -> str:
    """Return the admitted username. Raises the authorizer's Exception('Unauthorized')."""
    return str(authorize_officer(events.authorizer_token(f"Bearer {token}"), None)["principalId"])


@each_form
def test_an_access_token_lets_its_owner_in(form: Form) -> None:
    assert let_in(token(form)) == form.username


@each_form
@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_else_does(form: Form, attack: str) -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        let_in(ATTACKS[attack](form))


M2M = "cadM2M"
# What of an access token differs in a machine's, by client credentials; None: it is not there.
MACHINES: dict[str, Claims] = {
    "Cognito": {
        "sub": M2M, "client_id": M2M, "scope": "tipline/work", "username": None, "origin_jti": None,
    },
    "Keycloak": {"azp": M2M, "client_id": M2M, "preferred_username": "service-account-cadm2m"},
    "Auth0": {
        "sub": f"{M2M}@clients", "azp": M2M, "scope": "work", "gty": "client-credentials",
        "https://tipline.example/username": None,
    },
    "RFC 9068": {"sub": M2M, "client_id": M2M},
}  # fmt: skip
PERSONS: dict[str, Claims] = {
    "Cognito": {"username": "wang"},
    "Keycloak": {"preferred_username": "wang"},
    "Auth0": {"sub": "auth0|6504"},
    "RFC 9068": {"sub": "wang"},
}
each_machine = pytest.mark.parametrize("form", MACHINES, indirect=True)


def machine(form: Form, **changed: Any) -> str:
    name = next(name for name, each in FORMS.items() if each is form)
    return token(form, **MACHINES[name] | changed)


@each_machine
def test_client_credentials_let_a_machine_in_under_the_name_of_its_client(form: Form) -> None:
    assert let_in(machine(form)) == "system/dispatch"


@each_machine
def test_a_person_at_the_client_of_a_machine_is_neither(form: Form) -> None:
    name = next(name for name, each in FORMS.items() if each is form)
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        let_in(machine(form, **PERSONS[name]))


@each_machine
@pytest.mark.parametrize(
    "attack", [{"at_hash": "h"}, {"aud": "https://other.example"}, {"appid": "x1"}]
)
def test_no_other_token_of_a_machine_lets_it_in(form: Form, attack: Claims) -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        let_in(machine(form, **attack))


@each_machine
def test_a_client_that_is_no_machines_is_refused(form: Form) -> None:
    name = next(name for name, each in FORMS.items() if each is form)
    unknown = {
        claim: value.replace(M2M, "m2m2").replace("cadm2m", "m2m2")
        for claim, value in MACHINES[name].items()
        if isinstance(value, str)
    }
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        let_in(machine(form, **unknown))


@pytest.mark.parametrize("form", ["Keycloak", "Entra ID", "Auth0", "RFC 9068"], indirect=True)
def test_only_cognito_may_leave_the_audience_out(form: Form) -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        let_in(token(form, aud=None))


@pytest.mark.parametrize("form", ["Keycloak"], indirect=True)
@pytest.mark.parametrize("kind", ["ID", "Refresh", "Offline", "Logout", "DPoP"])
def test_keycloaks_other_tokens_are_refused(form: Form, kind: str) -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        let_in(token(form, typ=kind))


@pytest.mark.parametrize("form", ["Entra ID"], indirect=True)
def test_the_set_claim_alone_names_the_officer(form: Form) -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        let_in(token(form, oid=None))


@pytest.mark.parametrize("form", ["RFC 9068"], indirect=True)
@pytest.mark.parametrize("name", ["(clock)", "wang#2026-11-25", "a b", "x" * 129, "wang\n"])
def test_a_name_that_no_officer_can_have_is_refused(form: Form, name: str) -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        let_in(token(form, sub=name))


@pytest.mark.parametrize("form", ["RFC 9068"], indirect=True)
def test_the_header_marks_a_standard_token(form: Form) -> None:
    assert let_in(sign(claims(form), headers={"typ": "application/at+jwt"})) == "wang"
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        let_in(sign(claims(form), headers={"typ": "JWT"}))


@pytest.mark.parametrize("form", ["Auth0"], indirect=True)
def test_the_log_of_a_refusal_shows_no_claim(form: Form, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        let_in(token(form, azp="someone-else"))
    (line,) = [vars(record) for record in caplog.records if record.msg == "token_refused"]
    assert line["kind"] == "NotOurs"
    shown = json.dumps(line, default=str)
    assert "someone-else" not in shown
    # The digits alone may be in the time of the line.
    assert "|6504" not in shown
