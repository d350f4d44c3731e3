"""A local stack in a process of its own."""

import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import requests

from tests.approvals import match_of

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60


class Stack:
    """A running stack. `expect` waits for a line of its output."""

    def __init__(
        self,
        folder: Path,
        *,
        port: int | None = None,
        command: Sequence[str] = (sys.executable, "-m", "infra.local.server"),
        root: Path = ROOT,
        **environment: str,
    ) -> None:
        self.port, self.aws_port = port or free_port(), free_port()
        self.environment = {
            **{
                name: value
                for name, value in os.environ.items()
                # Those of a make that runs the tests are not for one that a test starts.
                if not name.startswith(("AWS_", "MOTO_", "MAKE", "MFLAGS"))
            },
            "LOCAL_DIR": str(folder),
            "PORT": str(self.port),
            "AWS_PORT": str(self.aws_port),
            # The web clients have tests of their own: tests/browser.
            "WEB": "off",
            **environment,
        }
        self.process = subprocess.Popen(
            command,
            cwd=root,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._tokens = cache(lambda officer: self.run("token", officer).stdout.strip())
        self.lines: list[str] = []
        self._has_ended = False
        self._more = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()
        self.expect("Tipline is running")
        self.folder, self.api = folder, f"http://127.0.0.1:{self.port}"

    @property
    def outputs(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.folder / f"stack-{self.port}.json").read_text())
        return content

    def expect(self, pattern: str) -> str:
        def found() -> str | None:
            return next((line for line in self.lines if re.search(pattern, line)), None)

        with self._more:
            self._more.wait_for(lambda: found() or self._has_ended, PATIENCE_S)
            line = found()
        assert line, f"no {pattern!r} in:\n{''.join(self.lines)}"
        return line

    def run(self, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", f"infra.local.{module}", *arguments]
        return subprocess.run(
            command,
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            # A clock that is moved waits so long by itself.
            timeout=3 * PATIENCE_S,
            check=False,
        )

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        officer: str | None = None,
        **headers: str,
    ) -> Any:
        """Send a request, and return the body of its response. Fails when it is refused."""
        response = self.send(method, path, body, officer=officer, **headers)
        assert response.ok, response.text
        return response.json() if response.content else None

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        officer: str | None = None,
        **headers: str,
    ) -> requests.Response:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if officer:
            sent["Authorization"] = f"Bearer {self.token(officer)}"
        return requests.request(method, self.api + path, json=body, headers=sent, timeout=30)

    def read_and_approve(self, path: str, officer: str) -> Any:
        """Read what waits, and approve it."""

        def read(shown: str) -> tuple[Any, str | None]:
            response = self.send("GET", shown, officer=officer)
            return response.json() if response.ok else None, response.headers.get("ETag")

        tag = match_of(read, path)["If-Match"]
        return self.call("POST", path, officer=officer, If_Match=tag)

    def token(self, officer: str) -> str:
        """Return an officer's access token."""
        return self._tokens(officer)

    def end(self, number: signal.Signals, patience_s: float = PATIENCE_S) -> int:
        self.process.send_signal(number)
        return self.process.wait(patience_s)

    def client(self, service: str) -> Any:
        outputs = self.outputs
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=outputs["aws"],
            region_name=outputs["region"],
            aws_access_key_id="anything",
            aws_secret_access_key="will do",
        )

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            with self._more:
                self.lines.append(line)
                self._more.notify_all()
        with self._more:
            self._has_ended = True
            self._more.notify_all()


def eventually(is_so: Callable[[], bool]) -> None:
    """Look until it is so. Fails when it never is."""
    for _ in range(10 * PATIENCE_S):
        if is_so():
            return
        time.sleep(0.1)
    raise AssertionError("it never was so")


def free_port() -> int:
    """Return a port below those that systems give out, so that nobody gets it before it is used."""
    while True:
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port := 20_000 + secrets.randbelow(12_000)))
            return port
