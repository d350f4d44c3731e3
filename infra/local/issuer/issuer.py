"""The endpoints of the local issuer, as those of Cognito's managed login: authorisation code with
PKCE (https://docs.aws.amazon.com/cognito/latest/developerguide/authorization-endpoint.html).
"""

import base64
import hashlib
import hmac
import json
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.wrappers import Request, Response

from infra.local.issuer import pages
from infra.local.issuer.people import Client, People

AUTHORIZE, LOGIN, TOKEN, LOGOUT = "/oauth2/authorize", "/login", "/oauth2/token", "/logout"
# Lives of what is handed out, in seconds: those of Cognito.
CODE_LIFE_S = 300.0
SESSION_LIFE_S = 3600.0
REFRESH_LIFE_S = 12 * 3600.0
_DISCOVERY = "/.well-known/openid-configuration"
_COOKIE = "tipline-local-sign-in"
_FORM = "application/x-www-form-urlencoded"
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_PROMPTS = frozenset({"none", "login", "select_account", "consent"})

type Clock = Callable[[], float]
type Asked = Mapping[str, str]


class NoWayBack(Exception):
    """The client or its redirect address is unknown, so the browser is sent nowhere."""


class BadRequest(Exception):
    """A request is refused; the error is one of OAuth (RFC 6749, 4.1.2.1)."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error)
        self.error, self.description = error, description


@dataclass(frozen=True, slots=True)
class Authorization:
    """A request to sign somebody in for a client."""

    redirect_uri: str
    nonce: str
    challenge: str
    scope: str
    prompts: frozenset[str]

    def is_proved_by(self, verifier: str) -> bool:
        """Return whether whoever has this verifier began the sign-in."""
        if not _VERIFIER.fullmatch(verifier):
            return False
        digest = hashlib.sha256(verifier.encode()).digest()
        found = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        return hmac.compare_digest(found, self.challenge)


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


class Vouchers[Value]:
    """Random names for what has been handed out, each for `life_s`. Thread-safe. `clock` returns
    the time in seconds.
    """

    def __init__(self, life_s: float, clock: Clock) -> None:
        self._life_s, self._clock = life_s, clock
        self._values: dict[str, tuple[float, Value]] = {}
        self._lock = threading.Lock()

    def issue(self, value: Value) -> str:
        """Keep a value, and return its new name."""
        name, now = secrets.token_urlsafe(32), self._clock()
        with self._lock:
            self._values = {key: kept for key, kept in self._values.items() if kept[0] > now}
            self._values[name] = now + self._life_s, value
        return name

    def find(self, name: str) -> Value | None:
        """Return the value of a name; None for an unknown one, and when its time is over."""
        with self._lock:
            return self._valid(self._values.get(name))

    def take(self, name: str) -> Value | None:
        """Return the value of a name as `find` does, and forget it: of many who ask, one gets
        it.
        """
        with self._lock:
            return self._valid(self._values.pop(name, None))

    def forget(self, unwanted: Callable[[Value], bool]) -> None:
        """Forget all values of that kind."""
        with self._lock:
            self._values = {
                key: kept for key, kept in self._values.items() if not unwanted(kept[1])
            }

    def _valid(self, kept: tuple[float, Value] | None) -> Value | None:
        return kept[1] if kept and kept[0] > self._clock() else None


class _Request(Request):
    max_content_length = 65536


class Issuer:
    """A WSGI application for the paths that `serves` names. `address` is where it is."""

    def __init__(
        self, people: People, address: str, clock: Clock = time.monotonic, today: Clock = time.time
    ) -> None:
        self._people, self._address, self._today = people, address, today
        self._latest = 0
        self._sessions = Vouchers[SignIn](SESSION_LIFE_S, clock)
        self._codes = Vouchers[Grant](CODE_LIFE_S, clock)
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

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = _Request(environ)
        try:
            reply = self._replies.get((request.method, request.path))
            if reply is None:
                raise MethodNotAllowed
            response = reply(request)
        except HTTPException as refused:
            response = Response(f"{refused.name}\n", refused.code)
        except (NoWayBack, BadRequest):
            texts = _texts(request)
            page = pages.plain_page(texts["no_way_back"], texts, texts["no_way_back_why"])
            response = _html(page, 400)
        response.headers.setdefault("Cache-Control", "no-store")
        # Of the form alone, so that its request says where it comes from.
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response(environ, start_response)

    def _discovery(self, request: Request) -> Response:
        document = {
            "issuer": self._people.issuer,
            "jwks_uri": f"{self._address}/{self._people.pool_id}/.well-known/jwks.json",
            **endpoints_at(self._address),
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none"],
            "scopes_supported": list(self._people.client().scopes),
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }
        return _json(document)

    def _authorize(self, request: Request) -> Response:
        asked = _single(request.args)
        try:
            wanted = _read_authorization(asked, self._people.client())
        except BadRequest as refused:
            return _back(asked, error=refused.error, error_description=refused.description)
        found = None if wanted.prompts & {"login", "select_account"} else self._session(request)
        if found:
            return self._with_code(wanted, asked, found)
        if "none" in wanted.prompts:
            return _back(asked, error="login_required")
        return _redirect(f"{LOGIN}?{urlencode(asked)}")

    def _show_login(self, request: Request) -> Response:
        asked = _single(request.args)
        wanted = _read_authorization(asked, self._people.client())
        page = pages.sign_in_page(_texts(request), self._people.all(), asked)
        return _html(page, redirect_uri=wanted.redirect_uri)

    def _log_in(self, request: Request) -> Response:
        asked = _single(request.form)
        # A browser says so of a form on another site, which could sign somebody in as another.
        if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
            raise NoWayBack
        wanted = _read_authorization(asked, self._people.client())
        username = asked.pop("username", "")
        if self._people.find(username) is None:
            officers = self._people.all()
            page = pages.sign_in_page(_texts(request), officers, asked, refused=username)
            return _html(page, 403, wanted.redirect_uri)
        self._people.sign_in(username)
        # Here a click is a password, so two may come in one second, which no fingers do.
        self._latest = max(self._latest + 1, int(self._today()))
        signed_in = SignIn(username, self._latest)
        response = self._with_code(wanted, asked, signed_in)
        _set_cookie(response, self._sessions.issue(signed_in), SESSION_LIFE_S)
        return response

    def _with_code(self, wanted: Authorization, asked: Asked, signed_in: SignIn) -> Response:
        return _back(asked, code=self._codes.issue(Grant(signed_in, wanted)))

    def _session(self, request: Request) -> SignIn | None:
        """Return who is signed in in this browser, if they still may."""
        found = self._sessions.find(request.cookies.get(_COOKIE, ""))
        return found if found and self._people.find(found.username) else None

    def _token(self, request: Request) -> Response:
        if request.mimetype != _FORM:
            return _refuse("invalid_request", f"the body must be {_FORM}")
        form = _single(request.form)
        grant_type = form.get("grant_type", "")
        if grant_type == "client_credentials":
            sent = request.authorization
            named = (sent.username, sent.password) if sent else (form.get("client_id"), None)
            secret = named[1] or form.get("client_secret")
            token = self._people.machine_token(named[0] or "", secret or "")
            return _json(token) if token else _refuse("invalid_client", "client or secret is wrong")
        if grant_type not in ("authorization_code", "refresh_token"):
            return _refuse("unsupported_grant_type", "grant_type must be authorization_code")
        if form.get("client_id") != self._people.client().client_id:
            return _refuse("invalid_client", "client_id is not known")
        if grant_type == "refresh_token":
            granted = self._refresh.take(form.get("refresh_token", ""))
        else:
            granted = self._redeem(form)
        if granted is None or self._people.find(granted.sign_in.username) is None:
            return _refuse("invalid_grant", "it is unknown, used, expired, or of another sign-in")
        asked, signed_in = granted.asked, granted.sign_in
        tokens = self._people.tokens(
            signed_in.username, nonce=asked.nonce, scope=asked.scope, auth_time=signed_in.at
        )
        return _of_any_origin(_json({**tokens, "refresh_token": self._refresh.issue(granted)}))

    def _redeem(self, form: Asked) -> Grant | None:
        """Return the grant of a code. Whoever has a code tries once, with the right verifier; a
        second try ends what the first one got, since one of them has stolen it.
        """
        code = form.get("code", "")
        granted = self._codes.take(code)
        if granted is None:
            self._refresh.forget(lambda grant: grant.family == code)
            return None
        asked = granted.asked
        if form.get("redirect_uri") != asked.redirect_uri:
            return None
        if not asked.is_proved_by(form.get("code_verifier", "")):
            return None
        return Grant(granted.sign_in, asked, family=code)

    def _log_out(self, request: Request) -> Response:
        asked, client = _single(request.args), self._people.client()
        self._sessions.take(request.cookies.get(_COOKIE, ""))
        # Cognito's name for it, or that of OpenID Connect.
        page = asked.get("logout_uri") or asked.get("post_logout_redirect_uri", "")
        if asked.get("client_id") == client.client_id and page in client.logout_uris:
            state = f"?{urlencode({'state': asked['state']})}" if asked.get("state") else ""
            response = _redirect(f"{page}{state}")
        else:
            texts = _texts(request)
            response = _html(pages.plain_page(texts["signed_out"], texts))
        _set_cookie(response, "", 0)
        return response


def endpoints_at(address: str) -> dict[str, str]:
    """Return the endpoints of the issuer at `address`, by their names in a discovery document."""
    return {
        "authorization_endpoint": f"{address}{AUTHORIZE}",
        "token_endpoint": f"{address}{TOKEN}",
        "end_session_endpoint": f"{address}{LOGOUT}",
    }


def _single(parameters: MultiDict[str, str]) -> dict[str, str]:
    """Return the parameters of a query or form. One that is sent twice counts as none, so that no
    two readers take another one for the truth.
    """
    return {name: values[0] for name, values in parameters.lists() if len(values) == 1}


def _read_authorization(asked: Asked, client: Client) -> Authorization:
    """Return a request for `client`.

    Raises NoWayBack when its client or its redirect address is not the registered one, letter by
    letter; BadRequest for anything else, which the client may know.
    """
    redirect_uri = asked.get("redirect_uri", "")
    if asked.get("client_id") != client.client_id or redirect_uri not in client.redirect_uris:
        raise NoWayBack
    scope, prompts = asked.get("scope") or "openid", frozenset(asked.get("prompt", "").split())
    if asked.get("response_type") != "code":
        raise BadRequest("unsupported_response_type", "response_type must be code")
    if asked.get("code_challenge_method") != "S256":
        raise BadRequest("invalid_request", "code_challenge_method must be S256")
    if not _CHALLENGE.fullmatch(asked.get("code_challenge", "")):
        raise BadRequest("invalid_request", "code_challenge must be a SHA-256 in base64url")
    if not set(scope.split()) <= set(client.scopes) or "openid" not in scope.split():
        raise BadRequest("invalid_scope", f"scope must be of {' '.join(client.scopes)}")
    if not prompts <= _PROMPTS or ("none" in prompts and len(prompts) > 1):
        raise BadRequest("invalid_request", "prompt is not known")
    return Authorization(
        redirect_uri, asked.get("nonce", ""), asked["code_challenge"], scope, prompts
    )


def _back(asked: Asked, **result: str) -> Response:
    """Send the browser to the redirect address of a request, which was checked, with a result."""
    redirect_uri = asked["redirect_uri"]
    parameters = {**result, **({"state": asked["state"]} if asked.get("state") else {})}
    return _redirect(f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{urlencode(parameters)}")


def _set_cookie(response: Response, value: str, life_s: float) -> None:
    response.set_cookie(_COOKIE, value, max_age=int(life_s), httponly=True, samesite="Lax")


def _texts(request: Request) -> Mapping[str, str]:
    lang = request.values.get("lang", "")
    return pages.texts_for(lang, request.headers.get("Accept-Language", ""))


def _html(page: str, status: int = 200, redirect_uri: str = "") -> Response:
    policy = {"Content-Security-Policy": pages.policy(redirect_uri)}
    return Response(page, status, policy, mimetype="text/html")


def _redirect(address: str) -> Response:
    return Response(status=303, headers={"Location": address})


def _json(content: Mapping[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(content), status, content_type="application/json")


def _refuse(error: str, description: str) -> Response:
    return _of_any_origin(_json({"error": error, "error_description": description}, 400))


def _of_any_origin(response: Response) -> Response:
    # Cognito lets pages of any origin call the token endpoint.
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response
