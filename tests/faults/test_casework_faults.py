"""Many officers at the same time, and lost responses: no step is lost or done twice.

The history is always a series of legal steps.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.reports.report import Status
from chalicelib.domain.reports.workflow import TRANSITIONS
from chalicelib.store.audit.rows import of_report
from tests import cloud
from tests.client import Reply, call
from tests.faults import inject
from tests.steps import by_officer, by_reporter, file, head

pytestmark = pytest.mark.usefixtures("aws", "clean")

WORKERS, UPDATES = 8, 25
CLOSE = {"status": "closed", "disposition": "resolved", "reason": "Seen to."}


@pytest.fixture
def filed() -> dict[str, Any]:
    for worker in range(WORKERS):
        cloud.officer(f"officer{worker}")
    return file()


def patch(filed: dict[str, Any], body: Any, version: int, officer: str = "officer0") -> Reply:
    return by_officer("PATCH", filed, "", body, officer=officer, version=version)


def changes(filed: dict[str, Any]) -> list[dict[str, Any]]:
    rows = [row for row in wiring.audit().rows(of_report(filed["id"])) if row["action"] == "change"]
    return sorted(
        (json.loads(row["detail"]) for row in rows), key=lambda detail: int(detail["version"])
    )


@pytest.mark.slow
def test_eight_officers_with_twenty_five_steps_each_lose_none(filed: dict[str, Any]) -> None:
    def work(worker: int) -> None:
        for _ in range(UPDATES):
            while True:
                present = head(filed)
                legal = TRANSITIONS[Status(present["status"])]
                target = legal[worker % len(legal)]
                body = CLOSE if target is Status.CLOSED else {"status": target.value}
                reply = patch(filed, body, present["version"], f"officer{worker}")
                if reply.status == 200:
                    break
                assert reply.status == 412, reply.text

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(work, range(WORKERS)))

    assert head(filed)["version"] == 1 + WORKERS * UPDATES
    steps = changes(filed)
    assert [step["version"] for step in steps] == list(range(2, 2 + WORKERS * UPDATES))
    status = Status.NEW
    for step in steps:
        moved = step["fields"]["status"]
        assert moved["old"] == status
        assert moved["new"] in TRANSITIONS[status]
        status = Status(moved["new"])
    assert status == head(filed)["status"]


def test_a_hundred_looks_at_one_report_do_not_hinder_each_other(filed: dict[str, Any]) -> None:
    path = f"/v1/officer/reports/{filed['id']}"
    with ThreadPoolExecutor(8) as pool:
        statuses = list(
            pool.map(
                lambda n: call("GET", path, officer=f"officer{n % WORKERS}").status, range(100)
            )
        )

    assert statuses == [200] * 100
    assert len(wiring.audit().rows(of_report(filed["id"]))) == 100


def test_a_step_whose_response_is_lost_is_carried_out_once(filed: dict[str, Any]) -> None:
    """DynamoDB recognises a repeated call by its token. The mock does not, so the officer must read
    the report again.
    """
    with inject.fault(
        wiring.dynamodb(), "dynamodb.TransactWriteItems", inject.times(1, inject.lose_response)
    ):
        reply = patch(filed, {"status": "acknowledged"}, 1)

    assert reply.status in (200, 412)
    assert head(filed)["version"] == 2
    assert len(changes(filed)) == 1


def test_every_try_of_a_transaction_carries_the_same_token(filed: dict[str, Any]) -> None:
    tokens: list[str] = []

    def fail_twice(request: Any) -> Any:
        tokens.append(json.loads(request.body)["ClientRequestToken"])
        return (
            inject.error_response(500, "InternalServerError")(request) if len(tokens) < 3 else None
        )

    with inject.fault(wiring.dynamodb(), "dynamodb.TransactWriteItems", fail_twice):
        assert patch(filed, {"status": "acknowledged"}, 1).status == 200
    assert (len(tokens), len(set(tokens))) == (3, 1)


def test_a_message_that_comes_in_between_does_not_make_a_step_stale(filed: dict[str, Any]) -> None:
    """Completing a notice does not either: only officers' steps change the version."""

    with inject.meanwhile(lambda: by_reporter("POST", filed, "/messages", {"text": "Wait."})):
        reply = patch(filed, {"status": "acknowledged"}, 1)

    assert (reply.status, reply.json["version"]) == (200, 2)


def test_a_withdrawal_that_comes_in_between_wins(filed: dict[str, Any]) -> None:
    with inject.meanwhile(lambda: by_reporter("DELETE", filed)):
        reply = patch(filed, CLOSE, 1)

    assert reply.refusal == (409, "illegal_transition")
    assert head(filed)["status"] == "withdrawn"


def test_two_reports_cannot_become_duplicates_of_each_other(filed: dict[str, Any]) -> None:
    other = file()

    with inject.meanwhile(lambda: patch(other, {"duplicate_of": filed["id"]}, 1, "officer1")):
        reply = patch(filed, {"duplicate_of": other["id"]}, 1)

    assert reply.wrong[0][1] == "circular"
    assert "duplicate_of" not in head(filed)
