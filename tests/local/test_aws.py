"""AWS's process ends with the stack's, and the stack with AWS's."""

import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from infra.local.aws import AwsProcess, Cloud
from infra.local.requests import CALLER
from tests.local.stack import PATIENCE_S, Stack


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    running = Stack(tmp_path)
    yield running
    if running.process.poll() is None:
        running.process.kill()


@pytest.mark.slow
def test_a_stack_that_is_killed_leaves_no_process_behind(stack: Stack) -> None:
    connection = socket.create_connection(("127.0.0.1", stack.aws_port), PATIENCE_S)
    # One that nobody had taken yet is reset.
    with connection, suppress(ConnectionResetError):
        stack.process.kill()
        # Whoever served it is gone.
        assert connection.recv(1) == b""
    assert _aws_of(stack) == []


@pytest.mark.slow
def test_a_stack_whose_aws_is_gone_says_so_and_ends(stack: Stack) -> None:
    [aws] = _aws_of(stack)
    os.kill(aws, signal.SIGKILL)
    assert stack.process.wait(PATIENCE_S) == 1
    stack.expect(r"AWS's process ended \(exit status -9\)\. All that was stored is gone")
    assert not any("Traceback" in line for line in stack.lines)
    assert not list(stack.folder.glob("*.json"))


@pytest.mark.slow
def test_an_interrupt_of_aws_alone_is_left_to_the_stack(stack: Stack) -> None:
    [aws] = _aws_of(stack)
    os.kill(aws, signal.SIGINT)
    assert stack.client("dynamodb").list_tables()["TableNames"]
    assert stack.end(signal.SIGINT) == 0


def _aws_of(stack: Stack) -> list[int]:
    asked = ["pgrep", "-f", rf"infra\.local\.aws [0-9]+ {stack.aws_port}$"]
    found = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    return [int(line) for line in found.split()]


def test_aws_says_why_it_cannot_serve() -> None:
    lines = list[str]()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = AwsProcess(port, say=lines.append, lost=lambda: lines.append("lost"))
        with pytest.raises(SystemExit, match=f"AWS's port {port} is taken."):
            process.wait()
    process.close()
    assert process.why_lost() == "AWS's process ended (exit status 0)."
    assert lines == []


@pytest.mark.parametrize(
    ("later_s", "order"),
    [
        (0.9, ["residents", "publish_critical", "sweep_critical"]),
        (1.1, ["sweep_critical", "residents", "publish_critical"]),
    ],
)
def test_a_call_that_nobody_waits_for_stands_back_for_a_second(
    later_s: float, order: list[str]
) -> None:
    served, begun, now = list[str](), threading.Event(), [0.0]
    first_may_end = threading.Event()

    def gate(environ: dict[str, Any], _: Any) -> list[bytes]:
        if environ[CALLER] == "officers":
            begun.set()
            assert first_may_end.wait(PATIENCE_S)
        served.append(environ[CALLER])
        return []

    cloud = Cloud(gate, "local", lambda: now[0])  # type: ignore[arg-type]
    threads = list[threading.Thread]()

    def call(function: str) -> None:
        asked = {
            "PATH_INFO": "/",
            "HTTP_X_AMZ_TARGET": "DynamoDB_20120810.GetItem",
            CALLER: function,
            "wsgi.input": BytesIO(),
        }
        threads.append(threading.Thread(target=cloud, args=(asked, None)))
        threads[-1].start()

    call("officers")
    assert begun.wait(PATIENCE_S)
    for number, function in enumerate(("sweep_critical", "residents", "publish_critical"), 1):
        call(function)
        while len(cloud.turns.waiting) < number:
            assert threads[-1].is_alive()
        now[0] = later_s
    first_may_end.set()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert served == ["officers", *order]
