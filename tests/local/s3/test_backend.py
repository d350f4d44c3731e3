"""moto's handlers are asked directly, and answer as they do through moto's server."""

import json
from io import BytesIO
from typing import Any

import pytest
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from infra.local.s3.backend import Backend

# It differs from request to request, or is the server's.
OWN = ("x-amzn-requestid", "date", "access-control-allow-origin", "vary")


def _environ(target: str, service: str, body: dict[str, Any]) -> dict[str, Any]:
    content = json.dumps(body).encode()
    key = f"AKIDTEST/20261125/us-east-1/{service}/aws4_request"
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "HTTP_HOST": "127.0.0.1",
        "HTTP_X_AMZ_TARGET": target,
        "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential={key}, Signature=0",
        "CONTENT_TYPE": "application/x-amz-json-1.0",
        "CONTENT_LENGTH": str(len(content)),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(content),
    }


def _plain(status: str, headers: Any, pieces: Any) -> tuple[str, dict[str, str], bytes]:
    named = {name.lower(): value for name, value in headers if name.lower() not in OWN}
    return status.split()[0], named, b"".join(pieces)


@pytest.mark.parametrize(
    ("target", "service", "body"),
    [
        ("DynamoDB_20120810.ListTables", "dynamodb", {}),
        ("DynamoDB_20120810.DescribeTable", "dynamodb", {"TableName": "absent"}),
        ("DynamoDBStreams_20120810.ListStreams", "dynamodb", {}),
        ("AmazonSQS.GetQueueUrl", "sqs", {"QueueName": "absent"}),
        ("TrentService.DescribeKey", "kms", {"KeyId": "alias/absent"}),
    ],
)
def test_a_response_is_that_of_motos_server(
    aws: Any, target: str, service: str, body: dict[str, Any]
) -> None:
    ours = _plain(*Backend()(_environ(target, service, body)))
    started: list[Any] = []
    server = DomainDispatcherApplication(create_backend_app)
    pieces = server(
        _environ(target, service, body),
        lambda status, headers, exc_info=None: started.extend((status, headers)),
    )
    assert ours == _plain(started[0], started[1], pieces)
