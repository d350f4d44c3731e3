"""The gateway keeps an answer of the authorizer for a minute. What an officer may do, and whether
their token is still good, is decided at each request all the same.
"""

from collections.abc import Mapping
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any

import pytest

from app import app
from chalicelib import wiring
from chalicelib.domain.officers.model import Role
from chalicelib.http import index
from chalicelib.http.auth import authorize_officer
from chalicelib.http.routes import Access
from tests import cloud, events
from tests.client import call
from tests.issuer import sign, trusted

pytestmark = pytest.mark.usefixtures("aws", "clean")

ISSUER, CLIENT = "https://issuer.test/pool", "client-1"
ME, REPORTS = "/v1/officer/me", "/v1/officer/reports?category=other"


def asked_with(**answer: Any) -> int:
    """Return the status of a request with this answer of the authorizer."""
    event = events.load("api_officer_request")
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


def test_a_deactivated_officer_is_refused_at_the_next_request() -> None:
    cloud.officer()
    assert call("GET", ME, officer="wang").status == 200
    cloud.officer(active=False)
    assert call("GET", ME, officer="wang").status == 403


def test_lowered_rights_count_at_the_next_request() -> None:
    cloud.officer()
    assert call("GET", REPORTS, officer="wang").status == 200
    cloud.officer(roles=(Role.ADMIN,))
    assert call("GET", REPORTS, officer="wang").status == 403
