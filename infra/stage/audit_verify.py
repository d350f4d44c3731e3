"""`make audit-verify`: check the audit trail against its seals, and name the first row that is
missing or altered.

    python -m infra.stage.audit_verify                the local stack that is running (PORT)
    python -m infra.stage.audit_verify --stage prod   a deployed stage; it needs the right to read
                                                      the audit table, its bucket and its secret

Prints `The audit trail is whole.` and exits with 0; or prints the first thing that is wrong and
exits with 1, as it does when it cannot check. `--all` prints everything that is wrong.
"""

import argparse
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chalicelib.services import audit_seals
from chalicelib.store.attributes import pack, unpack
from chalicelib.store.audit import Audit
from chalicelib.store.seals import Seals
from chalicelib.store.table import Row, Table
from infra.stage.faults import run
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

    def wrong(self) -> Iterable[str]:
        """Yield what is wrong, the oldest first."""
        dynamodb = self.client("dynamodb")
        key = (
            self.client("secretsmanager")
            .get_secret_value(SecretId=self.secret)["SecretString"]
            .encode()
        )

        def read(keys: Sequence[tuple[str, str]]) -> list[Row]:
            return read_rows(dynamodb, self.table, keys)

        return audit_seals.verify(
            seals=Seals(self.client("s3"), self.bucket),
            read=read,
            is_verified=Audit(Table(dynamodb, self.table), key).is_verified,
            now=datetime.now(UTC),
        )


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
    found = 0
    for complaint in trail_of(find_target(wanted.stage)).wrong():
        print(complaint)
        found += 1
        if not wanted.all:
            break
    if not found:
        print("The audit trail is whole.")
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
