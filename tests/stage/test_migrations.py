"""Each migration makes rows of the form before what the code of today writes."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import boto3
import pytest
from moto.dynamodb.models import dynamodb_backends

from chalicelib import wiring
from chalicelib.aws import keys
from chalicelib.aws.keys import task_fields
from chalicelib.aws.table import ConditionFailed, Row, Table
from chalicelib.aws.writes import Update
from chalicelib.domain.audit.ledger import Event
from chalicelib.domain.audit.seals import hour_of
from chalicelib.kernel import times
from chalicelib.kernel.outbox import OutboxTask, TaskKind
from chalicelib.services.reports.open_cases import seal_reason
from chalicelib.store.audit.ledger import LeafWrites
from chalicelib.store.reports.heads import change_head
from infra.migrations import m0002_ends, m0003_ranks
from infra.migrations.m0001_listed import MIGRATION, change
from infra.stage.migrate import Run
from infra.stage.target import Target
from tests import cloud
from tests.client import call, change_report
from tests.places import place_of
from tests.steps import by_second_officer, file, mine, write

pytestmark = pytest.mark.usefixtures("aws", "clean")


@pytest.fixture
def table(aws: Mapping[str, str], clean: None) -> Table:
    return Table(boto3.client("dynamodb"), aws["REPORTS_TABLE"])


def filed(table: Table) -> Any:
    """File a report, acknowledge it, and take from its HEAD what form 0 does not have."""
    made = file()
    path = f"/v1/officer/reports/{made['id']}"
    step = {"status": "acknowledged", "assignee": "wang"}
    assert call("PATCH", path, step, officer="wang", version=1).status == 200
    made["row"] = head(table, made)
    # In its memory: the mocked table takes no HEAD without the map (`tests/listed.py`).
    pk, sk = key_of(made)
    for item in dynamodb_backends["123456789012"]["us-east-1"].tables[table.name].all_items():
        if (item.attrs["pk"].value, item.attrs["sk"].value) == (pk, sk):
            del item.attrs["listed"], item.attrs["form"]
    return made


def key_of(made: Any) -> keys.Key:
    return keys.report(made["id"]), keys.HEAD


def head(table: Table, made: Any) -> Row:
    row = table.get(*key_of(made), consistent=True)
    assert row is not None
    return row


def test_0001_gives_a_head_the_map_that_lists_read(table: Table, target: Target) -> None:
    cloud.officer("wang")
    made = filed(table)
    _, changed = Run(target, MIGRATION).carry_out()
    assert changed == 1
    assert head(table, made) == made["row"]
    listed = call("GET", "/v1/officer/reports", officer="wang").json["items"]
    assert [(row["id"], row["status"]) for row in listed] == [(made["id"], "acknowledged")]


def test_0001_leaves_a_head_of_form_1_and_a_bulletin_alone(table: Table, target: Target) -> None:
    file()
    assert Run(target, MIGRATION).carry_out()[1] == 0
    assert change({"pk": "BULLETIN#1", "sk": keys.HEAD}) is None


def test_0001_gives_what_is_left_of_a_report_no_map(table: Table, target: Target) -> None:
    gone = {"pk": keys.report("0" * 26), "sk": keys.HEAD, "id": "0" * 26}
    gone["deleted_at"] = times.render(wiring.clock.now())
    table.put(gone)
    Run(target, MIGRATION).carry_out()
    assert table.get(gone["pk"], keys.HEAD) == gone | {"form": 1}


def test_0001_does_not_write_over_a_step_that_came_between(table: Table) -> None:
    cloud.officer("wang")
    as_it_was = head(table, filed(table)) | {"status": "new"}
    update = change(as_it_was)
    assert update is not None
    with pytest.raises(ConditionFailed):
        table.update(update)


def closed_alone(table: Table, category: str = "child_abduction", **more: Any) -> Any:
    """File a report, and close it as 0.2.0rc1 did: at once, while its end waits."""
    made, now = file(category), wiring.clock.now()
    cloud.catch_up()
    found = cloud.head(made["id"])
    put: dict[str, Any] = {
        "status": "closed",
        "closed_at": now,
        "decided_at": now,
        "acknowledged_at": now,
        "attended": True,
        "version": 2,
        "proposal": {"disposition": "unfounded", "by": "wang", "at": now},
        "sealed_reason": seal_reason(found.report, "The aunt had fetched her."),
        **task_fields(found.row["pk"], keys.HEAD, OutboxTask(TaskKind.EXPIRE, now)),
    }
    closed = found.recorded.next(Event.CLOSED, b"", hour_of(now))
    leaves = LeafWrites.of(
        [*found.recorded.first(found.recorded.received), *closed], found.recorded, table
    )
    update = change_head(found, put=put | more | dict(leaves.put), append=leaves.append)
    table.transact([table.item(update), *leaves.items])
    return made


def test_0002_opens_again_what_one_officer_has_ended_alone(table: Table, target: Target) -> None:
    cloud.officer("wang")
    cloud.officer("li")
    made, other = closed_alone(table), closed_alone(table)
    # Before it is migrated, too, its reporter reads of no end.
    assert mine(made)["outcome"] is None
    assert Run(target, m0002_ends.MIGRATION).carry_out()[1] == 2
    assert m0002_ends.change(head(table, made)) is None
    row = head(table, made)
    assert (row["status"], row["attention_at"][0], row["awaits"]) == ("new", "0", ["closing#wang#"])
    assert cloud.head(made["id"]).recorded.count(Event.REOPENED) == 1
    assert mine(made)["status"] == "received"
    cloud.forget_sent()
    for _ in range(10):
        wiring.clock.advance(timedelta(minutes=5))
        cloud.sweep()
        cloud.stream(cloud.all_keys())
    kinds = {each["kind"] for each in cloud.sent()}
    assert {"escalation", "approval"} <= kinds
    confirmed = by_second_officer(made, "/closing/confirm").expect(201)
    assert (confirmed["status"], confirmed["reason"]) == ("closed", "The aunt had fetched her.")
    assert mine(made)["outcome"]["reason"] == "The aunt had fetched her."
    assert head(table, other)["status"] == "new"


def test_what_was_ended_alone_and_is_not_migrated_is_neither_deleted_nor_lost(table: Table) -> None:
    cloud.officer("wang")
    cloud.officer("li")
    made = closed_alone(table)
    wiring.clock.advance(timedelta(days=200))
    cloud.sweep()
    assert by_second_officer(made, "/closing/confirm").expect(201)["disposition"] == "unfounded"
    assert mine(made)["outcome"]["reason"] == "The aunt had fetched her."


RANKS = m0003_ranks.MIGRATION
LISTS = (
    "sort=attention",
    "status=new",
    "status=acknowledged",
    "status=in_progress",
    "unread=true",
    "needs_action=true",
    "assignee=none",
)


FILED = {
    "junk": "other",
    "low": "other",
    "closed": "other",
    "high": "missing_elderly",
    "working": "missing_elderly",
    "unread": "missing_elderly",
    "critical": "child_abduction",
    "taken": "child_abduction",
}


@pytest.fixture
def before(table: Table) -> dict[str, str]:
    """Return reports of each kind, where the release before has placed them, by what they are."""
    for name in ("wang", "li"):
        cloud.officer(name)
    found = {"late": file()}
    cloud.go_on()
    cloud.sweep(timedelta(minutes=31))
    for name, category in FILED.items():
        found[name] = file(category)
    step_on = {name: partial(change_report, found[name]["id"], 1) for name in FILED}
    step_on["low"](urgency="low")
    step_on["taken"](status="acknowledged")
    step_on["unread"](status="acknowledged")
    step_on["working"](status="in_progress")
    step_on["closed"](status="closed", disposition="resolved", reason="Done.")
    write(found["unread"])
    found["drill"] = file("child_abduction", source="drill")
    ranks = {"late": "2", "unread": "3", "critical": "0", "closed": "9"}
    for name, made in found.items():
        row = head(table, made)
        put = {"attention_at": f"{ranks.get(name, '4')}#{row['listed_at']}"}
        table.update(Update(*key_of(made), put=put))
    return {name: str(made["id"]) for name, made in found.items()}


def ids(query: str) -> list[str]:
    path = f"/v1/officer/reports?fold=none&limit=50&{query}"
    return [each["id"] for each in call("GET", path, officer="wang").expect(200)["items"]]


def test_0003_moves_what_the_release_before_has_placed_and_no_list_ever_misses_it(
    table: Table, target: Target, before: dict[str, str]
) -> None:
    found = {query: set(ids(query)) for query in LISTS}
    is_open = set(before.values()) - {before["closed"]}
    assert found["sort=attention"] == found["needs_action=true"] | found["assignee=none"] == is_open
    assert found["status=acknowledged"] == {before["taken"], before["unread"]}
    assert (found["status=in_progress"], found["unread=true"]) == (
        {before["working"]},
        {before["unread"]},
    )

    dry, (_, changed) = Run(target, RANKS, dry=True).carry_out(), Run(target, RANKS).carry_out()
    assert changed == dry[1] == 7
    names = {each: name for name, each in before.items()}
    assert [names[each] for each in ids("sort=attention")] == [
        *("critical", "late", "high", "taken", "unread", "working", "junk", "low", "drill")
    ]
    assert {query: set(ids(query)) for query in LISTS} == found
    rows = [head(table, {"id": each}) for each in before.values()]
    assert [(row["attention_shard"], row["attention_at"]) for row in rows] == [*map(place_of, rows)]
    assert [*map(m0003_ranks.change, rows)] == [None] * len(rows)


@pytest.mark.parametrize("rows_before", [1, 3, 7])
def test_0003_goes_on_where_it_was_interrupted(
    table: Table, target: Target, before: dict[str, str], rows_before: int
) -> None:
    seen: list[Row] = []

    def interrupted(row: Row) -> Update | None:
        seen.append(row)
        if len(seen) > rows_before:
            raise RuntimeError("the network is gone")
        return m0003_ranks.change(row)

    with pytest.raises(RuntimeError):
        Run(target, replace(RANKS, change=interrupted), page=1).carry_out()
    Run(target, RANKS, page=1).carry_out()
    rows = [head(table, {"id": each}) for each in before.values()]
    assert [(row["attention_shard"], row["attention_at"]) for row in rows] == [*map(place_of, rows)]


@pytest.mark.parametrize("what", ["urgency", "unread", "flags"])
def test_0003_does_not_move_a_report_by_what_it_was(
    table: Table, before: dict[str, str], what: str
) -> None:
    old = {"urgency": "low", "unread": 3, "flags": ["overdue"]}
    as_it_was = head(table, {"id": before["high"]}) | {what: old[what]}
    update = m0003_ranks.change(as_it_was)
    assert update is not None
    with pytest.raises(ConditionFailed):
        table.update(update)


def test_0003_leaves_alone_what_is_deleted_or_being_deleted(
    table: Table, target: Target, before: dict[str, str]
) -> None:
    table.update(Update(*key_of({"id": before["high"]}), put={"expiring": True}))
    table.put({"pk": keys.report("0" * 26), "sk": keys.HEAD, "id": "0" * 26, "deleted_at": "2026"})
    assert Run(target, RANKS).carry_out()[1] == 6
    assert m0003_ranks.change({"pk": "BULLETIN#1", "sk": keys.HEAD}) is None


def test_0003_gives_a_bursts_reports_the_places_that_they_have(
    table: Table, target: Target, before: dict[str, str]
) -> None:
    put: Row = {"unproven": True, "in_burst": True}
    row = head(table, {"id": before["high"]})
    put |= {
        "attention_shard": f"{row['category_shard']}#bursts",
        "attention_at": f"1#{row['listed_at']}",
    }
    table.update(Update(*key_of({"id": before["high"]}), put=put))
    assert m0003_ranks.change(head(table, {"id": before["high"]})) is None
