"""Add the gateway's request id to each log record of a request.

A problem contains the same id, so a user can quote it to find the log records. The gateway chooses
it, not the client, and it does not identify the caller.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
_plain_record = logging.getLogRecordFactory()


def _record(*args: object, **options: object) -> logging.LogRecord:
    record = _plain_record(*args, **options)
    request_id = _request_id.get()
    if request_id is not None:
        record.request_id = request_id
    return record


def install() -> None:
    """Add the current request id to all log records of this process from now on."""
    logging.setLogRecordFactory(_record)


@contextmanager
def of_request(request_id: str) -> Iterator[None]:
    """Add this id to all log records inside the context."""
    token = _request_id.set(request_id)
    try:
        yield
    finally:
        _request_id.reset(token)
