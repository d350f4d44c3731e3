"""`make audit-verify` and `make audit-key`: what whoever runs the service, or somebody outside, may
give and sees.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from chalicelib import wiring
from chalicelib.domain.audit.seals import is_signed_by
from chalicelib.services.audit.check import Witnesses
from chalicelib.store.audit.rows import of_report
from infra.stage import audit
from infra.stage.audit import find_keys, pem_of, read_heads, read_keys
from infra.stage.console import Refused
from infra.stage.rotate_key import rotate_key
from infra.stage.tables import require_tables
from infra.stage.target import Target
from tests import cloud
from tests.audit_trail import bucket, digest, later, look_at_reports, seal, stream_of, trail
from tests.client import new_key

__all__ = ["bucket"]
pytestmark = pytest.mark.usefixtures("aws", "clean", "bucket")

HOUR = "2026-03-01T08"
HASH = "ab" * 32


def check(*, everything: bool = False) -> int:
    witnesses = Witnesses([wiring.signing_key().public_key()])
    after = later(timedelta(hours=2))
    return audit.check_audit(trail(), witnesses, after, everything=everything)


def test_a_check_prints_that_all_is_whole_or_the_first_thing_that_is_wrong(
    capsys: pytest.CaptureFixture[str],
) -> None:
    altered = look_at_reports(2)
    seal(stream_of())
    digest()
    assert check() == 0
    assert capsys.readouterr().out == (
        "The audit trail is whole.\n"
        "Checked: 2 digests, 2 rows, 2 reports that officers have seen.\n"
    )
    for each in altered:
        [row] = wiring.audit().rows(of_report(each))
        wiring.audit().table.put(row | {"by": "nobody"})
    assert check() == 1
    [line] = capsys.readouterr().out.splitlines()
    assert line.endswith(" is altered.")
    assert check(everything=True) == 1
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_a_lost_table_is_no_whole_trail(aws: Mapping[str, str], bucket: str) -> None:
    outputs = {
        "AuditTableName": "lost",
        "AuditBucketName": bucket,
        "AuditSecretArn": aws["AUDIT_SECRET"],
    }
    stage = Target("dev", boto3.Session(), None, outputs, "")
    with pytest.raises(Refused, match="make restore STAGE=dev TABLE=audit"):
        require_tables(stage, "audit")


# Keys ---------------------------------------------------------------------------------------------


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Target:
    """A stage of its own, with a key."""
    monkeypatch.setenv("YES", "1")
    kms, name = cloud.client("kms"), f"s{new_key()[:12].lower()}"
    made = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY", Description="signs")
    key_id = made["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=f"alias/tipline-{name}-ledger", TargetKeyId=key_id)
    return Target(name, boto3.Session(), None, {}, "")


def sign(target: Target) -> bytes:
    signed = cloud.client("kms").sign(
        KeyId=f"alias/tipline-{target.stage}-ledger",
        Message=b"content",
        MessageType="RAW",
        SigningAlgorithm="ECDSA_SHA_256",
    )
    return bytes(signed["Signature"])


def test_a_key_is_printed_as_a_file_that_a_check_reads(stage: Target, tmp_path: Path) -> None:
    [key] = find_keys(stage)
    path = tmp_path / "key.pem"
    path.write_text(pem_of(key))
    assert read_keys(str(path)) == [key]
    assert is_signed_by(key, b"content", sign(stage))


def test_the_keys_before_a_rotation_are_printed_too(stage: Target, tmp_path: Path) -> None:
    before, [old] = sign(stage), find_keys(stage)
    rotate_key(stage, "ledger")
    keys = find_keys(stage)
    assert len(keys) == 2
    assert keys[1] == old
    assert is_signed_by(keys[0], b"content", sign(stage))
    assert is_signed_by(keys[1], b"content", before)
    path = tmp_path / "keys.pem"
    path.write_text("".join(map(pem_of, keys)))
    assert read_keys(str(path)) == keys


def test_a_stage_without_the_key_says_what_to_do() -> None:
    with pytest.raises(Refused, match="make deploy STAGE=dev"):
        find_keys(Target("dev", boto3.Session(), None, {}, ""))


@pytest.mark.parametrize(
    "content", [b"", b"nothing", b"-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----"]
)
def test_a_file_without_a_key_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(content)
    with pytest.raises(Refused, match="KEY="):
        read_keys(str(path))
    with pytest.raises(Refused, match="cannot be read"):
        read_keys(str(tmp_path / "none"))


# Heads --------------------------------------------------------------------------------------------


def head(**more: Any) -> dict[str, Any]:
    return {"hour": HOUR, "size": 64, "root": "00", "previous": None, "audit": HASH} | more


def document(**more: Any) -> dict[str, Any]:
    return {"head": head(**more), "signature": "c2ln", "key": "a2V5", "leaves": ""}


def written(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)


def test_heads_are_read_from_a_list_or_from_lines(tmp_path: Path) -> None:
    path, other = tmp_path / "heads", document(hour="2026-03-01T09", audit="cd" * 32)
    both = {HOUR: HASH, "2026-03-01T09": "cd" * 32}
    assert read_heads(written(path, json.dumps([document(), other]))) == both
    lines = f"{json.dumps(document())}\n\n{json.dumps(other)}\n"
    assert read_heads(written(path, lines)) == both
    assert read_heads(written(path, json.dumps(document()))) == {HOUR: HASH}
    assert read_heads(written(path, json.dumps([head(), document()]))) == {HOUR: HASH}
    assert read_heads(written(path, json.dumps([document(audit=None)]))) == {}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "x",
        "[1]",
        "[{}]",
        json.dumps([document(hour="8")]),
        json.dumps([document(audit="x")]),
    ],
)
def test_what_is_no_head_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(Refused, match="HEADS="):
        read_heads(written(tmp_path / "heads", text))


def test_two_heads_of_an_hour_that_differ_are_refused(tmp_path: Path) -> None:
    twice = json.dumps([document(), document(audit="cd" * 32)])
    with pytest.raises(Refused, match=f"two heads of {HOUR} that differ"):
        read_heads(written(tmp_path / "heads", twice))


def test_a_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="cannot be read"):
        read_heads(str(tmp_path / "none"))
