"""The index of all routes, read without importing their modules; and CORS.

`make openapi` writes `routes.json` from the declarations. A module of routes is imported at the
first call of one of them, which keeps cold starts short.

Two functions serve the routes: `residents` those of the public and of reporters, `officers` those
of officers and admins. Each registers its own, and responds to any other with 404.

CORS: any origin may call routes of the public and of reporters, that of the console
(`CONSOLE_ORIGIN`) those of officers; none without that setting. Credentials are not allowed: the
API uses no cookies, and a page sends its token in a header. The allowed origin of a route is the
same for all callers, so responses do not vary by `Origin`. The gateway responds to preflights:
`chalice package` writes these headers into the template, `infra/packaging/gateway.py` the rest.
https://fetch.spec.whatwg.org/#http-cors-protocol
"""

import json
import logging
import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from chalice.app import Chalice, CORSConfig, Request
from chalice.app import Response as ChaliceResponse

from chalicelib import wiring
from chalicelib.http.responses import refuse
from chalicelib.http.routes import Access, Operation, Routes
from chalicelib.kernel import errors, languages
from chalicelib.kernel.config import Api

log = logging.getLogger(__name__)

FILE = Path(__file__).with_name("routes.json")
_PACKAGE = "chalicelib"


class Route(NamedTuple):
    """One route of the index. `module` is relative to `chalicelib`."""

    method: str
    path: str
    module: str
    view: str
    access: str

    @property
    def api(self) -> Api:
        """The function that serves this route."""
        return Api.OFFICERS if self.access == Access.OFFICER else Api.RESIDENTS


def routes() -> tuple[Route, ...]:
    """Return the routes in `routes.json`."""
    return tuple(Route(**each) for each in json.loads(FILE.read_text(encoding="utf-8")))


def declared(modules: tuple[str, ...]) -> Iterator[tuple[Route, Operation]]:
    """Yield the routes that these modules declare, to write the index from them."""
    found = [(module, each) for module in modules for each in _routes_of(module).operations]
    read = {each.path for _, each in found if each.method == "GET"}
    for module, operation in found:
        line = (operation.method, operation.path, module, operation.name, operation.access)
        yield Route(*line), _located(operation, read)


def operations() -> list[Operation]:
    """Return every operation of the index."""
    return [_operation(route) for route in routes()]


def prepare(method: str, path: str) -> None:
    """Import the views of a route and build its models, as its first call would otherwise do."""
    (route,) = (each for each in routes() if (each.method, each.path) == (method, path))
    operation = _operation(route)
    schemas = (content.schema for content in operation.returns.values())
    for model in {operation.body, operation.query, *schemas}:
        if model is not None:
            model.model_rebuild()


def register(app: Chalice, api: Api | None = None) -> None:
    """Register the routes of one function with the app, or of both. Other requests get 404."""
    for route in routes():
        if api not in (None, route.api):
            continue
        # Chalice must not check the type: `read_body` does, and returns problem+json.
        options: dict[str, object] = {
            "methods": [route.method],
            "name": route.view,
            "content_types": ["*/*"],
        }
        options["cors"] = CONSOLE_ONLY if route.access == Access.OFFICER else ANY_ORIGIN
        if route.access == Access.OFFICER:
            from chalicelib.http.auth import authorize_officer

            options["authorizer"] = authorize_officer
        app.route(route.path, **options)(_served(app, route))
    app.register_middleware(_refuse_others(app), "http")


def _refuse_others(app: Chalice) -> Callable[..., ChaliceResponse]:
    """Return a middleware that refuses what this function does not serve.

    The gateway sends each request to the function of its route, so this is a fault of its
    configuration. Chalice would respond with 500.
    """

    def serve_own(
        request: Request | None, serve: Callable[[Request | None], ChaliceResponse]
    ) -> ChaliceResponse:
        # Chalice makes no request of an event that is not the gateway's, and responds itself.
        path = str(request.context.get("resourcePath")) if request else ""
        if request is None or request.method in app.routes.get(path, {}):
            return serve(request)
        log.error("route_of_another_function", extra={"route": f"{request.method} {path}"})
        language = languages.negotiate(request.headers.get("accept-language"))
        return refuse(errors.NotFound(), language, str(request.context.get("requestId", "")))

    return serve_own


def _served(app: Chalice, route: Route) -> Callable[..., ChaliceResponse]:
    def serve(**parameters: str) -> ChaliceResponse:
        request = app.current_request
        if request is None:
            raise RuntimeError("called outside a request")
        return _operation(route).serve(request, parameters)

    return serve


@cache
def _operation(route: Route) -> Operation:
    for operation in _routes_of(route.module).operations:
        if (operation.method, operation.path) == (route.method, route.path):
            return _located(operation, {each.path for each in routes() if each.method == "GET"})
    raise LookupError(f"{route.method} {route.path} is not declared: run `make openapi`")


def _located(operation: Operation, read: set[str]) -> Operation:
    """Return an operation; one that creates something has the nearest path that can be read."""
    if 201 not in operation.returns:
        return operation
    return operation._replace(location=_reading(operation.path, read))


def _reading(path: str, read: set[str]) -> str:
    below = re.compile(re.escape(path) + r"/\{\w+\}")
    for found in filter(below.fullmatch, read):
        return found
    while path and path not in read:
        path = path.rpartition("/")[0]
    return path


def _routes_of(module: str) -> Routes:
    found: Routes = import_module(f"{_PACKAGE}.{module}").routes
    return found


ALLOWED_HEADERS = (
    "Accept-Language",
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Tipline-Proof",
)
EXPOSED_HEADERS = (
    "Allow",
    "Deprecation",
    "ETag",
    "Idempotency-Replayed",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "Sunset",
    "X-Request-Id",
)
MAX_AGE_S = 7200  # the longest that Chromium allows


class Cors(CORSConfig):
    """The CORS headers of a route. `origin` is read for each response; "" means no headers."""

    def __init__(self, origin: Callable[[], str]) -> None:
        super().__init__()
        self._origin = origin

    def get_access_control_headers(self) -> dict[str, str]:
        """Return the headers for Chalice, which adds them to responses and to the template."""
        origin = self._origin()
        if not origin:
            return {}
        return {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Headers": ",".join(ALLOWED_HEADERS),
            "Access-Control-Expose-Headers": ",".join(EXPOSED_HEADERS),
            "Access-Control-Max-Age": str(MAX_AGE_S),
        }


ANY_ORIGIN = Cors(lambda: "*")
CONSOLE_ONLY = Cors(lambda: wiring.settings().console_origin)
