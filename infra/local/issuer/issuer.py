"""The endpoints of the local issuer, as those of Cognito's managed login.

| request | is |
|---|---|
| `GET /<pool>/.well-known/openid-configuration` | where the others are |
| `GET /oauth2/authorize` | a code for whoever is signed in; else `/login`, or an error |
| `GET /login`, `POST /login` | the page, and who was chosen on it |
| `POST /oauth2/token` | tokens for a code with its verifier, or for a refresh token, once each |
| `GET /logout` | the end of the browser's session |
"""

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import urlencode

from infra.local.issuer import authorization, pages
from infra.local.issuer.authorization import Authorization, BadRequest, NoWayBack
from infra.local.issuer.people import People
from infra.local.issuer.texts import texts_for
from infra.local.issuer.vouchers import (
    CODE_LIFE_S,
    REFRESH_LIFE_S,
    SESSION_LIFE_S,
    Clock,
    Vouchers,
)
from infra.local.s3.requests import Environ, headers_of

AUTHORIZE, LOGIN, TOKEN, LOGOUT = "/oauth2/authorize", "/login", "/oauth2/token", "/logout"
_DISCOVERY = "/.well-known/openid-configuration"
_COOKIE = "tipline-local-sign-in"
_MOST_SENT = 65536
_FORM = "application/x-www-form-urlencoded"

type Headers = list[tuple[str, str]]
type Reply = tuple[str, Headers, str]


@dataclass(frozen=True, slots=True)
class SignIn:
    """Who has signed in, and when, in seconds since 1970: `auth_time` of all tokens that follow."""

    username: str
    at: int


@dataclass(frozen=True, slots=True)
class Grant:
    """What a code stands for: who signed in, and for which request. All refresh tokens that follow
    from it have its `family`.
    """

    sign_in: SignIn
    asked: Authorization
    family: str = ""


class Issuer:
    """A WSGI application for the paths that `serves` names. `address` is where it is."""

    def __init__(
        self,
        people: People,
        address: str,
        clock: Clock = time.monotonic,
        today: Clock = time.time,
    ) -> None:
        self._people, self._address, self._today = people, address, today
        self._sessions = Vouchers[SignIn](SESSION_LIFE_S, clock)
        self._codes = Vouchers[Grant](CODE_LIFE_S, clock)
        self._spent = Vouchers[str](CODE_LIFE_S, clock)
        self._refresh = Vouchers[Grant](REFRESH_LIFE_S, clock)
        self._replies = {
            ("GET", f"/{people.pool_id}{_DISCOVERY}"): self._discovery,
            ("GET", AUTHORIZE): self._authorize,
            ("GET", LOGIN): self._show_login,
            ("POST", LOGIN): self._log_in,
            ("POST", TOKEN): self._token,
            ("GET", LOGOUT): self._log_out,
        }
        self._paths = {path for _, path in self._replies}

    def serves(self, path: str) -> bool:
        return path in self._paths

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        reply = self._replies.get((environ["REQUEST_METHOD"], environ["PATH_INFO"]), _not_allowed)
        status, headers, text = reply(environ)
        content = text.encode()
        names = {name for name, _ in headers}
        kept = [] if "Cache-Control" in names else [("Cache-Control", "no-store")]
        start_response(
            status,
            [
                *headers,
                *kept,
                ("Content-Length", str(len(content))),
                # Of the form alone, so that its request says where it comes from.
                ("Referrer-Policy", "same-origin"),
                ("X-Content-Type-Options", "nosniff"),
            ],
        )
        return [content]

    def endpoints(self) -> dict[str, str]:
        """Return the addresses that a client needs, by their names in a discovery document."""
        return endpoints_at(self._address)

    def _discovery(self, environ: Environ) -> Reply:
        document = {
            "issuer": self._people.issuer,
            "jwks_uri": f"{self._address}/{self._people.pool_id}/.well-known/jwks.json",
            **self.endpoints(),
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none"],
            "prompt_values_supported": ["none", "login", "select_account"],
            "scopes_supported": list(self._people.client().scopes),
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }
        return _json("200 OK", document)

    def _authorize(self, environ: Environ) -> Reply:
        query = environ["QUERY_STRING"]
        asked = authorization.single(query)
        try:
            request = authorization.read_authorization(asked, self._people.client())
        except NoWayBack:
            return _no_way_back(environ, asked)
        except BadRequest as refused:
            return _redirect(authorization.refusal(asked, refused))
        found = None if request.prompts & {"login", "select_account"} else self._session(environ)
        if found:
            return _redirect(self._with_code(request, found))
        if "none" in request.prompts:
            return _redirect(request.back(error="login_required"))
        return _redirect(f"{LOGIN}?{urlencode(asked)}")

    def _show_login(self, environ: Environ) -> Reply:
        asked = _sent(environ)
        try:
            request = authorization.read_authorization(asked, self._people.client())
        except (NoWayBack, BadRequest):
            return _no_way_back(environ, asked)
        page = pages.sign_in_page(_texts(environ, asked), self._people.all(), asked)
        return _html("200 OK", page, request.redirect_uri)

    def _log_in(self, environ: Environ) -> Reply:
        asked = _sent(environ)
        # A browser says so of a form on another site, which could sign somebody in as another.
        if environ.get("HTTP_SEC_FETCH_SITE", "same-origin") not in ("same-origin", "none"):
            return _no_way_back(environ, asked)
        try:
            request = authorization.read_authorization(asked, self._people.client())
        except (NoWayBack, BadRequest):
            return _no_way_back(environ, asked)
        username = asked.pop("username", "")
        if self._people.find(username) is None:
            said, officers = _texts(environ, asked), self._people.all()
            page = pages.sign_in_page(said, officers, asked, refused=username)
            return _html("403 Forbidden", page, request.redirect_uri)
        self._people.sign_in(username)
        signed_in = SignIn(username, int(self._today()))
        cookie = _cookie(self._sessions.issue(signed_in), int(SESSION_LIFE_S))
        return _redirect(self._with_code(request, signed_in), cookie)

    def _with_code(self, request: Authorization, signed_in: SignIn) -> str:
        return request.back(code=self._codes.issue(Grant(signed_in, request)))

    def _session(self, environ: Environ) -> SignIn | None:
        """Return who is signed in in this browser, if they still may."""
        found = self._sessions.find(_session_of(environ))
        return found if found and self._people.find(found.username) else None

    def _token(self, environ: Environ) -> Reply:
        if environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower() != _FORM:
            return _refuse("invalid_request", f"the body must be {_FORM}")
        form = _sent(environ)
        redeem = {"authorization_code": self._redeem, "refresh_token": self._renew}
        grant_type = form.get("grant_type", "")
        if grant_type not in redeem:
            return _refuse("unsupported_grant_type", "grant_type must be authorization_code")
        if form.get("client_id") != self._people.client().client_id:
            return _refuse("invalid_client", "client_id is not known")
        granted = redeem[grant_type](form)
        if granted is None or self._people.find(granted.sign_in.username) is None:
            return _refuse("invalid_grant", "it is unknown, used, expired, or of another sign-in")
        asked, signed_in = granted.asked, granted.sign_in
        tokens = self._people.tokens(
            signed_in.username, nonce=asked.nonce, scope=asked.scope, auth_time=signed_in.at
        )
        return _json("200 OK", {**tokens, "refresh_token": self._refresh.issue(granted)}, _ANYONE)

    def _redeem(self, form: Mapping[str, str]) -> Grant | None:
        """Return the grant of a code. Whoever has a code tries once, with the right verifier; a
        second try ends what the first one got, since one of them has stolen it.
        """
        code = form.get("code", "")
        if family := self._spent.take(code):
            self._refresh.forget(lambda grant: grant.family == family)
        granted = self._codes.take(code)
        if granted is None:
            return None
        self._spent.issue(code, code)
        asked = granted.asked
        if form.get("redirect_uri") != asked.redirect_uri:
            return None
        if not asked.is_proved_by(form.get("code_verifier", "")):
            return None
        return Grant(granted.sign_in, asked, family=code)

    def _renew(self, form: Mapping[str, str]) -> Grant | None:
        return self._refresh.take(form.get("refresh_token", ""))

    def _log_out(self, environ: Environ) -> Reply:
        asked = authorization.single(environ["QUERY_STRING"])
        self._sessions.take(_session_of(environ))
        client, over = self._people.client(), _cookie("", 0)
        # Cognito's name for it, or that of OpenID Connect.
        page = asked.get("logout_uri") or asked.get("post_logout_redirect_uri", "")
        if asked.get("client_id") == client.client_id and page in client.logout_uris:
            state = f"?{urlencode({'state': asked['state']})}" if asked.get("state") else ""
            return _redirect(f"{page}{state}", over)
        status, headers, text = _html("200 OK", pages.signed_out_page(_texts(environ, asked)))
        return status, [*headers, over], text


def endpoints_at(address: str) -> dict[str, str]:
    """Return the endpoints of the issuer at `address`, by their names in a discovery document."""
    return {
        "authorization_endpoint": f"{address}{AUTHORIZE}",
        "token_endpoint": f"{address}{TOKEN}",
        "end_session_endpoint": f"{address}{LOGOUT}",
    }


# Cognito lets pages of any origin call the token endpoint.
_ANYONE = ("Access-Control-Allow-Origin", "*")


def _sent(environ: Environ) -> dict[str, str]:
    """Return the parameters of a form, or else of the query."""
    if environ["REQUEST_METHOD"] != "POST":
        return authorization.single(environ["QUERY_STRING"])
    length = min(int(environ.get("CONTENT_LENGTH") or 0), _MOST_SENT)
    return authorization.single(environ["wsgi.input"].read(length).decode("utf-8", "replace"))


def _session_of(environ: Environ) -> str:
    try:
        found = SimpleCookie(environ.get("HTTP_COOKIE", "")).get(_COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


def _cookie(value: str, life_s: int) -> tuple[str, str]:
    return "Set-Cookie", f"{_COOKIE}={value}; Path=/; Max-Age={life_s}; HttpOnly; SameSite=Lax"


def _texts(environ: Environ, asked: Mapping[str, str]) -> Mapping[str, str]:
    return texts_for(asked.get("lang", ""), headers_of(environ).get("accept-language", ""))


def _no_way_back(environ: Environ, asked: Mapping[str, str]) -> Reply:
    return _html("400 Bad Request", pages.error_page(_texts(environ, asked)))


def _html(status: str, page: str, redirect_uri: str = "") -> Reply:
    headers = [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Security-Policy", pages.policy(redirect_uri)),
    ]
    return status, headers, page


def _redirect(address: str, *headers: tuple[str, str]) -> Reply:
    return "303 See Other", [("Location", address), *headers], ""


def _json(status: str, content: Mapping[str, Any], *headers: tuple[str, str]) -> Reply:
    return status, [("Content-Type", "application/json"), *headers], json.dumps(content)


def _refuse(error: str, description: str) -> Reply:
    return _json("400 Bad Request", {"error": error, "error_description": description}, _ANYONE)


def _not_allowed(environ: Environ) -> Reply:
    return "405 Method Not Allowed", [("Content-Type", "text/plain")], "Method not allowed\n"
