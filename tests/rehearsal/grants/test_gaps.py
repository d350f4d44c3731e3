"""What SeaweedFS does not refuse. A test fails when it has learned to: the gap is then closed."""

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from chalicelib.aws.bucket import MediaBucket
from tests.local.s3.running import SIZE
from tests.rehearsal.grants.conftest import BUCKET
from tests.rehearsal.grants.phone import form_grant, post, send_parts, stored
from tests.rehearsal.grants.seaweedfs import Storage

FILE = Path(__file__).parents[1] / "emulator_gaps.toml"
UNDECLARED = {
    "acl": "public-read",
    "success_action_redirect": "https://evil.example/",
    "success_action_status": "200",
    "tagging": "<Tagging/>",
    "Cache-Control": "public",
    "Content-Disposition": "inline",
    "Content-Encoding": "gzip",
    "Expires": "Thu, 01 Dec 2044 16:00:00 GMT",
}


def stores_undeclared_fields(storage: Storage, bucket: MediaBucket, key: str) -> set[str]:
    """Return the fields with which a form is stored although its policy does not name them."""
    accepted = set()
    for field, value in UNDECLARED.items():
        grant = form_grant(bucket, f"{key}/{field}")
        post(storage, grant, fields={**grant.fields, field: value})
        if stored(bucket.s3, BUCKET, f"{key}/{field}"):
            accepted.add(field)
    return accepted


def completes_with_a_wrong_size(storage: Storage, bucket: MediaBucket, key: str) -> set[str]:
    upload = bucket.start_multipart(key, "video/mp4")
    send_parts(storage, bucket, key, upload)
    parts: list[Any] = [
        {"PartNumber": part.number, "ETag": part.etag} for part in bucket.list_parts(key, upload)
    ]
    try:
        bucket.s3.complete_multipart_upload(
            Bucket=BUCKET,
            Key=key,
            UploadId=upload,
            MpuObjectSize=SIZE - 1,
            MultipartUpload={"Parts": parts},
        )
    except bucket.s3.exceptions.ClientError:
        return set()
    return {"MpuObjectSize"}


type Probe = Callable[[Storage, MediaBucket, str], set[str]]

# Each returns what is accepted that S3 refuses, and beside it stands all that was accepted so far.
PROBES: Mapping[str, tuple[Probe, set[str]]] = {
    "seaweedfs-undeclared-fields": (stores_undeclared_fields, set(UNDECLARED)),
    "seaweedfs-mpu-object-size": (completes_with_a_wrong_size, {"MpuObjectSize"}),
}


def entries() -> list[dict[str, str]]:
    gaps = tomllib.loads(FILE.read_text(encoding="utf-8"))["gap"]
    return [gap for gap in gaps if gap["emulator"].startswith("SeaweedFS")]


def test_every_entry_is_complete_and_has_its_probe() -> None:
    for entry in entries():
        assert {"id", "emulator", "what", "reason"} <= entry.keys()
        assert all(entry.values())
    assert {entry["id"] for entry in entries()} == PROBES.keys()


@pytest.mark.parametrize("gap", sorted(PROBES))
def test_a_gap_is_still_there(storage: Storage, bucket: MediaBucket, key: str, gap: str) -> None:
    probe, known = PROBES[gap]
    learned = known - probe(storage, bucket, key)
    assert not learned, (
        f"{gap} is no longer needed for {', '.join(sorted(learned))}: take it out of "
        f"{FILE.name} and PROBES, and test that it is refused"
    )
