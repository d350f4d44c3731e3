"""The audit is sealed when it is written, so that a missing or altered row is found and named."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from chalicelib import wiring
from chalicelib.aws.writes import Delete
from chalicelib.domain.audit.seals import SealedRow, hour_of
from chalicelib.handlers import watch
from chalicelib.kernel import errors
from chalicelib.services.audit import seals as audit_seals
from chalicelib.store.audit.rows import of_report
from chalicelib.store.audit.seals import Seals
from infra.stage import audit
from tests import cloud
from tests.audit_trail import bucket, complaints, digest, look_at_reports, seal, stream_of
from tests.faults import inject

NOW = datetime(2026, 11, 24, 10, 20, tzinfo=UTC)

__all__ = ["bucket"]
pytestmark = pytest.mark.usefixtures("aws", "clean", "bucket")


def test_sealing_and_digesting_again_changes_nothing() -> None:
    look_at_reports()
    for _ in range(3):
        seal(stream_of())
        digest()

    hour = hour_of(wiring.clock.now())
    assert len(wiring.seals().batches(hour)) == 1
    assert complaints() == []


def test_a_check_says_how_much_it_covers() -> None:
    nothing: Counter[str] = Counter()
    assert complaints(timedelta(), counts=nothing) == []
    assert audit.extent_of(nothing) == "Nothing is sealed yet, so nothing was checked."
    look_at_reports()
    seal(stream_of())
    fresh: Counter[str] = Counter()
    assert complaints(timedelta(), counts=fresh) == []
    assert audit.extent_of(fresh) == (
        "Checked: 0 digests, 0 rows, 3 newer rows in no digest yet, "
        "3 reports that officers have seen."
    )
    digest()
    counts: Counter[str] = Counter()
    assert complaints(counts=counts) == []
    assert (
        audit.extent_of(counts) == "Checked: 2 digests, 3 rows, 3 reports that officers have seen."
    )


def test_an_overwritten_row_shows_even_if_its_writer_had_the_key() -> None:
    look_at_reports(1)
    seal(stream_of())
    [record] = [
        each for each in stream_of() if each["dynamodb"]["Keys"]["pk"]["S"].startswith("REPORT#")
    ]
    pk, sk = (record["dynamodb"]["Keys"][name]["S"] for name in ("pk", "sk"))
    row = {"pk": pk, "sk": sk, "by": "somebody else", "action": "open", "expires_ttl": 4102444800}
    wiring.audit().table.put(row | {"mac": wiring.audit()._mac(row)})
    seal(
        [
            each | {"eventName": "MODIFY"}
            for each in stream_of()
            if each["dynamodb"]["Keys"] == record["dynamodb"]["Keys"]
        ]
    )
    digest()

    assert complaints() == [f"Row {pk} / {sk} is altered."]


def test_rows_that_ended_after_two_years_are_not_missed() -> None:
    [only] = look_at_reports(1)
    seal(stream_of())
    digest()
    [row] = wiring.audit().rows(of_report(only))
    assert (
        timedelta(days=729)
        < datetime.fromtimestamp(row["expires_ttl"], UTC) - wiring.clock.now()
        < timedelta(days=731)
    )
    wiring.audit().table.delete(Delete(row["pk"], row["sk"]))

    assert not [each for each in complaints(timedelta(days=731)) if each.startswith("Row")]


def test_a_missed_digest_is_written_later_and_an_overdue_one_is_named() -> None:
    look_at_reports()
    seal(stream_of())

    assert "overdue" in complaints(timedelta(hours=9))[0]
    assert digest(8) == 8
    assert complaints(timedelta(hours=9)) == []


def test_a_batch_under_way_at_the_full_hour_is_waited_for() -> None:
    seals = wiring.seals()
    full = NOW.replace(minute=0)
    audit_seals.seal_rows(
        "1",
        [SealedRow("REPORT#A", "2026-11-24T09:59:59.000Z#1", "m")],
        seals=seals,
        now=full - timedelta(seconds=1),
    )

    def write(minutes: int) -> int:
        return audit_seals.write_digests(
            seals=seals, sign=wiring.signing_key().sign, now=full + timedelta(minutes=minutes)
        )

    assert (write(4), write(5)) == (0, 1)


def test_seals_are_locked_for_two_years(aws: Mapping[str, str]) -> None:
    look_at_reports()
    s3, bucket = boto3.client("s3"), aws["AUDIT_BUCKET"]
    audit_seals.seal_rows(
        "1",
        [SealedRow("REPORT#A", "2026-11-24T09:59:59.000Z#1", "m")],
        seals=Seals(s3, bucket),
        now=NOW,
    )
    [found] = s3.list_objects_v2(Bucket=bucket)["Contents"]
    version = s3.list_object_versions(Bucket=bucket)["Versions"][0]["VersionId"]

    with pytest.raises(s3.exceptions.ClientError, match="AccessDenied"):
        s3.delete_object(Bucket=bucket, Key=found["Key"], VersionId=version)
    rule = s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]["Rule"][
        "DefaultRetention"
    ]
    assert (rule["Mode"], rule["Years"]) == ("COMPLIANCE", 2)


def contents() -> list[bytes]:
    seals = wiring.seals()
    return [seals.digest(hour) or b"" for hour in seals.digested_hours()]


@pytest.mark.parametrize("call", ["GetPublicKey", "Sign"])
def test_without_the_key_no_digest_is_written_and_the_next_run_writes_it(call: str) -> None:
    look_at_reports(1)
    seal(stream_of())
    wiring.clock.advance(timedelta(hours=2))
    down = inject.error_response(400, "DisabledException")
    with (
        inject.fault(wiring.signing_key()._kms, f"kms.{call}", down),
        pytest.raises(errors.Unavailable),
    ):
        watch.digest_audit(cloud.SCHEDULE, None)
    assert contents() == []
    assert watch.digest_audit(cloud.SCHEDULE, None)["digests"] == 2
    assert complaints(timedelta()) == []


@pytest.mark.parametrize("handle", [inject.crash, inject.crash_after])
@pytest.mark.parametrize("call", ["kms.Sign", "s3.PutObject"])
def test_a_run_that_ends_before_or_after_a_call_is_gone_on_with(call: str, handle: Any) -> None:
    look_at_reports(1)
    seal(stream_of())
    client = wiring.signing_key()._kms if call.startswith("kms") else wiring.s3()
    with inject.dying(call, client, position=1, how=handle):
        digest(3)
    digest(3)
    assert len(contents()) == 3
    assert complaints(timedelta(hours=3)) == []


def test_of_two_runs_at_once_one_writes_the_chain() -> None:
    look_at_reports(1)
    seal(stream_of())

    def run_before(request: Any) -> None:
        digest(3)

    with inject.fault(wiring.s3(), "s3.PutObject", inject.at(0, run_before)):
        assert digest(3) == 0
    assert len(contents()) == 3
    assert complaints(timedelta(hours=3)) == []
