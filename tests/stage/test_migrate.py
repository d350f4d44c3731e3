"""Migrations go on where they were interrupted, run once, and one at a time."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from chalicelib.aws import keys
from chalicelib.aws.table import Row, Table
from chalicelib.aws.writes import Delete, Update
from infra.deploy.live import put_live
from infra.migrations import Migration, all_migrations
from infra.stage.console import Refused
from infra.stage.migrate import (
    LEASE,
    Run,
    main,
    migrate_stage,
    missing,
    refuse_earlier_code,
    say_missing,
)
from infra.stage.target import Target, find_stage
from infra.stage.versions import roll_back
from tests.stage.lambdas import deployed

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
ROWS = 40


def double(row: Row) -> Update | None:
    """Give a row of form 0 twice its number."""
    if row.get("form"):
        return None
    same = {"form": None, "number": row["number"]}
    return Update(row["pk"], row["sk"], put={"twice": 2 * row["number"], "form": 1}, equal=same)


DOUBLE = Migration("0001", "double each number", "ReportsTableName", double, sort_key="HEAD")


@pytest.fixture
def table(aws: Mapping[str, str], clean: None) -> Table:
    """Return the table of reports with 40 heads of form 0, and as many other rows."""
    table = Table(boto3.client("dynamodb"), aws["REPORTS_TABLE"])
    for number in range(ROWS):
        for sk in ("HEAD", "NOTE#1"):
            table.put({"pk": f"REPORT#{number}", "sk": sk, "number": number})
    return table


@pytest.fixture
def stage(target: Target) -> Target:
    """Return a stage whose version brought the migration."""
    return Target("dev", target.session, None, {**target.outputs, "Migrations": "0001"}, "")


def heads(table: Table) -> list[Row]:
    rows = table.scan(attributes=("pk", "sk", "number", "twice", "form"))
    return [row for row in rows if row["sk"] == "HEAD"]


def everything(table: Table) -> Any:
    items = boto3.client("dynamodb").scan(TableName=table.name)["Items"]
    return sorted(items, key=lambda item: (item["pk"]["S"], item["sk"]["S"]))


def state(table: Table) -> Row | None:
    return table.get(*keys.migration("0001"))


def run(stage: Target, migration: Migration = DOUBLE, **more: Any) -> tuple[int, int]:
    settings: dict[str, Any] = {"now": lambda: NOW, "page": 3} | more
    return Run(stage, migration, **settings).carry_out()


def counting(changed: list[str], end_after: int = ROWS * 2) -> Migration:
    """Return the migration, which notes the rows that it is asked for, and fails after a number."""

    def change(row: Row) -> Update | None:
        if len(changed) >= end_after:
            raise KeyboardInterrupt
        changed.append(row["pk"])
        return double(row)

    return Migration(DOUBLE.number, DOUBLE.what, DOUBLE.table, change, DOUBLE.sort_key)


def test_every_row_is_changed_and_no_other(stage: Target, table: Table) -> None:
    before = [row for row in table.scan(attributes=("pk", "sk", "number")) if row["sk"] != "HEAD"]
    # The row that says where it stands is read, too.
    assert run(stage) == (2 * ROWS + 1, ROWS)
    assert all(row["twice"] == 2 * row["number"] and row["form"] == 1 for row in heads(table))
    others = [row for row in table.scan(attributes=("pk", "sk", "number")) if "number" in row]
    assert [row for row in others if row["sk"] != "HEAD"] == before


def test_an_interrupted_one_goes_on_where_it_was(stage: Target, table: Table) -> None:
    first: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        run(stage, counting(first, end_after=ROWS // 2))
    assert 0 < sum("form" in row for row in heads(table)) < ROWS

    second: list[str] = []
    assert run(stage, counting(second))[1] <= ROWS
    assert all(row["twice"] == 2 * row["number"] for row in heads(table))
    # Of what was done only the last page of each segment is looked at again.
    assert len(second) < ROWS


def test_the_counts_are_of_all_runs_together(stage: Target, table: Table) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(stage, counting([], end_after=ROWS // 2))
    seen, _ = run(stage)
    assert seen >= ROWS * 2


def test_a_migration_runs_once(stage: Target, table: Table) -> None:
    migrate_stage(stage, [DOUBLE])
    assert missing(stage, [DOUBLE]) == []
    table.put({"pk": "REPORT#X", "sk": "HEAD", "number": 5})
    migrate_stage(stage, [DOUBLE])
    assert table.get("REPORT#X", "HEAD") == {"pk": "REPORT#X", "sk": "HEAD", "number": 5}


def test_a_dry_run_writes_nothing(stage: Target, table: Table) -> None:
    before = everything(table)
    assert run(stage, dry=True)[1] == ROWS
    assert everything(table) == before
    assert missing(stage, [DOUBLE]) == [DOUBLE]


def test_two_at_once_refuse(stage: Target, table: Table) -> None:
    met: list[str] = []

    def meet(row: Row) -> Update | None:
        if not met:
            met.append(row["pk"])
            with pytest.raises(Refused, match=r"0001 \(double each number\) is running elsewhere"):
                run(stage)
        return double(row)

    run(stage, Migration("0001", DOUBLE.what, DOUBLE.table, meet, "HEAD"))
    assert met


def test_of_two_that_begin_at_once_one_is_refused(stage: Target, table: Table) -> None:
    pk, sk = keys.migration("0001")
    other = {"pk": pk, "sk": sk, "owner": "another", "until": "2026-11-29T12:01"}

    def now() -> datetime:
        """Let another one begin between the look at who runs it and the beginning."""
        table.put(other)
        return NOW

    with pytest.raises(Refused, match="was begun elsewhere at the same time"):
        run(stage, now=now)
    assert state(table) == other


def test_one_that_was_cut_off_is_free_again_in_two_minutes(stage: Target, table: Table) -> None:
    table.put({"pk": "MIGRATION#0001", "sk": "STATE", "owner": "gone", "until": "2026-11-29T12:01"})
    with pytest.raises(Refused, match="free at 2026-11-29T12:01"):
        run(stage)
    assert run(stage, now=lambda: NOW + LEASE)[1] == ROWS


def test_one_that_was_taken_over_stops(stage: Target, table: Table) -> None:
    def lose(row: Row) -> Update | None:
        table.update(Update(*keys.migration("0001"), put={"owner": "another"}))
        return double(row)

    with pytest.raises(Refused, match="was taken over by another run"):
        run(stage, Migration("0001", DOUBLE.what, DOUBLE.table, lose, "HEAD"))
    found = state(table)
    assert found is not None
    assert (found["owner"], "done_at" in found) == ("another", False)


def test_a_row_that_changes_meanwhile_is_migrated_as_it_is_then(
    stage: Target, table: Table
) -> None:
    def race(row: Row) -> Update | None:
        if row["number"] == 7:
            table.update(Update(row["pk"], row["sk"], put={"number": 70}))
        return double(row)

    run(stage, Migration("0001", DOUBLE.what, DOUBLE.table, race, "HEAD"))
    (row,) = (row for row in heads(table) if row["pk"] == "REPORT#7")
    assert row["twice"] == 140


def test_a_row_that_is_deleted_meanwhile_stays_away(stage: Target, table: Table) -> None:
    def race(row: Row) -> Update | None:
        if row["number"] == 7:
            table.delete(Delete(row["pk"], row["sk"]))
        return double(row)

    run(stage, Migration("0001", DOUBLE.what, DOUBLE.table, race, "HEAD"))
    assert table.get("REPORT#7", "HEAD") is None


def test_what_the_deployed_version_does_not_know_is_not_run(target: Target, table: Table) -> None:
    migrate_stage(target, [DOUBLE])
    assert missing(target, [DOUBLE]) == []
    assert [row for row in heads(table) if "form" in row] == []


def test_a_deployment_says_what_is_missing(
    target: Target, table: Table, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = {"Migrations": {"Value": "0001"}, "ReportsTableName": {"Value": table.name}}
    resources = {"Queue": {"Type": "AWS::SQS::Queue"}}
    template = json.dumps({"Resources": resources, "Outputs": outputs})
    boto3.client("cloudformation").create_stack(StackName="tipline-dev", TemplateBody=template)
    say_missing("dev", target.session, [DOUBLE])
    said = "Not migrated yet: 0001 (double each number). Run `make migrate STAGE=dev`."
    assert capsys.readouterr().out.strip().endswith(said)

    migrate_stage(find_stage("dev", target.session), [DOUBLE])
    capsys.readouterr()
    say_missing("dev", target.session, [DOUBLE])
    assert capsys.readouterr().out == ""


def test_after_a_roll_back_nothing_is_migrated(monkeypatch: pytest.MonkeyPatch) -> None:
    """The code that serves would go on writing rows of the form before."""
    monkeypatch.setenv("YES", "1")
    with deployed() as lambdas:
        for code in ("first", "second"):
            lambdas.deploy(code)
            put_live(lambdas.target, trial=lambda _, wanted: wanted, drill=lambda _: None)
        refuse_earlier_code(lambdas.target)
        roll_back(lambdas.target, lambda _: None)
        with pytest.raises(Refused, match="was rolled back: an earlier code serves"):
            refuse_earlier_code(lambdas.target)


def test_where_nothing_is_deployed_nothing_is_said(
    stage: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    say_missing("none", stage.session)
    assert capsys.readouterr().out == ""


def test_the_local_stack_has_nothing_to_migrate() -> None:
    with pytest.raises(Refused, match="Name the stage"):
        main([])


def test_the_numbers_of_the_migrations_have_no_gap() -> None:
    numbers = [each.number for each in all_migrations()]
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]


def test_progress_is_shown(stage: Target, table: Table, capsys: pytest.CaptureFixture[str]) -> None:
    run(stage)
    printed = capsys.readouterr().out
    assert "Migrating 0001 (double each number) ..." in printed
    assert f"{ROWS} changed." in printed
