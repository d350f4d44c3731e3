"""The authorizer admits only valid access tokens. What it kept is decided again at each request."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any

import jwt
import pytest

from app import app
from chalicelib import wiring
from chalicelib.http import index
from chalicelib.http.auth import authorize_officer
from chalicelib.http.routes import Access
from chalicelib.store.officers.signing_keys import FAILURE_PAUSE_S, SigningKeys
from tests import cloud, events
from tests.issuer import (
    KEY,
    OTHER_KEY,
    FakeIssuer,
    part,
    public_jwk,
    serving,
    sign,
    signed_with_public_key,
    trusted,
    unsigned,
)

ISSUER, CLIENT = "https://issuer.test/pool", "client-1"


@pytest.fixture(autouse=True)
def issuer(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeIssuer]:
    with trusted(monkeypatch, ISSUER, CLIENT) as keys:
        yield keys
    monkeypatch.undo()
    wiring.reset()


def claims(**changed: Any) -> dict[str, Any]:
    now = int(time.time())
    good = {
        "iss": ISSUER,
        "client_id": CLIENT,
        "token_use": "access",
        "username": "wang",
        "sub": "s-1",
        "iat": now,
        "exp": now + 900,
    }
    return good | changed


def token(key: Any = KEY, algorithm: Any = "RS256", headers: Any = None, **changed: Any) -> str:
    return sign(claims(**changed), key=key, algorithm=algorithm, headers=headers)


def _with_other_claims() -> str:
    head, _, signature = token().split(".")
    return f"{head}.{part(claims(username='admin'))}.{signature}"


def let_in(authorization: str | None) -> str:
    """Return the admitted username. Raises the authorizer's Exception('Unauthorized')."""
    response = authorize_officer(events.authorizer_token(authorization), None)
    return str(response["principalId"])


def test_an_access_token_lets_its_owner_in() -> None:
    assert let_in(f"Bearer {token()}") == "wang"
    assert let_in(f"bearer   {token()} ") == "wang"
    assert let_in(f"Bearer {token(username=None)}") == "s-1"
    assert let_in(f"Bearer {token(**{'cognito:groups': ['police']})}") == "wang"


REFUSED: dict[str, Callable[[], str | None]] = {
    "none": lambda: None,
    "empty": lambda: "",
    "Bearer without a token": lambda: "Bearer ",
    "another scheme": lambda: f"Basic {token()}",
    "a token without a scheme": token,
    "two in one header": lambda: f"Bearer {token()}, Bearer {token()}",
    "expired": lambda: f"Bearer {token(exp=int(time.time()) - 60)}",
    "one second past its end": lambda: f"Bearer {token(exp=int(time.time()) - 1)}",
    "not valid yet": lambda: f"Bearer {token(nbf=int(time.time()) + 600)}",
    "issued in the future": lambda: f"Bearer {token(iat=int(time.time()) + 600)}",
    "without an end": lambda: f"Bearer {token(exp=None)}",
    "alg none": lambda: f"Bearer {unsigned(claims())}",
    "HS256 with the public key": lambda: f"Bearer {signed_with_public_key(claims())}",
    "RS512": lambda: f"Bearer {token(algorithm='RS512')}",
    "RS512 by a key of the issuer's for it": lambda: (
        f"Bearer {token(algorithm='RS512', headers={'kid': 'k512'})}"
    ),
    "unknown kid": lambda: f"Bearer {token(headers={'kid': 'k2'})}",
    "no kid": lambda: f"Bearer {jwt.encode(claims(), KEY, algorithm='RS256')}",
    "another key under our kid": lambda: f"Bearer {token(key=OTHER_KEY)}",
    "a key of its own": lambda: (
        f"Bearer {token(key=OTHER_KEY, headers={'kid': 'x', 'jwk': public_jwk(OTHER_KEY)})}"
    ),
    "a key set of its own": lambda: (
        f"Bearer {token(key=OTHER_KEY, headers={'kid': 'x', 'jku': 'https://evil.test/jwks', 'x5u': 'https://evil.test'})}"
    ),
    "our key, and the address of a key set": lambda: (
        f"Bearer {token(headers={'jku': 'https://evil.test/jwks'})}"
    ),
    "our key, and the address of a certificate": lambda: (
        f"Bearer {token(headers={'x5u': 'https://evil.test/cert'})}"
    ),
    "our key, and a certificate inside": lambda: f"Bearer {token(headers={'x5c': ['MIIB']})}",
    "our key, and a key inside": lambda: f"Bearer {token(headers={'jwk': public_jwk(OTHER_KEY)})}",
    "another issuer": lambda: f"Bearer {token(iss='https://issuer.test/other')}",
    "no issuer": lambda: f"Bearer {token(iss=None)}",
    "another client": lambda: f"Bearer {token(client_id='client-2')}",
    "no client": lambda: f"Bearer {token(client_id=None)}",
    "an ID token": lambda: f"Bearer {token(token_use='id', client_id=None, aud=CLIENT)}",
    "an ID token that names the client": lambda: f"Bearer {token(token_use='id')}",
    "a refresh token": lambda: f"Bearer {token(token_use='refresh')}",
    "an opaque refresh token": lambda: (
        "Bearer eyJjdHkiOiJKV1QiLCJlbmMiOiJBMjU2R0NNIiwiYWxnIjoiUlNBLU9BRVAifQ.a.b.c.d"
    ),
    "other claims under the signature": lambda: f"Bearer {_with_other_claims()}",
    "groups that are a string": lambda: f"Bearer {token(**{'cognito:groups': 'admin'})}",
    "nobody's": lambda: f"Bearer {token(username=None, sub=None)}",
    "a name that is none": lambda: f"Bearer {token(username=['admin'])}",
    "8 KB": lambda: f"Bearer {token(padding='x' * 8192)}",
    "JSON": lambda: f"Bearer {json.dumps(claims())}",
    "not even letters": lambda: "Bearer \u4eba.\u6c11.\u2028",
}


@pytest.mark.parametrize("kind", REFUSED)
def test_nothing_else_does(kind: str) -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        let_in(REFUSED[kind]())


def test_keys_that_cannot_be_had_are_no_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gateway returns 503, because the token may be valid."""
    with serving() as issuer:
        pass
    monkeypatch.setenv("JWKS_URI", f"{issuer.url}/jwks.json")
    wiring.reset()

    with pytest.raises(jwt.PyJWKClientConnectionError):
        let_in(f"Bearer {token()}")


# What only the issuer's keys can tell from a token of ours.
_SEEN_BY_KEYS_ALONE = {
    "another key under our kid",
    "other claims under the signature",
    "unknown kid",
}


@pytest.mark.parametrize("kind", sorted(REFUSED.keys() - _SEEN_BY_KEYS_ALONE))
def test_what_is_seen_to_be_no_token_of_ours_causes_no_call(issuer: FakeIssuer, kind: str) -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        let_in(REFUSED[kind]())
    assert issuer.keys_fetched == 0


def test_tokens_with_keys_that_nobody_knows_fetch_the_keys_once(issuer: FakeIssuer) -> None:
    for number in range(30):
        with pytest.raises(Exception, match=r"^Unauthorized$"):
            let_in(f"Bearer {token(headers={'kid': f'k-{number}'})}")
        assert let_in(f"Bearer {token()}") == "wang"
    assert issuer.keys_fetched == 1


def test_an_issuer_out_of_reach_is_not_asked_again_at_once(issuer: FakeIssuer) -> None:
    issuer.keys_status = 500
    now = 0.0
    keys = SigningKeys(wiring.settings().jwks_uri, lambda: now)
    for seconds in (0, 1, 2, FAILURE_PAUSE_S, FAILURE_PAUSE_S + 1):
        now = seconds
        with pytest.raises(jwt.PyJWKClientConnectionError):
            keys.get_signing_key("k1")
    assert issuer.keys_fetched == 2
    issuer.keys_status, now = 200, 2 * FAILURE_PAUSE_S
    assert keys.get_signing_key("k1").key_id == "k1"


pytestmark = pytest.mark.usefixtures("aws", "clean")


def asked_with(**answer: Any) -> int:
    """Return the status of a request with this answer of the authorizer."""
    event = events.officer_request()
    event["requestContext"]["authorizer"] = {"principalId": "wang", **answer}
    return int(app(event, None)["statusCode"])


def ends(seconds: int) -> str:
    """Return the end of a token that many seconds from now, as the gateway passes it on."""
    return str(int((wiring.clock.wall_clock() + timedelta(seconds=seconds)).timestamp()))


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Mapping[str, Any]:
    """Return what the authorizer answers for a token that ends in 600 seconds."""
    with trusted(monkeypatch, ISSUER, CLIENT):
        claims = {"iss": ISSUER, "client_id": CLIENT, "token_use": "access", "username": "wang"}
        token = sign({**claims, "exp": int(ends(600))})
        return dict(authorize_officer(events.authorizer_token(f"Bearer {token}"), None))


def test_a_kept_answer_lets_its_officer_in_until_the_token_ends() -> None:
    cloud.officer()
    assert asked_with(expires_at=ends(5)) == 200
    assert asked_with(expires_at=ends(-1)) == 401


@pytest.mark.parametrize("end", [{}, {"expires_at": ""}, {"expires_at": "-1"}, {"expires_at": "x"}])
def test_an_answer_that_does_not_say_when_the_token_ends_lets_nobody_in(end: Any) -> None:
    cloud.officer()
    assert asked_with(**end) == 401


def test_the_answer_says_when_the_token_ends(answer: Mapping[str, Any]) -> None:
    assert asked_with(**answer["context"]) in (200, 403)
    assert abs(int(answer["context"]["expires_at"]) - int(ends(600))) <= 5


def test_the_answer_for_one_route_fits_every_other(answer: Mapping[str, Any]) -> None:
    [statement] = answer["policyDocument"]["Statement"]
    [fits] = statement["Resource"]
    api = events.authorizer_token("")["methodArn"].partition("/")[0]
    for route in index.routes():
        if route.access == Access.OFFICER:
            assert fnmatchcase(f"{api}/api/{route.method}{route.path}", fits), route
