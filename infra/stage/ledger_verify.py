"""`make ledger-verify`: check all reports and their originals against the ledger.

    python -m infra.stage.ledger_verify                the local stack that is running (PORT)
    python -m infra.stage.ledger_verify --stage prod   a deployed stage; it needs the right to read
                                                       the table of reports and both buckets
    … --originals                                      read every original, and hash it again

Prints each thing that is wrong and exits with 1, or `The ledger is whole.` and how much was
checked. What it finds, it names: the hour, the report, the medium. `make audit-verify` checks the
record of what officers did.
"""

import argparse
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError, FlexibleChecksumError

from chalicelib.aws.table import Table
from chalicelib.kernel.files import original_key
from chalicelib.services.reports.ledger_check import (
    ATTRIBUTES,
    OriginalCheck,
    Published,
    check_hours,
    check_objects,
    check_reports,
    is_ours,
)
from chalicelib.store.audit.ledger import LeafRows
from chalicelib.store.audit.seals import LedgerHeads
from infra.stage.audit_key import find_keys
from infra.stage.audit_verify import now_of
from infra.stage.faults import run
from infra.stage.presence import require_tables
from infra.stage.target import Target, add_stage, find_target

_ABSENT = ("NoSuchKey", "NoSuchVersion", "404", "405", "MethodNotAllowed")
_ALTERED = "has other bytes than recorded"
_CHUNK = 8 * 1024 * 1024


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m infra.stage.ledger_verify",
        description="Check all reports and their originals against the ledger.",
    )
    add_stage(parser)
    parser.add_argument(
        "--originals", action="store_true", help="read every original, and hash it again"
    )
    wanted = parser.parse_args(arguments)
    target = find_target(wanted.stage)
    require_tables(target, "reports")
    return check(stored_ledger_of(target), now_of(target), originals=wanted.originals)


@dataclass(frozen=True)
class StoredLedger:
    """Where a ledger is, and the reports that are recorded in it. `keys` are the public halves
    (DER) that may have signed its heads.
    """

    client: Callable[[str], Any]
    table: str
    audit_bucket: str
    media_bucket: str
    keys: Sequence[bytes]

    def wrong(
        self, now: datetime, counts: Counter[str], *, originals: bool = False
    ) -> Iterator[str]:
        """Yield what is wrong: first with the hours, then with the reports."""
        heads = LedgerHeads(self.client("s3"), self.audit_bucket)
        table = Table(self.client("dynamodb"), self.table)
        stored = list(heads.stored())
        yield from check_objects(stored, now)
        hours = heads.read_all(each for each in stored if is_ours(each, now))
        counts["hours"] = len(hours)
        yield from check_hours(hours, self.keys)
        leaves = frozenset(leaf for closed in hours for leaf in closed.leaves)
        yield from check_reports(
            table.scan(attributes=ATTRIBUTES),
            Published(leaves, hours[-1].head.hour if hours else None),
            leaf_rows=LeafRows(table),
            original=_original_check(self.client("s3"), self.media_bucket, originals=originals),
            counts=counts,
            now=now,
        )


def stored_ledger_of(target: Target) -> StoredLedger:
    """Return the ledger of a stage or of the local stack."""
    return StoredLedger(
        client=target.client,
        table=target.output("ReportsTableName"),
        audit_bucket=target.output("AuditBucketName"),
        media_bucket=target.output("MediaBucketName"),
        keys=find_keys(target),
    )


def check(ledger: StoredLedger, now: datetime, *, originals: bool = False) -> int:
    """Print what is wrong, or that nothing is. Return the exit code."""
    found, counts = 0, Counter[str]()
    for complaint in ledger.wrong(now, counts, originals=originals):
        print(complaint)
        found += 1
    if not found:
        checked = ", ".join(f"{count} {what}" for what, count in counts.items())
        print(f"The ledger is whole. Checked: {checked}.")
    return 1 if found else 0


def _original_check(s3: Any, bucket: str, *, originals: bool) -> OriginalCheck:
    def wrong(
        report_id: str, media_id: str, version: str, checksum: Mapping[str, str]
    ) -> str | None:
        where = {
            "Bucket": bucket,
            "Key": original_key(report_id, media_id),
            "VersionId": version,
        }
        try:
            if checksum.get("algorithm") != "sha256":
                # A long video was not read whole when it came, so S3's own checksum is recorded.
                known = s3.head_object(**where, ChecksumMode="ENABLED")
                same = known.get(f"Checksum{checksum['algorithm'].upper()}") == checksum["value"]
                return None if not checksum or same else _ALTERED
            if not originals:
                s3.head_object(**where)
                return None
            digest = hashlib.sha256()
            for chunk in s3.get_object(**where)["Body"].iter_chunks(_CHUNK):
                digest.update(chunk)
        except FlexibleChecksumError:
            return _ALTERED  # S3's own checksum of what it has kept differs, too.
        except ClientError as error:
            if error.response["Error"]["Code"] in _ABSENT:
                return "is gone"
            raise
        return None if digest.hexdigest() == checksum["value"] else _ALTERED

    return wrong


if __name__ == "__main__":
    run(main)
