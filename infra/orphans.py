"""Look for what a deletion left behind, in a deployed stage: `make orphans STAGE=dev`, and with
`DELETE=1` delete it.

Table and bucket are those of one stack, so a bucket is never compared with the table of another
stage. Exits with 1 when evidence is missing, or when orphans were listed and not deleted.
"""

import argparse
import sys
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import TiplineError
from chalicelib.media.bucket import MediaBucket
from chalicelib.media.s3 import s3_client
from chalicelib.services.orphans import OrphanKind, delete_orphan, find_orphans
from chalicelib.store import keys
from chalicelib.store.table import Table


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m infra.orphans", description="Look for what a deletion left behind."
    )
    parser.add_argument("--stage", required=True, help="the stage; its stack is tipline-<stage>")
    parser.add_argument(
        "--delete",
        action="store_true",
        help="delete what belongs to no report any more; default: only list it",
    )
    arguments = parser.parse_args()
    try:
        outputs = read_outputs(f"tipline-{arguments.stage}", boto3.client("cloudformation"))
        sys.exit(sweep_out(outputs, delete=arguments.delete, now=datetime.now(UTC)))
    except (TiplineError, BotoCoreError, ClientError) as error:
        sys.exit(f"Not finished: {error}")


def read_outputs(stack: str, cloudformation: Any) -> dict[str, str]:
    """Return the outputs of a stack by name."""
    found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0].get("Outputs", [])
    return {output["OutputKey"]: output["OutputValue"] for output in found}


def sweep_out(outputs: dict[str, str], *, delete: bool, now: datetime) -> int:
    """List orphans, delete those that may be deleted, and return the exit code."""
    dynamodb = boto3.client("dynamodb", config=Config(retries={"total_max_attempts": 1}))
    reports, bulletins = (
        Table(dynamodb, outputs["ReportsTableName"]),
        Table(dynamodb, outputs["BulletinsTableName"]),
    )
    bucket = MediaBucket(s3_client(boto3.Session()), outputs["MediaBucketName"])
    if delete and not _holds_reports(reports):
        print(
            "The table has no report at all, so nothing is deleted: if it is still being restored, "
            "everything would be lost."
        )
        return 1
    counted: Counter[OrphanKind] = Counter()
    for orphan in find_orphans(reports=reports, bulletins=bulletins, bucket=bucket, now=now):
        deleted = delete and delete_orphan(orphan, reports=reports, bucket=bucket)
        print(f"{orphan.kind}\t{' '.join(orphan.where)}{'\tdeleted' if deleted else ''}")
        counted[orphan.kind] += 1
    print(", ".join(f"{kind}: {counted[kind]}" for kind in OrphanKind))
    return 1 if counted[OrphanKind.MISSING] or (counted and not delete) else 0


def _holds_reports(reports: Table) -> bool:
    rows = reports.scan(attributes=("sk", "deleted_at"))
    return any(row["sk"] == keys.HEAD and "deleted_at" not in row for row in rows)


if __name__ == "__main__":
    main()
