"""The stack that is attacked: one of our own, on ports of its own, which ends with the attack."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from infra.local.seed import sign_in
from tests.load.http import Connection
from tests.local.stack import ROOT, free_port

START_S = 60
END_S = 15
_SETTINGS = ("AWS_", "MOTO_", "PORT", "SEED", "LIMITS", "WITHOUT", "CITY", "NOTICES", "THROTTLE")


class Stack:
    """`make run` as a context, with officers, of the code in `root`. Its output is in `folder`,
    which is deleted.

    Raises RuntimeError when it does not start.
    """

    def __init__(self, root: Path = ROOT, /, **environment: str) -> None:
        self._root = root
        self._temporary = tempfile.TemporaryDirectory(prefix="tipline-load-")
        self.folder = Path(self._temporary.name)
        self.port, aws_port = free_port(), free_port()
        # One of its own: two stacks may be attacked at once, each in a thread.
        self._session = boto3.Session()
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(_SETTINGS)
        }
        self._environment = {
            **inherited,
            "LOCAL_DIR": str(self.folder),
            "PORT": str(self.port),
            "AWS_PORT": str(aws_port),
            "WEB": "off",
            **environment,
        }
        self.output = self.folder / "output.txt"

    def __enter__(self) -> "Stack":
        # To a file: a pipe would need a reader, which costs the load its time.
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "infra.local.server"],
                cwd=self._root,
                env=self._environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        until = time.monotonic() + START_S
        while b"Tipline is running" not in self.output.read_bytes():
            if self.process.poll() is not None or time.monotonic() > until:
                self._end()
                raise RuntimeError(f"the stack did not start:\n{self.output.read_text()}")
            time.sleep(0.1)
        self.outputs: dict[str, Any] = json.loads(
            (self.folder / f"stack-{self.port}.json").read_text()
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._end()
        self._temporary.cleanup()

    def connect(self, source: str | None = None) -> Connection:
        """Return a connection to the API."""
        return Connection(self.port, source)

    def client(self, service: str) -> Any:
        """Return a client of the stack's AWS."""
        return self._session.client(  # type: ignore[call-overload]
            service,
            endpoint_url=self.outputs["aws"],
            region_name=self.outputs["region"],
            aws_access_key_id=self.outputs["access_key"],
            aws_secret_access_key=self.outputs["secret_key"],
            config=Config(retries={"total_max_attempts": 2}, read_timeout=60),
        )

    def token(self, username: str) -> dict[str, str]:
        """Return the headers of an officer's request."""
        token = sign_in(
            self.client("cognito-idp"),
            user_pool_id=self.outputs["user_pool_id"],
            client_id=self.outputs["client_id"],
            username=username,
        )
        return {"Authorization": f"Bearer {token}"}

    def advance(self, seconds: float) -> None:
        """Move the stack's clock, which runs all schedules. Return when they have run.

        Raises RuntimeError when it cannot.
        """
        url = urlsplit(self.outputs["clock"])
        assert url.port
        with Connection(url.port, timeout_s=300) as connection:
            for by in (seconds, 0, 0, 0, 0):  # it answers after a minute although something runs
                body = json.dumps({"advance_s": by}).encode()
                answer = connection.send(
                    "POST", url.path, body, {"Content-Type": "application/json"}
                )
                if answer.status != 200:
                    raise RuntimeError(f"the clock could not be moved: {answer.status}")
                if json.loads(answer.body)["done"]:
                    return
        raise RuntimeError("what is due has not run within five minutes")

    def _end(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(END_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
