"""What the running stack prints: each line begins with the local time.

Of the program's log, warnings and errors are shown: beside each event the kind of what went wrong
and the id of the request, which its response has too, and below a fault its frames.
"""

import contextlib
import json
import logging
import sys
import time
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path

from chalicelib.kernel.config import Api

# In the cloud every extra is in the log. Of these alone it is certain that they are names of
# classes, codes and the gateway's own numbers.
SHOWN = ("error", "kind", "code", "request_id")
# The function that serves the request of this thread.
_serving: ContextVar[str] = ContextVar("serving", default=Api.RESIDENTS)
# The logger of the gateway's access log.
ACCESS = "infra.local.gateway.access"
MOST_LOG_BYTES = 10_000_000
# What every record has, and no extra.
_STANDARD = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"}


def say(text: str) -> None:
    """Print on standard output."""
    # Whoever stopped reading must not stop the stack.
    with contextlib.suppress(OSError):
        sys.stdout.write(_stamped(text) + "\n")
        sys.stdout.flush()


@contextlib.contextmanager
def serving(function: str) -> Iterator[None]:
    """Attribute what this thread logs to `function`, which serves its request."""
    token = _serving.set(function)
    try:
        yield
    finally:
        _serving.reset(token)


def show_log() -> None:
    """Show this process's log on standard error, from now on."""
    handler = logging.StreamHandler()
    handler.setLevel(logging.WARNING)
    handler.setFormatter(_Line())
    logging.getLogger().addHandler(handler)


def keep_log(path: Path) -> None:
    """Write the app's log and the gateway's access log to `path` from now on, as JSON lines like
    those of Lambda, for `make logs`. What was there is replaced.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    handler = RotatingFileHandler(path, maxBytes=MOST_LOG_BYTES, backupCount=1, delay=True)
    handler.setFormatter(_JsonLine())
    for name in ("chalicelib", ACCESS):
        logger = logging.getLogger(name)
        logger.setLevel(logging.INFO)
        logger.addHandler(handler)


class _JsonLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        more = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {
            "timestamp": at.replace("+00:00", "Z"),
            "level": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
            "function": _function_of(record),
        }
        return json.dumps(line | more, ensure_ascii=False, default=str)


_OF_SCHEDULES = ("chalicelib.handlers.service.scheduled", "chalicelib.handlers.watch")


def _function_of(record: logging.LogRecord) -> str:
    """Return the function that a record is of. Each function that reacts to events has a thread
    with its name (`triggers.loops`); requests have threads of their own.
    """
    if record.name == ACCESS:
        return "gateway"
    if record.name == "chalicelib.http.auth":
        return "authorize_officer"
    if record.name in _OF_SCHEDULES:
        return str(record.funcName)
    kind, _, name = str(record.threadName).partition("poller-")
    return _serving.get() if kind or not name or name == "schedules" else name


class _Line(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return _stamped(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:
        facts = [str(vars(record)[name]) for name in SHOWN if name in vars(record)]
        line = " · ".join([f"{record.levelname.lower()} → {record.getMessage()}", *facts])
        # Frames hold lines of our code, and no values.
        return "\n".join([line, *(frame.rstrip() for frame in vars(record).get("frames", ()))])


def _stamped(text: str) -> str:
    stamp = time.strftime("%H:%M:%S")
    return "\n".join(f"{stamp}  {line}" for line in text.splitlines())
