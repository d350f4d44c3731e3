"""Whether the tables and buckets of a stage are there. Without one, some routes return 503."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from infra.stage.faults import Refused, code_of
from infra.stage.tables import ABSENT, TABLES
from infra.stage.target import Target

# By output, what the loss means.
BUCKETS = {
    "MediaBucketName": "AWS Backup has what was in it: docs/operations.md, Restore a table.",
    "AuditBucketName": "New rows of the audit are not sealed, and earlier ones cannot be checked.",
}
_SERVING = ("ACTIVE", "UPDATING")


def find_lost(target: Target) -> Iterator[str]:
    """Yield a sentence for each table and bucket that is not in service, with what to do."""
    yield from _lost_tables(target, *TABLES)
    s3 = target.client("s3")
    for output, meaning in BUCKETS.items():
        yield from _lost_bucket(s3, target.output(output), meaning)


def require_tables(target: Target, *keys: str) -> None:
    """Raise Refused unless these tables, by their keys in TABLES, are in service."""
    if lost := list(_lost_tables(target, *keys)):
        raise Refused("\n".join(lost))


def _lost_tables(target: Target, *keys: str) -> Iterator[str]:
    dynamodb = target.client("dynamodb")
    for key in keys:
        name = target.output(f"{TABLES[key][0]}Name")
        try:
            status = dynamodb.describe_table(TableName=name)["Table"]["TableStatus"]
        except ClientError as error:
            if code_of(error) not in ABSENT:
                raise
            yield f"The table {name} is gone. {_remedy(target, key)}"
            continue
        if status not in _SERVING:
            yield f"The table {name} is not in service: AWS calls it {status}."


def _remedy(target: Target, key: str) -> str:
    if target.is_local:
        return "Start the local stack again: make run"
    return f"Bring it back: make restore{target.command} TABLE={key}"


def _lost_bucket(s3: Any, name: str, meaning: str) -> Iterator[str]:
    try:
        s3.head_bucket(Bucket=name)
    except ClientError as error:
        if code_of(error) not in ("404", "NoSuchBucket", "NotFound"):
            raise
        yield f"The bucket {name} is gone. {meaning}"
