"""AWS's port of the local stack: the gate, and beside it the stack's own clock.

`POST /_tipline/clock` with `{"advance_s": 300}` moves the clock of sweeps and lifecycles, runs them
at once, and returns `{"now": …}`. The pages of `issuer` are those of Cognito's managed login.
Anything else is AWS (`s3.gate`).
"""

import json
import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from werkzeug.wrappers import Request, Response

from chalicelib.kernel import times
from infra.local import clock
from infra.local.issuer.issuer import Issuer
from infra.local.requests import Change, Environ, change_of
from infra.local.s3.gate import make_gate

_CREDENTIAL = re.compile(r"Credential=[^/,\s]+/")


class Cloud:
    """A WSGI application. It calls `changed` after each request that may have changed something,
    and `advance_clock` to move the clock; officers sign in at `issuer`. All must be set before the
    first request that matters.
    """

    def __init__(self, *, access_key: str, secret_key: str, region: str) -> None:
        self._gate = make_gate(access_key=access_key, secret_key=secret_key, region=region)
        self._access_key = access_key
        self.changed: Callable[[Change], None] = lambda change: None
        self.advance_clock: Callable[[timedelta], datetime] | None = None
        self.issuer: Issuer | None = None

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] == clock.PATH:
            return self._move_clock(environ, start_response)
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

    def _move_clock(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        advance = _advance_asked(Request(environ))
        if self.advance_clock is None or advance is None:
            status, content = 400, {"error": 'POST {"advance_s": seconds, 0 or more}'}
        else:
            status, content = 200, {"now": times.render(self.advance_clock(advance))}
        response = Response(json.dumps(content), status, content_type="application/json")
        return response(environ, start_response)


def _advance_asked(request: Request) -> timedelta | None:
    """Return how far to move the clock; None when the request does not say so."""
    try:
        advance = timedelta(seconds=float(json.loads(request.get_data())["advance_s"]))
    except (ValueError, KeyError, TypeError, OverflowError):
        return None
    return advance if request.method == "POST" and advance >= timedelta(0) else None
