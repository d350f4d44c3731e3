"""What SeaweedFS does not refuse. A test fails when it has learned to: the gap is then closed."""

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.local.s3.running import BUCKET, PICTURE, UNDECLARED, a_grant
from tests.rehearsal.grants.seaweedfs import Weed

FILE = Path(__file__).parents[1] / "emulator_gaps.toml"


def stores_undeclared_fields(storage: Weed, s3: Any, key: str) -> set[str]:
    """Return the fields with which a form is stored although its policy does not name them."""
    accepted = set()
    for field, value in UNDECLARED.items():
        grant = a_grant(s3, f"{key}/{field}")
        storage.post(grant.url, {**grant.fields, field: value}, PICTURE)
        if "Versions" in s3.list_object_versions(Bucket=BUCKET, Prefix=f"{key}/{field}"):
            accepted.add(field)
    return accepted


def completes_with_a_wrong_size(storage: Weed, s3: Any, key: str) -> set[str]:
    where = {"Bucket": BUCKET, "Key": key}
    where["UploadId"] = s3.create_multipart_upload(**where)["UploadId"]
    etag = s3.upload_part(**where, PartNumber=1, Body=b"12345")["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
    try:
        s3.complete_multipart_upload(**where, MpuObjectSize=6, MultipartUpload=parts)
    except s3.exceptions.ClientError:
        return set()
    return {"MpuObjectSize"}


type Probe = Callable[[Weed, Any, str], set[str]]

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
def test_a_gap_is_still_there(gate: Weed, s3: Any, key: str, gap: str) -> None:
    probe, known = PROBES[gap]
    learned = known - probe(gate, s3, key)
    assert not learned, (
        f"{gap} is no longer needed for {', '.join(sorted(learned))}: take it out of "
        f"{FILE.name} and PROBES, and test that it is refused"
    )
