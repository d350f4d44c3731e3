"""`make audit-verify`: check the audit trail against its seals, and name the first row that is
missing or altered.

    python -m infra.stage.audit_verify                the local stack that is running (PORT)
    python -m infra.stage.audit_verify --stage prod   a deployed stage; it needs the right to read
                                                      the audit table, its bucket and its secret

Prints `The audit trail is whole.`, then how much was checked, and exits with 0; or prints the first
thing that is wrong and exits with 1, as it does when it cannot check or the audit table is gone.
`--all` prints everything that is wrong.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chalicelib.domain.seals import hour_after, hour_of
from chalicelib.services import audit_seals
from chalicelib.store.attributes import pack, unpack
from chalicelib.store.audit import Audit
from chalicelib.store.seals import Seals
from chalicelib.store.table import Row, Table
from infra.stage.faults import run
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

    def wrong(self, checked: Counter[str] | None = None) -> Iterable[str]:
        """Yield what is wrong, the oldest first. `checked` counts the `rows` that are looked at."""
        dynamodb = self.client("dynamodb")
        key = (
            self.client("secretsmanager")
            .get_secret_value(SecretId=self.secret)["SecretString"]
            .encode()
        )

        def read(keys: Sequence[tuple[str, str]]) -> list[Row]:
            if checked is not None:
                checked["rows"] += len(keys)
            return read_rows(dynamodb, self.table, keys)

        return audit_seals.verify(
            seals=Seals(self.client("s3"), self.bucket),
            read=read,
            is_verified=Audit(Table(dynamodb, self.table), key).is_verified,
            now=datetime.now(UTC),
        )

    def extent(self, rows: int, now: datetime) -> str:
        """Return in words how much was checked, with the number of its rows, and how much is sealed
        but in no digest yet.
        """
        seals = Seals(self.client("s3"), self.bucket)
        hours = list(seals.digested_hours())
        hour = hour_after(hours[-1]) if hours else seals.first_hour()
        newer = 0
        while hour and hour <= hour_of(now):
            newer += _rows_of(seals, hour)
            hour = hour_after(hour)
        if not hours and not newer:
            return "Nothing is sealed yet, so nothing was checked."
        checked = f"Checked: {_count(len(hours), 'digest')}, {_count(rows, 'row')}."
        if not newer:
            return checked
        return f"{checked} Not digested yet, and not checked: {_count(newer, 'newer row')}."


def _rows_of(seals: Seals, hour: str) -> int:
    batches = (seals.batch(hour, name) for name in seals.batches(hour))
    return sum(len(batch.rows() or ()) for batch in batches if batch)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m infra.stage.audit_verify",
        description="Check the audit trail against its seals.",
    )
    add_stage(parser)
    parser.add_argument(
        "--all", action="store_true", help="print everything that is wrong, not only the first"
    )
    wanted = parser.parse_args(arguments)
    return check(find_target(wanted.stage), everything=wanted.all)


def check(target: Target, *, everything: bool = False) -> int:
    """Print what is wrong, only the first unless `everything`, or that nothing is. Return the exit
    code. Raises Refused when the audit table is missing.
    """
    # Without a digest no row is read, so its loss would not be seen.
    require_tables(target, "audit")
    trail = trail_of(target)
    found = 0
    checked: Counter[str] = Counter()
    for complaint in trail.wrong(checked):
        print(complaint)
        found += 1
        if not everything:
            break
    if not found:
        print(f"The audit trail is whole.\n{trail.extent(checked['rows'], datetime.now(UTC))}")
    return 1 if found else 0


def trail_of(target: Target) -> Trail:
    """Return the audit trail of a stage or of the local stack."""
    return Trail(
        client=target.client,
        table=target.output("AuditTableName"),
        bucket=target.output("AuditBucketName"),
        secret=target.output("AuditSecretArn"),
    )


def read_rows(dynamodb: Any, table: str, keys: Sequence[tuple[str, str]]) -> list[Row]:
    """Return the rows of these keys (up to 100), as many as exist."""
    rows: list[Row] = []
    wanted: dict[str, Any] = {
        table: {"Keys": [pack({"pk": pk, "sk": sk}) for pk, sk in keys], "ConsistentRead": True}
    }
    while wanted:
        response = dynamodb.batch_get_item(RequestItems=wanted)
        rows += [unpack(item) for item in response["Responses"].get(table, ())]
        wanted = response.get("UnprocessedKeys") or {}
    return rows


if __name__ == "__main__":
    run(main)
