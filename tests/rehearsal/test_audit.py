"""The audit is sealed, chained and found whole; an altered row is found too."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.seals import hour_of
from tests import events
from tests.rehearsal.people import Person
from tests.rehearsal.stage import Stage
from tests.rehearsal.waiting import until


@pytest.fixture(scope="module")
def sealed(stage: Stage, officer: Person) -> str:
    """The key of an object that seals a look at a report, and so a row that the API wrote."""
    report = stage.report()["id"]
    before = set(batches(stage))
    officer.get(f"/v1/officer/reports/{report}")
    return until(lambda: next(iter(set(batches(stage)) - before), None), "a sealed batch")


def batches(stage: Stage) -> list[str]:
    found = stage.client("s3").list_objects_v2(Bucket=stage.outputs["AuditBucketName"])
    return [each["Key"] for each in found.get("Contents", ()) if "digest" not in each["Key"]]


def test_a_seal_cannot_be_deleted(stage: Stage, sealed: str) -> None:
    head = stage.client("s3").head_object(Bucket=stage.outputs["AuditBucketName"], Key=sealed)
    assert head["ObjectLockMode"] == "COMPLIANCE"
    assert head["ObjectLockRetainUntilDate"] > datetime.now(UTC) + timedelta(days=700)


def test_the_audit_is_whole_and_an_altered_row_is_named(stage: Stage, sealed: str) -> None:
    # As if it had been sealed two hours ago: the digests of both hours are missing.
    past = hour_of(datetime.now(UTC) - timedelta(hours=2))
    hour = hour_of(datetime.now(UTC))
    assert hour in sealed, sealed
    bucket = stage.outputs["AuditBucketName"]
    content = stage.client("s3").get_object(Bucket=bucket, Key=sealed)["Body"].read()
    stage.client("s3").put_object(Bucket=bucket, Key=sealed.replace(hour, past), Body=content)
    stage.invoke("DigestAudit", events.load("schedule"))

    whole = stage.command("infra.stage.audit_verify")
    first, *more = whole.stdout.splitlines()
    assert (whole.returncode, first) == (0, "The audit trail is whole."), whole.stdout
    assert more[0].startswith("Checked: "), more
