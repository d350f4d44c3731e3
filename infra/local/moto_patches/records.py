"""Write a record of a stream once.

moto makes both images of an item, also for a stream that shows none, and writes them as JSON to
count bytes. Each reader then gets them converted and written again: each record of the reports'
table has two readers. Here what is written first is kept, and is what every reader gets.
"""

import json
from typing import Any

from moto.core.utils import utcnow
from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.models.table import StreamRecord
from moto.dynamodbstreams.responses import DynamoDBStreamsHandler
from moto.moto_api._internal import mock_random

from infra.local.moto_patches.conversions import written
from infra.local.moto_patches.patch import Patch


class _Record(dict[str, Any]):
    """What moto looks at in a record, and the JSON of all of it."""

    text: str


def _init(
    self: StreamRecord,
    table: Any,
    stream_type: str,
    event_name: str,
    old: Item | None,
    new: Item | None,
    seq: int,
) -> None:
    item: Any = old or new
    keys = {table.hash_key_attr: item.hash_key}
    if table.range_key_attr is not None:
        keys[table.range_key_attr] = item.range_key
    created = utcnow()
    body = {
        "StreamViewType": stream_type,
        "ApproximateCreationDateTime": created,
        "SequenceNumber": str(seq),
        "Keys": keys,
    }
    for image, name, shown in ((new, "NewImage", "NEW"), (old, "OldImage", "OLD")):
        if image is not None and shown in stream_type:
            body[name] = image.attrs
    text = written(body)
    head = {
        "eventID": mock_random.uuid4().hex,
        "eventName": event_name,
        "eventSource": "aws:dynamodb",
        "eventVersion": "1.0",
        "awsRegion": "us-east-1",
    }
    sized = f'{{"SizeBytes": {len(text)}, {text[1:]}'
    record = _Record(dynamodb={"SequenceNumber": str(seq), "ApproximateCreationDateTime": created})
    record.text = f'{json.dumps(head)[:-1]}, "dynamodb": {sized}}}'
    self.record = record


def _get_records(self: DynamoDBStreamsHandler) -> tuple[str, dict[str, str]]:
    limit = self._get_param("Limit") or 1000
    found = self.backend.get_records(self._get_param("ShardIterator"), limit)
    records = ", ".join(record.text for record in found["Records"])
    following = json.dumps(found["NextShardIterator"])
    body = f'{{"NextShardIterator": {following}, "Records": [{records}]}}'
    return body, {"Content-Type": "application/x-amz-json-1.0"}


PATCH = Patch(
    (StreamRecord, "__init__", _init),
    (DynamoDBStreamsHandler, "get_records", _get_records),
)
