"""What holds data and outlived its stack: by CloudFormation's memory of deleted stacks (90 days),
and by the tags that the stack gave it.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from infra.deploy.packaged import DATA_TYPES
from infra.stage.faults import code_of
from infra.stage.target import list_resources, make_client, stack_name

type Resource = Mapping[str, Any]

# What follows the account in an ARN, and the type; `name` is what CloudFormation calls it.
_ARNS = (
    (r"arn:[^:]+:dynamodb:[^:]*:[^:]*:table/(?P<name>[^/]+)", "AWS::DynamoDB::Table"),
    (r"arn:[^:]+:s3:::(?P<name>[^/]+)", "AWS::S3::Bucket"),
    (r"arn:[^:]+:cognito-idp:[^:]*:[^:]*:userpool/(?P<name>.+)", "AWS::Cognito::UserPool"),
    (r"(?P<name>arn:[^:]+:secretsmanager:[^:]*:[^:]*:secret:.+)", "AWS::SecretsManager::Secret"),
    (r"arn:[^:]+:kms:[^:]*:[^:]*:key/(?P<name>.+)", "AWS::KMS::Key"),
    (r"arn:[^:]+:backup:[^:]*:[^:]*:backup-vault:(?P<name>.+)", "AWS::Backup::BackupVault"),
)


def find_retained(stage: str, session: Any) -> list[Resource]:
    """Return what holds data and is tagged for the stage or was left by its deleted stacks, as
    CloudFormation lists resources. It includes the resources of a stack that exists, and leaves out
    what waits for its deletion already.
    """
    found: dict[str, Resource] = {}
    for resource in [*_remembered(stage, session), *_tagged(stage, session)]:
        found.setdefault(resource["PhysicalResourceId"], resource)
    return [resource for resource in found.values() if not _is_going(resource, session)]


def data_of(resources: Any) -> list[Resource]:
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
    pages = cloudformation.get_paginator("list_stacks").paginate(
        StackStatusFilter=["DELETE_COMPLETE"]
    )
    for page in pages:
        for stack in page["StackSummaries"]:
            if stack["StackName"] == stack_name(stage):
                resources = list_resources(cloudformation, stack["StackId"])
                for resource in data_of(resources.values()):
                    if resource["ResourceStatus"] != "DELETE_COMPLETE":
                        yield resource


def _tagged(stage: str, session: Any) -> Iterator[Resource]:
    filters = [{"Key": "app", "Values": ["tipline"]}, {"Key": "stage", "Values": [stage]}]
    pages = (
        make_client(session, "resourcegroupstaggingapi")
        .get_paginator("get_resources")
        .paginate(TagFilters=filters)
    )
    for page in pages:
        for found in page["ResourceTagMappingList"]:
            tags = {tag["Key"]: tag["Value"] for tag in found["Tags"]}
            if resource := resource_of(found["ResourceARN"], tags):
                yield resource
