"""Dead letters go back to their queue, or are deleted when nothing can send them again."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from infra.stage.console import Refused
from infra.stage.redrive import DeadLetters, find_letters, main, move_one_by_one, purge, redrive
from infra.stage.target import Target
from tests.deploy.cloudformation import no_pause

DEAD, SOURCE = "https://sqs/dead", "https://sqs/source"


@pytest.fixture
def cloud() -> Iterator[None]:
    with mock_aws():
        yield


def letters(sqs: Any) -> DeadLetters:
    return DeadLetters("uploads", sqs, DEAD, SOURCE)


def stubbed(sqs: Any) -> Stubber:
    stubber = Stubber(sqs)
    for name in ("dead", "source"):
        stubber.add_response(
            "get_queue_attributes", {"Attributes": {"QueueArn": f"arn:aws:sqs:::{name}"}}
        )
    stubber.add_response(
        "start_message_move_task",
        {"TaskHandle": "handle"},
        {"SourceArn": "arn:aws:sqs:::dead", "DestinationArn": "arn:aws:sqs:::source"},
    )
    return stubber


def task(status: str, moved: int, **more: Any) -> dict[str, Any]:
    return {"Results": [{"Status": status, "ApproximateNumberOfMessagesMoved": moved, **more}]}


def test_sqs_moves_them_and_the_progress_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    sqs = boto3.Session().client("sqs")
    stubber = stubbed(sqs)
    stubber.add_response("list_message_move_tasks", task("RUNNING", 3))
    stubber.add_response("list_message_move_tasks", task("COMPLETED", 7))
    with stubber:
        redrive(letters(sqs), 7, no_pause)
        stubber.assert_no_pending_responses()
    assert "3 of 7 sent" in capsys.readouterr().out


def test_a_task_that_fails_names_its_reason() -> None:
    sqs = boto3.Session().client("sqs")
    stubber = stubbed(sqs)
    stubber.add_response("list_message_move_tasks", task("FAILED", 2, FailureReason="AccessDenied"))
    with stubber, pytest.raises(Refused, match=r"after 2 of 7 \(FAILED\): AccessDenied"):
        redrive(letters(sqs), 7, no_pause)


@pytest.mark.parametrize("code", ["InvalidAction", "500"], ids=["named", "a crash"])
@pytest.mark.parametrize(
    ("endpoint", "moves"), [("http://127.0.0.1:5555", True), ("https://sqs.amazonaws.com", False)]
)
def test_messages_are_moved_one_by_one_on_this_machine_only(
    endpoint: str, moves: bool, code: str
) -> None:
    sqs = boto3.Session().client("sqs", endpoint_url=endpoint)
    stubber = Stubber(sqs)
    for name in ("dead", "source"):
        stubber.add_response(
            "get_queue_attributes", {"Attributes": {"QueueArn": f"arn:aws:sqs:::{name}"}}
        )
    stubber.add_client_error("start_message_move_task", code)
    if moves:
        stubber.add_response("receive_message", {"Messages": []})
    with stubber:
        if moves:
            redrive(letters(sqs), 1, no_pause)
        else:
            with pytest.raises(sqs.exceptions.ClientError):
                redrive(letters(sqs), 1, no_pause)
        stubber.assert_no_pending_responses()


@pytest.mark.usefixtures("cloud")
def test_every_message_moves_with_its_attributes() -> None:
    sqs = boto3.Session().client("sqs")
    dead, source = (sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("dead", "source"))
    attributes: Any = {"trace": {"DataType": "String", "StringValue": "x"}}
    for number in range(25):
        sqs.send_message(QueueUrl=dead, MessageBody=f"{number}", MessageAttributes=attributes)
    queue = DeadLetters("uploads", sqs, dead, source)
    assert (queue.count(), move_one_by_one(queue), queue.count()) == (25, 25, 0)
    found = sqs.receive_message(QueueUrl=source, MessageAttributeNames=["All"])["Messages"]
    assert found[0]["MessageAttributes"]["trace"]["StringValue"] == "x"


@pytest.mark.parametrize("queue", ["uploads", "critical_uploads"])
def test_the_local_stack_is_never_asked_for_a_move_task(
    queue: str,
    aws: Mapping[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sqs = boto3.Session().client("sqs", region_name="us-east-1")
    names = (f"{queue}-dead", queue)
    dead, source = (sqs.create_queue(QueueName=name)["QueueUrl"] for name in names)
    sqs.send_message(QueueUrl=dead, MessageBody="one")
    stack = {
        "pid": os.getpid(),
        "access_key": "local",
        "secret_key": "local",
        "region": "us-east-1",
        "aws": None,
        "api": "http://127.0.0.1",
        "table": aws["REPORTS_TABLE"],
        "bulletins_table": aws["BULLETINS_TABLE"],
        "queues": {queue: source},
        "dead_letter_queues": {queue: dead},
    }
    (tmp_path / "stack.json").write_text(json.dumps(stack))
    monkeypatch.setenv("LOCAL_DIR", str(tmp_path))
    monkeypatch.delenv("PORT", raising=False)

    assert main(["--queue", queue]) == 0
    said = capsys.readouterr().out
    assert "Sent 1 dead letter." in said
    assert "0 delayed pictures and redactions are due now" in said
    assert "In work" not in said
    [message] = sqs.receive_message(QueueUrl=source)["Messages"]
    assert message["Body"] == "one"
    main(["--queue", queue])
    assert "In work: 1. What fails there" in capsys.readouterr().out


@pytest.mark.usefixtures("cloud")
def test_a_purge_asks_first(monkeypatch: pytest.MonkeyPatch) -> None:
    sqs = boto3.Session().client("sqs")
    url = sqs.create_queue(QueueName="dead")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="one")
    queue, target = (
        DeadLetters("notices", sqs, url, None),
        Target("dev", boto3.Session(), None, {}, ""),
    )
    monkeypatch.delenv("YES", raising=False)
    with pytest.raises(Refused, match="Delete 1 dead letter of notices in tipline-dev for ever"):
        purge(queue, 1, target)
    assert queue.count() == 1
    monkeypatch.setenv("YES", "1")
    purge(queue, 1, target)
    assert queue.count() == 0


@pytest.mark.usefixtures("cloud")
def test_a_purge_deletes_nothing_that_came_after_the_question(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sqs = boto3.Session().client("sqs")
    url = sqs.create_queue(QueueName="dead")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="counted")
    queue = DeadLetters("notices", sqs, url, None)
    count = queue.count()
    sqs.send_message(QueueUrl=url, MessageBody="later")
    monkeypatch.setenv("YES", "1")
    with pytest.raises(Refused, match="1 dead letter came since the question"):
        purge(queue, count, Target("dev", boto3.Session(), None, {}, ""))
    assert queue.count() == 2


@pytest.mark.parametrize(
    ("name", "has_source"), [("uploads", True), ("critical_uploads", True), ("audit", False)]
)
def test_the_source_of_a_streams_dead_letters_is_no_queue(name: str, has_source: bool) -> None:
    outputs = {
        f"{title}{kind}": "url"
        for title in ("Uploads", "CriticalUploads", "Audit")
        for kind in ("QueueUrl", "DeadLettersUrl")
    }
    found = find_letters(name, Target("dev", boto3.Session(), None, outputs, ""))
    assert (found.source_url is not None) is has_source


@pytest.mark.usefixtures("cloud")
@pytest.mark.parametrize("value", ["0", "no", "yes"])
def test_only_1_answers_with_yes(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sqs = boto3.Session().client("sqs")
    url = sqs.create_queue(QueueName="dead")["QueueUrl"]
    target = Target("dev", boto3.Session(), None, {}, "")
    monkeypatch.setenv("YES", value)
    with pytest.raises(Refused, match="YES=1"):
        purge(DeadLetters("notices", sqs, url, None), 1, target)
