"""An S3 that is not ours takes and refuses the same: tests of the local gate, tried on it."""

import base64
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.s3 import test_form_files, test_forms, test_parts, test_presigned
from tests.local.s3.running import BUCKET, Gate, Send, part_target, refusal_of
from tests.local.s3.test_parts import LAST, MISMATCH
from tests.local.s3.test_presigned import read_target, stored
from tests.rehearsal.grants.seaweedfs import Weed, until

__all__ = ["stored"]

# Those that any S3 passes ask for a Storage; those that ask for a Gate are of ours alone.
for module in (test_form_files, test_forms, test_parts, test_presigned):
    globals().update(
        {
            name: test
            for name, test in vars(module).items()
            if name.startswith("test_") and Gate not in test.__annotations__.values()
        }
    )


@pytest.fixture
def target(s3: Any, key: str, upload: str) -> str:
    return part_target(s3, key, upload, 3)


def test_a_part_with_a_wrong_checksum_is_refused(gate: Weed, target: str) -> None:
    wrong = {"Content-MD5": base64.b64encode(bytes(16)).decode()}
    assert refusal_of(gate.ask("PUT", target, LAST, wrong)) == (400, "BadDigest")


@pytest.mark.parametrize(
    "header", ["x-amz-checksum-crc64nvme", "x-amz-meta-note", "x-amz-server-side-encryption"]
)
def test_a_header_of_s3_that_was_not_signed_is_refused(
    gate: Weed, target: str, header: str
) -> None:
    assert refusal_of(gate.ask("PUT", target, LAST, {header: "AAAAAAAAAAA="})) == MISMATCH


def test_a_part_address_opens_nothing_but_its_upload(gate: Weed, target: str) -> None:
    for method in ("GET", "DELETE", "POST"):
        assert gate.ask(method, target)[0] == 403


def test_s3_itself_refuses_to_complete_over_an_object(
    s3: Any, key: str, upload: str, parts: Send
) -> None:
    s3.put_object(Bucket=BUCKET, Key=key, Body=b"came first")
    where = {"Bucket": BUCKET, "Key": key, "UploadId": upload}
    ((_, part, _),) = parts(3)
    listed = {"Parts": [{"PartNumber": 3, "ETag": part["etag"]}]}
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.complete_multipart_upload(**where, MultipartUpload=listed, IfNoneMatch="*")


def test_an_expired_address_opens_nothing(
    gate: Weed, s3: Any, key: str, upload: str, stored: str
) -> None:
    part = part_target(s3, key, upload, 3, expires_s=1)
    read = read_target(s3, key, stored, expires_s=1)
    for method, target in (("PUT", part), ("GET", read)):
        assert until(gate.process, lambda: b"expired" in gate.ask(method, target, LAST)[2])  # noqa: B023 - is called at once


def test_without_a_signature_nothing_is_read(gate: Weed, key: str, stored: str) -> None:
    assert gate.ask("GET", f"/{BUCKET}/{key}?versionId={stored}")[0] == 403
