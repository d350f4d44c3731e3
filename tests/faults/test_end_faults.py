"""Crashes and races at the end of a report: what is accepted is kept, each step happens once."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.kernel import times
from chalicelib.store.audit.rows import of_report
from tests import cloud
from tests.client import Reply, call, change_report, new_key
from tests.faults import inject
from tests.steps import by_reporter, file, head

pytestmark = pytest.mark.officers("wang", "li")

DAY = timedelta(days=1)
MEDIA = {"media": [{"content_type": "image/jpeg", "size": 10_000}]}
CLOSE = {"status": "closed", "disposition": "resolved", "reason": "Done."}
TRANSACT = "dynamodb.TransactWriteItems"
CRASHES = [inject.crash, inject.crash_after]


def closed(**more: Any) -> dict[str, Any]:
    created = file()
    change_report(created["id"], 1, **CLOSE | more)
    cloud.catch_up()
    return created


def write(created: Mapping[str, Any], key: str | None = None) -> Reply:
    return by_reporter("POST", created, "/messages", {"text": "He is back."}, key=key)


def declare(created: Mapping[str, Any], key: str | None = None) -> Reply:
    return by_reporter("POST", created, "/media", MEDIA, key=key)


def withdraw(created: Mapping[str, Any], key: str | None = None) -> Reply:
    return by_reporter("DELETE", created)


def mine(created: Mapping[str, Any]) -> Reply:
    return call("GET", "/v1/reports/mine", receipt=created["receipt"])


def end_of(created: Mapping[str, Any]) -> Any:
    return times.parse(mine(created).json["kept_until"])


def crashing(operation: str, position: int, crash: Any, do: Callable[[], object]) -> list[str]:
    """Do something that crashes at a call; return the calls. A caller tries again."""
    with inject.fault(wiring.dynamodb(), operation, inject.at(position, crash)) as called:
        try:
            do()
        except inject.Crash:
            do()
    return called


@pytest.mark.parametrize("add", [write, declare])
def test_what_is_accepted_while_the_deletion_begins_is_kept(add: Callable[..., Reply]) -> None:
    """It comes after the sweep has read the report, before the sweep marks it."""
    created = closed()
    replies: list[Reply] = []
    wiring.clock.advance(90 * DAY)

    def meanwhile(request: Any) -> None:
        if not replies:
            replies.append(Reply(0, {}, ""))
            replies.append(add(created))

    with inject.fault(wiring.dynamodb(), TRANSACT, meanwhile):
        cloud.sweep()
    assert replies[-1].status == 201
    for _ in range(3):
        cloud.sweep()
    assert mine(created).expect(200)["messages" if add is write else "media"]
    assert end_of(created) >= wiring.clock.now() + 30 * DAY - timedelta(minutes=1)


@pytest.mark.parametrize("add", [write, declare, withdraw])
def test_what_comes_when_the_deletion_has_begun_is_gone_and_says_so(
    add: Callable[..., Reply],
) -> None:
    """The sweep marks the report after the call has read it, before the call writes."""
    created = closed()
    wiring.clock.advance(90 * DAY)

    with inject.meanwhile(cloud.sweep):
        reply = add(created)
    assert reply.status == 410, reply.text
    assert mine(created).status == 410


@pytest.mark.parametrize("add", [write, declare, withdraw])
def test_in_the_middle_of_a_deletion_the_report_is_gone(add: Callable[..., Reply]) -> None:
    created = closed()
    wiring.clock.advance(90 * DAY)
    dies = inject.fault(wiring.dynamodb(), "dynamodb.DeleteItem", inject.at(1, inject.crash))
    with dies, pytest.raises(inject.Crash):
        cloud.sweep()
    assert head(created)["expiring"]
    assert add(created).status == 410


@pytest.mark.parametrize("add", [write, declare])
def test_what_is_added_while_the_report_is_closed_puts_its_deletion_off(
    add: Callable[..., Reply],
) -> None:
    created = file()

    def meanwhile() -> None:
        change_report(created["id"], 1, **CLOSE)
        wiring.clock.advance(DAY)

    with inject.meanwhile(meanwhile):
        assert add(created).status == 201
    assert head(created)["put_off_until"]


@pytest.mark.parametrize(("first", "second"), [(write, declare), (declare, write)])
def test_a_message_and_a_medium_at_the_same_moment_keep_the_later_end(
    first: Callable[..., Reply], second: Callable[..., Reply]
) -> None:
    created = closed()
    wiring.clock.advance(89 * DAY)
    before = wiring.clock.now()

    def meanwhile() -> None:
        wiring.clock.advance(timedelta(hours=1))
        assert second(created).status == 201

    with inject.meanwhile(meanwhile):
        assert first(created).status == 201
    assert end_of(created) >= before + timedelta(hours=1) + 30 * DAY - timedelta(milliseconds=1)
    assert len(mine(created).json["messages"]) == len(mine(created).json["media"]) == 1


@pytest.mark.parametrize("add", [write, declare])
def test_nothing_is_added_to_a_report_that_is_withdrawn_meanwhile(
    add: Callable[..., Reply],
) -> None:
    created = file()

    with inject.meanwhile(lambda: withdraw(created)):
        reply = add(created)
    assert reply.refusal == (409, "withdrawn")


@pytest.mark.parametrize("crash", CRASHES)
@pytest.mark.parametrize("add", [write, declare])
def test_an_addition_that_dies_is_repeated_once(add: Callable[..., Reply], crash: Any) -> None:
    created, key = closed(), new_key()
    wiring.clock.advance(89 * DAY)
    crashing(TRANSACT, 0, crash, lambda: add(created, key))
    assert head(created)["put_off_until"]
    assert len(mine(created).json["messages"] + mine(created).json["media"]) == 1


@pytest.mark.parametrize("crash", CRASHES)
def test_a_put_off_that_dies_notifies_and_records_once(crash: Any) -> None:
    created = closed()
    write(created)
    cloud.catch_up()
    wiring.clock.advance(end_of(created) - wiring.clock.now())
    crashing(TRANSACT, 0, crash, cloud.sweep)
    cloud.sweep()
    cloud.stream(cloud.all_keys())

    assert [notice["kind"] for notice in cloud.sent()] == ["message"]
    records = [
        row for row in wiring.audit().rows(of_report(created["id"])) if row["by"] == "(clock)"
    ]
    assert len(records) == 1
    assert end_of(created) > wiring.clock.now() + 29 * DAY


@pytest.mark.parametrize("crash", CRASHES)
def test_a_record_of_a_later_end_that_dies_is_written_once(crash: Any) -> None:
    created = closed()
    first = end_of(created)
    wiring.clock.advance(89 * DAY)
    write(created)
    wiring.clock.advance(first - wiring.clock.now())
    crashing(TRANSACT, 0, crash, cloud.sweep)
    cloud.sweep()
    rows = wiring.audit().rows(of_report(created["id"]))
    assert [row["by"] for row in rows].count("(clock)") == 1
    assert times.parse(head(created)["due_at"]) == end_of(created)


def test_without_a_record_nothing_is_put_off_and_the_task_stays() -> None:
    created = closed()
    write(created)
    cloud.stream(cloud.all_keys())  # its notice, so that only the end is due
    end = end_of(created)
    wiring.clock.advance(end - wiring.clock.now())
    refuse = inject.error_response(500, "InternalServerError")
    with inject.fault(wiring.dynamodb(), TRANSACT, refuse):
        assert cloud.sweep()["failed"] == 1
    assert end_of(created) == end
    cloud.sweep()
    assert end_of(created) > end


@pytest.mark.parametrize("change", [{"disposition": "no_action"}, {"status": "in_progress"}])
def test_a_step_while_a_report_is_put_off_is_not_undone(change: dict[str, str]) -> None:
    created = closed()
    write(created)
    before = head(created)["put_off_until"]
    wiring.clock.advance(end_of(created) - wiring.clock.now())

    with inject.meanwhile(lambda: change_report(created["id"], 2, messages_seen=1, **change)):
        cloud.sweep()
    row = head(created)
    assert row.get("put_off_until") == (before if "disposition" in change else None)
    # The end takes an opening, which reads what was written.
    assert row["unread"] == ("disposition" not in change)
    assert ("task" in row) == ("disposition" in change)


@pytest.mark.parametrize("crash", CRASHES)
@pytest.mark.parametrize("position", range(5))
@pytest.mark.parametrize("operation", ["dynamodb.*", "s3.*"])
def test_a_deletion_that_dies_anywhere_lowers_the_count_of_the_original_once(
    operation: str, position: int, crash: Any
) -> None:
    original, other = file(), file()
    duplicate = closed(disposition="duplicate", duplicate_of=original["id"])
    change_report(other["id"], 1, duplicate_of=original["id"])
    assert head(original)["duplicates"] == 2
    wiring.clock.advance(90 * DAY)
    client = wiring.dynamodb() if operation.startswith("dynamodb") else wiring.s3()
    # The calls before are those that find what is due.
    expire = "dynamodb.TransactWriteItems" if operation.startswith("dynamodb") else operation
    with inject.fault(client, expire if position == 0 else operation, inject.at(position, crash)):
        try:
            cloud.sweep()
        except inject.Crash:
            cloud.sweep()
    cloud.sweep()
    assert mine(duplicate).status == 410
    assert head(original)["duplicates"] == 1


@pytest.mark.parametrize("crash", CRASHES)
def test_a_withdrawal_that_dies_lowers_the_count_of_the_original_once(crash: Any) -> None:
    original = file()
    duplicate = closed(disposition="duplicate", duplicate_of=original["id"])
    crashing(TRANSACT, 0, crash, lambda: withdraw(duplicate))
    assert withdraw(duplicate).status == 204
    assert head(original)["duplicates"] == 0
    cloud.sweep(end_of(duplicate) - wiring.clock.now())
    assert mine(duplicate).status == 410
    assert head(original)["duplicates"] == 0


@pytest.mark.parametrize("ends", ["duplicate", "withdrawal"])
def test_an_original_whose_deletion_begins_meanwhile_stops_no_end(ends: str) -> None:
    original = file()
    duplicate = closed(disposition="duplicate", duplicate_of=original["id"])
    wiring.clock.advance(60 * DAY)
    withdraw(original)
    pk = keys.report(original["id"])
    due = [end_of(duplicate), end_of(original)]
    wiring.clock.advance(max(due) - wiring.clock.now())

    def meanwhile() -> None:
        pending = wiring.outbox().read((pk, keys.HEAD))
        if pending and not pending.report.expiring:
            wiring.reports().deletion.begin(pending, [])

    with inject.meanwhile(meanwhile):
        if ends == "withdrawal":
            assert withdraw(duplicate).status == 204
        else:
            cloud.sweep()
    for _ in range(2):
        cloud.sweep()
    assert mine(original).status == 410
    assert mine(duplicate).status == (200 if ends == "withdrawal" else 410)
