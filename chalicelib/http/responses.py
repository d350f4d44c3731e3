"""Write responses: headers, ETags, problem+json."""

import hashlib
import json
import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple

from chalice.app import Response as ChaliceResponse
from pydantic import BaseModel

from chalicelib.http import problems
from chalicelib.http.requests import Call
from chalicelib.kernel import errors

REPLAYED = "Idempotency-Replayed"
BASE_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


_SECOND = timedelta(seconds=1)
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_NONE: Mapping[str, str] = MappingProxyType({})


class Response(NamedTuple):
    """The response of a view.

    `body` is a model, JSON data, or a text. If `status` is None, the route's own status is used.
    `replayed` is what an earlier call with the same Idempotency-Key created: 200, with a header.
    """

    body: Any = None
    status: int | None = None
    headers: Mapping[str, str] = _NONE
    replayed: bool = False


def etag_of(version: int) -> dict[str, str]:
    """Return the ETag header of a version. A client sends it as `If-Match`."""
    return {"ETag": f'"{version}"'}


def rate_limit(
    until: datetime | None, now: datetime, at_once: int, every: timedelta
) -> dict[str, str]:
    """Return the fields of draft-ietf-httpapi-ratelimit-headers for what one call was taken from at
    `now`: `at_once` may come together, and then one in `every`; `until` was before that call.
    """
    used = max(until or now, now) - now + every
    left, again = at_once - math.ceil(used / every), math.ceil((used % every or every) / _SECOND)
    return {
        "RateLimit-Policy": f'"default";q={at_once};w={math.ceil(at_once * every / _SECOND)}',
        "RateLimit": f'"default";r={max(0, left)};t={again}',
    }


def public_response(
    view: Mapping[str, Any], call: Call, *, max_age: int = 60, vary: str = "Accept-Language"
) -> Response:
    """Return a cacheable response with a strong ETag, or 304 if the caller has it already."""
    headers = {
        "Cache-Control": f"public, max-age={max_age}",
        "Vary": vary,
        "Content-Language": call.language,
    }
    return conditional(to_json(view), call, headers)


def page_headers(policy: str) -> dict[str, str]:
    """Return the headers of a web page with its Content-Security-Policy."""
    return {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
    }


def conditional(
    content: str, call: Call, headers: Mapping[str, str], *, etag: str | None = None
) -> Response:
    """Return `content` with its ETag, or 304 if `If-None-Match` contains that ETag.

    The comparison is the weak one of RFC 9110. `etag` is that of `etag_of_content`, if it is known.
    """
    etag = etag or etag_of_content(content)
    all_headers = {**headers, "ETag": etag}
    sent = call.header("if-none-match")
    named = [each.strip().removeprefix("W/") for each in (sent or "").split(",")]
    if etag in named or named == ["*"]:
        return Response(None, 304, all_headers)
    return Response(content, 200, {"Content-Type": "application/json", **all_headers})


def etag_of_content(content: str) -> str:
    """Return the strong ETag of a content: a hash."""
    return f'"{hashlib.sha256(content.encode()).hexdigest()[:32]}"'


def to_json(view: Any) -> str:
    """Return compact JSON, with non-ASCII characters unescaped."""
    return _ENCODER.encode(view)


def render(response: Response, status: int, request_id: str) -> ChaliceResponse:
    """Return the response for Chalice. `status` is used if `response` has none."""
    headers = {**BASE_HEADERS, "X-Request-Id": request_id}
    own = {**response.headers, **_vary(response.headers)}
    if response.replayed:
        status, own[REPLAYED] = 200, "true"
    status = response.status or status
    content = response.body
    if content is None:
        return ChaliceResponse("", status_code=status, headers={**headers, **own})
    if isinstance(content, BaseModel):
        content = content.model_dump_json(by_alias=True)
    elif not isinstance(content, str):
        content = to_json(content)
    headers["Content-Type"] = "application/json"
    return ChaliceResponse(content, status_code=status, headers={**headers, **own})


_LEAST_SIZE, _LARGE_SIZE = 2 << 10, 64 << 10


def padded(response: ChaliceResponse) -> ChaliceResponse:
    """Return a response with blanks after its JSON, so that its length says little of its content.

    Its sizes are the powers of two from 2 to 64 KiB, then multiples of 64 KiB. It is marked as
    encoded, or the gateway would compress it, and with that undo this.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-receive-response-with-compressed-payload.html
    """
    if response.body:
        size = len(response.body.encode())
        response.body += " " * (_padded_size(size) - size)
        response.headers["Content-Encoding"] = "identity"
    return response


def _padded_size(size: int) -> int:
    if size > _LARGE_SIZE:
        return -(-size // _LARGE_SIZE) * _LARGE_SIZE
    return max(_LEAST_SIZE, 1 << (size - 1).bit_length())


def _vary(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the Vary header of a response that caches may keep.

    The gateway compresses a response for a client that accepts it, and does not say so to caches.
    """
    if not headers.get("Cache-Control", "").startswith("public"):
        return {}
    return {"Vary": ", ".join(filter(None, ["Accept-Encoding", headers.get("Vary")]))}


def refuse(error: errors.TiplineError, language: str, request_id: str) -> ChaliceResponse:
    """Return an error as problem+json."""
    content = json.dumps(problems.problem(error, language, request_id), ensure_ascii=False)
    headers = {
        "Content-Type": problems.CONTENT_TYPE,
        "Content-Language": language,
        **BASE_HEADERS,
        "X-Request-Id": request_id,
    }
    return ChaliceResponse(
        content,
        status_code=problems.status_of(error),
        headers={**headers, **problems.headers_of(error)},
    )
