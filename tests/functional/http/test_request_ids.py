"""The request id that a user quotes is on the log lines of the request, and on a fault's frames."""

import logging
import threading

import pytest

from chalicelib import wiring
from tests import cloud
from tests.client import call, new_key, report
from tests.faults import inject

pytestmark = pytest.mark.usefixtures("aws", "clean")


def ids(log: pytest.LogCaptureFixture) -> list[str | None]:
    return [getattr(record, "request_id", None) for record in log.records]


def test_every_line_of_a_request_has_the_id_that_its_response_has(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    reply = call("POST", "/v1/reports", report(), key=new_key())
    assert reply.status == 201
    assert ids(caplog)
    assert set(ids(caplog)) == {reply.headers["x-request-id"]}


def test_a_faults_frames_have_the_id_of_its_problem(caplog: pytest.LogCaptureFixture) -> None:
    broken = inject.error_response(400, "ValidationException")
    with inject.fault(wiring.dynamodb(), "dynamodb.PutItem", broken):
        reply = call("POST", "/v1/reports", report(), key=new_key())
    assert reply.status == 503
    assert ids(caplog)
    assert set(ids(caplog)) == {reply.json["request_id"]}


def test_lines_of_the_threads_that_read_a_list_have_it_too(
    caplog: pytest.LogCaptureFixture,
) -> None:
    cloud.officer("wang")
    broken = inject.error_response(400, "ValidationException")
    with inject.fault(wiring.dynamodb(), "dynamodb.Query", broken):
        reply = call("GET", "/v1/officer/reports", officer="wang")
    assert reply.status == 503
    from_threads = [
        record for record in caplog.records if record.threadName != threading.current_thread().name
    ]
    assert from_threads
    assert set(ids(caplog)) == {reply.json["request_id"]}


def test_what_is_logged_outside_a_request_has_none(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("chalicelib.test").warning("outside")
    # A thread of an earlier request may log late, and then with that request's id.
    [outside] = [record for record in caplog.records if record.getMessage() == "outside"]
    assert not hasattr(outside, "request_id")
