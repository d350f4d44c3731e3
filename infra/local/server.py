"""`make run`: the whole system in one process. moto is AWS, behind a gate; the resources are those
that are deployed; the Chalice app is served as API Gateway would; consumers are fed as Lambda would
feed them.

What it keeps is what was sent, bodies on disk: 200 photos and two videos of 200 MB, each through to
its verdict, made the process grow from 189 to 222 MB, and a verdict took as long at the end, 0.15 s
for a small file, as at the beginning.

| environment | |
|---|---|
| `PORT` (8000), `AWS_PORT` (5555) | where the API and AWS are served, on 127.0.0.1 |
| `LIMITS` (`off`) | `on`: abuse limits as deployed |
| `WITHOUT` | functions that are not fed, by name and comma: `WITHOUT=publish_notices` leaves notices to the sweep |
| `LOCAL_DIR` (`.local`) | where the stack says where it is (see `stack_file`) |
"""

import contextlib
import os
import resource
import signal
import socket
import sys
import threading
import time
from datetime import datetime, timedelta
from typing import Any

from infra.local import stack_file
from infra.local.api_server import ApiServer, port_is_free
from infra.local.console import show_log

REGION = "us-east-1"
ACCESS_KEY, SECRET_KEY = "local", "local"
# Bytes of an object that may stay in memory; a larger one is an open file. moto's own limit is 5
# MiB.
MOST_IN_MEMORY = 64 * 1024
MOST_OPEN_FILES = 65536


def main() -> None:
    interrupts = _Interrupts()
    show_log()
    _allow_open_files()
    port, aws_port = _port("PORT", stack_file.DEFAULT_PORT), _port("AWS_PORT", 5555)
    for name, wanted in (("PORT", port), ("AWS_PORT", aws_port)):
        if not port_is_free(wanted) or (wanted and port == aws_port):
            other = f"PORT={port + 10} AWS_PORT={aws_port + 11}"
            raise SystemExit(
                f"Port {wanted} is taken ({name}). Choose others, for instance: make run {other}"
            )
    began = time.monotonic()
    stack = LocalStack(
        port, aws_port, without=[name for name in os.environ.get("WITHOUT", "").split(",") if name]
    )
    try:
        stack.announce(time.monotonic() - began)
        interrupts.wait()
    finally:
        stack.close()
    print("Stopped.", flush=True)


class _Interrupts:
    """Ctrl-C and termination, also those that come while the stack is made.

    The kernel may hand a signal to any thread; a main thread that waits for a lock would then sleep
    on. So signals arrive as bytes.
    """

    def __init__(self) -> None:
        self._arrived, self._sent = socket.socketpair()
        self._sent.setblocking(False)
        signal.set_wakeup_fd(self._sent.fileno())
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)

    def wait(self) -> None:
        while not set(self._arrived.recv(1)) & {signal.SIGINT, signal.SIGTERM}:
            pass


class LocalStack:
    """Everything, serving once it is made. Ports 0 take free ones. Sets the process's environment:
    one a process.
    """

    def __init__(self, port: int, aws_port: int, *, without: list[str]) -> None:
        _set_environment(
            {
                "AWS_ACCESS_KEY_ID": ACCESS_KEY,
                "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
                "AWS_SESSION_TOKEN": "",
            }
        )
        _set_environment({"MOTO_S3_DEFAULT_KEY_BUFFER_SIZE": str(MOST_IN_MEMORY)})
        from infra.local.cloud import CLOCK_PATH, Cloud
        from infra.local.resources import create_resources
        from infra.local.s3_gate import serve

        self._cloud = Cloud(access_key=ACCESS_KEY, secret_key=SECRET_KEY, region=REGION)
        self._aws = serve(self._cloud, aws_port)
        self.aws_url = f"http://127.0.0.1:{self._aws.port}"
        self.clock_url = self.aws_url + CLOCK_PATH
        self.environment = create_resources(endpoint_url=self.aws_url, region=REGION)
        _set_environment(
            {
                **self.environment,
                "AWS_ENDPOINT_URL": self.aws_url,
                "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
                "STAGE": "local",
                "LIMITS": os.environ.get("LIMITS", "off"),
            }
        )
        self._load_api(port)
        self._feed_consumers(without)
        threading.Thread(
            target=self._api.server.serve_forever,
            kwargs={"poll_interval": 0.05},
            name="api",
            daemon=True,
        ).start()
        self.paths = stack_file.write(self._api.port, self.outputs())

    def _load_api(self, port: int) -> None:
        # Only now are there settings to read.
        from app import app
        from chalicelib import wiring

        self.app = app
        self._api = ApiServer(app, port, log=_say)
        self.api_url = f"http://127.0.0.1:{self._api.port}"
        _set_environment({"PUBLIC_URL": self.api_url})
        wiring.reset()
        _warm()

        from infra.local.seed import seed_officers

        seed_officers(wiring.officers(), self.environment["USER_POOL_ID"])

    def _feed_consumers(self, without: list[str]) -> None:
        from infra.local.cloud import Change
        from infra.local.notices import NoticesShown
        from infra.local.pollers import Pollers

        notices = NoticesShown(self.environment["NOTICES_TOPIC_ARN"], REGION, show=_say)
        try:
            self._pollers = Pollers(self.app, self.environment, without)
        except ValueError as error:
            raise SystemExit(f"WITHOUT: {error}") from None

        def changed(change: Change) -> None:
            if change is Change.TOPIC:
                notices.look()
            else:
                self._pollers.wake(change)

        self._cloud.changed = changed
        self._cloud.advance_clock = self._advance_clock
        self._pollers.start()

    def _advance_clock(self, by: timedelta) -> datetime:
        from chalicelib import wiring

        now = wiring.advance_clock(by)
        self._pollers.run_schedules()
        return now

    def outputs(self) -> dict[str, Any]:
        """What `.local/stack.json` says."""
        named = self.environment
        return {
            "api": self.api_url,
            "aws": self.aws_url,
            "region": REGION,
            "table": named["REPORTS_TABLE"],
            "bucket": named["MEDIA_BUCKET"],
            "topic_arn": named["NOTICES_TOPIC_ARN"],
            "queues": {
                "uploads": named["UPLOADS_QUEUE_URL"],
                "manifests": named["MANIFESTS_QUEUE_URL"],
            },
            "dead_letter_queues": {
                "uploads": named["UPLOADS_DEAD_LETTERS_URL"],
                "manifests": named["MANIFESTS_DEAD_LETTERS_URL"],
                "notices": named["NOTICES_DEAD_LETTERS_URL"],
                "audit": named["AUDIT_DEAD_LETTERS_URL"],
            },
            "issuer": named["ISSUER"],
            "jwks_uri": named["JWKS_URI"],
            "client_id": named["CLIENT_ID"],
            "user_pool_id": named["USER_POOL_ID"],
            "audit_table": named["AUDIT_TABLE"],
            "audit_bucket": named["AUDIT_BUCKET"],
            "audit_secret": named["AUDIT_SECRET"],
            "access_key": ACCESS_KEY,
            "secret_key": SECRET_KEY,
            "clock": self.clock_url,
        }

    def announce(self, took_s: float) -> None:
        from infra.local.guide import guide
        from infra.local.seed import OFFICERS

        print(guide(self.outputs(), OFFICERS, took_s), flush=True)

    def close(self) -> None:
        self._api.shutdown()
        self._pollers.stop()
        self._aws.shutdown()
        stack_file.remove(self.paths)


def _warm() -> None:
    """Build what requests share before they come all at once: boto3 does not make clients in two
    threads safely.
    """
    from chalicelib import wiring

    for build in (
        wiring.identity,
        wiring.cursors,
        wiring.audit,
        wiring.reports,
        wiring.officers,
        wiring.outbox,
        wiring.bucket,
        wiring.topic,
    ):
        build()


def _allow_open_files() -> None:
    """As many as the system lets us: every stored original is one, and many systems begin with 256
    or 1024.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_OPEN_FILES if most == resource.RLIM_INFINITY else min(most, MOST_OPEN_FILES)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def _set_environment(values: dict[str, str]) -> None:
    os.environ.update(values)
    os.environ.pop("AWS_PROFILE", None)


def _port(name: str, default: int) -> int:
    text = os.environ.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and int(text) < 65536):
        raise SystemExit(f"{name}={text} is not a port.")
    return int(text)


def _say(line: str) -> None:
    # Whoever stopped reading must not stop the stack.
    with contextlib.suppress(OSError):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
