"""One request of DynamoDB at a time, so that conditions and transactions are atomic as in AWS.

moto checks a condition and then writes, without a lock: of two threads that both ask for "only if
it is not there", both may write, and of two transactions one may undo what the other has just
written. Streams are read under the same lock, so that nobody sees a transaction that is half done.
"""

import threading
from typing import Any

from moto.dynamodb.responses import DynamoHandler
from moto.dynamodbstreams.responses import DynamoDBStreamsHandler

from infra.local.moto_patches.patch import Patch

# Held by the thread that moto serves. The request has been read by then: a client that sends slowly
# holds up nobody else.
_serving = threading.RLock()
_call_rows = DynamoHandler.call_action
_call_streams = DynamoDBStreamsHandler.call_action


def _call_rows_alone(self: DynamoHandler) -> Any:
    with _serving:
        return _call_rows(self)


def _call_streams_alone(self: DynamoDBStreamsHandler) -> Any:
    with _serving:
        return _call_streams(self)


PATCH = Patch(
    (DynamoHandler, "call_action", _call_rows_alone),
    (DynamoDBStreamsHandler, "call_action", _call_streams_alone),
)
