"""Logs are lines that a person reads, merged by time."""

import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from infra.local.console import ACCESS, keep_log
from infra.stage.logs import GROUPS, Entry, read_entries, render
from infra.stage.target import Target

AT = 1_790_000_000_123
HOUR = timedelta(hours=1)


def line(function: str = "sweep_normal", **fields: object) -> str:
    return render(Entry(AT, function, json.dumps(fields)))


def test_a_line_of_the_app_has_level_message_extras_and_request() -> None:
    text = line(
        "residents",
        timestamp="2026-09-21T14:13:20Z",
        level="WARNING",
        message="aws_failed",
        logger="chalicelib.aws.errors",
        requestId="lambda's own",
        request_id="quoted",
        call="PutItem",
        code="Throttling",
    )
    assert text == (
        "13:33:20.123  residents          WARNING aws_failed call=PutItem code=Throttling "
        "request=quoted"
    ).replace("13:33:20", datetime.fromtimestamp(AT / 1000, UTC).strftime("%H:%M:%S"))


def test_frames_stand_below_the_line() -> None:
    text = line(level="ERROR", message="unexpected", frames=["app.py:1 main", "b.py:2 work"])
    assert [each.strip() for each in text.splitlines()[1:]] == ["app.py:1 main", "b.py:2 work"]


def test_a_line_of_the_gateway_is_a_request() -> None:
    fields = {"status": "503", "method": "POST", "route": "/v1/reports", "latency_ms": 12}
    text = line("gateway", **fields, error="INTEGRATION_FAILURE", request_id="quoted")
    assert text.endswith("503 POST /v1/reports 12 ms INTEGRATION_FAILURE request=quoted")


def test_lambdas_own_line_has_its_numbers() -> None:
    record = {"status": "success", "metrics": {"durationMs": 12.5, "maxMemoryUsedMB": 120}}
    text = line(type="platform.report", record=record)
    assert text.endswith("platform.report success durationMs=12.5 maxMemoryUsedMB=120")


@pytest.mark.parametrize("text", ["Task timed out after 30 s\n", "[1, 2]"])
def test_what_is_no_object_is_shown_as_it_is(text: str) -> None:
    assert render(Entry(AT, "sweep_normal", text)).endswith(f"  {text.strip()}")


def deployed() -> Target:
    """Return a stage with two log groups, each with an old line and two new ones."""
    logs, now = boto3.client("logs"), datetime.now(UTC)
    for function in ("residents", "sweep_normal"):
        logs.create_log_group(logGroupName=f"g-{function}")
        logs.create_log_stream(logGroupName=f"g-{function}", logStreamName="s")
        logs.put_log_events(
            logGroupName=f"g-{function}",
            logStreamName="s",
            logEvents=[
                {"timestamp": int((now - age).timestamp() * 1000), "message": f"{function} {name}"}
                for name, age in (("old", 2 * HOUR), ("first", HOUR / 2), ("second", HOUR / 4))
            ],
        )
    target = Target("dev", boto3.Session(), None, {}, "")
    target.__dict__["resources"] = {
        GROUPS[function]: {"PhysicalResourceId": f"g-{function}"}
        for function in ("residents", "sweep_normal")
    }
    return target


def test_the_lines_of_all_functions_are_merged_by_time() -> None:
    with mock_aws():
        found = read_entries(deployed(), ["residents", "sweep_normal"], HOUR, "")
    assert [entry.text for entry in sorted(found)] == [
        "residents first",
        "sweep_normal first",
        "residents second",
        "sweep_normal second",
    ]


def test_the_lines_of_one_request_are_asked_for_in_quotes() -> None:
    with mock_aws():
        found = read_entries(deployed(), ["residents"], HOUR, "second")
    assert [entry.text for entry in found] == ["residents second"]


def test_the_local_stack_keeps_the_apps_log_as_lambda_writes_it(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    loggers = [logging.getLogger(name) for name in ("chalicelib", ACCESS)]
    before = [(each, each.level, list(each.handlers)) for each in loggers]
    keep_log(path)
    try:
        logging.getLogger("chalicelib.aws.table").info("busy", extra={"call": "PutItem"})
        logging.getLogger("chalicelib.http.auth").warning("refused")
        logging.getLogger("werkzeug").warning("of a library")
        refused = {"request_id": "quoted", "status": "404", "method": "GET", "route": "-"}
        logging.getLogger(ACCESS).info("request", extra=refused)
        target = Target(None, boto3.Session(), None, {}, "", {"log": str(path)})
        found = read_entries(target, list(GROUPS), HOUR, "")
        assert [(entry.function, json.loads(entry.text)["message"]) for entry in found] == [
            ("residents", "busy"),
            ("authorize_officer", "refused"),
            ("gateway", "request"),
        ]
        [quoted] = read_entries(target, list(GROUPS), HOUR, "quoted")
        assert render(quoted).endswith("404 GET - - ms request=quoted")
        assert len(read_entries(target, ["gateway"], HOUR, "")) == 1
        assert json.loads(found[0].text)["call"] == "PutItem"
        assert read_entries(target, ["sweep_normal"], HOUR, "") == []
        assert read_entries(target, list(GROUPS), HOUR, "nothing") == []
    finally:
        for logger, level, handlers in before:
            for handler in set(logger.handlers) - set(handlers):
                handler.close()
                logger.removeHandler(handler)
            logger.setLevel(level)


def test_a_local_stack_that_has_logged_nothing_has_no_lines(tmp_path: Path) -> None:
    target = Target(None, boto3.Session(), None, {}, "", {"log": str(tmp_path / "none")})
    assert read_entries(target, list(GROUPS), HOUR, "") == []


def test_every_log_group_of_the_template_can_be_shown() -> None:
    from infra import template

    resources = template.load("app.yaml")["Resources"]
    groups = {name for name, each in resources.items() if each["Type"] == "AWS::Logs::LogGroup"}
    assert set(GROUPS.values()) == groups
