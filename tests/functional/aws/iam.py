"""A model of IAM for the mocked cloud, which itself allows everything.

A `Role` is a function's policy (`infra/policies.yaml`) and its variables (`infra/app.yaml`), with
the names of the mocked cloud. While a role is `assumed`, each call is checked against its policy,
and so is each signed URL and form.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from botocore.exceptions import ClientError
from chalice.utils import to_cfn_resource_name

from chalicelib import wiring
from chalicelib.kernel.config import Api
from infra import template
from infra.local.resources import OFFICERS_ROLE, REGION, SIGNER_ROLE, settings_of
from infra.packaging import policies
from tests import cloud
from tests.authorization import takes_a_name
from tests.conftest import reset
from tests.functional.aws.grants import Grant, KeyPolicy, Need, Policy, matches

ROOT = Path(__file__).parents[3]
ACCOUNT = "123456789012"
PARAMETERS = {
    "Stage": "test",
    "PublicUrl": "https://api.test",
    "ConsoleOrigin": "https://console.test",
    "OriginSecretHash": "",
    "DecoderIsolation": "tenant",
    "SystemName": "triage",
    "SystemClients": "router=client",
    "SystemOpenings": "60",
    "SystemSteps": "120",
}

# An address to read an object, and not one to send a part of it.
_READ_URL = re.compile(r"https://[^\s\"]+response-content-type=[^\s\"]+X-Amz-Signature=\w+")

# Chalice sets these too. All other variables are in `infra/app.yaml`.
assert "environment_variables" not in (ROOT / ".chalice" / "config.json").read_text()
POLICIES = policies.statements()


def is_of_type(resource: str, pattern: str | None) -> bool:
    """Return whether a granted resource fits the pattern of an action's ARNs; None: only `*`."""
    return resource == "*" if pattern is None else matches(pattern, resource)


class Names:
    """The values of a template's names in the mocked cloud.

    `environment` is the result of `create_resources`.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._types = {
            name: each["Type"]
            for file in ("resources.yaml", "app.yaml")
            for name, each in _resources(file).items()
        }
        self._environment = environment
        self._settings = {logical_id: variable for variable, logical_id in settings_of().items()}
        self.variables = [variable for variable in environment if not variable.startswith("AWS_")]

    def resolve(self, node: Any) -> Any:
        match node:
            case {"Ref": name}:
                return self._ref(name)
            case {"Fn::GetAtt": [logical_id, attribute]}:
                return self._attribute(logical_id, attribute)
            case {"Fn::Sub": text}:
                return re.sub(r"\$\{([^}]+)\}", lambda found: self._substituted(found[1]), text)
            case {"Fn::If": [_, then, _]}:  # in the tests every parameter has a value
                return self.resolve(then)
            case {"Fn::Join": [between, parts]}:
                return between.join(self.resolve(part) for part in parts)
            case dict():
                return {name: self.resolve(value) for name, value in node.items()}
            case list():
                return [self.resolve(each) for each in node]
        return node

    def arn(self, logical_id: str) -> str:
        """Return the ARN of a resource of the template."""
        return self._attribute(logical_id, "Arn")

    def role(self, logical_id: str) -> str:
        """Return the ARN of the role of a function. Chalice and `infra/packaging` name it so."""
        name = "ApiHandler" if logical_id == "APIHandler" else logical_id
        return self._role(f"{name}Role")

    def _role(self, logical_id: str) -> str:
        if logical_id in (OFFICERS_ROLE, SIGNER_ROLE):
            holder = "OFFICERS" if logical_id == OFFICERS_ROLE else "SIGNER"
            return self._environment[f"{holder}_ROLE"]
        return f"arn:aws:iam::{ACCOUNT}:role/{logical_id}"

    def key(self, key_id: str) -> str:
        """Return the ARN by which policies know a KMS key, of its alias or its ARN in the mocked
        cloud.
        """
        kms = cloud.client("kms")
        arn = kms.describe_key(KeyId=key_id)["KeyMetadata"]["Arn"]
        aliases = {
            self._ref(alias): each["Properties"]["TargetKeyId"]["Ref"]
            for alias, each in _resources("resources.yaml").items()
            if each["Type"] == "AWS::KMS::Alias"
        }
        for alias, logical_id in aliases.items():
            if kms.describe_key(KeyId=alias)["KeyMetadata"]["Arn"] == arn:
                return self._attribute(logical_id, "Arn")
        raise LookupError(f"no alias leads to {arn}")

    def key_policy(self, arn: str) -> KeyPolicy | None:
        """Return the policy of the KMS key with this ARN; None for the ARN of anything else."""
        logical_id = arn.rpartition(":key/")[2]
        if self._types.get(logical_id) != "AWS::KMS::Key":
            return None
        policy = _resources("resources.yaml")[logical_id]["Properties"]["KeyPolicy"]
        statements = [self.resolve(each) for each in policy["Statement"]]
        return KeyPolicy(statements, ACCOUNT)

    def _substituted(self, name: str) -> str:
        logical_id, _, attribute = name.partition(".")
        return self._attribute(logical_id, attribute) if attribute else self._ref(logical_id)

    def _ref(self, name: str) -> str:
        pseudo = {
            "AWS::Region": REGION,
            "AWS::AccountId": ACCOUNT,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackName": "tipline-local",
        }
        if name in PARAMETERS or name in pseudo:
            return (PARAMETERS | pseudo)[name]
        if name in ("ApnsApplication", "FcmApplication"):
            return self._environment[f"{name.removesuffix('Application').upper()}_APPLICATION"]
        if name in ("Officers", "DigestAudit"):
            return self._environment[
                "OFFICERS_FUNCTION" if name == "Officers" else "SIGNER_FUNCTION"
            ]
        if self._types[name] == "AWS::SQS::Queue":
            return self._environment[f"{template.environment_name(name)}_URL"]
        if self._types[name] == "AWS::Serverless::Function":
            return name
        if name == "SystemClient":  # the mocked cloud has none; no policy names it
            return name
        return self._environment[self._settings[name]]

    def _attribute(self, logical_id: str, attribute: str) -> str:
        if logical_id.endswith("Role"):
            return self._role(logical_id)
        kind = self._types[logical_id]
        if (kind, attribute) == ("AWS::DynamoDB::Table", "StreamArn"):
            return self._environment[
                f"{template.environment_name(logical_id).removesuffix('_TABLE')}_STREAM_ARN"
            ]
        assert attribute == "Arn", f"{logical_id}.{attribute}"
        match kind:
            case "AWS::DynamoDB::Table":
                return _arn("dynamodb", f"table/{self._ref(logical_id)}")
            case "AWS::S3::Bucket":
                return f"arn:aws:s3:::{self._ref(logical_id)}"
            case "AWS::SQS::Queue":
                return self._environment[f"{template.environment_name(logical_id)}_ARN"]
            case "AWS::Cognito::UserPool":
                return _arn("cognito-idp", f"userpool/{self._ref(logical_id)}")
            case "AWS::Logs::LogGroup":
                return _arn("logs", f"log-group:{logical_id}:*")
            case "AWS::KMS::Key":
                return _arn("kms", f"key/{logical_id}")
            case "AWS::Serverless::Function":
                return _arn("lambda", f"function:{logical_id}")
        raise LookupError(f"the ARN of a {kind} is not known here")


@cache
def _resources(file: str) -> Mapping[str, Any]:
    """Return the resources of a template, which is read once: each call of AWS asks for some."""
    return dict(template.load(file)["Resources"])


def _arn(service: str, rest: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}"


class Role:
    """The rights of one function, those that it used, and those that it was refused.

    `name` is the function's name in `infra/policies.yaml`.
    """

    def __init__(self, name: str, names: Names) -> None:
        self.name = name
        self.refused: list[str] = []
        logical_id = "APIHandler" if name == Api.RESIDENTS else to_cfn_resource_name(name)
        self._properties = _resources("app.yaml")[logical_id]["Properties"]
        self._names = names
        self.policy = Policy.of([names.resolve(each) for each in POLICIES[name]])
        self.arn = names.role(logical_id)
        self._used: set[Grant] = set()
        self.variables: Mapping[str, str] = names.resolve(
            self._properties.get("Environment", {}).get("Variables", {})
        )

    def require(self, *needs: Need) -> bool:
        """Return whether all of this is allowed, and note which rights were used or refused."""
        for need in needs:
            if not takes_a_name(need.action):
                # IAM compares `*`, so a grant on any one resource never allows such an action.
                need = need._replace(resource="*")
            grant = self.policy.grant(need)
            if not self._allowed(need, grant):
                self.refused.append(f"{self.name} may not {need}")
                return False
            if grant is not None:
                self._used.add(grant)
        return True

    def may(self, *needs: Need) -> bool:
        """Return whether all of this is allowed, and note nothing."""
        used, refused = set(self._used), list(self.refused)
        allowed = self.require(*needs)
        self._used, self.refused = used, refused
        return allowed

    def _allowed(self, need: Need, grant: Grant | None) -> bool:
        key = self._names.key_policy(need.resource)
        return key.allows(need, self.arn, grant) if key else grant is not None

    def require_surroundings(self) -> None:
        """Require the rights that Lambda itself uses: for logs, event source and dead letters."""
        log = self._names.resolve(
            {"Fn::GetAtt": [self._properties["LoggingConfig"]["LogGroup"]["Ref"], "Arn"]}
        )
        self.require(
            *(Need(f"logs:{action}", log) for action in ("CreateLogStream", "PutLogEvents"))
        )
        for event in self._properties.get("Events", {}).values():
            source = event["Properties"]
            if event["Type"] == "SQS":
                queue = self._names.resolve(source["Queue"])
                self.require(
                    *(
                        Need(f"sqs:{action}", queue)
                        for action in ("DeleteMessage", "GetQueueAttributes", "ReceiveMessage")
                    )
                )
            elif event["Type"] == "DynamoDB":
                stream = self._names.resolve(template.unless_restored(source["Stream"]))
                self.require(
                    *(
                        Need(f"dynamodb:{action}", stream)
                        for action in ("DescribeStream", "GetRecords", "GetShardIterator")
                    )
                )
                self.require(
                    Need("dynamodb:ListStreams", "*"), *_key_needs("dynamodb", "kms:Decrypt")
                )
                self.require(
                    Need(
                        "sqs:SendMessage",
                        self._names.resolve(
                            source["DestinationConfig"]["OnFailure"]["Destination"]
                        ),
                    )
                )

    def idle(self) -> list[str]:
        """Return the rights that were never used.

        One statement allows all uses of the key of tables, so for that only the services count.
        """
        services = {grant.conditions for grant in self._used if grant.action.startswith("kms:")}
        unused = (grant for grant in self.policy.grants if grant not in self._used)
        return [
            str(grant)
            for grant in unused
            if not (grant.resource.endswith("/EncryptionKey") and grant.conditions in services)
        ]

    @contextmanager
    def assumed(self) -> Iterator[None]:
        """Run the app as this function in Lambda. Every call inside the context must be allowed."""
        try:
            with pytest.MonkeyPatch.context() as patch:
                for variable in self._names.variables:
                    patch.delenv(variable)
                for variable, value in self.variables.items():
                    patch.setenv(variable, value)
                reset()
                events = wiring.aws_events()
                # botocore emits this for signed URLs too. For a signed form it only emits the
                # signing.
                events.register_first("provide-client-params", self._asked)
                events.register_first("before-sign.s3.PutObject", self._signed)
                events.register_first("after-call.s3", self._responded)
                yield
        finally:
            reset()

    def _asked(
        self, params: Mapping[str, Any], model: Any, context: dict[str, Any], **_: Any
    ) -> None:
        service = model.service_model.service_name
        if context.get("is_presign_request") and (
            model.name == "CreateBucket" or params.get("Key") == "-"
        ):
            return  # botocore only says what the bucket's address is
        context["bucket"] = params.get("Bucket")
        if service == "kms" and model.name not in _NAMELESS_CALLS:
            needs = [Need(f"kms:{model.name}", self._names.key(params["KeyId"]))]
        else:
            needs = _needs(service, model.name, params)
        if not self.require(*needs):
            raise ClientError(
                _denial(_DENIED.get(service, "AccessDeniedException"), self.refused[-1]), model.name
            )

    def require_signed(self, response: str) -> None:
        """Require the rights that the addresses to read in a response need: botocore emits nothing
        for them.
        """
        for address in _READ_URL.findall(response):
            url = urlsplit(address.replace("\\u0026", "&"))
            params = {
                "Bucket": url.netloc.partition(".")[0],
                "Key": unquote(url.path[1:]),
                "VersionId": parse_qs(url.query)["versionId"],
            }
            self.require(*_needs("s3", "GetObject", params))

    def _signed(self, request: Any, **_: Any) -> None:
        policy = request.context.get("s3-presign-post-policy")
        if policy:
            fields = {
                name: value
                for each in policy["conditions"]
                if isinstance(each, dict)
                for name, value in each.items()
            }
            if not self.require(
                *_needs("s3", "PutObject", {"Bucket": fields["bucket"], "Key": fields["key"]})
            ):
                raise ClientError(_denial("AccessDenied", self.refused[-1]), "PutObject")

    def _responded(self, parsed: dict[str, Any], context: Mapping[str, Any], **_: Any) -> None:
        # Without the right to list the bucket, S3 does not reveal that an object is absent.
        absent = parsed.get("Error", {}).get("Code") in ("404", "NoSuchKey")
        if absent and not self.require(Need("s3:ListBucket", f"arn:aws:s3:::{context['bucket']}")):
            parsed |= _denial("AccessDenied", self.refused[-1])


_DENIED = {"s3": "AccessDenied", "sqs": "AccessDenied", "sns": "AuthorizationError"}


def _denial(code: str, message: str) -> Any:
    return {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": 403},
    }


# The rights that each call needs:
# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html

_TRANSACTED = {
    "ConditionCheck": "ConditionCheckItem",
    "Delete": "DeleteItem",
    "Put": "PutItem",
    "Update": "UpdateItem",
}
_ITEM_CALLS = frozenset({"DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem"})
_OBJECT_CALLS = {
    "AbortMultipartUpload": "s3:AbortMultipartUpload",
    "CompleteMultipartUpload": "s3:PutObject",
    "CreateMultipartUpload": "s3:PutObject",
    "GetObject": "s3:GetObject",
    "HeadObject": "s3:GetObject",
    "ListParts": "s3:ListMultipartUploadParts",
    "PutObject": "s3:PutObject",
    "UploadPart": "s3:PutObject",
}
_BUCKET_CALLS = {
    "ListMultipartUploads": "s3:ListBucketMultipartUploads",
    "ListObjectVersions": "s3:ListBucketVersions",
    "ListObjectsV2": "s3:ListBucket",
}
_TOPIC_CALLS = {"PublishBatch": "sns:Publish", "Subscribe": "sns:Subscribe"}
_QUEUE_CALLS = {
    "GetQueueAttributes": "sqs:GetQueueAttributes",
    "SendMessage": "sqs:SendMessage",
    "SendMessageBatch": "sqs:SendMessage",
}
_NAMELESS_CALLS = frozenset({"ListAliases", "LookupEvents"})
_PHONE_CALLS = frozenset(
    {"CreatePlatformEndpoint", "DeleteEndpoint", "ListEndpointsByPlatformApplication"}
)
_SUBSCRIPTION_CALLS = frozenset(
    {"GetSubscriptionAttributes", "SetSubscriptionAttributes", "Unsubscribe"}
)


def _notice_needs(operation: str, params: Mapping[str, Any]) -> list[Need]:
    """Return the rights that a call of SNS needs."""
    if operation in _TOPIC_CALLS:
        uses = ("kms:Decrypt", "kms:GenerateDataKey") if operation == "PublishBatch" else ()
        return [Need(_TOPIC_CALLS[operation], params["TopicArn"]), *_key_needs("sns", *uses)]
    if operation in _SUBSCRIPTION_CALLS:
        return [Need(f"sns:{operation}", params["SubscriptionArn"])]
    if operation in _PHONE_CALLS:
        return [Need(f"sns:{operation}", "*")]
    if operation == "Publish":
        return [Need("sns:Publish", params["TargetArn"])]
    raise LookupError(f"the rights that sns:{operation} needs are not known here")


def _needs(service: str, operation: str, params: Mapping[str, Any]) -> list[Need]:
    """Return the rights that a call needs.

    These include the use of the key, which encrypts everything except the queues.
    """
    match service:
        case "dynamodb":
            return [*_row_needs(operation, params), *_table_key_needs()]
        case "s3" if operation in _OBJECT_CALLS:
            action = _OBJECT_CALLS[operation] + ("Version" if "VersionId" in params else "")
            uses = {
                "s3:Get": ("kms:Decrypt",),
                "s3:Put": ("kms:Decrypt", "kms:GenerateDataKey"),
            }.get(action[:6], ())
            return [
                Need(action, f"arn:aws:s3:::{params['Bucket']}/{params['Key']}"),
                *_bucket_key_needs(params["Bucket"], *uses, key=params["Key"]),
            ]
        case "s3" if operation in _BUCKET_CALLS:
            return [
                Need(
                    _BUCKET_CALLS[operation],
                    f"arn:aws:s3:::{params['Bucket']}",
                    {"s3:prefix": params.get("Prefix", "")},
                )
            ]
        case "s3" if operation == "DeleteObjects":
            return [
                Need(
                    "s3:DeleteObject" + ("Version" if "VersionId" in each else ""),
                    f"arn:aws:s3:::{params['Bucket']}/{each['Key']}",
                )
                for each in params["Delete"]["Objects"]
            ]
        case "lambda" if operation == "Invoke":
            return [
                Need("lambda:InvokeFunction", _arn("lambda", f"function:{params['FunctionName']}"))
            ]
        case "sns":
            return _notice_needs(operation, params)
        case "sqs" if operation in _QUEUE_CALLS:
            queue = params["QueueUrl"].rpartition("/")[2]
            return [Need(_QUEUE_CALLS[operation], _arn("sqs", queue))]
        case "events" if operation == "PutEvents":
            buses = {each["EventBusName"] for each in params["Entries"]}
            return [Need("events:PutEvents", _arn("events", f"event-bus/{bus}")) for bus in buses]
        case "cloudtrail" | "kms" if operation in _NAMELESS_CALLS:
            return [Need(f"{service}:{operation}", "*")]
        case "secretsmanager" if operation == "GetSecretValue":
            return [
                Need("secretsmanager:GetSecretValue", params["SecretId"]),
                *_key_needs("secretsmanager", "kms:Decrypt"),
            ]
        case "cognito-idp" if operation.startswith("Admin"):
            return [
                Need(
                    f"cognito-idp:{operation}",
                    _arn("cognito-idp", f"userpool/{params['UserPoolId']}"),
                )
            ]
    raise LookupError(f"it is not said here which rights {service} {operation} takes")


def _row_needs(operation: str, params: Mapping[str, Any]) -> list[Need]:
    if operation == "TransactWriteItems":
        enclosed = {"dynamodb:EnclosingOperation": (operation,)}
        partitions = _transacted_partitions(params["TransactItems"])
        return [
            Need(
                f"dynamodb:{_TRANSACTED[kind]}",
                _table(action["TableName"]),
                _item_context(_TRANSACTED[kind], action)
                | enclosed
                | {"dynamodb:LeadingKeys": partitions[action["TableName"]]},
            )
            for item in params["TransactItems"]
            for kind, action in item.items()
        ]
    if operation == "BatchGetItem":
        return [
            need
            for table, request in params["RequestItems"].items()
            for need in _either_way(f"dynamodb:{operation}", _table(table), _batch_context(request))
        ]
    if operation == "BatchWriteItem":
        return [
            Need(f"dynamodb:{operation}", _table(table), _batch_write_context(requests))
            for table, requests in params["RequestItems"].items()
        ]
    if operation in _ITEM_CALLS:
        index = f"/index/{params['IndexName']}" if "IndexName" in params else ""
        arn, context = _table(params["TableName"]) + index, _item_context(operation, params)
        if operation == "GetItem":
            return _either_way(f"dynamodb:{operation}", arn, context)
        return [Need(f"dynamodb:{operation}", arn, context)]
    raise LookupError(f"it is not said here which rights dynamodb {operation} takes")


def _either_way(
    action: str, resource: str, context: Mapping[str, str | tuple[str, ...]]
) -> list[Need]:
    """Return the need of a read of single items with `dynamodb:Select`, and without it: AWS
    describes the key for Query and Scan only, so a policy must allow both.
    """
    without = {key: value for key, value in context.items() if key != "dynamodb:Select"}
    return [Need(action, resource, context), Need(action, resource, without)]


# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html


def _item_context(operation: str, params: Mapping[str, Any]) -> dict[str, str | tuple[str, ...]]:
    """Return what conditions may ask of a call on items: the partition, the attributes that it
    names at their top level, and what it wants returned.
    """
    names = params.get("ExpressionAttributeNames", {})
    context: dict[str, str | tuple[str, ...]] = {}
    if operation == "Query":
        partition = params["KeyConditionExpression"].split()[2]
        context["dynamodb:LeadingKeys"] = (_text(params["ExpressionAttributeValues"][partition]),)
    elif operation == "PutItem":
        context["dynamodb:LeadingKeys"] = (_text(params["Item"]["pk"]),)
    else:
        context["dynamodb:LeadingKeys"] = (_text(params["Key"].get("pk", "")),)
    projected = params.get("ProjectionExpression", "")
    named = set(names.values()) | {each.strip() for each in projected.split(",") if each}
    attributes = {names.get(each, each) for each in named} | set(params.get("Item", ()))
    if attributes:
        context["dynamodb:Attributes"] = tuple(sorted(attributes))
    if operation in ("GetItem", "Query"):
        chosen = params.get("Select") or ("SPECIFIC_ATTRIBUTES" if projected else "ALL_ATTRIBUTES")
        context["dynamodb:Select"] = chosen
    else:
        context["dynamodb:ReturnValues"] = params.get("ReturnValues", "NONE")
    return context


def _transacted_partitions(items: Sequence[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    """Return the partitions that a transaction names, by table.

    AWS does not say whether a condition sees those of one item or of all, so a policy must let
    through all of them together.
    """
    found: dict[str, set[str]] = {}
    for item in items:
        for action in item.values():
            row = action.get("Key") or action["Item"]
            found.setdefault(action["TableName"], set()).add(_text(row["pk"]))
    return {table: tuple(sorted(each)) for table, each in found.items()}


def _batch_context(request: Mapping[str, Any]) -> dict[str, str | tuple[str, ...]]:
    """Return the same of one table of a batch, which names the partitions of all its items."""
    context = _item_context("GetItem", {**request, "Key": request["Keys"][0]})
    partitions = {_text(key["pk"]) for key in request["Keys"]}
    return context | {"dynamodb:LeadingKeys": tuple(sorted(partitions))}


def _batch_write_context(requests: Sequence[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    partitions = {_text(each["PutRequest"]["Item"]["pk"]) for each in requests}
    return {"dynamodb:LeadingKeys": tuple(sorted(partitions))}


def _text(value: Any) -> str:
    return str(value["S"] if isinstance(value, dict) else value)


def _table(name: str) -> str:
    return _arn("dynamodb", f"table/{name}")


def _table_key_needs() -> list[Need]:
    return _key_needs(
        "dynamodb",
        "kms:Decrypt",
        "kms:DescribeKey",
        "kms:Encrypt",
        "kms:GenerateDataKey",
        "kms:ReEncryptFrom",
        "kms:ReEncryptTo",
    )


def _bucket_key_needs(bucket: str, *uses: str, key: str) -> list[Need]:
    """With a bucket key, S3 names the bucket in the encryption context, not the object.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
    """
    of_bucket = "MediaKey" if bucket == os.environ.get("MEDIA_BUCKET") else "EncryptionKey"
    key = "ExportKey" if key.startswith("exports/") else of_bucket
    # An upload in one part reads no part back.
    if key == "ExportKey" and "kms:GenerateDataKey" in uses:
        uses = ("kms:GenerateDataKey",)
    context = {"kms:EncryptionContext:aws:s3:arn": f"arn:aws:s3:::{bucket}"}
    return _key_needs("s3", *uses, key=key, context=context)


def _key_needs(
    service: str,
    *uses: str,
    key: str = "EncryptionKey",
    context: Mapping[str, str] = MappingProxyType({}),
) -> list[Need]:
    through = {"kms:ViaService": f"{service}.{REGION}.amazonaws.com"}
    return [Need(use, _arn("kms", f"key/{key}"), {**through, **context}) for use in uses]
