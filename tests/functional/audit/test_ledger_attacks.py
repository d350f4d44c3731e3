"""Attacks on the ledger's rows and hours, and on steps that one officer should not do alone."""

import os
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.domain.audit.ledger import Event, Leaf, ReceiptKeys
from chalicelib.domain.audit.seals import hour_of
from chalicelib.domain.reports.outlines import expires_at
from chalicelib.store.reports.heads import update_head
from infra.stage.audit import StoredLedger
from tests import cloud
from tests.audit_trail import unlocked_bucket
from tests.client import call, change_report, read_and_approve
from tests.ledger import close_hour, filed, public_hours, stored_ledger, verify
from tests.steps import by_reporter, file

pytestmark = pytest.mark.officers("wang", "li")


@pytest.fixture
def ledger(aws: Mapping[str, str]) -> StoredLedger:
    return stored_ledger()


def put_row(sk: str, **more: Any) -> None:
    """Write a row as the residents' role may: it may put anything under `LEDGER#`."""
    pk = keys.ledger(hour_of(wiring.clock.now()), 0)
    cloud.client("dynamodb").put_item(
        TableName=os.environ["REPORTS_TABLE"], Item={"pk": {"S": pk}, "sk": {"S": sk}, **more}
    )


@pytest.mark.parametrize(
    "sk", ["no leaf", "aa", "aa" * 31, "aa" * 33, "aa" * 64, "AA" * 32, "", " " + "aa" * 32]
)
def test_a_row_that_is_no_leaf_neither_stops_the_ledger_nor_spoils_an_hour(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], sk: str
) -> None:
    close_hour()
    created = filed()
    put_row(sk or "-")
    before = len(public_hours())
    close_hour()
    hours = public_hours()
    assert len(hours) == before + 1
    assert verify(tmp_path, capsys, hours[-2:], receipt=created["receipt"]).code == 0


def test_a_leaf_that_no_step_has_written_is_named(ledger: StoredLedger) -> None:
    """An owner who plants a closing, to delete the report 30 days later, is found by the check."""
    created = filed()
    close_hour()
    assert not list(ledger.wrong(wiring.clock.now(), Counter()))
    own = ReceiptKeys.of(created["receipt"]).ledger_id
    hour = hour_of(wiring.clock.now())
    for event, n, data in (
        (Event.CLOSED, 0, b"unfounded"),
        (Event.CLOSED, 1, b"unfounded"),
        (Event.EXPIRED, 0, b""),
        (Event.REOPENED, 0, (0).to_bytes(4, "big")),
    ):
        put_row(Leaf(event, n, data, hour).hash(own).hex())
    close_hour()
    *found, of_the_hour = ledger.wrong(wiring.clock.now(), Counter())
    assert len(found) == 4, found
    assert all(created["id"] in each for each in found)
    assert "4 more events" in of_the_hour


def test_another_end_that_waits_does_not_keep_a_closed_report_longer() -> None:
    """One officer alone, without a leaf, again and again."""
    created = filed()
    one = created["id"]
    change_report(one, 1, status="closed", disposition="resolved", reason="Seen to.")
    first = cloud.head(one)
    cloud.sweep(timedelta(days=80))
    version = first.report.version
    change_report(one, version, disposition="malicious")
    again = cloud.head(one)
    assert len(again.recorded.leaves) == len(first.recorded.leaves)
    assert expires_at(again.report) == expires_at(first.report)


def test_a_proof_takes_no_more_reads_than_there_are_hours() -> None:
    """Otherwise whoever closes and reopens a report often enough makes its proof time out."""
    created = filed()
    rounds = 6
    for version in range(1, 2 * rounds, 2):
        for _ in range(4):
            close_hour()
        change_report(created["id"], version, status="closed", disposition="resolved", reason="x")
        change_report(created["id"], version + 1, status="in_progress")
    for _ in range(5):
        close_hour()
    calls: list[str] = []
    s3 = wiring.s3()
    handler = lambda model, **_: calls.append(model.name)  # noqa: E731
    s3.meta.events.register("before-call.s3", handler)
    try:
        proof = by_reporter("GET", created, "/proof").json
    finally:
        s3.meta.events.unregister("before-call.s3", handler)
    assert len(proof["leaves"]) == 2 + 2 * rounds
    assert all("path" in each for each in proof["leaves"])
    hours = len(proof["heads"])
    # To find the oldest version of an hour and to read it; and the last hour.
    assert len(calls) <= 2 * hours + 2, (len(calls), hours)


def test_a_bulletin_that_has_expired_is_not_renewed_by_one_officer() -> None:
    draft = {"channel": "key_cases", "title": {"en": "Seen?"}, "body": {"en": "Tuesday."}}
    one = call("POST", "/v1/officer/bulletins", draft, officer="wang").json["id"]
    path = f"/v1/officer/bulletins/{one}"
    assert read_and_approve(f"{path}/approve", "li").status == 200
    for _ in range(3):
        cloud.sweep(timedelta(days=31))
        assert call("GET", path, officer="li").json["state"] == "expired"
        assert read_and_approve(f"{path}/approve", "li").status != 200


def test_what_was_recorded_long_before_the_first_run_is_not_lost() -> None:
    """As when the first runs fail after the first deployment, for more than four hours."""
    with unlocked_bucket():
        created = filed()
        wiring.clock.advance(timedelta(hours=9))
        close_hour()
        proof = by_reporter("GET", created, "/proof").json
    assert proof["latest"]
    assert all("path" in each for each in proof["leaves"])


def test_concurrent_steps_number_their_leaves_without_gaps() -> None:
    """Another officer's step comes between the reading and the writing of each step."""
    created = filed()
    one = created["id"]

    def other(body: dict[str, Any], officer: str = "li") -> None:
        head = cloud.head(one)
        path, version = f"/v1/officer/reports/{one}", head.report.version
        call("PATCH", path, body, officer=officer, version=version)

    steps: list[tuple[dict[str, Any], dict[str, Any]]] = [
        (
            {"status": "closed", "disposition": "resolved", "reason": "x"},
            {"status": "closed", "disposition": "not_police", "reason": "y"},
        ),
        ({"disposition": "no_action"}, {"disposition": "resolved"}),
        ({"disposition": "not_police"}, {"status": "in_progress"}),
        ({"status": "closed", "disposition": "not_police", "reason": "x"}, {"assignee": "li"}),
    ]
    table = wiring.reports().table
    real = table.transact
    for mine, theirs in steps:
        done: list[int] = []

        def between(items: Any, theirs: dict[str, Any] = theirs, done: list[int] = done) -> None:
            if not done:
                done.append(1)
                other(theirs)
            real(items)

        table.transact = between  # type: ignore[method-assign]
        try:
            other(mine, "wang")
        finally:
            table.transact = real  # type: ignore[method-assign]
        assert done
    head = cloud.head(one)
    for event in Event:
        numbers = [leaf.n for leaf in head.recorded.leaves if leaf.event is event]
        assert numbers == list(range(len(numbers))), (event, numbers)
    status = head.report.status
    closings = head.recorded.count(Event.CLOSED)
    reopened = [
        int.from_bytes(leaf.data) for leaf in head.recorded.leaves if leaf.event is Event.REOPENED
    ]
    assert (status == "closed") is (closings > max(reopened, default=0))


def change_row(report_id: str, name: str, value: str) -> None:
    wiring.reports().table.update(update_head(report_id, put={name: value}))


def test_a_report_that_was_made_a_drill_is_named(ledger: StoredLedger) -> None:
    """A drill is deleted after 30 days, open or not, and the check passes it over."""
    created = filed()
    close_hour()
    change_row(created["id"], "source", "drill")
    found = list(ledger.wrong(wiring.clock.now(), Counter()))
    assert any(created["id"] in each for each in found), found


def test_a_report_of_which_nobody_is_ever_notified_is_named(ledger: StoredLedger) -> None:
    """Its first notice is put off for ever: neither the sweep nor its alarm sees it."""
    created = file()
    change_row(created["id"], "task_at", f"9999-01-01T00:00:00Z#{created['id']}")
    change_row(created["id"], "not_before", "9999-01-01T00:00:00Z")
    for _ in range(5):
        cloud.sweep()
        close_hour()
    found = list(ledger.wrong(wiring.clock.now(), Counter()))
    assert any(created["id"] in each for each in found), found
