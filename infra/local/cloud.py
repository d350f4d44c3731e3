"""AWS's port of the local stack: the pages of Cognito's managed login (`issuer`), and the gate."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from infra.local.issuer.issuer import Issuer
from infra.local.requests import Change, Environ, change_of
from infra.local.s3.gate import make_gate

_CREDENTIAL = re.compile(r"Credential=[^/,\s]+/")


class Cloud:
    """A WSGI application. It calls `changed` after each request that may have changed something;
    officers sign in at `issuer`. Both must be set before the first request that matters.
    """

    def __init__(self, *, access_key: str, secret_key: str, region: str) -> None:
        self._gate = make_gate(access_key=access_key, secret_key=secret_key, region=region)
        self._access_key = access_key
        self.changed: Callable[[Change], None] = lambda change: None
        self.issuer: Issuer | None = None

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        if self.issuer is not None and self.issuer.serves(environ["PATH_INFO"]):
            return self.issuer(environ, start_response)
        if "HTTP_AUTHORIZATION" in environ:
            # Whoever has the port has the key: tools may come with any. What is signed for others,
            # grants, the gate verifies.
            environ["HTTP_AUTHORIZATION"] = _CREDENTIAL.sub(
                f"Credential={self._access_key}/", environ["HTTP_AUTHORIZATION"]
            )
        change = change_of(environ)
        try:
            return self._gate(environ, start_response)
        finally:
            if change:
                self.changed(change)
