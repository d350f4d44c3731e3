"""Faults before and after an AWS call, at botocore's own seam.

Nothing of the program is patched.
"""

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ReadTimeoutError
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.models import botocore_stubber


class Crash(BaseException):
    """The process dies here: no `except Exception` may swallow it."""


@contextmanager
def fault(
    client: Any, operation: str, handle: Callable[[Any], AWSResponse | None]
) -> Iterator[list[str]]:
    """While this holds, each call of `operation` ("dynamodb.PutItem", "sns.*") goes to `handle`
    first; gives the log of what was called.

    `handle` may raise (the network, a crash), answer (AWS itself), or return None (let it through).
    """
    called: list[str] = []

    def before_send(request: Any, event_name: str, **_: Any) -> AWSResponse | None:
        called.append(event_name.rpartition(".")[2])
        return handle(request)

    event = f"before-send.{operation}"
    client.meta.events.register_first(event, before_send)
    try:
        yield called
    finally:
        client.meta.events.unregister(event, before_send)


def carry_out(request: Any) -> AWSResponse:
    """What AWS would have done with this request: for faults that come after it."""
    stubber: BotocoreStubber = botocore_stubber
    response = stubber("before-send", request)
    assert response is not None
    return response


def times(
    count: int, handle: Callable[[Any], AWSResponse | None]
) -> Callable[[Any], AWSResponse | None]:
    """`handle` for the first `count` calls; the rest pass."""
    left = [count]

    def limited(request: Any) -> AWSResponse | None:
        if left[0] == 0:
            return None
        left[0] -= 1
        return handle(request)

    return limited


def at(
    position: int, handle: Callable[[Any], AWSResponse | None]
) -> Callable[[Any], AWSResponse | None]:
    """`handle` for the call at `position`, counted from 0; the others pass."""
    seen = [-1]

    def chosen(request: Any) -> AWSResponse | None:
        seen[0] += 1
        return handle(request) if seen[0] == position else None

    return chosen


def crash(request: Any) -> AWSResponse:
    raise Crash


def crash_after(request: Any) -> AWSResponse:
    carry_out(request)
    raise Crash


def lose_response(request: Any) -> AWSResponse:
    carry_out(request)
    raise ReadTimeoutError(endpoint_url=request.url)


def error_response(status: int, code: str, **more: Any) -> Callable[[Any], AWSResponse]:
    """An error of a JSON service (DynamoDB)."""

    def refuse(request: Any) -> AWSResponse:
        url = request.url
        # every handler is asked: moto must not carry the request out
        request.url = "https://nowhere.invalid/"
        return aws_response(
            url, status, {"__type": f"com.amazonaws#{code}", "message": code, **more}
        )

    return refuse


def aws_response(url: str, status: int, body: dict[str, Any]) -> AWSResponse:
    """What a JSON service answers."""
    content = json.dumps(body).encode()
    raw = io.BytesIO(content)
    raw.stream = lambda **_: iter([content])  # type: ignore[attr-defined]
    headers = HTTPHeaders.from_dict({"content-type": "application/x-amz-json-1.0"})
    return AWSResponse(url, status, headers, raw)
