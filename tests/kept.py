"""What the mocked cloud holds, kept aside: a costly beginning is made once for a file, and each
test gets it anew.

    @pytest.fixture(scope="module")
    def beginning(aws: Mapping[str, str]) -> tuple[Case, Kept]:
        return Case(aws), Kept(aws)

    @pytest.fixture
    def case(beginning: tuple[Case, Kept], clean: None) -> Case:
        case, kept = beginning
        kept.put_back()
        return case
"""

import copy
import os
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import s3_backends
from moto.sqs.models import sqs_backends

from infra.local.moto_patches import dynamodb
from infra.local.resources import REGION
from tests.conftest import empty


class Kept:
    """The rows, media and messages in queues that are there, which it takes away."""

    def __init__(self) -> None:
        self._tables = dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables
        self._queues = sqs_backends[DEFAULT_ACCOUNT_ID][REGION].queues
        self._bucket = s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets[os.environ["MEDIA_BUCKET"]]
        assert not self._bucket.multiparts, "an upload in parts is not kept"
        self._rows = {name: copy.deepcopy(table.items) for name, table in self._tables.items()}
        self._messages = {
            name: copy.deepcopy(queue._messages) for name, queue in self._queues.items()
        }
        self._media = _media_of(self._bucket)
        empty()

    def put_back(self) -> None:
        """Let the cloud hold it again, and nothing else. Tests change copies."""
        for name, rows in self._rows.items():
            # Another object: whoever knows where rows are looks anew.
            self._tables[name].items = copy.deepcopy(rows)
        dynamodb.PARTITIONS.clear()
        for name, messages in self._messages.items():
            self._queues[name]._messages = copy.deepcopy(messages)
        self._bucket.keys.clear()
        for key, versions in self._media.items():
            self._bucket.keys.setlist(key, copy.deepcopy(versions))


def _media_of(bucket: Any) -> dict[str, list[Any]]:
    """Return copies of all versions in a bucket, the oldest first, by their keys."""
    return {key: copy.deepcopy(bucket.keys.getlist(key)) for key in bucket.keys}
