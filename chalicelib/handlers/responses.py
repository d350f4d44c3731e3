"""What a view returns, and how it goes out: headers, ETags, problem+json."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chalice.app import Response as ChaliceResponse
from pydantic import BaseModel

from chalicelib import errors
from chalicelib.handlers import problems
from chalicelib.handlers.requests import Call

BASE_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


@dataclass(frozen=True, slots=True)
class Response:
    """`body` is a model, plain JSON data, or text as it is. `status` None: the route's own."""

    body: Any = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def etag_of(version: int) -> dict[str, str]:
    """Return the header that names a version, as `If-Match` takes it."""
    return {"ETag": f'"{version}"'}


def public_response(
    view: Mapping[str, Any], call: Call, *, max_age: int = 60, vary: str = "Accept-Language"
) -> Response:
    """Return a public read with a strong ETag: 304 when the caller has it already."""
    headers = {
        "Cache-Control": f"public, max-age={max_age}",
        "Vary": vary,
        "Content-Language": call.language,
    }
    return conditional(to_json(view), call, headers)


def conditional(content: str, call: Call, headers: Mapping[str, str]) -> Response:
    """Return `content` with its ETag, or 304 when `If-None-Match` names it.

    The comparison is RFC 9110's weak one.
    """
    etag = f'"{hashlib.sha256(content.encode()).hexdigest()[:32]}"'
    all_headers = {**headers, "ETag": etag}
    held = call.header("if-none-match")
    named = [each.strip().removeprefix("W/") for each in (held or "").split(",")]
    if etag in named or named == ["*"]:
        return Response(None, 304, all_headers)
    return Response(content, 200, {"Content-Type": "application/json", **all_headers})


def to_json(view: Any) -> str:
    return json.dumps(view, ensure_ascii=False, separators=(",", ":"))


def render(response: Response, status: int, request_id: str) -> ChaliceResponse:
    """Return what Chalice sends; `status` is the route's own."""
    headers = {**BASE_HEADERS, "X-Request-Id": request_id}
    status = response.status or status
    content = response.body
    if content is None:
        return ChaliceResponse("", status_code=status, headers={**headers, **response.headers})
    if isinstance(content, BaseModel):
        content = content.model_dump_json(by_alias=True)
    elif not isinstance(content, str):
        content = to_json(content)
    headers["Content-Type"] = "application/json"
    return ChaliceResponse(content, status_code=status, headers={**headers, **response.headers})


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
