"""A sample of a cold start, in a fresh process that has loaded nothing else.

python -m tests.bench.cold_start api|boto3     prints seconds of the processor; `api` finds what is
packaged first on the interpreter's path
"""

import json
import os
import sys
from time import process_time

# As infra/app.yaml and Lambda set it. A setting that is missing here stops the start.
_ENVIRONMENT = {
    "PYDANTIC_DISABLE_PLUGINS": "__all__",
    "_HANDLER": "app.app",
    "REPORTS_TABLE": "reports",
    "AUDIT_TABLE": "audit",
    "BULLETINS_TABLE": "bulletins",
    "OFFICERS_TABLE": "officers",
    "MEDIA_BUCKET": "media",
    "NOTICES_TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:notices",
    "IDENTITY_SECRET": "identity",
    "CURSOR_SECRET": "cursor",
    "AUDIT_SECRET": "audit",
}


class _AwsNeeded(BaseException):
    """No `except Exception` on the way swallows it."""


class _Alarm:
    """Goes off when anything asks for the SDK to make a client with."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name in ("boto3", "botocore.config"):
            raise _AwsNeeded


def _api(event: dict[str, object]) -> float:
    os.environ.update(_ENVIRONMENT)
    sys.meta_path.insert(0, _Alarm())
    began = process_time()
    try:
        from app import app

        app(event, None)
    except _AwsNeeded:
        return process_time() - began
    raise AssertionError("a report was filed without AWS")


def _boto3() -> float:
    began = process_time()
    import boto3

    boto3.session.Session(region_name="us-east-1").client("dynamodb")
    return process_time() - began


def _event() -> dict[str, object]:
    headers = {
        "content-type": "application/json",
        "idempotency-key": "3f0c2a9e-5f4e-4a34-9d0b-9a3a4c1f7e55",
    }
    return {
        "requestContext": {
            "httpMethod": "POST",
            "resourcePath": "/v1/reports",
            "requestId": "r",
            "identity": {},
            "path": "/v1/reports",
        },
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "pathParameters": None,
        "multiValueQueryStringParameters": None,
        "stageVariables": None,
        "body": json.dumps({"category": "other", "text": "A door stands open."}),
        "isBase64Encoded": False,
    }


if __name__ == "__main__":
    print(_api(_event()) if sys.argv[1] == "api" else _boto3())
