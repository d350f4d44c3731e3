"""Faults while a report is created.

A report with a 201 is stored, a stored report is notified, and a repeated call is the same report.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from chalicelib import wiring
from tests import cloud
from tests.client import call, new_key, report
from tests.faults import inject
from tests.steps import file, mine

pytestmark = pytest.mark.usefixtures("aws", "clean")

BODIES: dict[str, dict[str, Any]] = {
    "text": report(),
    "contact": report(contact={"phone": "13800000000"}),
    "media": report(media=[{"content_type": "image/jpeg", "size": 10}] * 2),
}


@pytest.fixture(autouse=True)
def _now(aws: Mapping[str, str]) -> None:
    wiring.clock.advance(wiring.clock.wall_clock() - wiring.clock.now())


def settle() -> None:
    """Let time pass without the stream, so that only the sweep works."""
    cloud.sweep(timedelta(minutes=2))


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize(
    "moment", [inject.crash, inject.crash_after], ids=["before the write", "after the write"]
)
@pytest.mark.parametrize("client_tries_again", [True, False])
def test_a_crash_around_the_write_loses_nothing_that_was_promised(
    kind: str, moment: Callable[[Any], Any], client_tries_again: bool
) -> None:
    key = new_key()
    with inject.dying("dynamodb.*", how=moment):
        call("POST", "/v1/reports", BODIES[kind], key=key)
    if client_tries_again:
        reply = call("POST", "/v1/reports", BODIES[kind], key=key)
        assert reply.status in (200, 201)
        assert call("GET", "/v1/reports/mine", receipt=reply.json["receipt"]).status == 200
    settle()

    heads = [key for key in cloud.all_keys() if key[1] == "HEAD"]
    assert len(heads) == (1 if client_tries_again or moment is inject.crash_after else 0)
    assert len(cloud.sent()) == len(heads)


@pytest.mark.parametrize("kind", BODIES)
def test_a_response_lost_on_the_way_is_a_creation_all_the_same(kind: str) -> None:
    operation = "dynamodb.PutItem" if kind == "text" else "dynamodb.TransactWriteItems"
    with inject.fault(
        wiring.dynamodb(), operation, inject.times(1, inject.lose_response)
    ) as called:
        reply = call("POST", "/v1/reports", BODIES[kind], key=new_key())

    assert len(called) == 2
    assert reply.status == 201
    assert mine(reply.json)["text"] == report()["text"]


@pytest.mark.parametrize("times", range(1, 7))
@pytest.mark.parametrize(
    "refusal",
    [
        inject.error_response(400, "ProvisionedThroughputExceededException"),
        inject.error_response(500, "InternalServerError"),
        inject.error_response(400, "TransactionConflictException"),
    ],
    ids=["throttled", "broken", "conflict"],
)
def test_faults_of_the_database_end_in_the_report_or_in_a_clear_503(
    times: int, refusal: Any
) -> None:
    key = new_key()
    with inject.fault(wiring.dynamodb(), "dynamodb.PutItem", inject.times(times, refusal)):
        reply = call("POST", "/v1/reports", report(), key=key)

    heads = [item for item in cloud.all_keys() if item[1] == "HEAD"]
    if reply.status == 201:
        assert len(heads) == 1
    else:
        assert reply.refusal == (503, "unavailable")
        assert int(reply.headers["retry-after"]) > 0
        assert heads == []
        assert call("POST", "/v1/reports", report(), key=key).status == 201


@pytest.mark.parametrize(
    "moment", [inject.crash, inject.crash_after], ids=["before publishing", "after publishing"]
)
def test_a_publisher_that_dies_around_its_publish_is_made_good_by_the_sweep(moment: Any) -> None:
    file()
    with inject.dying("sns.PublishBatch", how=moment):
        cloud.stream(cloud.all_keys())
    settle()

    notices = cloud.sent()
    assert len(notices) == (1 if moment is inject.crash else 2)
    assert len({notice["event_id"] for notice in notices}) == 1


def test_with_the_stream_off_for_a_day_every_notice_is_sent_by_the_sweep() -> None:
    for _ in range(5):
        file()
    cloud.sweep(timedelta(hours=25))

    assert len(cloud.sent()) == 5


def test_while_sns_is_down_nothing_is_lost_and_intake_goes_on() -> None:
    def down(request: Any) -> Any:
        raise ReadTimeoutError(endpoint_url=request.url)

    with inject.fault(wiring.topic()._client, "sns.*", down):
        file()
        failed = cloud.stream(cloud.all_keys())
        settle()
    assert len(failed["batchItemFailures"]) == 1
    assert cloud.sent() == []
    settle()

    assert len(cloud.sent()) == 1


def test_stream_and_sweep_at_once_complete_a_row_once() -> None:
    file()
    wiring.clock.advance(timedelta(minutes=2))

    with inject.meanwhile(cloud.sweep, "sns.PublishBatch"):
        cloud.stream(cloud.all_keys())
    cloud.sweep()

    assert len({notice["event_id"] for notice in cloud.sent()}) == 1
    assert len(cloud.sent()) == 2
