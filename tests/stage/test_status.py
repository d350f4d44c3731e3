"""The status is one screen, and what cannot be read does not hide the rest."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from chalicelib import wiring
from chalicelib.domain.audit.seals import hour_of
from infra.stage.redrive import QUEUES
from infra.stage.status import WIDTH, Line, read_status, render
from infra.stage.target import Target, output_title
from tests.client import new_key
from tests.deploy.drills import Api, serving
from tests.steps import file

NOW = datetime(2026, 11, 25, 12, 30, tzinfo=UTC)

pytestmark = pytest.mark.usefixtures("aws", "clean", "no_drill")


@pytest.fixture
def no_drill(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most of these stages have no API."""
    monkeypatch.setenv("DRILL", "off")


def local(aws: Mapping[str, str], **more: str) -> Target:
    outputs = {
        "ReportsTableName": aws["REPORTS_TABLE"],
        "BulletinsTableName": aws["BULLETINS_TABLE"],
        "AuditTableName": aws["AUDIT_TABLE"],
        "OfficersTableName": aws["OFFICERS_TABLE"],
        "ContactsTableName": aws["CONTACTS_TABLE"],
        "MediaBucketName": aws["MEDIA_BUCKET"],
        "AuditBucketName": aws["AUDIT_BUCKET"],
    }
    for name in QUEUES:
        outputs[f"{output_title(name)}DeadLettersUrl"] = aws[f"{name.upper()}_DEAD_LETTERS_URL"]
        if f"{name.upper()}_QUEUE_URL" in aws:
            outputs[f"{output_title(name)}QueueUrl"] = aws[f"{name.upper()}_QUEUE_URL"]
    return Target(None, boto3.Session(), None, outputs | more, "http://127.0.0.1:1")


def lines(target: Target, now: datetime = NOW) -> dict[str, Line]:
    return {line.label: line for line in read_status(target, now)}


def test_an_api_that_does_not_answer_is_to_be_looked_at(aws: Mapping[str, str]) -> None:
    assert lines(local(aws))["health"].ok is False


def test_what_runs_is_named_by_its_version_and_commit(aws: Mapping[str, str]) -> None:
    with serving() as api:
        stage = Target("dev", boto3.Session(), None, local(aws).outputs, api.url)
        line = lines(stage)["health"]
    assert line.ok
    assert line.text.endswith("version 1.2.3, commit c92bbd5c41")


def test_without_tasks_and_messages_all_is_well(aws: Mapping[str, str]) -> None:
    found = lines(local(aws))
    assert found["oldest task"] == Line("oldest task", "none is due", ok=True)
    assert {name: found[name].ok for name in QUEUES} == dict.fromkeys(QUEUES, True)


@pytest.mark.parametrize("table", ["reports", "audit", "bulletins", "officers"])
def test_a_lost_table_is_named_with_the_command_that_brings_it_back(
    aws: Mapping[str, str], table: str
) -> None:
    output = f"{table.capitalize()}TableName"
    outputs = local(aws, **{output: "lost"}).outputs
    stage = Target("dev", boto3.Session(), None, outputs, "http://127.0.0.1:1")
    found = [line for line in read_status(stage, NOW) if line.label == "tables"]
    assert [(line.ok, line.text) for line in found] == [
        (False, f"The table lost is gone. Bring it back: make restore STAGE=dev TABLE={table}")
    ]


@pytest.mark.parametrize("output", ["MediaBucketName", "AuditBucketName"])
def test_a_lost_bucket_is_named(aws: Mapping[str, str], output: str) -> None:
    line = lines(local(aws, **{output: "lost-bucket"}))["tables"]
    assert (line.ok, line.text.startswith("The bucket lost-bucket is gone.")) == (False, True)


def test_tables_and_buckets_that_are_there_are_well(aws: Mapping[str, str]) -> None:
    assert lines(local(aws))["tables"] == Line(
        "tables", "5 tables and 2 buckets are in service", ok=True
    )


def test_comparison_that_lags_is_to_be_looked_at(aws: Mapping[str, str]) -> None:
    assert lines(local(aws))["comparison"] == Line(
        "comparison", "every report has been compared", ok=True
    )
    wiring.reset()
    wiring.sketches().days.keep(wiring.clock.now())
    begun = wiring.clock.now()
    file()
    for waited, ok in ((timedelta(minutes=4), True), (timedelta(minutes=6), False)):
        line = lines(local(aws), begun + waited)["comparison"]
        assert line.ok is ok
        assert "minutes" not in line.text
        assert "min" in line.text


def test_the_oldest_task_has_its_age(aws: Mapping[str, str]) -> None:
    file()
    begun = wiring.clock.now()
    for age, ok in ((timedelta(seconds=30), True), (timedelta(hours=2, minutes=5), False)):
        line = lines(local(aws), begun + age)["oldest task"]
        assert line.ok is ok
    assert line.text.startswith("due for 2 h")


@pytest.mark.parametrize("queue", ["uploads", "critical_uploads"])
def test_dead_letters_name_the_command(aws: Mapping[str, str], queue: str) -> None:
    sqs = boto3.client("sqs")
    sqs.send_message(QueueUrl=aws[f"{queue.upper()}_DEAD_LETTERS_URL"], MessageBody="{}")
    line = lines(local(aws))[queue]
    assert (line.ok, line.text.endswith(f"1 dead letter: make redrive QUEUE={queue}")) == (
        False,
        True,
    )


@pytest.mark.parametrize(("hours", "ok"), [(1, True), (3, True), (5, False)])
def test_the_last_digest_is_shown_and_is_late_after_three_hours(
    aws: Mapping[str, str], hours: int, ok: bool
) -> None:
    bucket = f"audit-{new_key()}"  # not locked, so each test has its own digests
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=bucket)
    for before in (2, 1, 0):
        hour = hour_of(NOW - timedelta(hours=hours + before))
        s3.put_object(Bucket=bucket, Key=f"digests/{hour}.json", Body=b"{}")
    line = lines(local(aws, AuditBucketName=bucket))["last digest"]
    assert (line.ok, hour_of(NOW - timedelta(hours=hours)) in line.text) == (ok, True)


def test_audited_rows_without_a_digest_are_to_be_looked_at(aws: Mapping[str, str]) -> None:
    bucket = f"audit-{new_key()}"
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=bucket)
    target = local(aws, AuditBucketName=bucket)
    assert lines(target)["last digest"].ok is None
    key = f"batches/{hour_of(NOW - timedelta(days=1))}/1-1-{'0' * 32}"
    s3.put_object(Bucket=bucket, Key=key, Body=b"{}")
    assert lines(target)["last digest"].ok is False


def test_what_cannot_be_read_has_a_line_and_the_rest_is_shown(aws: Mapping[str, str]) -> None:
    found = lines(local(aws, ReportsTableName="of-nobody"))
    assert found["oldest task"].ok is False
    assert found["uploads"].ok is True


def test_the_alarms_of_the_stage_that_are_on_are_named(aws: Mapping[str, str]) -> None:
    cloudwatch = boto3.client("cloudwatch")
    names = {"tipline-dev-OldestNormalAlarm-1": "ALARM", "tipline-dev-2-OtherAlarm-1": "ALARM"}
    names |= {"tipline-dev-StreamLagAlarm-1": "OK"}
    for name, state in names.items():
        cloudwatch.put_metric_alarm(
            AlarmName=name,
            AlarmDescription="The sweep does not run",
            MetricName="m",
            Namespace="n",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )
        cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="test")
    resources = {
        each.split("-")[2]: {"PhysicalResourceId": each, "ResourceType": "AWS::CloudWatch::Alarm"}
        for each in names
        if "-2-" not in each
    }
    stage = Target("dev", boto3.Session(), None, local(aws).outputs, "http://127.0.0.1:1")
    stage.__dict__["resources"] = resources
    alarms = [line for line in read_status(stage, NOW) if line.label == "alarm"]
    assert [(line.ok, line.text.partition(" ")[0]) for line in alarms] == [
        (False, "OldestNormalAlarm")
    ]


@pytest.fixture
def api() -> Iterator[Api]:
    with serving() as api:
        yield api


def test_a_drill_is_filed_and_withdrawn(
    aws: Mapping[str, str], api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DRILL")
    target = replace(local(aws), api=api.url)
    assert lines(target)["drill"].ok is True
    assert [body["source"] for body in api.bodies] == ["drill"]
    assert api.calls[-1] == "DELETE /v1/reports/R1"


def test_all_is_not_well_when_health_is_and_no_report_is_taken(
    aws: Mapping[str, str], api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DRILL")
    api.fails_at = ("POST /v1/reports",)
    found = lines(replace(local(aws), api=api.url))
    assert found["health"].ok is True
    assert found["drill"].ok is False
    assert "The drill failed at: report, a drill. POST /v1/reports returned 503" in (
        found["drill"].text
    )


def test_without_drills_none_is_filed(aws: Mapping[str, str], api: Api) -> None:
    found = lines(replace(local(aws), api=api.url))
    assert found["drill"] == Line("drill", "not tried (DRILL=off)")
    assert api.calls == ["GET /v1/health"]


def test_the_commit_that_is_deployed_and_the_version_that_serves_are_shown(
    aws: Mapping[str, str],
) -> None:
    found = deployed_lines(aws, serving="q83v")
    assert found["deployed"].text.startswith("commit 0123456789+changes, code abcdef, ")
    assert found["serving"] == Line("serving", "version 6 of residents, code abcdef")


def test_a_build_that_does_not_serve_is_to_be_looked_at(aws: Mapping[str, str]) -> None:
    line = deployed_lines(aws, serving="AAAA")["serving"]
    assert line.ok is False
    assert line.text.startswith("version 6 of residents, code 000000. That is not what is deployed")


def deployed_lines(aws: Mapping[str, str], serving: str) -> dict[str, Line]:
    """Return the lines of a stage whose newest code is `q83v`, by label."""

    def answer(params: Any, **_: Any) -> tuple[Any, dict[str, Any]]:
        qualified = "Qualifier=live" in params["url"] or params["query_string"]
        code = {"CodeSha256": serving, "Version": "6"} if qualified else {"CodeSha256": "q83v"}
        return AWSResponse("", 200, HTTPHeaders(), None), code

    session: Any = boto3.Session()
    session.events.register("before-call.lambda.GetFunctionConfiguration", answer)
    outputs = local(aws, Version="0123456789+changes").outputs
    described = {"StackStatus": "CREATE_COMPLETE", "CreationTime": NOW}
    stage = Target("dev", session, None, outputs, "http://127.0.0.1:1", described)
    stage.__dict__["resources"] = {
        "APIHandler": {"PhysicalResourceId": "api", "ResourceType": "AWS::Lambda::Function"}
    }
    return lines(stage)


def test_the_screen_fits_80_columns_and_counts_what_is_wrong() -> None:
    long = Line("alarm", "OldestNormalAlarm since 10:00. " + "A task is overdue, " * 10, ok=False)
    target: Any = Target(None, None, None, {}, "http://127.0.0.1:8000")
    screen = render(target, [Line("health", "200", ok=True), long], NOW)
    assert max(map(len, screen.splitlines())) <= WIDTH
    assert "LOOK alarm" in screen
    assert "1 to look at" in screen
    assert "All is well." in render(target, [Line("health", "200", ok=True)], NOW)
