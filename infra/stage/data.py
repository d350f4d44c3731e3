"""Delete what holds data, after its stack: tables, objects, accounts, secrets, the key."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.stage.console import say
from infra.stage.faults import Refused, code_of, explain, message_of
from infra.stage.target import make_client

type Resource = Mapping[str, Any]

RECOVERY_DAYS = 30
AT_ONCE = 1000  # as many as S3 deletes in one call
_GONE = {"ResourceNotFound", "NoSuchBucket", "404", "NotFound", "UserPoolNotFound"}
# What AWS says of one whose deletion is scheduled already. Elsewhere these mean something else.
_SCHEDULED = {
    "AWS::KMS::Key": "KMSInvalidState",
    "AWS::SecretsManager::Secret": "InvalidRequest",
}

# The key goes last: what cannot be deleted yet must stay readable.
_ORDER = (
    "AWS::DynamoDB::Table",
    "AWS::S3::Bucket",
    "AWS::Cognito::UserPool",
    "AWS::SecretsManager::Secret",
    "AWS::Backup::BackupVault",
    "AWS::KMS::Key",
)


class _Stays(Exception):
    """A resource cannot be deleted yet. The message says why."""


def delete_data(resources: Sequence[Resource], session: Any) -> int:
    """Delete the resources, saying what becomes of each, and return the exit code. What cannot be
    deleted does not keep the others.
    """
    locked = False
    failed = False
    for resource in sorted(resources, key=lambda each: _ORDER.index(each["ResourceType"])):
        name, kind = resource["PhysicalResourceId"], resource["ResourceType"]
        try:
            if kind == "AWS::KMS::Key" and (failed or (locked and not _is_pair(session, name))):
                say(f"stays: the key {name}, because what stays is encrypted or checked with it")
                continue
            say(_DELETERS[kind](session, name))
        except _Stays as reason:
            locked = True
            say(f"stays: {name}: {reason}")
        except (Refused, BotoCoreError, ClientError) as error:
            if isinstance(error, ClientError) and _is_gone(kind, error):
                continue
            failed = True
            say(f"failed: {name}: {explain(error)}")
    return 1 if failed else 0


def _is_gone(kind: str, error: ClientError) -> bool:
    code = code_of(error)
    return code in _GONE or code == _SCHEDULED.get(kind)


def _table(session: Any, name: str) -> str:
    dynamodb = make_client(session, "dynamodb")
    table = dynamodb.describe_table(TableName=name)["Table"]
    if table.get("DeletionProtectionEnabled"):
        dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
        dynamodb.get_waiter("table_exists").wait(TableName=name)
    dynamodb.delete_table(TableName=name)
    return f"deleted: the table {name}. AWS keeps a backup of it for 35 days"


def _bucket(session: Any, name: str) -> str:
    s3 = make_client(session, "s3")
    if _is_locked(s3, name) and any(True for _ in _versions(s3, name)):
        raise _Stays(
            "its objects are locked for two years from their writing. Delete it after that: "
            f"aws s3api delete-bucket --bucket {name}"
        )
    deleted = 0
    batch: list[dict[str, str]] = []
    for version in _versions(s3, name):
        batch.append(version)
        if len(batch) == AT_ONCE:
            deleted += _delete(s3, name, batch)
    deleted += _delete(s3, name, batch)
    for upload in s3.list_multipart_uploads(Bucket=name).get("Uploads", []):
        s3.abort_multipart_upload(Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"])
    s3.delete_bucket(Bucket=name)
    return f"deleted: the bucket {name} with {deleted} versions of objects"


def _is_locked(s3: Any, name: str) -> bool:
    try:
        found = s3.get_object_lock_configuration(Bucket=name)
    except ClientError as error:
        if code_of(error) == "ObjectLockConfigurationNotFoundError":
            return False
        raise
    return "Rule" in found.get("ObjectLockConfiguration", {})


def _versions(s3: Any, name: str) -> Iterator[dict[str, str]]:
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
        for found in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
            yield {"Key": found["Key"], "VersionId": found["VersionId"]}


def _delete(s3: Any, name: str, batch: list[dict[str, str]]) -> int:
    count = len(batch)
    if batch:
        response = s3.delete_objects(Bucket=name, Delete={"Objects": batch, "Quiet": True})
        if errors := response.get("Errors"):
            raise Refused(
                f"{len(errors)} of {count} objects could not be deleted. The first is "
                f"{errors[0]['Key']}: {errors[0]['Code']}. Remove the cause, then run it again."
            )
        batch.clear()
    return count


def _pool(session: Any, name: str) -> str:
    cognito = make_client(session, "cognito-idp")
    cognito.update_user_pool(UserPoolId=name, DeletionProtection="INACTIVE")
    if domain := cognito.describe_user_pool(UserPoolId=name)["UserPool"].get("Domain"):
        cognito.delete_user_pool_domain(UserPoolId=name, Domain=domain)
    cognito.delete_user_pool(UserPoolId=name)
    return f"deleted: the pool {name}"


def _secret(session: Any, name: str) -> str:
    secrets = make_client(session, "secretsmanager")
    secrets.delete_secret(SecretId=name, RecoveryWindowInDays=RECOVERY_DAYS)
    return f"deleted in {RECOVERY_DAYS} days: the secret {name}"


def _is_pair(session: Any, name: str) -> bool:
    """Return whether a key opens what residents wrote. The audit needs it for nothing."""
    key = make_client(session, "kms").describe_key(KeyId=name)["KeyMetadata"]
    return str(key["KeySpec"]).startswith("RSA_")


def _key(session: Any, name: str) -> str:
    kms = make_client(session, "kms")
    kms.schedule_key_deletion(KeyId=name, PendingWindowInDays=RECOVERY_DAYS)
    return f"deleted in {RECOVERY_DAYS} days: the key {name}. Then its backups are unreadable, too"


def _vault(session: Any, name: str) -> str:
    backup = make_client(session, "backup")
    pages = backup.get_paginator("list_recovery_points_by_backup_vault").paginate(
        BackupVaultName=name
    )
    try:
        for page in pages:
            for point in page["RecoveryPoints"]:
                backup.delete_recovery_point(
                    BackupVaultName=name, RecoveryPointArn=point["RecoveryPointArn"]
                )
        backup.delete_backup_vault(BackupVaultName=name)
    except (
        backup.exceptions.InvalidRequestException,
        backup.exceptions.InvalidParameterValueException,
    ) as error:
        raise _Stays(
            f"its backups are locked, or still being deleted ({message_of(error)}). Lift the lock "
            "and run the command again: aws backup delete-backup-vault-lock-configuration "
            f"--backup-vault-name {name}"
        ) from None
    return f"deleted: the backup vault {name}"


_DELETERS: dict[str, Callable[[Any, str], str]] = {
    "AWS::DynamoDB::Table": _table,
    "AWS::S3::Bucket": _bucket,
    "AWS::Cognito::UserPool": _pool,
    "AWS::SecretsManager::Secret": _secret,
    "AWS::Backup::BackupVault": _vault,
    "AWS::KMS::Key": _key,
}
