"""One S3 for all tests of grants, with a bucket that keeps versions."""

from collections.abc import Iterator

import pytest

from tests.local.s3.conftest import grant, key, parts, s3, upload
from tests.local.s3.running import BUCKET
from tests.rehearsal.grants import seaweedfs
from tests.rehearsal.grants.seaweedfs import Weed

__all__ = ["grant", "key", "parts", "s3", "upload"]


@pytest.fixture(scope="session")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weed]:
    with seaweedfs.running(seaweedfs.find_weed(), tmp_path_factory.mktemp("weed")) as running:
        client = running.client()
        client.create_bucket(Bucket=BUCKET)
        client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        yield running
