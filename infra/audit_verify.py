"""`make audit-verify`: check the audit trail against its seals, and name the first row that is
missing or altered.

    python -m infra.audit_verify                    the local stack that is running (PORT)
    python -m infra.audit_verify --stage prod       a deployed stage; it needs the right to read the
                                                    audit table, its bucket and its secret

Prints `The audit trail is whole.` and exits with 0; or prints the first thing that is wrong and
exits with 1. `--all` prints everything that is wrong.
"""

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.config import Config

from chalicelib.media.s3 import s3_client
from chalicelib.services import audit_seals
from chalicelib.store.attributes import pack, unpack
from chalicelib.store.audit import Audit
from chalicelib.store.seals import Seals
from chalicelib.store.table import Row, Table
from infra.local import stack_file


@dataclass(frozen=True)
class Trail:
    """Where an audit trail is: its rows and its seals."""

    session: Any
    endpoint_url: str | None
    table: str
    bucket: str
    secret: str

    def client(self, service: str) -> Any:
        return self.session.client(
            service,
            endpoint_url=self.endpoint_url,
            config=Config(account_id_endpoint_mode="disabled"),
        )

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
            seals=Seals(s3_client(self.session, endpoint_url=self.endpoint_url), self.bucket),
            read=read,
            is_verified=Audit(Table(dynamodb, self.table), key).is_verified,
            now=datetime.now(UTC),
        )


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m infra.audit_verify", description="Check the audit trail against its seals."
    )
    parser.add_argument(
        "--stage", help="a deployed stage; default: the local stack that is running"
    )
    parser.add_argument(
        "--all", action="store_true", help="print everything that is wrong, not only the first"
    )
    wanted = parser.parse_args(arguments)
    found = 0
    for complaint in (_deployed(wanted.stage) if wanted.stage else _local()).wrong():
        print(complaint)
        found += 1
        if not wanted.all:
            break
    if not found:
        print("The audit trail is whole.")
    return 1 if found else 0


def _local() -> Trail:
    stack = stack_file.read(int(os.environ.get("PORT") or stack_file.DEFAULT_PORT))
    session = boto3.Session(
        aws_access_key_id=stack["access_key"],
        aws_secret_access_key=stack["secret_key"],
        region_name=stack["region"],
    )
    return Trail(
        session, stack["aws"], stack["audit_table"], stack["audit_bucket"], stack["audit_secret"]
    )


def _deployed(stage: str) -> Trail:
    session = boto3.Session()
    [stack] = session.client("cloudformation").describe_stacks(StackName=f"tipline-{stage}")[
        "Stacks"
    ]
    named = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    return Trail(
        session, None, named["AuditTableName"], named["AuditBucketName"], named["AuditSecretArn"]
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
    sys.exit(main(sys.argv[1:]))
