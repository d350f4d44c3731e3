"""An audit trail of a test's own: a bucket with versions and without a lock, because what is locked
cannot be changed, and the steps that seal and check it.
"""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.handlers import watch
from chalicelib.services.audit import seals
from chalicelib.services.audit.check import Witnesses
from infra.stage.audit import Trail
from tests import cloud, events
from tests.client import call, new_key
from tests.steps import file


@contextmanager
def unlocked_bucket() -> Iterator[str]:
    """Let the app write its seals to a new bucket, whose name is yielded."""
    name = f"audit-{new_key()}"
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUDIT_BUCKET", name)
        wiring.reset()
        # Not at the start of an hour, when the last batches of the hour before may still come.
        wiring.clock.advance(timedelta(minutes=80 - wiring.clock.now().minute))
        yield name
    wiring.reset()


@pytest.fixture
def bucket(aws: Mapping[str, str]) -> Iterator[str]:
    with unlocked_bucket() as name:
        yield name


def stream_of() -> list[dict[str, Any]]:
    """Return the rows of the audit table as records of its stream."""
    items = cloud.client("dynamodb").scan(TableName=os.environ["AUDIT_TABLE"])["Items"]
    return events.audit_stream(sorted(items, key=lambda item: str(item["sk"])))


def seal(records: list[dict[str, Any]]) -> None:
    assert watch.seal_audit({"Records": records}, None) == {"batchItemFailures": []}


def look_at_reports(count: int = 3) -> list[str]:
    """File reports, let an officer open each, and return their ids."""
    cloud.officer("wang")
    made = [file()["id"] for _ in range(count)]
    for each in made:
        call("GET", f"/v1/officer/reports/{each}", officer="wang")
    return made


def digest(hours: int = 2) -> int:
    """Write the digests that are due after some hours, and return their number."""
    return seals.write_digests(
        seals=wiring.seals(),
        sign=wiring.signing_key().sign,
        now=wiring.clock.now() + timedelta(hours=hours),
    )


def trail() -> Trail:
    bucket = wiring.settings().audit_bucket
    return Trail(
        cloud.client,
        os.environ["AUDIT_TABLE"],
        os.environ["REPORTS_TABLE"],
        bucket,
        os.environ["AUDIT_SECRET"],
    )


def complaints(
    after: timedelta = timedelta(hours=2),
    *,
    heads: Mapping[str, str] | None = None,
    keys: Sequence[bytes] | None = None,
    counts: Counter[str] | None = None,
) -> list[str]:
    """Return what a check finds, some time after now."""
    witnesses = Witnesses(
        [wiring.signing_key().public_key()] if keys is None else keys, heads or {}
    )
    return list(trail().wrong(witnesses, later(after), counts))


def later(after: timedelta) -> datetime:
    return wiring.clock.now() + after
