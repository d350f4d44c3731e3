"""What nobody uses any more is forgotten."""

import gc
import weakref
from collections.abc import Mapping
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3.models import FakeKey, s3_backends
from moto.sqs.models import Message

from infra.local.moto_patches import instances
from tests import cloud


def _send(aws: Mapping[str, str]) -> None:
    cloud.client("sqs").send_message(QueueUrl=aws["UPLOADS_QUEUE_URL"], MessageBody="{}")


def test_deleted_messages_are_forgotten(aws: Mapping[str, str], clean: None) -> None:
    models: tuple[Any, ...] = (Message, FakeKey)
    tracked = [len(model.instances_tracked) for model in models]
    bucket, s3 = aws["MEDIA_BUCKET"], cloud.client("s3")
    version = s3.put_object(Bucket=bucket, Key="a", Body=b"x")["VersionId"]
    kept = weakref.ref(s3_backends[DEFAULT_ACCOUNT_ID]["aws"].get_object(bucket, "a"))
    s3.delete_object(Bucket=bucket, Key="a", VersionId=version)
    gc.collect()
    assert kept() is None
    _send(aws)
    assert [len(model.instances_tracked) for model in models] == tracked


def test_moto_alone_keeps_every_message(aws: Mapping[str, str], clean: None) -> None:
    model: Any = Message
    tracked = list(model.instances_tracked)
    with instances.PATCH.removed():
        _send(aws)
    assert len(model.instances_tracked) == len(tracked) + 1
    model.instances_tracked[:] = tracked
