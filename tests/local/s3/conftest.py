"""What tests of the gate share: one gate a module, with a bucket that keeps versions."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from chalicelib.aws import grants
from chalicelib.aws.bucket import MediaBucket
from tests.local.s3.running import BUCKET, SIZE, VIDEO, Clock, Gate, Reply, Send, a_grant


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    running = Gate()
    s3 = running.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    yield running
    running.server.shutdown()


@pytest.fixture
def clock(gate: Gate) -> Iterator[Clock]:
    yield gate.clock
    gate.clock.ahead = timedelta()


@pytest.fixture(scope="module")
def s3(gate: Gate) -> Any:
    return gate.client("s3")


@pytest.fixture
def key(request: pytest.FixtureRequest) -> str:
    return f"originals/{hashlib.sha256(request.node.name.encode()).hexdigest()[:20]}"


@pytest.fixture
def grant(s3: Any, key: str) -> grants.PostGrant:
    return a_grant(s3, key)


@pytest.fixture
def upload(s3: Any, key: str) -> str:
    return MediaBucket(s3, BUCKET).start_multipart(key, "video/mp4")


@pytest.fixture
def parts(gate: Gate, s3: Any, key: str, upload: str) -> Send:
    """Sends parts by number, each by its own signed URL."""

    def send(*numbers: int, body: bytes | None = None) -> list[Reply]:
        granted = MediaBucket(s3, BUCKET).part_urls(
            key, upload_id=upload, size=SIZE, numbers=numbers, expires_s=600
        )
        responses = []
        for part in granted:
            begin = (part.number - 1) * grants.PART_SIZE
            content = VIDEO[begin : begin + grants.PART_SIZE] if body is None else body
            target = urlsplit(part.url)
            responses.append(gate.ask("PUT", f"{target.path}?{target.query}", content))
        return responses

    return send
