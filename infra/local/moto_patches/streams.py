"""Keep a stream for a day, as AWS does.

moto keeps every record of a stream, and every iterator that was ever given out. A stack that runs
for days would grow with every write and every read.
"""

from datetime import timedelta
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.core.utils import utcnow
from moto.dynamodb.models.table import StreamShard
from moto.dynamodbstreams.models import DynamoDBStreamsBackend

from infra.local.moto_patches.patch import Patch

KEPT = timedelta(hours=24)
# AWS's last for 15 minutes.
MOST_ITERATORS = 1000

_read = StreamShard.get
_records = DynamoDBStreamsBackend.get_records


def _get(self: StreamShard, start: int, quantity: int) -> list[dict[str, Any]]:
    until = utcnow() - KEPT
    old = 0
    for item in self.items:
        if item.record["dynamodb"]["ApproximateCreationDateTime"] >= until:
            break
        old += 1
    if old:
        del self.items[:old]
        # The number of the first record that is left: moto counts from it.
        self.starting_sequence_number += old
    if start < self.starting_sequence_number:
        raise JsonRESTError("TrimmedDataAccessException", "The records are no longer there.")
    return _read(self, start, quantity)


def _get_records(self: DynamoDBStreamsBackend, iterator_arn: str, limit: int) -> dict[str, Any]:
    if iterator_arn not in self.shard_iterators:
        raise JsonRESTError("ExpiredIteratorException", "The iterator is no longer there.")
    found = _records(self, iterator_arn, limit)
    while len(self.shard_iterators) > MOST_ITERATORS:
        del self.shard_iterators[next(iter(self.shard_iterators))]
    return found


PATCH = Patch(
    (StreamShard, "get", _get),
    (DynamoDBStreamsBackend, "get_records", _get_records),
)
