"""The queue of uploads, to send again an upload whose S3 event was lost."""

import json
from typing import TYPE_CHECKING

from chalicelib.aws_errors import unavailable

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class UploadsQueue:
    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def requeue(self, bucket: str, key: str, version_id: str) -> None:
        """Send the same event that S3 sends when an object is created. Raises Unavailable."""
        event = {
            "detail-type": "Object Created",
            "detail": {
                "bucket": {"name": bucket},
                "object": {"key": key, "version-id": version_id},
            },
        }
        with unavailable():
            self._client.send_message(QueueUrl=self._url, MessageBody=json.dumps(event))
