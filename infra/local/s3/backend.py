"""moto's server, called with a request that the gate lets through."""

from collections.abc import Callable
from http.client import responses
from typing import Any

from botocore.exceptions import ClientError
from flask import Flask
from moto.core.request import Request
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from infra.local.s3.requests import Environ, Response, service_of

# What moto does with a request: its status, headers and body.
type _Handler = Callable[[Request, str, Any], tuple[int, dict[str, Any], str | bytes]]


class Backend:
    """Call it with a request: it returns moto's response.

    What names its operation in a header, as DynamoDB's requests do, goes to moto's handler itself.
    Through Flask its way would take a fifth of its time: routes, contexts, cross-origin headers.
    """

    def __init__(self) -> None:
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._handlers: dict[tuple[str, str], _Handler | None] = {}

    def __call__(self, environ: Environ) -> Response:
        handler = self._handler(environ)
        if handler:
            return _ask(handler, environ)
        started: list[Any] = []
        pieces = self._moto(
            environ, lambda status, headers, exc_info=None: started.extend((status, headers))
        )
        return started[0], started[1], pieces

    def _handler(self, environ: Environ) -> _Handler | None:
        target = environ.get("HTTP_X_AMZ_TARGET")
        if not target or "HTTP_AUTHORIZATION" not in environ or environ["PATH_INFO"] != "/":
            return None
        service = service_of(environ), target.partition(".")[0]
        if service not in self._handlers:
            self._handlers[service] = _handler_of(self._moto.get_application(environ))
        return self._handlers[service]


class _Request(Request):
    # So that moto leaves the date to the server.
    from_wsgi_server = True


def _handler_of(app: Flask) -> _Handler | None:
    """Return what handles a service's requests, if it is one for all that go to its root."""
    endpoints = [rule.endpoint for rule in app.url_map.iter_rules() if rule.rule == "/"]
    views: Any = app.view_functions
    return views[endpoints[0]].callback if len(endpoints) == 1 else None


def _ask(handler: _Handler, environ: Environ) -> Response:
    request = _Request(environ)
    try:
        status, headers, body = handler(request, request.raw_url, request.headers)
    except ClientError as error:
        status, headers, body = 400, {}, error.response["Error"]["Message"]
    content = body.encode() if isinstance(body, str) else body
    named = {"Content-Type": "text/html; charset=utf-8"} | headers
    sent = [(name, str(value)) for name, value in named.items() if name.lower() != "content-length"]
    line = f"{int(status)} {responses.get(int(status), '')}"
    return line, [*sent, ("Content-Length", str(len(content)))], [content]
