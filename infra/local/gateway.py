"""API Gateway as it is deployed: routes a request to the Chalice app, asks the authorizer, and
answers what never reaches the app.

What the gateway itself says is read from `infra/app.yaml`. Where Chalice's own local gateway is
kinder than AWS (methods, trailing slashes, sizes, content types), this one is not.
"""

import base64
import json
import sys
import traceback
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from chalice.app import Chalice
from chalice.local import (
    ForbiddenError,
    InvalidAuthorizerError,
    LambdaContext,
    LocalGatewayAuthorizer,
    NotAuthorizedError,
)

from infra.local import template

MAX_BODY = 10 * 1024 * 1024
MAX_HEADERS = 10_240
STAGE = "api"

Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Response:
    """`route` is the resource's path with its parameters by name: what may be logged."""

    status: int
    headers: Headers
    body: bytes
    route: str = "-"


class Gateway:
    """Thread-safe: one serves all connections. The app must keep its current request by thread
    (`chalice.local.LocalChalice`).
    """

    def __init__(self, app: Chalice) -> None:
        body = template.load("app.yaml")["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]
        self._refusals: Mapping[str, Any] = body["x-amazon-apigateway-gateway-responses"]
        self._binary_types = frozenset(body["x-amazon-apigateway-binary-media-types"])
        self._app = app
        self._authorizer = LocalGatewayAuthorizer(app)
        # Literal segments win over parameters: "{" sorts after every letter.
        self._routes = [(route, route.split("/")) for route in sorted(app.routes)]

    def response(
        self, method: str, target: str, headers: Headers, body: bytes, source_ip: str
    ) -> Response:
        """What a client gets. `target` is that of the request line, `body` whole and at most
        MAX_BODY.
        """
        request_id = str(uuid.uuid4())
        path, query = _split(target)
        route, parameters = self._match(path)
        # Chalice makes no OPTIONS routes where no CORS is asked for, so neither does this.
        if route is None or method not in self._app.routes[route]:
            return self.refuse("MISSING_AUTHENTICATION_TOKEN", request_id)
        event: dict[str, Any] = {
            "resource": route,
            "path": path,
            "httpMethod": method,
            "headers": _single(headers),
            "multiValueHeaders": _multiple(headers),
            "multiValueQueryStringParameters": query or None,
            "pathParameters": parameters or None,
            "stageVariables": None,
            "requestContext": {
                "requestId": request_id,
                "httpMethod": method,
                "resourcePath": route,
                "path": path,
                "stage": STAGE,
                "identity": {"sourceIp": source_ip},
            },
            **self._body(headers, body),
        }
        context = LambdaContext(function_name="api", memory_size=1024, max_runtime_ms=20_000)
        try:
            refusal = self._authorize(path, event, context)
            if refusal:
                return self.refuse(refusal, request_id, route)
            return _from_lambda(self._app(event, context), route)
        except Exception:
            traceback.print_exc(file=sys.stderr)
            return self.refuse("INTEGRATION_FAILURE", request_id, route)

    def refuse(self, kind: str, request_id: str | None = None, route: str = "-") -> Response:
        """The gateway's own answer of that kind
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
        return Response(int(refusal["statusCode"]), headers, content.encode(), route)

    def _match(self, path: str) -> tuple[str | None, dict[str, str]]:
        parts = path.split("/")
        for route, wanted in self._routes:
            if len(wanted) == len(parts) and all(
                want == part or (want[:1] == "{" and part)
                for want, part in zip(wanted, parts, strict=True)
            ):
                # Parameters stay percent-encoded, as they do on AWS.
                return route, {
                    want[1:-1]: part
                    for want, part in zip(wanted, parts, strict=True)
                    if want[:1] == "{"
                }
        return None, {}

    def _body(self, headers: Headers, body: bytes) -> dict[str, Any]:
        if not body:
            return {"body": None, "isBase64Encoded": False}
        media_type = _single(headers).get("content-type", "").partition(";")[0].strip().lower()
        if media_type in self._binary_types:
            return {"body": base64.b64encode(body).decode("ascii"), "isBase64Encoded": True}
        return {"body": body.decode("utf-8", "replace"), "isBase64Encoded": False}

    def _authorize(self, path: str, event: dict[str, Any], context: LambdaContext) -> str | None:
        """None lets the request through (and puts who it is into the event), else the kind of
        refusal.
        """
        entry = self._app.routes[event["resource"]][event["httpMethod"]]
        if entry.authorizer is None:
            return None
        if not event["headers"].get("authorization", "").strip():
            return "UNAUTHORIZED"
        try:
            self._authorizer.authorize(path, event, context)
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
            traceback.print_exc(file=sys.stderr)
            return "AUTHORIZER_FAILURE"
        return None


def _split(target: str) -> tuple[str, dict[str, list[str]]]:
    """Path (still encoded) and decoded query of a request target, origin form or absolute form."""
    if not target.startswith("/"):
        parts = urlsplit(target)
        target = f"{parts.path or '/'}?{parts.query}"
    path, _, query = target.partition("#")[0].partition("?")
    return path, parse_qs(query, keep_blank_values=True)


def _single(headers: Headers) -> dict[str, str]:
    """One value a name, as in an event: the last, but credentials that contradict each other are
    joined and so good for nothing.
    """
    single: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        single[key] = (
            f"{single[key]}, {value}" if key == "authorization" and key in single else value
        )
    return single


def _multiple(headers: Headers) -> dict[str, list[str]]:
    multiple: dict[str, list[str]] = {}
    for name, value in headers:
        multiple.setdefault(name.lower(), []).append(value)
    return multiple


def _from_lambda(response: Mapping[str, Any], route: str) -> Response:
    headers = [(name, str(value)) for name, value in (response.get("headers") or {}).items()]
    headers += [
        (name, str(value))
        for name, values in (response.get("multiValueHeaders") or {}).items()
        for value in values
    ]
    body = response.get("body") or ""
    if not isinstance(body, str):
        body = json.dumps(body)
    content = base64.b64decode(body) if response.get("isBase64Encoded") else body.encode()
    return Response(int(response["statusCode"]), headers, content, route)
