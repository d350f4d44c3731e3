"""Faults before and after AWS calls. They use botocore's events, so the program is not patched."""

import io
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ReadTimeoutError
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.models import botocore_stubber

from chalicelib import wiring
from tests.client import Reply


class Crash(BaseException):
    """The end of the process. Not an Exception, so that `except Exception` does not catch it."""


@contextmanager
def fault(
    client: Any, operation: str, handle: Callable[[Any], AWSResponse | None]
) -> Iterator[list[str]]:
    """Call `handle` before each call of `operation` ("dynamodb.PutItem", "sns.*").

    `handle` may raise (a network fault, a crash), return a response in place of AWS, or return None
    to let the call pass. Yields the list of calls.
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


def _client_of(operation: str) -> Any:
    """Return the client that the application makes this call with."""
    match operation.partition(".")[0]:
        case "dynamodb":
            return wiring.dynamodb()
        case "s3":
            return wiring.s3()
        case "sns":
            return wiring.topic()._client
        case "cognito-identity-provider":
            return wiring.pool()._client
    raise ValueError(f"which client is it: {operation}")


def without(
    part: str, operation: str = "dynamodb.*", status: int = 500, code: str = "InternalServerError"
) -> AbstractContextManager[list[str]]:
    """Let DynamoDB refuse each call that names `part`, as a table or the beginning of a key."""
    refuse = error_response(status, code)
    return fault(
        wiring.dynamodb(),
        operation,
        lambda request: refuse(request) if part.encode() in request.body else None,
    )


def calls_of_dynamodb() -> AbstractContextManager[list[str]]:
    """Let all calls of DynamoDB pass, and yield their names."""
    return fault(wiring.dynamodb(), "dynamodb.*", lambda request: None)


def sns_down() -> AbstractContextManager[list[str]]:
    """Let SNS refuse every call, as when it is down."""
    refuse = query_error_response("InternalError", "It is down.")
    return fault(_client_of("sns.*"), "sns.*", refuse)


@contextmanager
def meanwhile(
    act: Callable[[], object], operation: str = "dynamodb.TransactWriteItems", client: Any = None
) -> Iterator[list[str]]:
    """Let `act` happen once, before the first call of `operation`. Yields the list of calls.

    Fails when `act` returns a refusal.
    """

    def before(request: Any) -> None:
        done = act()
        assert not isinstance(done, Reply) or done.status < 300, done

    with fault(client or _client_of(operation), operation, times(1, before)) as called:
        yield called


@contextmanager
def dying(
    operation: str = "dynamodb.TransactWriteItems",
    client: Any = None,
    *,
    position: int = 0,
    how: Callable[[Any], AWSResponse | None] | None = None,
) -> Iterator[None]:
    """Let the process end at the call of `operation` at `position`, before it unless `how` says
    otherwise. Fails unless it ends there.
    """
    end = at(position, how or crash)
    with fault(client or _client_of(operation), operation, end), pytest.raises(Crash):
        yield


def carry_out(request: Any) -> AWSResponse:
    """Carry out the request and return the response, for faults that come after a call."""
    stubber: BotocoreStubber = botocore_stubber
    response = stubber("before-send", request)
    assert response is not None
    return response


def times(
    count: int, handle: Callable[[Any], AWSResponse | None]
) -> Callable[[Any], AWSResponse | None]:
    """Return a handler that applies `handle` to the first `count` calls. The others pass."""
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
    """Return a handler that applies `handle` to the call at `position`, from 0. The others pass."""
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
    """Return an error response of a JSON service (DynamoDB)."""

    def refuse(request: Any) -> AWSResponse:
        url = request.url
        # botocore calls every handler, so moto must be kept from carrying out the request.
        request.url = "https://nowhere.invalid/"
        return aws_response(
            url, status, {"__type": f"com.amazonaws#{code}", "message": code, **more}
        )

    return refuse


def query_error_response(code: str, message: str) -> Callable[[Any], AWSResponse]:
    """Return an error response, with status 400, of a service with XML (SNS)."""

    def refuse(request: Any) -> AWSResponse:
        url = request.url
        request.url = "https://nowhere.invalid/"
        content = (
            f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code>"
            f"<Message>{message}</Message></Error><RequestId>r</RequestId></ErrorResponse>"
        )
        return _response(url, 400, "text/xml", content.encode())

    return refuse


def s3_response(status: int, content: str) -> Callable[[Any], AWSResponse]:
    """Return a response of S3 with this XML."""

    def respond(request: Any) -> AWSResponse:
        url = request.url
        request.url = "https://nowhere.invalid/"
        return _response(url, status, "application/xml", content.encode())

    return respond


def s3_error(status: int, code: str) -> Callable[[Any], AWSResponse]:
    """Return an error response of S3."""
    return s3_response(status, f"<Error><Code>{code}</Code><Message>{code}</Message></Error>")


def aws_response(url: str, status: int, body: dict[str, Any]) -> AWSResponse:
    """Return a response of a JSON service."""
    return _response(url, status, "application/x-amz-json-1.0", json.dumps(body).encode())


def _response(url: str, status: int, content_type: str, content: bytes) -> AWSResponse:
    raw = io.BytesIO(content)
    raw.stream = lambda **_: iter([content])  # type: ignore[attr-defined]
    headers = HTTPHeaders.from_dict({"content-type": content_type})
    return AWSResponse(url, status, headers, raw)
