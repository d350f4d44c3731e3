"""A refused request says what to do, and has an id that a user can quote."""

import logging
import threading

import pytest

from chalicelib import wiring
from chalicelib.domain.officers.model import Role
from tests import cloud
from tests.client import call, new_key, report
from tests.faults import inject
from tests.steps import by_reporter, file

pytestmark = pytest.mark.officers("wang", admin={"roles": (Role.ADMIN,)})

REPORTS = "/v1/officer/reports"


def test_a_withdrawn_report_is_explained_to_both_sides() -> None:
    created = file()
    by_reporter("DELETE", created)
    path = f"{REPORTS}/{created['id']}/messages"
    reply = call("POST", path, {"text": "Hello."}, officer="wang")
    assert reply.refusal == (409, "withdrawn")
    assert reply.json["detail"].startswith("The reporter has withdrawn this report")


def test_a_call_without_its_body_says_that_it_needs_one() -> None:
    reply = call("POST", f"/v1/officer/exports/{'0' * 20}/parts/1", officer="wang")
    assert (reply.status, reply.json["detail"][:23]) == (415, "This call needs a body:")


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
