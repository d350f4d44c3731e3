"""The queues of uploads, to send again an upload whose S3 event was lost."""

import json
from typing import TYPE_CHECKING

from chalicelib.aws_errors import unavailable
from chalicelib.domain.media import is_critical

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class UploadsQueue:
    """Two queues: that at `critical_url` has the media of critical reports."""

    def __init__(self, client: "SQSClient", url: str, critical_url: str) -> None:
        self._client = client
        self._url = url
        self._critical_url = critical_url

    def requeue(self, bucket: str, key: str, version_id: str) -> None:
        """Send the same event that S3 sends when an object of a medium is created, to the same
        queue. Raises Unavailable.
        """
        _, _, media_id, *_ = key.split("/")
        url = self._critical_url if is_critical(media_id) else self._url
        event = {
            "detail-type": "Object Created",
            "detail": {
                "bucket": {"name": bucket},
                "object": {"key": key, "version-id": version_id},
            },
        }
        with unavailable():
            self._client.send_message(QueueUrl=url, MessageBody=json.dumps(event))
