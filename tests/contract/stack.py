"""The system under the checks: the app on a mocked cloud, behind the local gateway.

All of it is in this process and listens on loopback: the gateway takes what a client sends down to
its framing, and PyJWT reads the issuer's keys over HTTP only.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

import tests.client
import tests.conftest  # noqa: F401  (sets credentials that no real AWS would take)
from app import app
from chalicelib import wiring
from infra.local import wsgi
from infra.local.gateway.gateway import Gateway
from tests import cloud, issuer

_ISSUER, _CLIENT = "https://issuer.test/pool", "contract"


@contextmanager
def running() -> Iterator[Mapping[str, str]]:
    """Run the app on a new mocked cloud; give the environment it reads."""
    with (
        issuer.serving() as keys,
        cloud.mocked(
            ISSUER=_ISSUER, CLIENT_ID=_CLIENT, JWKS_URI=f"{keys.url}/jwks.json"
        ) as environment,
    ):
        wiring.reset()
        wiring.pause_by(lambda seconds: None)
        yield environment
        wiring.reset()


@contextmanager
def served() -> Iterator[str]:
    """Serve the app behind the gateway; give its address."""
    server = wsgi.serve(_Gatehouse(), 0)
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        server.server_close()


class _Gatehouse:
    """The gateway as a WSGI application."""

    def __init__(self) -> None:
        self._gateway = Gateway(app)

    def __call__(self, environ: Mapping[str, Any], start_response: Any) -> Iterable[bytes]:
        headers = [
            (name.removeprefix("HTTP_").replace("_", "-").lower(), value)
            for name, value in environ.items()
            if name.startswith("HTTP_")
        ]
        if environ.get("CONTENT_TYPE"):
            headers.append(("content-type", environ["CONTENT_TYPE"]))
        response = self._gateway.response(
            environ["REQUEST_METHOD"],
            # As it was sent: PATH_INFO is decoded already.
            environ["REQUEST_URI"],
            headers,
            environ["wsgi.input"].read(),
            "203.0.113.77",
        )
        phrase = HTTPStatus(response.status).phrase
        start_response(f"{response.status} {phrase}", list(response.headers))
        return [response.body]


def token(username: str) -> str:
    """Return an access token of the issuer for this officer, good for an hour."""
    now = int(time.time())
    claims = {
        "iss": _ISSUER,
        "client_id": _CLIENT,
        "token_use": "access",
        "username": username,
        "sub": f"sub-{username}",
        "iat": now,
        "exp": now + 3600,
    }
    return issuer.sign(claims)
