"""The AWS port of the local stack: the gate, and beside it what the stack itself answers.

| request | does |
|---|---|
| `POST /_tipline/clock` `{"advance_s": 300}` | moves the clock of sweeps and lifecycles, runs them at once, answers `{"now": …}` |
| anything else | AWS (`s3_gate.py`) |
"""

import json
import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from infra.local.s3_gate import make_gate

CLOCK_PATH = "/_tipline/clock"

Environ = dict[str, Any]
_CREDENTIAL = re.compile(r"Credential=[^/,\s]+/")


class Change(Enum):
    """What has just been written to, and so may have something for a consumer."""

    TABLE = "table"
    QUEUE = "queue"
    TOPIC = "topic"


class Cloud:
    """A WSGI application. `changed` is told after each request that may have changed something:
    consumers need not ask in vain. Both callbacks must be set before the first request that
    matters.
    """

    def __init__(self, *, access_key: str, secret_key: str, region: str) -> None:
        self._gate = make_gate(access_key=access_key, secret_key=secret_key, region=region)
        self._access_key = access_key
        self.changed: Callable[[Change], None] = lambda change: None
        self.advance_clock: Callable[[timedelta], datetime] | None = None

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] == CLOCK_PATH:
            return self._clock(environ, start_response)
        if "HTTP_AUTHORIZATION" in environ:
            # Whoever has the port has the key: tools may come with any. What is signed for others,
            # grants, the gate verifies.
            environ["HTTP_AUTHORIZATION"] = _CREDENTIAL.sub(
                f"Credential={self._access_key}/", environ["HTTP_AUTHORIZATION"]
            )
        change = _change(environ)
        try:
            return self._gate(environ, start_response)
        finally:
            if change:
                self.changed(change)

    def _clock(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        try:
            body = json.loads(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
            advance = timedelta(seconds=float(body["advance_s"]))
        except (ValueError, KeyError, TypeError, OverflowError):
            advance = timedelta(seconds=-1)
        if (
            self.advance_clock is None
            or environ["REQUEST_METHOD"] != "POST"
            or advance < timedelta(0)
        ):
            status, response = (
                "400 Bad Request",
                {"error": 'POST {"advance_s": seconds, 0 or more}'},
            )
        else:
            status, response = (
                "200 OK",
                {
                    "now": self.advance_clock(advance)
                    .isoformat(timespec="milliseconds")
                    .replace("+00:00", "Z")
                },
            )
        content = json.dumps(response).encode()
        start_response(
            status, [("Content-Type", "application/json"), ("Content-Length", str(len(content)))]
        )
        return [content]


_READS = ("Get", "List", "Describe", "Query", "Scan", "BatchGet", "TransactGet", "Receive")
# What consumers themselves do to a queue gives no consumer anything new.
_CONSUMING = ("DeleteMessage", "ChangeMessageVisibility")


def _change(environ: Environ) -> Change | None:
    service, _, operation = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")
    if operation.startswith(_READS + _CONSUMING) or environ["REQUEST_METHOD"] in (
        "GET",
        "HEAD",
        "OPTIONS",
    ):
        return None
    if service.startswith("DynamoDB"):
        return Change.TABLE
    if "/sns/" in environ.get("HTTP_AUTHORIZATION", ""):
        return Change.TOPIC
    # Messages themselves, and objects, whose events become messages.
    return Change.QUEUE
