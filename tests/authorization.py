"""Which resource a policy can name for each action, as the Service Authorization Reference says.

An action without a resource type is granted on `*` only: IAM ignores a statement that names one.
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from collections.abc import Mapping

# By service and resource type. Of the actions on a subscription, an endpoint or an application none
# has a type or a condition key.
_TYPES: tuple[tuple[str, str | None, str], ...] = (
    ("cloudtrail", None, "LookupEvents"),
    (
        "cognito-idp",
        "arn:*:cognito-idp:*:*:userpool/*",
        "AdminCreateUser AdminDisableUser AdminEnableUser AdminUpdateUserAttributes "
        "AdminUserGlobalSignOut",
    ),
    (
        "dynamodb",
        "arn:*:dynamodb:*:*:table/*",
        "BatchGetItem BatchWriteItem DeleteItem GetItem PartiQLSelect PartiQLUpdate PutItem "
        "Query Scan UpdateItem",
    ),
    (
        "dynamodb",
        "arn:*:dynamodb:*:*:table/*/stream/*",
        "DescribeStream GetRecords GetShardIterator",
    ),
    ("dynamodb", None, "ListStreams"),
    ("events", "arn:*:events:*:*:event-bus/*", "PutEvents"),
    (
        "kms",
        "arn:*:kms:*:*:key/*",
        "CreateGrant Decrypt DeriveSharedSecret DescribeKey Encrypt GenerateDataKey "
        "GenerateDataKey* GenerateMac GetPublicKey PutKeyPolicy ReEncrypt* ReEncryptFrom "
        "ReEncryptTo Sign VerifyMac",
    ),
    ("kms", None, "ListAliases"),
    ("lambda", "arn:*:lambda:*:*:function:*", "InvokeFunction"),
    ("logs", "arn:*:logs:*:*:log-group:*:*", "CreateLogStream PutLogEvents"),
    (
        "s3",
        "arn:*:s3:::*/*",
        "AbortMultipartUpload DeleteObject DeleteObjectVersion GetObject GetObjectVersion "
        "ListMultipartUploadParts PutObject PutObjectAcl PutObjectTagging",
    ),
    (
        "s3",
        "arn:*:s3:::*",
        "ListBucket ListBucketMultipartUploads ListBucketVersions PutBucketPolicy "
        "PutLifecycleConfiguration",
    ),
    ("secretsmanager", "arn:*:secretsmanager:*:*:secret:*", "GetSecretValue"),
    (
        "sns",
        None,
        "CreatePlatformEndpoint DeleteEndpoint GetSubscriptionAttributes "
        "ListEndpointsByPlatformApplication SetSubscriptionAttributes Unsubscribe",
    ),
    ("sns", "arn:*:sns:*:*:*", "Publish Subscribe"),
    ("sqs", "arn:*:sqs:*:*:*", "DeleteMessage GetQueueAttributes ReceiveMessage SendMessage"),
)
RESOURCES: Mapping[str, str | None] = {
    f"{service}:{action}": pattern
    for service, pattern, actions in _TYPES
    for action in actions.split()
}
"""The pattern of the ARNs that each action can be granted on; None: on `*` only."""


def takes_a_name(action: str) -> bool:
    """Return whether a policy can name a resource for this action.

    Raises LookupError for an action that is not in the table: add it from the reference.
    """
    if action not in RESOURCES:
        raise LookupError(f"add {action} to RESOURCES, from the Service Authorization Reference")
    return RESOURCES[action] is not None
