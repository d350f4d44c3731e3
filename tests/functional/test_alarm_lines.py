"""Alarms count lines of the log. Each line is written when it should be, with the field that its
filter reads.
"""

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jwt
import pytest

from chalicelib import wiring
from chalicelib.handlers import audit_events
from chalicelib.handlers.auth import authorize_officer
from infra.local import template
from tests import cloud, events
from tests.client import call
from tests.faults import inject

pytestmark = pytest.mark.usefixtures("aws", "clean")

FILTERS: dict[str, Any] = {
    name: resource["Properties"]
    for name, resource in template.load("alarms.yaml")["Resources"].items()
    if resource["Type"] == "AWS::Logs::MetricFilter"
}
UNREACHABLE = "http://127.0.0.1:9/jwks.json"  # the port "discard", where nothing listens


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    wiring.reset()
    wiring.pause_by(lambda seconds: None)
    yield
    wiring.reset()


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO)
    return caplog


def counted(name: str, log: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """Return the lines that a filter counts: it combines `$.field = *` and `$.field = "value"`
    with `||`. Lambda writes a record as JSON, with its message and what is extra side by side.
    """
    conditions = re.findall(r'\$\.([\w.]+) = (\*|"[^"]*")', FILTERS[name]["FilterPattern"])
    assert conditions
    return [
        record
        for record in log.records
        if any(matches(record, field, value) for field, value in conditions)
    ]


def matches(record: logging.LogRecord, field: str, value: str) -> bool:
    line = {**record.__dict__, "message": record.getMessage()}
    return field in line and value in ("*", f'"{line[field]}"')


def sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud.sweep()


def digest(monkeypatch: pytest.MonkeyPatch) -> None:
    audit_events.digest_audit(cloud.SCHEDULE, None)


def lose_the_audit(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud.officer("wang")
    table, down = wiring.audit().table, inject.error_response(500, "InternalServerError")
    with inject.fault(
        wiring.dynamodb(),
        "dynamodb.PutItem",
        lambda request: down(request) if table.name.encode() in request.body else None,
    ):
        assert call("GET", "/v1/officer/reports", officer="wang").status == 503


def lose_the_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWKS_URI", UNREACHABLE)
    token = jwt.encode({"sub": "s"}, "k" * 32, algorithm="HS256", headers={"kid": "k1"})
    with pytest.raises(jwt.PyJWKClientConnectionError):
        authorize_officer(events.authorizer_token(f"Bearer {token}"), None)


CAUSES: Mapping[str, Callable[[pytest.MonkeyPatch], None]] = {
    "OldestTaskMetric": sweep,
    "FailedTasksMetric": sweep,
    "UnacknowledgedMetric": sweep,
    "DigestsMetric": digest,
    "AuditFailuresMetric": lose_the_audit,
    "AuthorizerFailuresMetric": lose_the_keys,
    "OfficersFailuresMetric": lose_the_audit,
}


def test_every_filter_is_tried_here() -> None:
    assert CAUSES.keys() == FILTERS.keys()


@pytest.mark.parametrize("name", sorted(CAUSES))
def test_a_filter_counts_the_line_that_the_function_writes(
    name: str, log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    CAUSES[name](monkeypatch)
    [line] = counted(name, log)
    value = FILTERS[name]["MetricTransformations"][0]["MetricValue"]
    assert value == "1" or isinstance(getattr(line, value.removeprefix("$.")), int)


def test_an_access_that_is_in_the_audit_counts_as_no_failure(
    log: pytest.LogCaptureFixture,
) -> None:
    cloud.officer("wang")
    assert call("GET", "/v1/officer/reports", officer="wang").status == 200
    assert not counted("AuditFailuresMetric", log)


@pytest.mark.parametrize("token", ["", "Bearer x", "Bearer a.b.c", "Basic dTpw"])
def test_a_bad_token_rings_no_alarm(token: str, log: pytest.LogCaptureFixture) -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        authorize_officer(events.authorizer_token(token), None)
    assert not counted("AuthorizerFailuresMetric", log)
