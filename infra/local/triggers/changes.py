"""Which requests to AWS may have given a trigger something to do: triggers need not ask in vain."""

from collections.abc import Mapping
from enum import Enum
from typing import Any

_READS = ("Get", "List", "Describe", "Query", "Scan", "BatchGet", "TransactGet", "Receive")
# What consumers themselves do to a queue gives no consumer anything new.
_CONSUMING = ("DeleteMessage", "ChangeMessageVisibility")


class Change(Enum):
    """What has just been written to, and so may have something for a consumer."""

    TABLE = "table"
    QUEUE = "queue"
    TOPIC = "topic"


def change_of(environ: Mapping[str, Any]) -> Change | None:
    """Return what a request writes to; None for one that only reads."""
    service, _, operation = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")
    if operation.startswith(_READS + _CONSUMING):
        return None
    if environ["REQUEST_METHOD"] in ("GET", "HEAD", "OPTIONS"):
        return None
    if service.startswith("DynamoDB"):
        return Change.TABLE
    if "/sns/" in environ.get("HTTP_AUTHORIZATION", ""):
        return Change.TOPIC
    # Messages themselves, and objects, whose events become messages.
    return Change.QUEUE
