"""One S3 for all tests of grants, with a bucket that keeps versions."""

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.aws.bucket import MediaBucket
from tests.rehearsal.grants import seaweedfs
from tests.rehearsal.grants.seaweedfs import Storage

BUCKET, OTHER_BUCKET = "media", "other"


@pytest.fixture(scope="session")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storage]:
    with seaweedfs.running(seaweedfs.find_weed(), tmp_path_factory.mktemp("weed")) as running:
        s3 = running.client()
        for name in (BUCKET, OTHER_BUCKET):
            s3.create_bucket(Bucket=name)
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        yield running


@pytest.fixture(scope="session")
def s3(storage: Storage) -> Any:
    return storage.client()


@pytest.fixture(scope="session")
def bucket(s3: Any) -> MediaBucket:
    return MediaBucket(s3, BUCKET)


@pytest.fixture
def key(request: pytest.FixtureRequest) -> str:
    return f"originals/{hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:20]}"
