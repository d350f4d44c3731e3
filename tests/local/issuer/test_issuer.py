"""Officers sign in at the local issuer as they do at Cognito: a code for a page that is registered,
tokens for whoever began, and each of them once.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode

import jwt
import pytest
from werkzeug.test import Client, TestResponse

from chalicelib import wiring
from chalicelib.domain.officers.model import Officer
from infra.local.issuer.issuer import CODE_LIFE_S, REFRESH_LIFE_S, Issuer
from infra.local.issuer.people import People
from infra.local.seed import OFFICERS, register_console

AWS = "http://127.0.0.1:5555"
CONSOLE = "http://127.0.0.1:8000/console/"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest())[:43].decode()


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def issuer(aws: Mapping[str, str], clean: None, clock: Clock) -> Issuer:
    register_console(aws, ["http://127.0.0.1:8000"])
    for officer in OFFICERS:
        wiring.officers().put(officer)
        wiring.pool().follow(officer)
    return Issuer(People(aws, None), AWS, clock, clock)


@pytest.fixture
def browser(issuer: Issuer) -> Client:
    return Client(issuer)


@pytest.fixture
def asked(aws: Mapping[str, str]) -> dict[str, str]:
    return {
        "response_type": "code",
        "client_id": aws["CLIENT_ID"],
        "redirect_uri": CONSOLE,
        "scope": "openid",
        "state": "a state",
        "nonce": "a nonce",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }


def authorize(browser: Client, asked: Mapping[str, str], **more: str) -> TestResponse:
    return browser.get(f"/oauth2/authorize?{urlencode({**asked, **more})}")


def back_at(response: TestResponse) -> dict[str, str]:
    """Return what a redirect to the console brings."""
    assert response.status_code == 303
    address, _, query = response.headers["Location"].partition("?")
    assert address == CONSOLE
    return {name: value for name, [value] in parse_qs(query).items()}


def choose(browser: Client, asked: Mapping[str, str], username: str = "officer") -> TestResponse:
    return browser.post("/login", data={**asked, "username": username})


def redeem(browser: Client, asked: Mapping[str, str], code: str, **more: str) -> TestResponse:
    form = {
        "grant_type": "authorization_code",
        "client_id": asked["client_id"],
        "redirect_uri": CONSOLE,
        "code": code,
        "code_verifier": VERIFIER,
    }
    return browser.post("/oauth2/token", data={**form, **more})


def renew(browser: Client, asked: Mapping[str, str], refresh_token: str) -> TestResponse:
    form = {
        "grant_type": "refresh_token",
        "client_id": asked["client_id"],
        "refresh_token": refresh_token,
    }
    return browser.post("/oauth2/token", data=form)


def sign_in(browser: Client, asked: Mapping[str, str], username: str = "officer") -> dict[str, Any]:
    code = back_at(choose(browser, asked, username))["code"]
    return dict(redeem(browser, asked, code).get_json())


def claims_of(token: str) -> dict[str, Any]:
    return dict(jwt.decode(token, options={"verify_signature": False}))


def refused(response: TestResponse) -> str:
    assert response.status_code == 400
    return str(response.get_json()["error"])


# The way through --------------------------------------------------------------------------------


# The code ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"code_verifier": "w" * 43},
        {"code_verifier": ""},
        {"code_verifier": CHALLENGE},
        {"redirect_uri": CONSOLE.rstrip("/")},
        {"redirect_uri": ""},
        {"code": "another"},
    ],
    ids=lambda wrong: "-".join(next(iter(wrong.items())))[:30],
)
def test_a_code_is_for_whoever_began_and_no_other(
    browser: Client, asked: dict[str, str], wrong: dict[str, str]
) -> None:
    code = back_at(choose(browser, asked))["code"]
    assert refused(redeem(browser, asked, wrong.pop("code", code), **wrong)) == "invalid_grant"


def test_a_code_is_tried_once(browser: Client, asked: dict[str, str]) -> None:
    code = back_at(choose(browser, asked))["code"]
    redeem(browser, asked, code, code_verifier="w" * 43)
    assert refused(redeem(browser, asked, code)) == "invalid_grant"


def test_a_code_is_valid_for_five_minutes(
    browser: Client, asked: dict[str, str], clock: Clock
) -> None:
    code = back_at(choose(browser, asked))["code"]
    clock.now_s += CODE_LIFE_S
    assert refused(redeem(browser, asked, code)) == "invalid_grant"


# The request ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"redirect_uri": "https://evil.example/console/"},
        {"redirect_uri": f"{CONSOLE}../"},
        {"redirect_uri": f"{CONSOLE}?next=1"},
        {"redirect_uri": ""},
        {"client_id": "another"},
    ],
    ids=lambda wrong: "-".join(next(iter(wrong.items()))),
)
@pytest.mark.parametrize("path", ["/oauth2/authorize", "/login"])
def test_nobody_is_sent_where_no_page_is_registered(
    browser: Client, asked: dict[str, str], path: str, wrong: dict[str, str]
) -> None:
    response = browser.get(f"{path}?{urlencode({**asked, **wrong})}")
    assert response.status_code == 400
    assert "Location" not in response.headers


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": ""}, "invalid_request"),
        ({"scope": "openid aws.cognito.signin.user.admin"}, "invalid_scope"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "perhaps"}, "invalid_request"),
    ],
    ids=lambda value: "-".join(next(iter(value.items()))) if isinstance(value, dict) else value,
)
def test_the_console_is_told_what_is_wrong_with_its_request(
    browser: Client, asked: dict[str, str], wrong: dict[str, str], error: str
) -> None:
    result = back_at(authorize(browser, asked, **wrong))
    assert (result["error"], result["state"]) == (error, "a state")
    assert "code" not in result


# The session ------------------------------------------------------------------------------------


def test_a_browser_that_signed_in_gets_a_code_without_being_asked(
    browser: Client, asked: dict[str, str]
) -> None:
    sign_in(browser, asked, "narrow")
    code = back_at(authorize(browser, asked, prompt="none"))["code"]
    token = redeem(browser, asked, code).get_json()["access_token"]
    assert claims_of(token)["username"] == "narrow"


def test_a_token_says_when_its_holder_signed_in_and_not_when_it_was_given(
    browser: Client, asked: dict[str, str], clock: Clock
) -> None:
    first = sign_in(browser, asked)
    signed_in_at = int(clock.now_s)
    clock.now_s += 60
    code = back_at(authorize(browser, asked))["code"]
    later = redeem(browser, asked, code).get_json()
    renewed = renew(browser, asked, first["refresh_token"]).get_json()
    for tokens in (first, later, renewed):
        assert claims_of(tokens["access_token"])["auth_time"] == signed_in_at
    assert claims_of(sign_in(browser, asked)["access_token"])["auth_time"] == signed_in_at + 60


def test_a_browser_that_has_not_signed_in_is_not_asked_when_it_must_not_be(
    browser: Client, asked: dict[str, str]
) -> None:
    result = back_at(authorize(browser, asked, prompt="none"))
    assert (result["error"], result["state"]) == ("login_required", "a state")


@pytest.mark.parametrize("name", ["logout_uri", "post_logout_redirect_uri"])
def test_signing_out_ends_the_session_and_goes_back(
    browser: Client, asked: dict[str, str], name: str
) -> None:
    sign_in(browser, asked)
    query = urlencode({"client_id": asked["client_id"], name: CONSOLE})
    assert back_at(browser.get(f"/logout?{query}")) == {}
    assert back_at(authorize(browser, asked, prompt="none"))["error"] == "login_required"


# Refresh tokens ---------------------------------------------------------------------------------


def test_a_refresh_token_gets_new_tokens_once(browser: Client, asked: dict[str, str]) -> None:
    first = sign_in(browser, asked)
    second = renew(browser, asked, first["refresh_token"]).get_json()
    assert claims_of(second["access_token"])["username"] == "officer"
    assert second["refresh_token"] != first["refresh_token"]
    assert refused(renew(browser, asked, first["refresh_token"])) == "invalid_grant"
    assert renew(browser, asked, second["refresh_token"]).status_code == 200


def test_a_refresh_token_ends_after_twelve_hours(
    browser: Client, asked: dict[str, str], clock: Clock
) -> None:
    tokens = sign_in(browser, asked)
    clock.now_s += REFRESH_LIFE_S
    assert refused(renew(browser, asked, tokens["refresh_token"])) == "invalid_grant"


# Who --------------------------------------------------------------------------------------------


def deactivate(username: str) -> None:
    officer = wiring.officers().get(username)
    assert officer
    wiring.officers().put(officer.model_copy(update={"active": False}))


def test_a_deactivated_officer_is_refused_and_not_listed(
    browser: Client, asked: dict[str, str]
) -> None:
    deactivate("narrow")
    response = choose(browser, asked, "narrow")
    assert response.status_code == 403
    assert 'role="alert"' in response.text
    assert 'value="narrow"' not in response.text
    assert "Set-Cookie" not in response.headers


def test_deactivation_ends_code_session_and_refresh_token(
    browser: Client, asked: dict[str, str]
) -> None:
    tokens = sign_in(browser, asked)
    code = back_at(authorize(browser, asked, prompt="none"))["code"]
    deactivate("officer")
    assert refused(redeem(browser, asked, code)) == "invalid_grant"
    assert refused(renew(browser, asked, tokens["refresh_token"])) == "invalid_grant"
    assert back_at(authorize(browser, asked, prompt="none"))["error"] == "login_required"


def test_a_user_who_is_disabled_in_the_pool_is_refused(
    browser: Client, asked: dict[str, str]
) -> None:
    wiring.pool().follow(Officer(username="narrow", active=False))
    assert choose(browser, asked, "narrow").status_code == 403


def test_who_was_appointed_since_can_sign_in(browser: Client, asked: dict[str, str]) -> None:
    appointed = Officer(username="wu", name="Officer <Wu>", email="wu@tipline.test")
    wiring.officers().put(appointed)
    assert choose(browser, asked, "wu").status_code == 403
    wiring.pool().follow(appointed)
    assert "Officer &lt;Wu&gt;" in browser.get(f"/login?{urlencode(asked)}").text
    assert claims_of(sign_in(browser, asked, "wu")["access_token"])["username"] == "wu"


# The page ---------------------------------------------------------------------------------------


def test_the_page_runs_no_script_and_sends_its_form_to_the_console_alone(
    browser: Client, asked: dict[str, str]
) -> None:
    response = browser.get(f"/login?{urlencode(asked)}")
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "form-action 'self' http://127.0.0.1:8000;" in policy
    assert "frame-ancestors 'none'" in policy
    style = re.search(r"<style>(.*?)</style>", response.text, re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"'sha256-{digest}'" in policy
