"""Send S3's events through EventBridge to the queues, as AWS shapes them.

moto gives every event the same sequencer, and sends it to a queue whole, with the uploader's
address, whatever the rule's transformer says. Here the sequencer grows and the transformer
transforms, so that consumers read the same as in the cloud. S3 sends none of two events that moto
does: a Put before CompleteMultipartUpload, and tags changed with each Put.
"""

import json
import re
import threading
import time
import uuid
from collections.abc import Mapping
from typing import Any

from moto.events.models import events_backends
from moto.s3 import notifications
from moto.s3.models import FakeKey
from moto.sqs.models import sqs_backends

from infra.local.moto_patches.patch import Patch

Event = notifications.S3NotificationEvent
# The events that are sent, and the call that each names as its reason.
REASONS: dict[str, str] = {
    Event.OBJECT_CREATED_PUT_EVENT: "PutObject",
    Event.OBJECT_CREATED_POST_EVENT: "POST Object",
    Event.OBJECT_CREATED_COPY_EVENT: "CopyObject",
    Event.OBJECT_CREATED_COMPLETE_MULTIPART_UPLOAD_EVENT: "CompleteMultipartUpload",
    Event.OBJECT_REMOVED_DELETE_EVENT: "DeleteObject",
}


class _Sequencer:
    """Numbers that grow, in S3's form: hexadecimal, of equal length."""

    def __init__(self) -> None:
        self._last, self._lock = 0, threading.Lock()

    def next(self) -> str:
        with self._lock:
            self._last = max(self._last + 1, time.time_ns())
            return f"{self._last:018X}"


_sequencer = _Sequencer()


def _send(account_id: str, bucket: Any, event_name: str, key: Any) -> None:
    if event_name not in REASONS or (
        event_name == Event.OBJECT_CREATED_PUT_EVENT and key.multipart is not None
    ):
        return
    event: Any = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": notifications._detail_type(event_name),
        "source": "aws.s3",
        "account": account_id,
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "region": bucket.region_name,
        "resources": [bucket.arn],
        "detail": {
            "version": "0",
            "bucket": {"name": bucket.name},
            "object": {
                "key": key.name,
                # A delete marker has neither.
                **(
                    {"size": key.size, "etag": key.etag.strip('"')}
                    if isinstance(key, FakeKey)
                    else {}
                ),
                "version-id": key.version_id,
                "sequencer": _sequencer.next(),
            },
            "request-id": uuid.uuid4().hex[:16].upper(),
            "requester": account_id,
            "source-ip-address": "203.0.113.7",
            "reason": REASONS[event_name],
        },
    }
    queues = sqs_backends[account_id][bucket.region_name]
    for bus in events_backends[account_id][bucket.region_name].event_buses.values():
        for rule in bus.rules.values():
            if rule.event_pattern.matches_event(event):
                for target in rule.targets:
                    queues.send_message(
                        queue_name=target["Arn"].rpartition(":")[2],
                        message_body=_transformed(event, target),
                    )


def _transformed(event: Mapping[str, Any], target: Mapping[str, Any]) -> str:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html"""
    transformer = target.get("InputTransformer")
    if transformer is None:
        return json.dumps(event)
    paths = transformer["InputPathsMap"]
    return re.sub(
        r"<([^<>]+)>",
        lambda match: json.dumps(_at(event, paths[match[1]])),
        transformer["InputTemplate"],
    )


def _at(event: Any, path: str) -> Any:
    for name in path.removeprefix("$.").split("."):
        event = event[name]
    return event


PATCH = Patch((notifications, "_send_event_bridge_message", _send))
