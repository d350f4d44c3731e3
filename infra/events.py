"""A request as the event that a function is called with, and what it returns as a response.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

import base64
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

STAGE = "api"

type Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Request:
    """What a client sent. `target` is that of the request line, `body` is whole."""

    method: str
    target: str
    headers: Headers
    body: bytes
    source_ip: str


@dataclass(frozen=True, slots=True)
class Response:
    """`route` is the resource's path with its parameters by name: what may be logged. `refusal` is
    the kind of one of the gateway's own responses.
    """

    status: int
    headers: Headers
    body: bytes
    route: str = "-"
    refusal: str = "-"


@dataclass(frozen=True, slots=True)
class Match:
    """A route of the app, and the path's values for its parameters, still percent-encoded."""

    route: str
    parameters: Mapping[str, str]


def split_target(target: str) -> tuple[str, dict[str, list[str]]]:
    """Return path (still encoded) and decoded query of a request target, origin form or absolute
    form.
    """
    if not target.startswith("/"):
        parts = urlsplit(target)
        target = f"{parts.path or '/'}?{parts.query}"
    path, _, query = target.partition("#")[0].partition("?")
    return path, parse_qs(query, keep_blank_values=True)


def content_type_of(request: Request) -> str:
    """Return the content type without its parameters, in small letters; empty when there is
    none.
    """
    return _single(request.headers).get("content-type", "").partition(";")[0].strip().lower()


def event_of(
    request: Request, match: Match, request_id: str, binary_types: Collection[str]
) -> dict[str, Any]:
    """Create the event. A body of one of `binary_types` comes in base64, any other as text."""
    path, query = split_target(request.target)
    return {
        "resource": match.route,
        "path": path,
        "httpMethod": request.method,
        "headers": _single(request.headers),
        "multiValueHeaders": _multiple(request.headers),
        "multiValueQueryStringParameters": query or None,
        "pathParameters": match.parameters or None,
        "stageVariables": None,
        "requestContext": {
            "requestId": request_id,
            "httpMethod": request.method,
            "resourcePath": match.route,
            "path": path,
            "stage": STAGE,
            "identity": {"sourceIp": request.source_ip},
        },
        **_body(request, binary_types),
    }


def response_of(returned: Mapping[str, Any], route: str) -> Response:
    """Create the response of what a function returned."""
    headers = [(name, str(value)) for name, value in (returned.get("headers") or {}).items()]
    headers += [
        (name, str(value))
        for name, values in (returned.get("multiValueHeaders") or {}).items()
        for value in values
    ]
    body = returned.get("body") or ""
    if not isinstance(body, str):
        body = json.dumps(body)
    content = base64.b64decode(body) if returned.get("isBase64Encoded") else body.encode()
    return Response(int(returned["statusCode"]), headers, content, route)


def _body(request: Request, binary_types: Collection[str]) -> dict[str, Any]:
    body = request.body
    if not body:
        return {"body": None, "isBase64Encoded": False}
    if content_type_of(request) in binary_types:
        return {"body": base64.b64encode(body).decode("ascii"), "isBase64Encoded": True}
    return {"body": body.decode("utf-8", "replace"), "isBase64Encoded": False}


def _single(headers: Headers) -> dict[str, str]:
    """Return one value for each name, as in an event: the last. Credentials that contradict each
    other are joined and so open nothing.
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
