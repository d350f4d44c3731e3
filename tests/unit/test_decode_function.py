"""`decode` on Lambda: what it is sent, what is known of its failures, and how it reads a file."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

from chalicelib.handlers.media.decoding import PATIENCE_S, Remote, Unreachable, decode
from chalicelib.kernel.errors import Unavailable
from chalicelib.media_decoding.decoders import Order
from chalicelib.media_decoding.supervisor import Limits
from chalicelib.store.media.decoding import WAIT_S, DecodeFunction, TooMany, Undecided, Unproved
from infra import template
from tests import media_samples as samples
from tests.decoding import file_of, returned

ORDER = Order("image/jpeg", 3)
FAILED = {"X-Amz-Function-Error": "Unhandled"}


class Invoked:
    """A client of Lambda whose calls are answered here."""

    def __init__(self, answer: Any) -> None:
        self.requests: list[Any] = []
        self._answer = answer
        self.client = boto3.client(
            "lambda",
            region_name="eu-west-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}),
        )
        self.client.meta.events.register_first("before-send.lambda.Invoke", self._sent)

    def _sent(self, request: Any, **_: Any) -> AWSResponse:
        self.requests.append(request)
        if isinstance(self._answer, BaseException):
            raise self._answer
        answer: AWSResponse = self._answer() if callable(self._answer) else self._answer
        return answer

    @property
    def tenants(self) -> list[str | None]:
        found = [each.headers.get("X-Amz-Tenant-Id") for each in self.requests]
        return [each.decode() if isinstance(each, bytes) else each for each in found]


def ask(invoked: Invoked, *owners: str, tenants: bool = True) -> str:
    function = DecodeFunction(invoked.client, "decode", tenants=tenants)
    for owner in owners or ("A",):
        answer = function(ORDER, file_of(b"abc")._replace(owner_id=owner))
    return answer


def test_each_owner_has_a_tenant_that_does_not_name_it() -> None:
    invoked = Invoked(lambda: returned("{}"))
    ask(invoked, "REPORT1", "REPORT2", "REPORT1")
    one, other, again = invoked.tenants
    assert one == again != other
    assert one
    assert "REPORT" not in one
    later = Invoked(lambda: returned("{}"))
    ask(later, "REPORT1")
    assert later.tenants != [one]


def test_a_function_of_the_release_before_is_told_nothing_that_it_does_not_know() -> None:
    """While a release is deployed, old and new versions call each other."""
    invoked = Invoked(lambda: returned("{}"))
    for order in (ORDER, ORDER._replace(clip=True)):
        DecodeFunction(invoked.client, "decode", tenants=False)(order, file_of(b"abc"))
    plain, with_clip = (json.loads(each.body) for each in invoked.requests)
    assert set(plain) == {"content_type", "size", "boxes", "data"}
    assert set(with_clip) == {*plain, "clip"}


def test_the_tenant_is_part_of_what_is_signed() -> None:
    invoked = Invoked(lambda: returned("{}"))
    ask(invoked)
    assert "x-amz-tenant-id" in str(invoked.requests[0].headers["Authorization"])


def test_without_tenants_none_is_named() -> None:
    invoked = Invoked(lambda: returned("{}"))
    ask(invoked, tenants=False)
    assert invoked.tenants == [None]


def test_a_file_without_an_address_is_sent_along() -> None:
    invoked = Invoked(lambda: returned('{"fault": "x"}'))
    assert ask(invoked) == '{"fault": "x"}'
    event = json.loads(invoked.requests[0].body)
    data = base64.b64encode(b"abc").decode()
    assert event == {"content_type": "image/jpeg", "size": 3, "boxes": [], "data": data}


@pytest.mark.parametrize("kind", ["Sandbox.Timedout", "Runtime.ExitError"])
def test_a_function_that_ended_is_no_verdict_and_counts(kind: str) -> None:
    with pytest.raises(Unproved):
        ask(Invoked(returned({"errorType": kind, "errorMessage": "…"}, headers=FAILED)))


def test_a_call_that_takes_too_long_is_no_verdict_and_counts() -> None:
    with pytest.raises(Unproved):
        ask(Invoked(ReadTimeoutError(endpoint_url="https://lambda.test")))


@pytest.mark.parametrize("kind", ["Runtime.ImportModuleError", "KeyError", "Runtime.Unknown"])
def test_a_function_that_failed_by_itself_is_our_fault_alone(kind: str) -> None:
    with pytest.raises(Undecided) as undecided:
        ask(Invoked(returned({"errorType": kind, "errorMessage": "…"}, headers=FAILED)))
    assert not isinstance(undecided.value, Unproved)


def test_no_log_has_what_a_function_calls_its_error(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(Undecided):
        ask(Invoked(returned({"errorType": "39.92 N"}, headers=FAILED)))
    [logged] = [each for each in caplog.records if each.message == "not decoded"]
    assert vars(logged)["not_decoded"] == "other"


@pytest.mark.parametrize("value", [None, 1, ["x"], {}, [[]] * 1_000])
def test_what_is_no_text_is_no_verdict(value: Any) -> None:
    with pytest.raises(Undecided):
        ask(Invoked(returned(value)))


def refused(code: str, status: int) -> AWSResponse:
    return returned({"message": "…"}, status, {"x-amzn-ErrorType": code})


def test_when_there_is_no_room_it_was_not_tried() -> None:
    with pytest.raises(TooMany):
        ask(Invoked(refused("TooManyRequestsException", 429)))


@pytest.mark.parametrize(
    "fault",
    [ConnectTimeoutError(endpoint_url="https://lambda.test"), refused("ServiceException", 500)],
    ids=["unreachable", "fault"],
)
def test_a_fault_of_lambda_is_unavailable(fault: Any) -> None:
    with pytest.raises(Unavailable):
        ask(Invoked(fault))


# How it reads a file


class Store(BaseHTTPRequestHandler):
    """S3 for one object. `faults` is what happens to the next requests, by name."""

    protocol_version = "HTTP/1.1"
    data = b""
    faults: list[str]
    asked: list[str]
    ended: Event

    def do_GET(self) -> None:
        self.asked.append(self.headers["Range"])
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "hang":
            self.ended.wait()
        if fault == "close":
            self.close_connection = True
            return
        start, end = map(int, self.headers["Range"].removeprefix("bytes=").split("-"))
        part = self.data[start : end + 1]
        self.send_response(403 if fault == "refuse" else 200 if fault == "ignore range" else 206)
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        for at in range(len(part)) if fault == "drip" else ():
            self.wfile.write(part[at : at + 1])
            self.ended.wait(0.02)
        if fault != "drip":
            self.wfile.write(part)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def store(data: bytes, *faults: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the address of an object, and the ranges that are asked for."""
    ended, asked = Event(), list[str]()
    about = {"data": data, "faults": list(faults), "asked": asked, "ended": ended}
    with ThreadingHTTPServer(("127.0.0.1", 0), type("One", (Store,), about)) as server:
        server.handle_error = lambda *_: None  # type: ignore[method-assign]  # one that hung
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/originals/a/b?versionId=1", asked
        ended.set()
        server.shutdown()


def opened(address: str, content_type: str, size: int) -> Any:
    event = {"address": address, "content_type": content_type, "size": size, "boxes": []}
    return json.loads(decode(event, None))


def test_a_video_is_read_in_parts() -> None:
    data = samples.video([samples.scene(640, 480).effect_spread(300)] * 12, options={"crf": "1"})
    with store(data) as (address, asked):
        assert opened(address, "video/mp4", len(data))["files"]
    assert asked
    assert all(each.startswith("bytes=") for each in asked)


def test_a_connection_that_was_closed_is_opened_again() -> None:
    data = samples.jpeg()
    with store(data, "close") as (address, asked):
        assert opened(address, "image/jpeg", len(data))["files"]
    assert len(asked) == 2


@pytest.mark.parametrize("fault", ["close", "refuse", "ignore range"])
def test_a_store_that_fails_is_no_fault_of_the_file(fault: str) -> None:
    data = samples.jpeg()
    with store(data, *[fault] * 10) as (address, _):
        assert opened(address, "image/jpeg", len(data)) == {"fault": "Unreachable"}


@pytest.mark.parametrize("fault", ["hang", "drip"])
def test_a_store_that_is_too_slow_is_no_fault_of_the_file(fault: str) -> None:
    with store(samples.jpeg(), *[fault] * 10) as (address, _), pytest.raises(Unreachable):
        Remote(address, patience_s=0.4).read(0, 200)


def test_all_reads_of_a_file_and_its_child_take_less_than_the_function_has() -> None:
    limits = template.function_limits()
    for name in ("decode", "decode_critical"):
        assert Limits().wall + PATIENCE_S < limits[name].timeout_s < WAIT_S
    assert limits["make_thumbnails"].timeout_s > 2 * WAIT_S


def test_no_address_is_in_a_log(caplog: pytest.LogCaptureFixture) -> None:
    data = samples.jpeg()
    with store(data, "close", "close") as (address, _):
        opened(address, "image/jpeg", len(data))
    assert "versionId" not in caplog.text + "".join(str(vars(each)) for each in caplog.records)
