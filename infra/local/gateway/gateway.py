"""Route a request to the app of its function, ask the authorizer, and refuse what never reaches an
app. The gateway's own responses, its throttles and the shape of a token are read from
`infra/app.yaml`.

AWS does not document whether a route is throttled before its authorizer is asked or after it. So
both orders can be played: `THROTTLE_ORDER`.
"""

import json
import logging
import os
import re
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from chalice.app import Chalice, RouteEntry
from chalice.local import (
    ForbiddenError,
    InvalidAuthorizerError,
    LocalChalice,
    LocalGatewayAuthorizer,
    NotAuthorizedError,
)

from chalicelib.http import index
from chalicelib.http.routes import Access
from chalicelib.kernel.config import Api
from chalicelib.kernel.errors import WrongMethod
from infra import template
from infra.events import (
    Headers,
    Match,
    Request,
    Response,
    content_type_of,
    event_of,
    response_of,
    split_target,
)
from infra.local.console import serving
from infra.local.triggers.consumers import context_of
from infra.packaging import gateway
from infra.packaging.gateway import limits_of

MAX_BODY = 10 * 1024 * 1024
# Lambda takes no larger event. JSON comes in base64, so that bodies from 4.5 MB on are too large.
MAX_EVENT = 6 * 1024 * 1024
MAX_HEADERS = 10_240
# Those that its method `ANY` takes.
ANY_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})

_log = logging.getLogger(__name__)


class Function(NamedTuple):
    """A function behind the gateway: its name in the logs, and its app."""

    name: str
    app: Chalice


# Which function serves a method of a path.
Functions = Callable[[str, str], Function]


def both_functions() -> Functions:
    """Return the function that each method of a path is sent to: the one that the table of routes
    names, as in the packaged template (`infra/packaging/templates.py`). A route that its function
    does not serve fails here too. Its app keeps its current request by thread.
    """
    from app import create_app

    functions = {api: Function(api, create_app(api)) for api in Api}
    for function in functions.values():
        function.app.__class__ = LocalChalice
    served = {(route.method, route.path): functions[route.api] for route in index.routes()}
    return lambda method, path: served[method, path]


class Limit(NamedTuple):
    """Requests a second, and how many may come at once."""

    rate: float
    burst: float


class Order(StrEnum):
    """When a route that has an authorizer is throttled: before it is asked, or after it has let a
    request in. Without an authorizer there is one order.
    """

    BEFORE = "before"
    AFTER = "after"


class Throttles:
    """A token bucket for each method of a path
    (https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html).

    Thread-safe. `limit` returns the limit of a method of a path; `clock` the time in seconds.
    """

    def __init__(
        self,
        limit: Callable[[str, str], Limit],
        clock: Callable[[], float] = time.monotonic,
        order: Order = Order.BEFORE,
    ) -> None:
        self._limit = limit
        self._clock = clock
        self.order = order
        self._buckets: dict[tuple[str, str], tuple[float, float]] = {}
        self._lock = threading.Lock()

    def take(self, method: str, path: str) -> bool:
        """Return whether a request may pass, and count it if so."""
        limit, now = self._limit(method, path), self._clock()
        with self._lock:
            left, since = self._buckets.get((method, path), (limit.burst, now))
            left = min(limit.burst, left + (now - since) * limit.rate)
            passes = left >= 1
            self._buckets[method, path] = (left - 1 if passes else left), now
        return passes


def deployed_throttles(clock: Callable[[], float] = time.monotonic) -> Throttles:
    """Return the throttles as they are deployed. Each parameter has its default, or what the
    environment says (`THROTTLE_RATE`). `THROTTLE_ORDER` is `before`, if it is not given.
    """
    parameters: Mapping[str, Any] = template.load("app.yaml")["Parameters"]
    officers = {route.path for route in index.routes() if route.access == Access.OFFICER}

    def limit(method: str, path: str) -> Limit:
        kind = limits_of(path, method.lower(), of_officers=path in officers)
        return Limit(of(f"{kind}Rate"), of(f"{kind}Burst"))

    def of(parameter: str) -> float:
        given = os.environ.get(template.environment_name(parameter))
        return float(given or parameters[parameter]["Default"])

    return Throttles(limit, clock, Order(os.environ.get("THROTTLE_ORDER") or Order.BEFORE))


def preflight_headers(methods: Mapping[str, RouteEntry]) -> Headers:
    """Return the headers of a preflight's response for one path, given its methods; none when no
    page may call them. `tests/template/test_preflights.py` compares them with the deployed ones.
    """
    allowing = [method for method, entry in methods.items() if entry.cors is not None]
    # Chalice refuses to package a path whose methods differ in this.
    headers = methods[allowing[0]].cors.get_access_control_headers() if allowing else {}
    if not headers:
        return ()
    return [
        ("Content-Type", "application/json"),
        ("Access-Control-Allow-Methods", ",".join([*allowing, "OPTIONS"])),
        *headers.items(),
    ]


class Gateway:
    """Thread-safe: one serves all connections. `app` has every route, as Chalice packages them;
    `functions` says which one a request is sent to; without it, `app` itself. Each app must keep
    its current request by thread (`chalice.local.LocalChalice`). Without `throttles`, any number of
    requests passes.
    """

    def __init__(
        self, app: Chalice, functions: Functions | None = None, throttles: Throttles | None = None
    ) -> None:
        body = template.load("app.yaml")["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]
        self._refusals: Mapping[str, Any] = gateway.complete_responses(body)
        self._shapes = {
            name: re.compile(each["x-amazon-apigateway-authorizer"]["identityValidationExpression"])
            for name, each in body["securityDefinitions"].items()
        }
        self._binary_types = frozenset(body["x-amazon-apigateway-binary-media-types"])
        self._app = app
        self._functions = functions or (lambda method, path: Function(Api.RESIDENTS, app))
        self._throttles = throttles
        self._authorizer = LocalGatewayAuthorizer(app)
        # Literal segments win over parameters: "{" sorts after every letter.
        self._routes = [(route, route.split("/")) for route in sorted(app.routes)]

    def response(
        self, method: str, target: str, headers: Headers, body: bytes, source_ip: str
    ) -> Response:
        """Return what a client gets. `target` is that of the request line, `body` is whole and has
        at most MAX_BODY bytes.
        """
        request = Request(method, target, headers, body, source_ip)
        request_id = str(uuid.uuid4())
        path, _ = split_target(target)
        match = self._match(path)
        if match is None:
            return self.refuse("MISSING_AUTHENTICATION_TOKEN", request_id)
        if not self._passes(method, match.route, Order.BEFORE):
            return self.refuse("THROTTLED", request_id, match.route)
        if method == "OPTIONS" and (allowed := preflight_headers(self._app.routes[match.route])):
            return self._preflight(request, allowed, request_id, match.route)
        if method not in self._app.routes[match.route]:
            if method not in ANY_METHODS:
                return self.refuse("MISSING_AUTHENTICATION_TOKEN", request_id)
            return self._wrong_method(request_id, match.route)
        event = event_of(request, match, request_id, self._binary_types)
        name, function = self._functions(method, match.route)
        try:
            refusal = self._authorize(path, event)
            if refusal:
                return self.refuse(refusal, request_id, match.route)
            if not self._passes(method, match.route, Order.AFTER):
                return self.refuse("THROTTLED", request_id, match.route)
            if len(json.dumps(event)) > MAX_EVENT:
                return self._too_large_for_lambda(match.route)
            with serving(name):
                return response_of(function(event, context_of(name)), match.route)
        except Exception:
            _log.exception("The function %s failed", name)
            return self.refuse("INTEGRATION_FAILURE", request_id, match.route)

    def serves(self, path: str) -> bool:
        """Return whether the API has a route for a path, whatever its methods are."""
        return self._match(path) is not None

    def refuse(self, kind: str, request_id: str | None = None, route: str = "-") -> Response:
        """Return the gateway's own response of that kind
        (https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html).
        """
        refusal = self._refusals[kind]
        request_id = request_id or str(uuid.uuid4())
        headers = [
            (
                name.removeprefix("gatewayresponse.header."),
                request_id if value == "context.requestId" else value.strip("'"),
            )
            for name, value in refusal["responseParameters"].items()
        ]
        content = refusal["responseTemplates"]["application/json"].replace(
            "$context.requestId", request_id
        )
        return Response(int(refusal["statusCode"]), headers, content.encode(), route, kind)

    def _wrong_method(self, request_id: str, route: str) -> Response:
        """Return what the method `ANY` of a path responds (`refuse_wrong_methods`)."""
        unknown = self.refuse("MISSING_AUTHENTICATION_TOKEN", request_id)
        content = gateway.body_of("405", WrongMethod.code).replace("$context.requestId", request_id)
        headers = [*unknown.headers, ("Allow", gateway.allowed(self._app.routes[route]))]
        return Response(405, headers, content.encode(), route)

    def _too_large_for_lambda(self, route: str) -> Response:
        """Return what AWS was seen to respond when Lambda refuses an event.

        Clients must accept it, because it is not known whether one of the gateway's own responses
        replaces it (https://github.com/koki-develop/lgtm-generator/issues/10).
        """
        headers = [
            ("Content-Type", "application/json"),
            ("x-amzn-ErrorType", "BadRequestException"),
        ]
        return Response(413, headers, b'{"message": "Request Too Long"}', route)

    def _preflight(
        self, request: Request, allowed: Headers, request_id: str, route: str
    ) -> Response:
        """Return what a mock integration does with a preflight: it asks nobody, and takes JSON."""
        if content_type_of(request) not in ("", "application/json"):
            return self.refuse("UNSUPPORTED_MEDIA_TYPE", request_id, route)
        return Response(200, allowed, b"", route)

    def _match(self, path: str) -> Match | None:
        parts = path.split("/")
        for route, wanted in self._routes:
            if len(wanted) == len(parts) and all(
                want == part or (want[:1] == "{" and part)
                for want, part in zip(wanted, parts, strict=True)
            ):
                pairs = zip(wanted, parts, strict=True)
                return Match(route, {want[1:-1]: part for want, part in pairs if want[:1] == "{"})
        return None

    def _passes(self, method: str, route: str, now: Order) -> bool:
        """Return whether a request may pass the throttle of its route, if it is throttled now."""
        if self._throttles is None:
            return True
        entry = self._app.routes[route].get(method)
        is_authorized = entry is not None and entry.authorizer is not None
        order = self._throttles.order if is_authorized else Order.BEFORE
        return order is not now or self._throttles.take(method, route)

    def _authorize(self, path: str, event: dict[str, Any]) -> str | None:
        """Return the kind of refusal; or None, with the officer's name put into the event."""
        entry = self._app.routes[event["resource"]][event["httpMethod"]]
        if entry.authorizer is None:
            return None
        token = event["headers"].get("authorization", "").strip()
        shape = self._shapes.get(entry.authorizer.name)
        if not token or (shape and not shape.fullmatch(token)):
            return "UNAUTHORIZED"
        try:
            self._authorizer.authorize(path, event, context_of("authorize_officer"))
        except NotAuthorizedError:
            return "UNAUTHORIZED"
        except ForbiddenError:
            return "ACCESS_DENIED"
        except InvalidAuthorizerError:
            return "AUTHORIZER_CONFIGURATION_ERROR"
        except Exception as error:
            # The one word by which an authorizer says 401; everything else is its failure.
            if str(error) == "Unauthorized":
                return "UNAUTHORIZED"
            _log.exception("The authorizer failed")
            return "AUTHORIZER_FAILURE"
        return None
