"""`make destroy STAGE=dev`: delete a stage. Its data stay, unless `DATA=1` and the stage's name is
typed (or given: `CONFIRM=dev`).

    python -m infra.stage destroy --stage dev [--data]

With `--data` it also deletes, after the stack, what holds data: tables, objects, accounts, secrets,
keys. So it does with what earlier stacks of that stage left behind, by CloudFormation's memory of
deleted stacks (90 days), and by the tags that the stack gave it.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.deploy.plan import DATA_TYPES, type_name
from infra.deploy.stack import Progress, Stack, watch
from infra.stage.console import Refused, ask, code_of, confirm, explain, message_of, say
from infra.stage.target import (
    command,
    find_stack,
    list_resources,
    list_stages,
    listed,
    make_client,
    open_session,
    stack_name,
    template_of,
)

type Resource = Mapping[str, Any]

REMAINS = """\
They cost little while nobody uses them, except the backups of the tables. To delete them, too:
  make destroy STAGE={stage} DATA=1
Nobody can delete the digests of the audit for two years. EncryptionKey stays as long as they do."""

# An operator may have made, or a restore may have left, what no tag names.
SEARCH = """\
  Listed is only what has the tags app=tipline and stage={stage}, and what was left by stacks that
  were deleted in the last 90 days. To look for more, such as tables and buckets whose names begin
  with {name}: aws dynamodb list-tables; aws s3 ls; aws secretsmanager list-secrets;
  aws cognito-idp list-user-pools --max-results 60; aws backup list-backup-vaults;
  aws kms list-keys"""

RECOVERY_DAYS = 30
AT_ONCE = 1000  # as many as S3 deletes in one call
_GONE = {"ResourceNotFound", "NoSuchBucket", "404", "NotFound", "UserPoolNotFound"}
# What AWS says of one whose deletion is scheduled already. Elsewhere these mean something else.
_SCHEDULED = {"AWS::KMS::Key": "KMSInvalidState", "AWS::SecretsManager::Secret": "InvalidRequest"}
# Keys of what was deleted, by their kind or logical id: the digests of the audit, and the backups,
# are encrypted with another, and signed with another.
_OF_NOTHING_ELSE = ("RSA_", "HMAC_")
_OF_NOTHING_ELSE_BY_NAME = ("MediaKey", "ExportKey", "IncidentsKey")

# What follows the account in an ARN, and the type; `name` is what CloudFormation calls it.
_ARNS = (
    (r"arn:[^:]+:dynamodb:[^:]*:[^:]*:table/(?P<name>[^/]+)", "AWS::DynamoDB::Table"),
    (r"arn:[^:]+:s3:::(?P<name>[^/]+)", "AWS::S3::Bucket"),
    (r"arn:[^:]+:cognito-idp:[^:]*:[^:]*:userpool/(?P<name>.+)", "AWS::Cognito::UserPool"),
    (r"(?P<name>arn:[^:]+:secretsmanager:[^:]*:[^:]*:secret:.+)", "AWS::SecretsManager::Secret"),
    (r"arn:[^:]+:kms:[^:]*:[^:]*:key/(?P<name>.+)", "AWS::KMS::Key"),
    (r"arn:[^:]+:backup:[^:]*:[^:]*:backup-vault:(?P<name>.+)", "AWS::Backup::BackupVault"),
)


def main(arguments: Sequence[str]) -> int:
    parser = command("stage destroy", "Delete a stage.")
    parser.add_argument("--data", action="store_true", help="delete its data, too")
    wanted = parser.parse_args(arguments)
    if wanted.stage is None:
        raise Refused(
            "Name the stage: make destroy STAGE=dev. The local stack ends with Ctrl-C, and keeps "
            "nothing. Practise on the rehearsal cloud: make rehearsal-cloud"
        )
    return destroy(wanted.stage, open_session(), data=wanted.data)


def destroy(stage: str, session: Any, *, data: bool) -> int:
    """Delete the stack of a stage, with `data` what holds data, too. Return the exit code."""
    cloudformation = make_client(session, "cloudformation")
    stack = find_stack(stage, session)
    present = list_resources(cloudformation, stack["StackId"]) if stack else {}
    staying = _staying(cloudformation, stack["StackId"], present) if stack else []
    going = {each.get("PhysicalResourceId") for each in present.values()}
    going -= {each["PhysicalResourceId"] for each in staying}
    held = {each["PhysicalResourceId"]: each for each in [*staying, *find_retained(stage, session)]}
    kept = [each for name, each in held.items() if name not in going]
    if stack is None and not kept:
        others = ", ".join(list_stages(session)) or "none"
        raise Refused(
            f"There is no stage {stage}, and it left nothing. Stages here: {others}.\n"
            + SEARCH.format(stage=stage, name=stack_name(stage))
        )
    print(_shown(stage, session.region_name, len(going), kept, data=data))
    _make_sure(stage, data=data)
    if stack is not None:
        _delete_stack(Stack(stack_name(stage), cloudformation), stack, len(present))
    if data:
        return delete_data(kept, session)
    if kept:
        print(f"These remain:\n{_names(kept)}\n{REMAINS.format(stage=stage)}")
    return 0


def _staying(cloudformation: Any, stack: str, present: Mapping[str, Resource]) -> list[Resource]:
    """Return the resources that hold data and outlive the stack, as its template says."""
    holding = data_of(present.values())
    declared = template_of(cloudformation, stack)["Resources"] if holding else {}
    ends = {name for name, each in declared.items() if each.get("DeletionPolicy") == "Delete"}
    return [each for each in holding if each["LogicalResourceId"] not in ends]


def _shown(stage: str, region: str, going: int, held: list[Resource], *, data: bool) -> str:
    lines = [f"{stack_name(stage)} in {region}:"]
    if going:
        lines.append(f"  deleted: {going} resources: the API, functions, queues, topics, alarms")
    if held:
        fate = "DELETED, with all data in them" if data else "kept"
        lines += [f"  {fate}: {len(held)} that hold data", _names(held)]
    lines.append(
        "  kept in any case: the bucket of zips, and the account's log role for API Gateway"
    )
    if data:
        lines.append(SEARCH.format(stage=stage, name=stack_name(stage)))
    return "\n".join(lines)


def _names(resources: Sequence[Resource]) -> str:
    return "\n".join(
        f"    {each['LogicalResourceId']:<16} {type_name(each['ResourceType']):<22} "
        f"{each['PhysicalResourceId']}"
        for each in resources
    )


def _make_sure(stage: str, *, data: bool) -> None:
    if not data:
        if not confirm(f"Delete {stack_name(stage)}?"):
            raise Refused("Nothing was deleted.")
        return
    typed = os.environ.get("CONFIRM") or ask(
        f"Reports, photos, accounts and the audit of {stage} are lost for ever. "
        "Type the stage's name to delete them: ",
        instead=f"set CONFIRM={stage}",
    )
    if typed.strip() != stage:
        raise Refused("That is not the stage's name. Nothing was deleted.")


def _delete_stack(stack: Stack, present: Resource, count: int) -> None:
    stack.cloudformation.update_termination_protection(
        StackName=stack.name, EnableTerminationProtection=False
    )
    try:
        stack.cloudformation.delete_stack(StackName=stack.name)
    except ClientError:
        _protect_again(stack)
        raise
    say(f"Deleting {stack.name} ...")
    status = watch(stack.cloudformation, present["StackId"], Progress(count), stack.pause)
    if status != "DELETE_COMPLETE":
        _protect_again(stack)
        raise Refused(
            f"{stack.name} could not be deleted ({status}). {stack.reason(present['StackId'])}\n"
            f"Then run it again: make destroy{stack.argument}"
        )
    say(f"{stack.name} is deleted.")


def _protect_again(stack: Stack) -> None:
    try:
        stack.protect()
    except (BotoCoreError, ClientError) as error:
        say(f"{stack.name} is without termination protection now: {explain(error)}")


class _Stays(Exception):
    """A resource cannot be deleted yet. The message says why."""


def delete_data(resources: Sequence[Resource], session: Any) -> int:
    """Delete the resources, saying what becomes of each, and return the exit code. What cannot be
    deleted does not keep the others.
    """
    locked = False
    failed = False
    order = list(_DELETERS)
    for resource in sorted(resources, key=lambda each: order.index(each["ResourceType"])):
        name, kind = resource["PhysicalResourceId"], resource["ResourceType"]
        try:
            if kind == "AWS::KMS::Key" and (failed or (locked and _is_needed(session, resource))):
                say(f"stays: the key {name}, because what stays is encrypted or checked with it")
                continue
            say(_DELETERS[kind](session, name))
        except _Stays as reason:
            locked = True
            say(f"stays: {name}: {reason}")
        except (Refused, BotoCoreError, ClientError) as error:
            if isinstance(error, ClientError) and code_of(error) in (*_GONE, _SCHEDULED.get(kind)):
                continue
            failed = True
            say(f"failed: {name}: {explain(error)}")
    return 1 if failed else 0


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
    for member in ("Versions", "DeleteMarkers"):
        for found in listed(s3, "list_object_versions", member, Bucket=name):
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


def _is_needed(session: Any, key: Resource) -> bool:
    """Return whether digests of the audit or backups may be encrypted or checked with a key."""
    if key["LogicalResourceId"] in _OF_NOTHING_ELSE_BY_NAME:
        return False
    kms = make_client(session, "kms")
    described = kms.describe_key(KeyId=key["PhysicalResourceId"])["KeyMetadata"]
    return not str(described["KeySpec"]).startswith(_OF_NOTHING_ELSE)


def _key(session: Any, name: str) -> str:
    kms = make_client(session, "kms")
    kms.schedule_key_deletion(KeyId=name, PendingWindowInDays=RECOVERY_DAYS)
    return f"deleted in {RECOVERY_DAYS} days: the key {name}. Then its backups are unreadable, too"


def _vault(session: Any, name: str) -> str:
    backup = make_client(session, "backup")
    operation = "list_recovery_points_by_backup_vault"
    try:
        for point in listed(backup, operation, "RecoveryPoints", BackupVaultName=name):
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


# In the order of deletion. Keys go last: what cannot be deleted yet must stay readable.
_DELETERS: dict[str, Callable[[Any, str], str]] = {
    "AWS::DynamoDB::Table": _table,
    "AWS::S3::Bucket": _bucket,
    "AWS::Cognito::UserPool": _pool,
    "AWS::SecretsManager::Secret": _secret,
    "AWS::Backup::BackupVault": _vault,
    "AWS::KMS::Key": _key,
}


def find_retained(stage: str, session: Any) -> list[Resource]:
    """Return what holds data and is tagged for the stage or was left by its deleted stacks, as
    CloudFormation lists resources. It includes the resources of a stack that exists, and leaves out
    what waits for its deletion already.
    """
    found: dict[str, Resource] = {}
    for resource in [*_remembered(stage, session), *_tagged(stage, session)]:
        found.setdefault(resource["PhysicalResourceId"], resource)
    return [resource for resource in found.values() if not _is_going(resource, session)]


def data_of(resources: Iterable[Resource]) -> list[Resource]:
    """Return those of a stack's resources that hold data."""
    return [
        resource
        for resource in resources
        if resource["ResourceType"] in DATA_TYPES and resource.get("PhysicalResourceId")
    ]


def resource_of(arn: str, tags: Mapping[str, str]) -> Resource | None:
    """Return what holds data under an ARN, as CloudFormation lists it; None for anything else."""
    for pattern, kind in _ARNS:
        if matched := re.fullmatch(pattern, arn):
            return {
                "LogicalResourceId": tags.get("aws:cloudformation:logical-id", ""),
                "PhysicalResourceId": matched["name"],
                "ResourceType": kind,
            }
    return None


def _is_going(resource: Resource, session: Any) -> bool:
    """Return whether a key or a secret is scheduled for deletion, or gone."""
    name = resource["PhysicalResourceId"]
    try:
        match resource["ResourceType"]:
            case "AWS::KMS::Key":
                key = make_client(session, "kms").describe_key(KeyId=name)["KeyMetadata"]
                return key["KeyState"] in ("PendingDeletion", "PendingReplicaDeletion")
            case "AWS::SecretsManager::Secret":
                secrets = make_client(session, "secretsmanager")
                return "DeletedDate" in secrets.describe_secret(SecretId=name)
    except ClientError as error:
        # Whoever may not look is shown it: the deletion itself says more.
        return code_of(error) in ("NotFound", "ResourceNotFound")
    return False


def _remembered(stage: str, session: Any) -> Iterator[Resource]:
    cloudformation = make_client(session, "cloudformation")
    wanted = {"StackStatusFilter": ["DELETE_COMPLETE"]}
    for stack in listed(cloudformation, "list_stacks", "StackSummaries", **wanted):
        if stack["StackName"] == stack_name(stage):
            resources = list_resources(cloudformation, stack["StackId"])
            for resource in data_of(resources.values()):
                if resource["ResourceStatus"] != "DELETE_COMPLETE":
                    yield resource


def _tagged(stage: str, session: Any) -> Iterator[Resource]:
    filters = [{"Key": "app", "Values": ["tipline"]}, {"Key": "stage", "Values": [stage]}]
    tagging = make_client(session, "resourcegroupstaggingapi")
    for found in listed(tagging, "get_resources", "ResourceTagMappingList", TagFilters=filters):
        tags = {tag["Key"]: tag["Value"] for tag in found["Tags"]}
        if resource := resource_of(found["ResourceARN"], tags):
            yield resource
