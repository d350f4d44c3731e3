"""`make audit-verify`: check the audit trail against its seals, and name the first thing that is
wrong.

    python -m infra.stage.audit_verify                the local stack that is running (PORT)
    python -m infra.stage.audit_verify --stage prod   a deployed stage; it needs the right to read
                                                      the audit table, its bucket and its secret

With `--key` the signatures are checked with public keys from a file (`make audit-key`), not from
KMS. With `--heads` the digests are compared with a copy of published heads of the ledger. Both are
for who keeps these outside the account.

Prints `The audit trail is whole.`, then how much was checked, and exits with 0; or prints the first
thing that is wrong and exits with 1, as it does when it cannot check or the audit table is gone.
`--all` prints everything that is wrong.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.aws.attributes import pack, unpack
from chalicelib.aws.table import Row, Table
from chalicelib.services.audit import check as audit_check
from chalicelib.services.audit.check import Key, Witnesses
from chalicelib.store.audit.rows import Audit
from chalicelib.store.audit.seals import Seals
from infra.local import clock
from infra.stage.audit_key import find_keys, read_keys
from infra.stage.faults import run
from infra.stage.heads import read_heads
from infra.stage.presence import require_tables
from infra.stage.target import Target, add_stage, find_target


@dataclass(frozen=True)
class Trail:
    """Where an audit trail is: its rows and its seals. `client` makes clients for it by the name
    of the service.
    """

    client: Callable[[str], Any]
    table: str
    bucket: str
    secret: str

    def wrong(
        self, witnesses: Witnesses, now: datetime, counts: Counter[str] | None = None
    ) -> Iterator[str]:
        """Yield what is wrong, the oldest first. `counts` gets how much was looked at."""
        secret = self.client("secretsmanager").get_secret_value(SecretId=self.secret)
        return audit_check.verify(
            seals=Seals(self.client("s3"), self.bucket),
            rows=TableRows(
                self.client("dynamodb"), self.table, str(secret["SecretString"]).encode()
            ),
            witnesses=witnesses,
            now=now,
            counts=counts,
        )


class TableRows:
    """The rows of an audit table, for the check. `key` is that of their HMACs."""

    def __init__(self, dynamodb: Any, table: str, key: bytes) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self.is_verified = Audit(Table(dynamodb, table), key).is_verified

    def read(self, keys: Sequence[Key]) -> Iterable[Row]:
        """Return the rows of these keys (up to 100), as many as exist."""
        asked = {"Keys": [pack({"pk": pk, "sk": sk}) for pk, sk in keys], "ConsistentRead": True}
        wanted: dict[str, Any] = {self._table: asked}
        while wanted:
            response = self._dynamodb.batch_get_item(RequestItems=wanted)
            yield from map(unpack, response["Responses"].get(self._table, ()))
            wanted = response.get("UnprocessedKeys") or {}

    def all_keys(self) -> Iterator[Key]:
        """Yield the keys of all rows. A scan reads 4 KB for half a unit: it costs a tenth of what
        `read` takes for the same rows.
        """
        pages = self._dynamodb.get_paginator("scan").paginate(
            TableName=self._table, ProjectionExpression="pk, sk"
        )
        for page in pages:
            yield from ((row["pk"], row["sk"]) for row in map(unpack, page["Items"]))


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m infra.stage.audit_verify",
        description="Check the audit trail against its seals.",
    )
    add_stage(parser)
    parser.add_argument(
        "--all", action="store_true", help="print everything that is wrong, not only the first"
    )
    parser.add_argument("--key", help="a file with public keys; default: those that KMS has")
    parser.add_argument("--heads", help="a file with published heads of the ledger")
    wanted = parser.parse_args(arguments)
    keys = read_keys(wanted.key) if wanted.key else None
    heads = read_heads(wanted.heads) if wanted.heads else {}
    target = find_target(wanted.stage)
    # Without a digest no row is read, so its loss would not be seen.
    require_tables(target, "audit")
    witnesses = Witnesses(find_keys(target) if keys is None else keys, heads)
    return check(trail_of(target), witnesses, now_of(target), everything=wanted.all)


def check(trail: Trail, witnesses: Witnesses, now: datetime, *, everything: bool = False) -> int:
    """Print what is wrong, only the first unless `everything`, or that nothing is. Return the exit
    code.
    """
    found = 0
    counts: Counter[str] = Counter()
    for complaint in trail.wrong(witnesses, now, counts):
        print(complaint)
        found += 1
        if not everything:
            break
    if not found:
        print(f"The audit trail is whole.\n{extent_of(counts)}")
    return 1 if found else 0


def extent_of(counts: Counter[str]) -> str:
    """Return in words how much was checked."""
    if not counts["digests"] and not counts["newer"]:
        return "Nothing is sealed yet, so nothing was checked."
    parts = [_count(counts["digests"], "digest"), _count(counts["rows"], "row")]
    if counts["newer"]:
        parts.append(_count(counts["newer"], "newer row") + " in no digest yet")
    if counts["heads"]:
        parts.append(_count(counts["heads"], "published head"))
    return f"Checked: {', '.join(parts)}."


def trail_of(target: Target) -> Trail:
    """Return the audit trail of a stage or of the local stack."""
    return Trail(
        client=target.client,
        table=target.output("AuditTableName"),
        bucket=target.output("AuditBucketName"),
        secret=target.output("AuditSecretArn"),
    )


def now_of(target: Target) -> datetime:
    """Return the time there: `make clock` moves that of the local stack."""
    return clock.move(timedelta()) if target.is_local else datetime.now(UTC)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


if __name__ == "__main__":
    run(main)
