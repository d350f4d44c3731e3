"""Which resource a policy can name for each action, as the Service Authorization Reference says.

An action without a resource type is granted on `*` only: IAM ignores a statement that names one.
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from collections.abc import Mapping

_OBJECT = "arn:*:s3:::*/*"
_BUCKET = "arn:*:s3:::*"
_TABLE = "arn:*:dynamodb:*:*:table/*"
_STREAM = "arn:*:dynamodb:*:*:table/*/stream/*"
_KEY = "arn:*:kms:*:*:key/*"
_LOG_STREAM = "arn:*:logs:*:*:log-group:*:*"
_POOL = "arn:*:cognito-idp:*:*:userpool/*"
_QUEUE = "arn:*:sqs:*:*:*"

RESOURCES: Mapping[str, str | None] = {
    "cloudtrail:LookupEvents": None,
    "cognito-idp:AdminCreateUser": _POOL,
    "cognito-idp:AdminDisableUser": _POOL,
    "cognito-idp:AdminEnableUser": _POOL,
    "cognito-idp:AdminUpdateUserAttributes": _POOL,
    "cognito-idp:AdminUserGlobalSignOut": _POOL,
    "dynamodb:BatchGetItem": _TABLE,
    "dynamodb:BatchWriteItem": _TABLE,
    "dynamodb:DeleteItem": _TABLE,
    "dynamodb:DescribeStream": _STREAM,
    "dynamodb:GetItem": _TABLE,
    "dynamodb:GetRecords": _STREAM,
    "dynamodb:GetShardIterator": _STREAM,
    "dynamodb:ListStreams": None,
    "dynamodb:PartiQLSelect": _TABLE,
    "dynamodb:PartiQLUpdate": _TABLE,
    "dynamodb:PutItem": _TABLE,
    "dynamodb:Query": _TABLE,
    "dynamodb:Scan": _TABLE,
    "dynamodb:UpdateItem": _TABLE,
    "events:PutEvents": "arn:*:events:*:*:event-bus/*",
    "kms:CreateGrant": _KEY,
    "kms:Decrypt": _KEY,
    "kms:DeriveSharedSecret": _KEY,
    "kms:DescribeKey": _KEY,
    "kms:Encrypt": _KEY,
    "kms:GenerateDataKey": _KEY,
    "kms:ListAliases": None,
    "kms:GenerateDataKey*": _KEY,
    "kms:GenerateMac": _KEY,
    "kms:GetPublicKey": _KEY,
    "kms:PutKeyPolicy": _KEY,
    "kms:ReEncrypt*": _KEY,
    "kms:ReEncryptFrom": _KEY,
    "kms:ReEncryptTo": _KEY,
    "kms:Sign": _KEY,
    "kms:VerifyMac": _KEY,
    "lambda:InvokeFunction": "arn:*:lambda:*:*:function:*",
    "logs:CreateLogStream": _LOG_STREAM,
    "logs:PutLogEvents": _LOG_STREAM,
    "s3:AbortMultipartUpload": _OBJECT,
    "s3:DeleteObject": _OBJECT,
    "s3:DeleteObjectVersion": _OBJECT,
    "s3:GetObject": _OBJECT,
    "s3:GetObjectVersion": _OBJECT,
    "s3:ListBucket": _BUCKET,
    "s3:ListBucketMultipartUploads": _BUCKET,
    "s3:ListBucketVersions": _BUCKET,
    "s3:ListMultipartUploadParts": _OBJECT,
    "s3:PutBucketPolicy": _BUCKET,
    "s3:PutLifecycleConfiguration": _BUCKET,
    "s3:PutObject": _OBJECT,
    "s3:PutObjectAcl": _OBJECT,
    "s3:PutObjectTagging": _OBJECT,
    "secretsmanager:GetSecretValue": "arn:*:secretsmanager:*:*:secret:*",
    # Of the actions on a subscription, an endpoint or an application none has a resource type or a
    # condition key.
    "sns:CreatePlatformEndpoint": None,
    "sns:DeleteEndpoint": None,
    "sns:GetSubscriptionAttributes": None,
    "sns:ListEndpointsByPlatformApplication": None,
    "sns:Publish": "arn:*:sns:*:*:*",
    "sns:SetSubscriptionAttributes": None,
    "sns:Subscribe": "arn:*:sns:*:*:*",
    "sns:Unsubscribe": None,
    "sqs:DeleteMessage": _QUEUE,
    "sqs:GetQueueAttributes": _QUEUE,
    "sqs:ReceiveMessage": _QUEUE,
    "sqs:SendMessage": _QUEUE,
}
"""The pattern of the ARNs that each action can be granted on; None: on `*` only."""


def takes_a_name(action: str) -> bool:
    """Return whether a policy can name a resource for this action.

    Raises LookupError for an action that is not in the table: add it from the reference.
    """
    if action not in RESOURCES:
        raise LookupError(f"add {action} to RESOURCES, from the Service Authorization Reference")
    return RESOURCES[action] is not None
