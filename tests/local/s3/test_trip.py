"""A phone's upload on the very resources that are deployed: what the queues get, and what a webview
may do.
"""

import json
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config

from chalicelib.aws.bucket import MediaBucket
from infra.local.resources import create_resources
from infra.local.s3.gate import Gate
from infra.local.wsgi import serve
from tests.local.s3.running import Reply, ask, form

REGION = "us-east-1"


class Stack:
    def __init__(self, endpoint: str, names: Mapping[str, str]) -> None:
        self.endpoint = endpoint
        self.names = names
        self.s3 = boto3.client("s3", endpoint_url=endpoint, config=Config(signature_version="s3v4"))
        self.sqs = boto3.client("sqs", endpoint_url=endpoint)

    def take(self, queue: str) -> list[Any]:
        messages = self.sqs.receive_message(QueueUrl=self.names[queue], MaxNumberOfMessages=10).get(
            "Messages", []
        )
        return [json.loads(message["Body"]) for message in messages]


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ACCESS_KEY_ID", "AKIDTRIP")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "trip-secret")
        environment.setenv("AWS_DEFAULT_REGION", REGION)
        environment.delenv("AWS_SESSION_TOKEN", raising=False)
        server = serve(Gate(access_key="AKIDTRIP", secret_key="trip-secret", region=REGION), 0)
        endpoint = f"http://127.0.0.1:{server.port}"
        yield Stack(endpoint, create_resources(endpoint_url=endpoint))
        server.shutdown()


def upload(stack: Stack, key: str, body: bytes = b"picture", origin: str | None = None) -> Reply:
    grant = MediaBucket(stack.s3, stack.names["MEDIA_BUCKET"]).post_grant(
        key, content_type="image/jpeg", max_bytes=100, sha256_hex=None, expires_s=60
    )
    content, kind = form(grant.fields, body)
    headers = {"Content-Type": kind} | ({"Origin": origin} if origin else {})
    return ask(
        urlsplit(stack.endpoint).port or 0, "POST", urlsplit(grant.url).path, content, headers
    )


def test_what_is_uploaded_is_encrypted_by_the_buckets_default(stack: Stack) -> None:
    upload(stack, "originals/R2/M1")
    head = stack.s3.head_object(Bucket=stack.names["MEDIA_BUCKET"], Key="originals/R2/M1")
    assert head["ServerSideEncryption"] == "aws:kms"


def test_a_webview_of_any_origin_may_use_a_grant(stack: Stack) -> None:
    _, headers, _ = upload(stack, "originals/R3/M1", origin="capacitor://localhost")
    assert headers["access-control-allow-origin"] == "*"


def test_uploads_of_one_key_at_once_are_each_a_version(stack: Stack) -> None:
    def listed() -> set[str]:
        page = stack.s3.list_object_versions(
            Bucket=stack.names["MEDIA_BUCKET"], Prefix="originals/R4/M1"
        )
        return {version["VersionId"] for version in page.get("Versions", ())}

    before, barrier = listed(), threading.Barrier(6)

    def once(number: int) -> str:
        barrier.wait(timeout=60)
        return upload(stack, "originals/R4/M1", body=bytes([number]))[1]["x-amz-version-id"]

    with ThreadPoolExecutor(6) as pool:
        sent = set(pool.map(once, range(6)))
    assert listed() - before == sent
    assert len(sent) == 6
