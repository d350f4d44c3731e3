"""The gateway's request id on every log line of a request.

A user quotes the id of a problem; it leads to the lines, and to the frames of a fault. It is the
gateway's own number, never the client's, and says nothing of who called.
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
    """Give every log record of this process the id of the request that it belongs to."""
    logging.setLogRecordFactory(_record)


@contextmanager
def of_request(request_id: str) -> Iterator[None]:
    """Mark what is logged inside as this request's."""
    token = _request_id.set(request_id)
    try:
        yield
    finally:
        _request_id.reset(token)
