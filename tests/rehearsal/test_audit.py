"""The audit is sealed, chained and found whole; an altered row is found too."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.domain.audit.seals import hour_of, place_of_batch, start_of
from infra.rehearsal.cloud import ROOT, Credentials
from tests import events
from tests.rehearsal.people import Person
from tests.rehearsal.stage import STACK, Stage
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
    keys = [each["Key"] for each in found.get("Contents", ())]
    return [key for key in keys if key.startswith("batches/")]


def test_a_seal_cannot_be_deleted(stage: Stage, sealed: str) -> None:
    head = stage.client("s3").head_object(Bucket=stage.outputs["AuditBucketName"], Key=sealed)
    assert head["ObjectLockMode"] == "COMPLIANCE"
    assert head["ObjectLockRetainUntilDate"] > datetime.now(UTC) + timedelta(days=700)


def test_the_audit_is_whole_and_an_altered_row_is_named(stage: Stage, sealed: str) -> None:
    # As if it had been sealed two hours ago: the digests of both hours are missing.
    hour, _ = place_of_batch(sealed) or ("", "")
    now = datetime.now(UTC)
    assert hour in (hour_of(now), hour_of(now - timedelta(hours=1))), sealed
    past = hour_of(start_of(hour) - timedelta(hours=2))
    bucket = stage.outputs["AuditBucketName"]
    content = stage.client("s3").get_object(Bucket=bucket, Key=sealed)["Body"].read()
    stage.client("s3").put_object(Bucket=bucket, Key=sealed.replace(hour, past), Body=content)
    stage.invoke("DigestAudit", events.load("schedule"))

    whole = stage.command("infra.stage audit-verify")
    first, *more = whole.stdout.splitlines()
    assert (whole.returncode, first) == (0, "The audit trail is whole."), whole.stdout
    assert more[0].startswith("Checked: "), more


def test_the_record_of_the_keys_is_compared(stage: Stage) -> None:
    done = stage.invoke("CompareOpenings", events.load("schedule"))
    assert done == {"compared_hours": 2, "findings": 0}


@pytest.mark.parametrize("name", ["content", "contact"])
def test_a_key_opens_nothing_for_whoever_administers_the_account(stage: Stage, name: str) -> None:
    alias = f"alias/{STACK}-{name}"
    public = stage.client("kms").get_public_key(KeyId=alias)
    assert (public["KeySpec"], public["KeyUsage"]) == ("RSA_3072", "ENCRYPT_DECRYPT")
    kms = administrator(stage, name)
    assert kms.describe_key(KeyId=alias)["KeyMetadata"]["MultiRegion"] is True
    with pytest.raises(ClientError, match="AccessDenied"):
        kms.decrypt(
            KeyId=public["KeyId"],
            CiphertextBlob=bytes(384),
            EncryptionAlgorithm="RSAES_OAEP_SHA_256",
        )


def administrator(stage: Stage, name: str) -> Any:
    """Return KMS as a user calls it who may do everything there."""
    iam, user = stage.cloud.client("iam", ROOT), f"administrator-{name}"
    iam.create_user(UserName=user)
    statement = {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=user, PolicyName="all", PolicyDocument=document)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    return stage.cloud.client("kms", Credentials(key["AccessKeyId"], key["SecretAccessKey"]))
