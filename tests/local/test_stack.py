"""The local stack as a person has it: a process of its own, spoken to over its ports."""

import http.client
import io
import json
import os
import re
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from PIL import Image

from infra.stage.token import Client, SignIn, discover
from tests.local.stack import PATIENCE_S, ROOT, Stack

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("local")


@pytest.fixture(scope="module")
def stack(folder: Path) -> Iterator[Stack]:
    running = Stack(folder)
    yield running
    if running.process.poll() is None:
        running.process.kill()


@pytest.fixture(scope="module")
def sweeping(folder: Path, stack: Stack) -> Iterator[Stack]:
    """A second stack beside the first, whose stream nobody reads."""
    running = Stack(folder, WITHOUT="publish_notices")
    yield running
    if running.process.poll() is None:
        running.process.kill()


def test_it_says_where_everything_is(stack: Stack) -> None:
    outputs = stack.outputs
    assert outputs["api"] == stack.api
    assert outputs["aws"] == f"http://127.0.0.1:{stack.aws_port}"
    assert (
        set(outputs["queues"])
        == {"critical_uploads", "uploads", "manifests", "upkeep", "events"}
        <= set(outputs["dead_letter_queues"])
    )
    assert (
        stack.client("dynamodb").describe_table(TableName=outputs["table"])["Table"]["TableStatus"]
        == "ACTIVE"
    )
    assert stack.client("s3").get_bucket_versioning(Bucket=outputs["bucket"])["Status"] == "Enabled"
    assert stack.client("sns").get_topic_attributes(TopicArn=outputs["topic_arn"])
    for url in (*outputs["queues"].values(), *outputs["dead_letter_queues"].values()):
        assert stack.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])


@pytest.mark.parametrize(
    ("username", "categories", "role"),
    [
        ("officer", ["*"], "officer"),
        ("narrow", ["traffic_violation"], "officer"),
        ("supervisor", ["*"], "supervisor"),
        ("admin", ["*"], "admin"),
        ("admin2", [], "admin"),
        ("auditor", [], "auditor"),
        ("oversight", [], "oversight"),
        ("oversight2", [], "oversight"),
    ],
)
def test_a_seeded_officer_signs_in_with_what_token_prints_and_nothing_else(
    stack: Stack, username: str, categories: list[str], role: str
) -> None:
    printed = stack.run("token", username).stdout
    assert re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+\n", printed)
    officer = requests.get(
        f"{stack.api}/v1/officer/me",
        headers={"Authorization": f"Bearer {printed.strip()}"},
        timeout=10,
    ).json()
    assert officer["username"] == username
    assert officer["scope"]["categories"] == categories
    assert role in officer["roles"]


def test_an_officer_signs_in_at_the_page_and_the_api_takes_the_token(stack: Stack) -> None:
    config, outputs = _config(stack), stack.outputs
    issuer = discover(config["issuer"], f"{outputs['aws']}/{outputs['user_pool_id']}")
    client = Client(config["client_id"], f"{config['api']}/console/", config["scope"])
    attempt, browser = SignIn(issuer, client), requests.Session()

    page = browser.get(attempt.url(), timeout=10)
    asked = dict(parse_qsl(urlsplit(page.url).query))
    chosen = browser.post(
        page.url.partition("?")[0],
        data={**asked, "username": "supervisor"},
        timeout=10,
        allow_redirects=False,
    )
    back = dict(parse_qsl(urlsplit(chosen.headers["Location"]).query))
    assert attempt.is_own(back)
    # It checks signature, audience and nonce of the ID token, too.
    token = attempt.access_token(back)
    officer = requests.get(
        f"{stack.api}/v1/officer/me", headers={"Authorization": f"Bearer {token}"}, timeout=10
    ).json()
    assert officer["username"] == "supervisor"


def test_the_console_is_told_where_it_is(stack: Stack) -> None:
    config, outputs = _config(stack), stack.outputs
    assert config == {
        "issuer": outputs["issuer"],
        "authorization_endpoint": f"{outputs['aws']}/oauth2/authorize",
        "token_endpoint": f"{outputs['aws']}/oauth2/token",
        "end_session_endpoint": f"{outputs['aws']}/logout",
        "client_id": outputs["client_id"],
        "scope": "openid",
        "api": outputs["api"],
    }


def _config(stack: Stack) -> dict[str, str]:
    response = requests.get(f"{stack.api}/console/config.json", timeout=10)
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Cache-Control"] == "no-cache"
    return dict(response.json())


def test_nobody_gets_a_token_who_is_not_seeded(stack: Stack) -> None:
    asked = stack.run("token", "nobody")
    assert asked.returncode == 1
    assert asked.stdout == ""
    assert "supervisor" in asked.stderr


def test_a_photo_reaches_the_officer_cleaned_and_the_notices_go_out(stack: Stack) -> None:
    sqs, outputs = stack.client("sqs"), stack.outputs
    queue = sqs.create_queue(QueueName="officers-own")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    stack.client("sns").subscribe(TopicArn=outputs["topic_arn"], Protocol="sqs", Endpoint=arn)

    photo = _photo()
    report = _create(
        stack,
        {
            "category": "traffic_violation",
            "media": [{"content_type": "image/jpeg", "size": len(photo)}],
        },
    ).json()
    upload = report["uploads"][0]
    assert (
        requests.post(
            upload["url"], data=upload["fields"], files={"file": photo}, timeout=10
        ).status_code
        == 204
    )
    stack.expect(rf"notice → report · traffic_violation · .* · {report['reference']}")
    stack.expect(rf"notice → media · traffic_violation · .* · {report['reference']}")

    token = stack.run("token", "narrow").stdout.strip()
    (row,) = requests.get(
        f"{stack.api}/v1/officer/reports", headers={"Authorization": f"Bearer {token}"}, timeout=10
    ).json()["items"]
    assert row["media"] == {"total": 1, "ready": 1}
    thumbnail = requests.get(row["thumbnail_url"], timeout=10)
    assert b"Exif" not in thumbnail.content
    with Image.open(io.BytesIO(thumbnail.content)) as picture:
        assert picture.height > picture.width  # upright

    sent = [
        message["Body"]
        for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    ]
    kinds = {json.loads(body)["MessageAttributes"]["kind"]["Value"] for body in sent}
    assert kinds == {"report", "media"}


def test_an_opening_without_an_audit_row_is_found_by_the_next_comparison(stack: Stack) -> None:
    kms = stack.client("kms")
    key = kms.get_public_key(KeyId="alias/tipline-local-content")["KeyId"]
    with pytest.raises(kms.exceptions.InvalidCiphertextException):
        kms.decrypt(CiphertextBlob=b"x", KeyId=key, EncryptionAlgorithm="RSAES_OAEP_SHA_256")
    stack.run("clock", "2h")
    stack.expect("error → opening_not_recorded")


def test_the_clock_moves_as_far_as_it_should(stack: Stack) -> None:
    first = stack.run("clock", "1s").stdout.strip()
    second = stack.run("clock", "1d").stdout.strip()
    assert first[:10] < second[:10]
    assert second.endswith("Z")


@pytest.mark.parametrize("advance", ["", "5", "soon", "-5m"])
def test_the_clock_takes_only_a_duration(stack: Stack, advance: str) -> None:
    asked = stack.run("clock", advance)
    assert asked.returncode == 1
    assert "ADVANCE=" in asked.stderr


def test_a_taken_port_is_named_with_the_way_out(stack: Stack) -> None:
    asked = _run([sys.executable, "-m", "infra.local.server"], stack.environment)
    assert asked.returncode == 1
    assert f"Port {stack.port} is taken (PORT)" in asked.stderr
    assert "make run PORT=" in asked.stderr
    assert "Traceback" not in asked.stderr


def test_a_second_stack_leaves_the_first_alone(stack: Stack, sweeping: Stack) -> None:
    assert json.loads((stack.folder / "stack.json").read_text())["api"] == stack.api
    assert sweeping.outputs["api"] == sweeping.api
    created = _create(sweeping, {"category": "other", "text": "only here"}).json()
    tables = [
        each.client("dynamodb").scan(TableName=each.outputs["table"])["Items"]
        for each in (stack, sweeping)
    ]
    assert [created["id"] in str(items) for items in tables] == [False, True]


def test_the_sweep_sends_what_no_stream_does(sweeping: Stack) -> None:
    report = _create(sweeping, {"category": "missing_elderly", "text": "A grey coat"}).json()
    assert not any(report["reference"] in line for line in sweeping.lines)
    sweeping.run("clock", "2m")
    sweeping.expect(rf"notice → report · missing_elderly · .* · high · {report['reference']}")


def test_termination_ends_it_cleanly(stack: Stack) -> None:
    second = Stack(stack.folder)
    assert second.end(signal.SIGTERM) == 0
    assert not (second.folder / f"stack-{second.port}.json").exists()
    assert (second.folder / "stack.json").exists()


def test_an_interrupt_ends_it_cleanly_even_with_a_connection_open(tmp_path: Path) -> None:
    alone = Stack(tmp_path)
    idle = http.client.HTTPConnection("127.0.0.1", alone.port, timeout=10)
    idle.connect()
    # Much sooner than the connection would be given up.
    assert alone.end(signal.SIGINT, PATIENCE_S / 2) == 0
    assert list(tmp_path.iterdir()) == []
    alone.expect(r"^\d\d:\d\d:\d\d  Stopped\.$")
    assert not any("Traceback" in line for line in alone.lines)
    idle.close()


def test_without_a_stack_the_tools_say_so(tmp_path: Path) -> None:
    asked = _run(
        [sys.executable, "-m", "infra.local.token", "officer"],
        {**os.environ, "LOCAL_DIR": str(tmp_path)},
    )
    assert asked.returncode == 1
    assert "make run" in asked.stderr


def test_without_a_fitting_python_the_way_out_is_named() -> None:
    asked = _run(["/bin/bash", "infra/python.sh"], {"PATH": "/nonexistent"})
    assert asked.returncode == 1
    assert "Python 3.12 or later" in asked.stderr
    assert asked.stdout == ""


def test_a_request_that_was_refused_is_found_in_the_log_by_its_id(stack: Stack) -> None:
    refused = requests.get(f"{stack.api}/v1/nowhere", timeout=10).json()
    stack.expect(r"GET - 404 ")
    command = [sys.executable, "-m", "infra.stage", "logs", f"--request={refused['request_id']}"]
    shown = _run(command, stack.environment).stdout
    assert "404 GET - " in shown
    assert "MISSING_AUTHENTICATION_TOKEN" in shown


def test_a_stack_without_officers_says_how_to_appoint_the_first(tmp_path: Path) -> None:
    empty = Stack(tmp_path, SEED="off")
    try:
        empty.expect(r"officers   none yet\. Appoint two: make first-admins ADMINS=zhao,li PORT=")
        assert not any("OFFICER=officer" in line for line in empty.lines)
        asked = empty.run("token", "officer")
    finally:
        empty.process.kill()
    assert (asked.returncode, asked.stdout) == (1, "")
    assert "make first-admins" in asked.stderr


def _create(stack: Stack, body: dict[str, Any], key: str | None = None) -> requests.Response:
    response = requests.post(
        f"{stack.api}/v1/reports",
        json=body,
        headers={"Idempotency-Key": key or str(uuid.uuid4())},
        timeout=30,
    )
    assert response.status_code in (200, 201), response.text
    return response


def _photo() -> bytes:
    """A landscape picture whose metadata says it stands upright, with a place in it."""
    picture = Image.new("RGB", (640, 480), "seagreen")
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825).update({1: "N", 2: (39.0, 54.0, 20.0), 3: "E", 4: (116.0, 23.0, 29.0)})
    stored = io.BytesIO()
    picture.save(stored, "JPEG", exif=exif)
    return stored.getvalue()


def _run(command: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
