"""Migration 0004: what 0.2.0rc1 took for attended to is looked at again, by who has it now."""

from collections.abc import Mapping
from typing import Any

import boto3
import pytest

from chalicelib.aws import keys
from chalicelib.aws.keys import TASK_FIELDS
from chalicelib.aws.table import Table
from chalicelib.store.reports.heads import listed_of
from infra.migrations.m0004_attended import MIGRATION, change
from infra.stage.migrate import Run
from infra.stage.target import Target
from tests import cloud
from tests.client import change_report
from tests.steps import by_officer, by_reporter, file_and_notify, head, opened

pytestmark = [
    pytest.mark.officers("wang", "li", zhao={"categories": ("other",)}),
    pytest.mark.usefixtures("fresh"),
]


@pytest.fixture
def table(aws: Mapping[str, str], clean: None) -> Table:
    return Table(boto3.client("dynamodb"), aws["REPORTS_TABLE"])


def as_of_rc1(table: Table, created: Mapping[str, Any], **fields: Any) -> None:
    """Let a report be attended to, as 0.2.0rc1 wrote it: with no task, whatever became of it."""
    row = {name: each for name, each in head(created).items() if name not in TASK_FIELDS}
    row |= {"attended": True, **fields}
    table.put(row | {"listed": listed_of(row)})


def migrate(target: Target) -> int:
    """Run the migration, and the tasks that it writes. Return how many rows it changed."""
    changed = Run(target, MIGRATION).carry_out()[1]
    for _ in range(2):
        cloud.sweep()
    return changed


def tasks(*created: Mapping[str, Any]) -> list[str | None]:
    return [head(each).get("task") for each in created]


def linked() -> tuple[dict[str, Any], dict[str, Any]]:
    original, created = file_and_notify(), file_and_notify()
    opened(original)
    change_report(original["id"], 1, status="acknowledged")
    body = {"report_ids": [created["id"]]}
    by_officer("POST", original, "/duplicates", body).expect(200)
    return original, created


def test_0004_lets_those_wait_whom_nobody_attends_to(table: Table, target: Target) -> None:
    _, held = linked()
    withdrawn, left = linked()
    assigned, critical, lost = (
        file_and_notify(each) for each in ("missing_elderly", "child_abduction", "missing_elderly")
    )
    read = file_and_notify()
    opened(read)
    opened(lost)
    by_reporter("DELETE", withdrawn)
    cloud.sweep()
    as_of_rc1(table, left)
    as_of_rc1(table, assigned, assignee="li")
    as_of_rc1(table, critical, assignee="li")
    as_of_rc1(table, lost, assignee="zhao")
    assert tasks(left, assigned, critical, lost, held, read) == [None] * 6

    assert migrate(target) == 5
    waiting = ["overdue", "overdue", "escalate", "overdue"]
    assert tasks(left, assigned, critical, lost, held, read) == [*waiting, None, None]
    assert head(lost).get("assignee") is None


def test_0004_takes_the_id_of_a_deleted_original_away(table: Table, target: Target) -> None:
    original, created = linked()
    table.put({**head(original), "deleted_at": "2026-11-29T00:00:00.000Z"})
    migrate(target)
    assert head(created).get("duplicate_of") is None
    assert tasks(created) == ["overdue"]


def test_0004_looks_once_and_a_second_look_changes_nothing(table: Table, target: Target) -> None:
    _, created = linked()
    as_of_rc1(table, created)
    row = head(created)
    update = change(row)
    assert update is not None
    for _ in range(2):
        table.update(update)
        cloud.sweep()
        assert head(created) == row
    assert change({"pk": "BULLETIN#1", "sk": keys.HEAD}) is None
