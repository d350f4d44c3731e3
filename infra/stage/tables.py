"""The tables of a stage in DynamoDB, and its buckets: whether they are there (without one, some
routes return 503), copies, backups, and the settings that a restore leaves out.
"""

import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from infra.deploy.plan import CAPABILITIES
from infra.deploy.stack import SUCCEEDED, Progress, Stack, watch
from infra.stage.console import Pause, Refused, code_of, say
from infra.stage.target import Target, listed, template_of

# By what make calls it: the logical id, and the parameter that holds the stream after a restore.
TABLES: Mapping[str, tuple[str, str | None]] = {
    "reports": ("ReportsTable", "ReportsStream"),
    "audit": ("AuditTable", "AuditStream"),
    "bulletins": ("BulletinsTable", None),
    "officers": ("OfficersTable", None),
    "contacts": ("ContactsTable", None),
}
POLL_S = 10.0
ABSENT = ("ResourceNotFound", "TableNotFound")
# The tag of a table whose restore is finished. Its value is that of the table's creation, so that
# it says nothing about another table of that name.
FINISHED = "restore-finished"

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


def count_rows(dynamodb: Any, table: str) -> int:
    """Return about how many rows a table has: AWS counts them every six hours."""
    return int(dynamodb.describe_table(TableName=table)["Table"]["ItemCount"])


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


class Tables:
    """One table of a stage, the copy of an earlier time beside it, and backups of both."""

    def __init__(self, target: Target, key: str, pause: Pause = time.sleep) -> None:
        self.logical_id, self.stream_parameter = TABLES[key]
        self.name = target.output(f"{self.logical_id}Name")
        self.copy = f"{self.name}-restored"
        self.pause = pause
        self._target = target
        self._dynamodb = target.client("dynamodb")

    def check(self) -> None:
        """Raise Refused when the stack has no place for the stream of a restored table."""
        known = {each["ParameterKey"] for each in self._target.description.get("Parameters", [])}
        if self.stream_parameter and self.stream_parameter not in known:
            raise Refused(
                f"{self.name} has a stream, and the deployed version cannot take a new one. "
                f"Deploy this version first: make deploy{self._target.command}"
            )

    def exists(self, name: str) -> bool:
        return self._describe(name) is not None

    def is_unfinished(self) -> bool:
        """Return whether the table was made from a backup and lacks the tag that is set last."""
        table = self._describe(self.name) or {}
        if "RestoreSummary" not in table:
            return False
        asked = {"ResourceArn": table["TableArn"]}
        return _finished(table) not in listed(
            self._dynamodb, "list_tags_of_resource", "Tags", **asked
        )

    def wait(self, name: str) -> None:
        """Wait until a table can be used, saying each minute that it goes on."""
        waited = 0.0
        while True:
            table = self._describe(name)
            if table and table["TableStatus"] == "ACTIVE":
                return
            self.pause(POLL_S)
            waited += POLL_S
            if waited % 60 == 0:
                status = table["TableStatus"] if table else "not there yet"
                say(f"{name}: {status} for {waited / 60:.0f} min")

    def recoverable(self) -> tuple[datetime, datetime]:
        """Return the earliest and the latest time that AWS can restore the table to. Raises Refused
        without any.
        """
        found = self._dynamodb.describe_continuous_backups(TableName=self.name)
        recovery: dict[str, Any] = found["ContinuousBackupsDescription"].get(
            "PointInTimeRecoveryDescription", {}
        )
        if recovery.get("PointInTimeRecoveryStatus") != "ENABLED":
            raise Refused(f"Point-in-time recovery of {self.name} is off: it has no earlier state.")
        return recovery["EarliestRestorableDateTime"], recovery["LatestRestorableDateTime"]

    def copy_as_of(self, at: datetime) -> None:
        """Begin to make the copy, with the table's state at a time."""
        self._dynamodb.restore_table_to_point_in_time(
            SourceTableName=self.name,
            TargetTableName=self.copy,
            RestoreDateTime=at,
            SSESpecificationOverride=self._encryption(),
        )

    def time_of(self, name: str) -> datetime | None:
        """Return which time a restored table is of; None when it is not known."""
        table = self._describe(name) or {}
        at: datetime | None = table.get("RestoreSummary", {}).get("RestoreDateTime")
        return at

    def back_up_copy(self) -> str:
        """Return the ARN of a backup of the copy that can be used; made now, if there is none."""
        arn = self.backup_of_copy()
        if arn is None:
            arn = self._dynamodb.create_backup(TableName=self.copy, BackupName=self.copy[-255:])[
                "BackupDetails"
            ]["BackupArn"]
        while True:
            found = self._dynamodb.describe_backup(BackupArn=arn)["BackupDescription"]
            if found["BackupDetails"]["BackupStatus"] == "AVAILABLE":
                return str(arn)
            self.pause(POLL_S)

    def backup_of_copy(self) -> str | None:
        """Return the ARN of the backup of the present copy; None when there is none.

        A backup from before the copy was made is of another copy, of an earlier restore.
        """
        copy = self._describe(self.copy)
        found = self._backups(self.copy, "USER")
        if copy is None or not found:
            return None
        latest = found[-1]
        is_of_it = latest["BackupCreationDateTime"] >= copy["CreationDateTime"]
        return str(latest["BackupArn"]) if is_of_it else None

    def latest_backup(self) -> Mapping[str, Any] | None:
        """Return the latest backup of the table: first those that AWS makes of a deleted table,
        last those of a copy that is gone.
        """
        for name, kind in ((self.name, "SYSTEM"), (self.name, "USER"), (self.copy, "USER")):
            if found := self._backups(name, kind):
                return found[-1]
        return None

    def create_from(self, backup_arn: str) -> None:
        """Make the table under its own name from a backup, and wait until it can be used."""
        self._dynamodb.restore_table_from_backup(
            TargetTableName=self.name,
            BackupArn=backup_arn,
            SSESpecificationOverride=self._encryption(),
        )
        self.wait(self.name)

    def delete(self, name: str) -> None:
        """Delete a table, and wait until it is gone."""
        table = self._describe(name)
        if table is None:
            return
        if table.get("DeletionProtectionEnabled"):
            self._dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
            self.wait(name)
        self._dynamodb.delete_table(TableName=name)
        while self.exists(name):
            self.pause(POLL_S)

    def set_up(self) -> str | None:
        """Set what a restore leaves out, as the deployed template says, but for the protection
        against deletion. Return the ARN of the table's stream; None when it has none.
        """
        say("Setting the stream, expiry, recovery and tags again ...")
        properties = self._properties()
        name = self.name
        self._dynamodb.update_continuous_backups(
            TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
        table = self._describe(name) or {}
        stream = properties.get("StreamSpecification")
        if stream and not table.get("StreamSpecification", {}).get("StreamEnabled"):
            specification = {"StreamEnabled": True, "StreamViewType": stream["StreamViewType"]}
            self._dynamodb.update_table(TableName=name, StreamSpecification=specification)
            self.wait(name)
        self._expire(properties.get("TimeToLiveSpecification"))
        table = self._describe(name) or {}
        self._dynamodb.tag_resource(ResourceArn=table["TableArn"], Tags=self._tags())
        return str(table["LatestStreamArn"]) if stream else None

    def finish(self) -> None:
        """Protect the table against deletion, and delete the copy and its backups.

        The backups go before the copy, and the restore counts as finished only after that: what is
        left of it must never be taken for part of a later restore.
        """
        self._dynamodb.update_table(TableName=self.name, DeletionProtectionEnabled=True)
        self.wait(self.name)
        for backup in self._backups(self.copy, "USER"):
            self._dynamodb.delete_backup(BackupArn=backup["BackupArn"])
        self.delete(self.copy)
        if (table := self._describe(self.name)) and "RestoreSummary" in table:
            self._dynamodb.tag_resource(ResourceArn=table["TableArn"], Tags=[_finished(table)])

    def _describe(self, name: str) -> dict[str, Any] | None:
        try:
            table: dict[str, Any] = self._dynamodb.describe_table(TableName=name)["Table"]
        except ClientError as error:
            if code_of(error) in ABSENT:
                return None
            raise
        return table

    def _backups(self, table: str, kind: str) -> list[dict[str, Any]]:
        asked = {"TableName": table, "BackupType": kind}
        # An emulator may take no notice of the kind.
        found = [
            backup
            for backup in listed(self._dynamodb, "list_backups", "BackupSummaries", **asked)
            if backup["BackupType"] == kind and backup["BackupStatus"] != "DELETED"
        ]
        return sorted(found, key=lambda backup: str(backup["BackupCreationDateTime"]))

    def _expire(self, specification: Mapping[str, Any] | None) -> None:
        if not specification:
            return
        found = self._dynamodb.describe_time_to_live(TableName=self.name)
        if found["TimeToLiveDescription"]["TimeToLiveStatus"] not in ("ENABLED", "ENABLING"):
            self._dynamodb.update_time_to_live(
                TableName=self.name,
                TimeToLiveSpecification={
                    "Enabled": True,
                    "AttributeName": specification["AttributeName"],
                },
            )

    def _properties(self) -> Mapping[str, Any]:
        """Return the table's properties in the template that is deployed."""
        template = template_of(self._target.client("cloudformation"), self._target.name)
        properties: dict[str, Any] = template["Resources"][self.logical_id]["Properties"]
        return properties

    def _encryption(self) -> dict[str, Any]:
        key = self._target.physical_name("EncryptionKey")
        return {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}

    def _tags(self) -> list[dict[str, str]]:
        return [
            {"Key": "app", "Value": "tipline"},
            {"Key": "stage", "Value": str(self._target.stage)},
        ]


def _finished(table: Mapping[str, Any]) -> dict[str, str]:
    made: datetime = table["CreationDateTime"]
    return {"Key": FINISHED, "Value": f"{made.timestamp():.3f}"}


def follow_stream(target: Target, key: str, arn: str, pause: Pause = time.sleep) -> None:
    """Let the stack's function read another stream of the table.

    A mapping cannot be given another stream, so CloudFormation makes a new one. It does not notice
    by itself that the table has a new stream: a parameter of the stack holds it.
    """
    parameter = TABLES[key][1]
    stack = Stack(target.name, target.client("cloudformation"), pause)
    kept = [
        {"ParameterKey": each["ParameterKey"], "UsePreviousValue": True}
        for each in target.description["Parameters"]
        if each["ParameterKey"] != parameter
    ]
    say("Connecting the function that reads the stream ...")
    try:
        stack.cloudformation.update_stack(
            StackName=target.name,
            UsePreviousTemplate=True,
            Parameters=[*kept, {"ParameterKey": parameter, "ParameterValue": arn}],
            Capabilities=CAPABILITIES,
        )
    except ClientError as error:
        if "No updates are to be performed" in str(error):
            return
        raise
    status = watch(stack.cloudformation, target.description["StackId"], Progress(1), pause)
    if status not in SUCCEEDED:
        raise Refused(
            f"The table is restored, but nothing reads its stream ({status}). "
            f"{stack.reason(target.description['StackId'])}\n"
            f"The sweep sends notices meanwhile. Run the command again."
        )
