"""The audit is sealed when it is written, so that a missing or altered row is found and named."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from chalicelib import wiring
from chalicelib.domain.seals import SealedRow, hour_of
from chalicelib.handlers import audit_events
from chalicelib.services import audit_seals
from chalicelib.store.audit import of_report
from chalicelib.store.seals import Seals
from chalicelib.store.writes import Delete
from infra.stage import audit_verify
from infra.stage.audit_verify import Trail, read_rows
from infra.stage.faults import Refused
from infra.stage.target import Target
from tests import cloud, events
from tests.client import call, new_key, report

NOW = datetime(2026, 11, 24, 10, 20, tzinfo=UTC)

pytestmark = pytest.mark.usefixtures("aws", "clean", "unlocked")


@pytest.fixture
def unlocked(aws: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Create a bucket without a lock for each test, because locked seals cannot be changed."""
    name = f"audit-{new_key()}"
    boto3.client("s3").create_bucket(Bucket=name)
    monkeypatch.setenv("AUDIT_BUCKET", name)
    wiring.reset()
    # Not at the start of an hour, when the last batches of the hour before may still come.
    wiring.clock.advance(timedelta(minutes=80 - wiring.clock.now().minute))
    yield name
    monkeypatch.undo()
    wiring.reset()


def stream_of(aws: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the rows of the audit table as records of its stream."""
    items = boto3.client("dynamodb").scan(TableName=aws["AUDIT_TABLE"])["Items"]
    return events.audit_stream(sorted(items, key=lambda item: str(item["sk"])))


def seal(records: list[dict[str, Any]]) -> None:
    assert audit_events.seal_audit({"Records": records}, None) == {"batchItemFailures": []}


def look_at_reports(count: int = 3) -> list[str]:
    cloud.officer("wang")
    made = [call("POST", "/v1/reports", report(), key=new_key()).json["id"] for _ in range(count)]
    for each in made:
        call("GET", f"/v1/officer/reports/{each}", officer="wang")
    return made


def digest(hours: int = 2) -> int:
    return audit_seals.write_digests(
        seals=wiring.seals(), now=wiring.clock.now() + timedelta(hours=hours)
    )


def complaints(aws: Mapping[str, str], after: timedelta = timedelta(hours=2)) -> list[str]:
    dynamodb = boto3.client("dynamodb")
    return list(
        audit_seals.verify(
            seals=wiring.seals(),
            read=lambda keys: read_rows(dynamodb, aws["AUDIT_TABLE"], keys),
            is_verified=wiring.audit().is_verified,
            now=wiring.clock.now() + after,
        )
    )


def test_a_trail_that_nobody_touched_is_whole(aws: Mapping[str, str]) -> None:
    look_at_reports()
    seal(stream_of(aws))

    assert digest() == 2  # this hour and the empty one after it
    assert complaints(aws) == []


def test_sealing_and_digesting_again_changes_nothing(aws: Mapping[str, str]) -> None:
    look_at_reports()
    for _ in range(3):
        seal(stream_of(aws))
        digest()

    hour = hour_of(wiring.clock.now())
    assert len(wiring.seals().batches(hour)) == 1
    assert complaints(aws) == []


def test_whoever_runs_the_service_can_check_it(aws: Mapping[str, str], unlocked: str) -> None:
    altered, *_ = look_at_reports()
    seal(stream_of(aws))
    digest()
    trail = Trail(cloud.client, aws["AUDIT_TABLE"], unlocked, aws["AUDIT_SECRET"])
    assert list(trail.wrong()) == []

    [row] = wiring.audit().rows(of_report(altered))
    wiring.audit().table.put(row | {"by": "nobody"})
    assert list(trail.wrong()) == [f"Row {row['pk']} / {row['sk']} is altered."]


def test_a_check_says_how_much_it_covers(aws: Mapping[str, str], unlocked: str) -> None:
    trail = Trail(cloud.client, aws["AUDIT_TABLE"], unlocked, aws["AUDIT_SECRET"])
    assert trail.extent(0, wiring.clock.now()) == "Nothing is sealed yet, so nothing was checked."
    look_at_reports()
    seal(stream_of(aws))
    assert trail.extent(0, wiring.clock.now()).startswith(
        "Checked: 0 digests, 0 rows. Not digested yet"
    )
    digest()
    checked: Counter[str] = Counter()
    assert list(trail.wrong(checked)) == []
    # The rows may be on both sides of an hour's end.
    whole = trail.extent(checked["rows"], wiring.clock.now())
    assert re.fullmatch(r"Checked: [12] digests?, 3 rows\.", whole)


def test_a_lost_table_is_no_whole_trail(
    aws: Mapping[str, str], unlocked: str, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = {
        "AuditTableName": "lost",
        "AuditBucketName": unlocked,
        "AuditSecretArn": aws["AUDIT_SECRET"],
    }
    stage = Target("dev", boto3.Session(), None, outputs, "")
    with pytest.raises(Refused, match="make restore STAGE=dev TABLE=audit"):
        audit_verify.check(stage)
    assert capsys.readouterr().out == ""


def test_the_first_missing_row_is_named(aws: Mapping[str, str]) -> None:
    first, second, _ = look_at_reports()
    seal(stream_of(aws))
    digest()
    for each in (second, first):
        [row] = wiring.audit().rows(of_report(each))
        wiring.audit().table.delete(Delete(row["pk"], row["sk"]))

    assert complaints(aws)[0].startswith(f"Row REPORT#{first} / ")
    assert [each.rpartition(" ")[2] for each in complaints(aws)] == ["missing.", "missing."]


@pytest.mark.parametrize(
    "change", [{"by": "nobody"}, {"action": "list"}, {"mac": "0" * 64}, {"detail": "{}"}]
)
def test_an_altered_row_is_named(aws: Mapping[str, str], change: dict[str, str]) -> None:
    altered, *_ = look_at_reports()
    seal(stream_of(aws))
    digest()
    [row] = wiring.audit().rows(of_report(altered))
    wiring.audit().table.put(row | change)

    assert complaints(aws) == [f"Row {row['pk']} / {row['sk']} is altered."]


def test_an_overwritten_row_shows_even_if_its_writer_had_the_key(
    aws: Mapping[str, str],
) -> None:
    look_at_reports(1)
    seal(stream_of(aws))
    [record] = [
        each for each in stream_of(aws) if each["dynamodb"]["Keys"]["pk"]["S"].startswith("REPORT#")
    ]
    pk, sk = (record["dynamodb"]["Keys"][name]["S"] for name in ("pk", "sk"))
    row = {"pk": pk, "sk": sk, "by": "somebody else", "action": "open", "expires_ttl": 4102444800}
    wiring.audit().table.put(row | {"mac": wiring.audit()._mac(row)})
    seal(
        [
            each | {"eventName": "MODIFY"}
            for each in stream_of(aws)
            if each["dynamodb"]["Keys"] == record["dynamodb"]["Keys"]
        ]
    )
    digest()

    assert complaints(aws) == [f"Row {pk} / {sk} is altered."]


def test_rows_that_ended_after_two_years_are_not_missed(aws: Mapping[str, str]) -> None:
    [only] = look_at_reports(1)
    seal(stream_of(aws))
    digest()
    [row] = wiring.audit().rows(of_report(only))
    assert (
        timedelta(days=729)
        < datetime.fromtimestamp(row["expires_ttl"], UTC) - wiring.clock.now()
        < timedelta(days=731)
    )
    wiring.audit().table.delete(Delete(row["pk"], row["sk"]))

    assert not [each for each in complaints(aws, timedelta(days=731)) if each.startswith("Row")]


def test_a_digest_or_batch_that_is_gone_or_changed_is_named(
    aws: Mapping[str, str], unlocked: str
) -> None:
    look_at_reports()
    seal(stream_of(aws))
    digest(4)
    s3, bucket, hour = boto3.client("s3"), unlocked, hour_of(wiring.clock.now())
    [name] = wiring.seals().batches(hour)
    s3.put_object(Bucket=bucket, Key=f"batches/{hour}/{name}", Body=b"[]")
    assert complaints(aws) == [f"Batch {name} of {hour} is altered."]

    after = hour_of(wiring.clock.now() + timedelta(hours=1))
    s3.delete_object(Bucket=bucket, Key=f"digests/{after}.json")
    assert complaints(aws)[1] == f"The digest of {after} is missing."
    s3.delete_object(Bucket=bucket, Key=f"digests/{hour}.json")
    assert "does not follow" in complaints(aws)[0]


def test_a_missed_digest_is_written_later_and_an_overdue_one_is_named(
    aws: Mapping[str, str],
) -> None:
    look_at_reports()
    seal(stream_of(aws))

    assert "overdue" in complaints(aws, timedelta(hours=9))[0]
    assert digest(8) == 8
    assert complaints(aws, timedelta(hours=9)) == []


def test_a_batch_under_way_at_the_full_hour_is_waited_for(aws: Mapping[str, str]) -> None:
    seals = wiring.seals()
    full = NOW.replace(minute=0)
    audit_seals.seal_rows(
        "1",
        [SealedRow("REPORT#A", "2026-11-24T09:59:59.000Z#1", "m")],
        seals=seals,
        now=full - timedelta(seconds=1),
    )

    assert audit_seals.write_digests(seals=seals, now=full + timedelta(minutes=4)) == 0
    assert audit_seals.write_digests(seals=seals, now=full + timedelta(minutes=5)) == 1


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
