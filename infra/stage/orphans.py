"""`make orphans`: look for what a deletion left behind, in the local stack that is running or, with
`STAGE=dev`, in a deployed stage. With `DELETE=1` delete it.

Table and bucket are those of one stack, so a bucket is never compared with the table of another
stage. Exits with 1 when evidence is missing, or when orphans were listed and not deleted.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from chalicelib.aws import keys
from chalicelib.aws.bucket import MediaBucket
from chalicelib.aws.table import Table
from chalicelib.services.media.orphans import OrphanKind, Places, delete_orphan, find_orphans
from infra.stage.tables import require_tables
from infra.stage.target import Target, command, find_target


def main(arguments: Sequence[str]) -> int:
    parser = command("stage orphans", "Look for what a deletion left behind.")
    parser.add_argument(
        "--delete",
        action="store_true",
        help="delete what belongs to no report any more; default: only list it",
    )
    wanted = parser.parse_args(arguments)
    return sweep_out(find_target(wanted.stage), delete=wanted.delete, now=datetime.now(UTC))


def sweep_out(target: Target, *, delete: bool, now: datetime) -> int:
    """List orphans, delete those that may be deleted, and return the exit code."""
    require_tables(target, "reports", "bulletins", "contacts")
    # The tables repeat a call themselves.
    dynamodb = target.client("dynamodb", retries={"total_max_attempts": 1})
    places = Places(
        reports=Table(dynamodb, target.output("ReportsTableName")),
        bulletins=Table(dynamodb, target.output("BulletinsTableName")),
        contacts=Table(dynamodb, target.output("ContactsTableName")),
        bucket=MediaBucket(target.client("s3"), target.output("MediaBucketName")),
    )
    if delete and not _holds_reports(places.reports):
        print(
            "The table has no report at all, so nothing is deleted: if it is still being restored, "
            "everything would be lost."
        )
        return 1
    counted: Counter[OrphanKind] = Counter()
    for orphan in find_orphans(places, now=now):
        deleted = delete and delete_orphan(orphan, places)
        print(f"{orphan.kind}\t{' '.join(orphan.where)}{'\tdeleted' if deleted else ''}")
        counted[orphan.kind] += 1
    print(", ".join(f"{kind}: {counted[kind]}" for kind in OrphanKind))
    return 1 if counted[OrphanKind.MISSING] or (counted and not delete) else 0


def _holds_reports(reports: Table) -> bool:
    rows = reports.scan(attributes=("sk", "deleted_at"))
    return any(row["sk"] == keys.HEAD and "deleted_at" not in row for row in rows)
