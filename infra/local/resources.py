"""Create what `infra/resources.yaml` defines, on moto: the tests and the local stack run on the
very definition that is deployed.

moto's own CloudFormation leaves out user pools, bucket notifications and much else, so the template
is read here and each type is created by its own API. A type that is not known here fails loudly.
"""

import json
import os
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

import boto3
from botocore.config import Config

from infra import template
from infra.local.moto_patches import apply_patches

REGION = "us-east-1"

# The roles of the functions that open reports and that sign digests. Locally all functions are one
# process.
OFFICERS_ROLE = "OfficersRole"
SIGNER_ROLE = "DigestAuditRole"
# The machine that may sign in, as a stage's parameter names it.
MACHINE = "dispatch"


def create_resources(*, endpoint_url: str | None = None, region: str = REGION) -> dict[str, str]:
    """Create every resource of the template, and return the environment that names them: what
    `Settings` reads, and of each queue `<NAME>_URL` and `<NAME>_ARN` (`UPLOADS_QUEUE_URL`), of each
    stream `<TABLE>_STREAM_ARN` (`REPORTS_STREAM_ARN`).

    Without `endpoint_url` the resources are created in this process, inside `moto.mock_aws`;
    credentials are those of the environment.
    """
    apply_patches()
    definition, app = _template("resources.yaml"), _template("app.yaml")
    stack = _Stack(definition["Resources"], app, endpoint_url, region)
    environment = {"AWS_REGION": region, "AWS_DEFAULT_REGION": region}
    for logical_id, resource in definition["Resources"].items():
        made, name = stack.make(logical_id), template.environment_name(logical_id)
        if resource["Type"] == "AWS::SQS::Queue":
            environment |= {f"{name}_URL": made.ref, f"{name}_ARN": made.attributes["Arn"]}
        elif made.attributes.get("StreamArn"):
            environment[f"{name.removesuffix('_TABLE')}_STREAM_ARN"] = made.attributes["StreamArn"]
    issuer = stack.resolve(app["Outputs"]["Issuer"]["Value"])
    # moto signs in Cognito's name but serves the keys itself.
    keys_at = f"{endpoint_url}/{stack.make('OfficersPool').ref}" if endpoint_url else issuer
    settings = {name: stack.make(logical_id).ref for name, logical_id in settings_of().items()}
    settings |= _defaults(app)
    for name, role in (("OFFICERS", OFFICERS_ROLE), ("SIGNER", SIGNER_ROLE)):
        settings[f"{name}_ROLE"] = stack.make(role).attributes["Arn"]
        settings[f"{name}_FUNCTION"] = stack.make(role).ref.removesuffix("-role")
    settings |= _applications(stack)
    settings["SYSTEM_CLIENTS"] = f"{MACHINE}={stack.make('SystemClient').ref}"
    return (
        environment | settings | {"ISSUER": issuer, "JWKS_URI": f"{keys_at}/.well-known/jwks.json"}
    )


@cache
def _template(name: str) -> Any:
    """Return a template, which is read once. Nothing changes it: `resolve` makes new nodes."""
    return template.load(name)


def variables() -> dict[str, Any]:
    """Return the variables of all deployed functions."""
    found: dict[str, Any] = {}
    for each in _template("app.yaml")["Resources"].values():
        found |= each["Properties"].get("Environment", {}).get("Variables", {})
    return found


def settings_of() -> dict[str, str]:
    """Return the resources that the deployed functions' variables name, by the variables."""
    resources = _template("resources.yaml")["Resources"]
    names: dict[str, str] = {}
    for name, value in variables().items():
        match value:
            case {"Ref": logical_id} | {"Fn::If": [_, {"Ref": logical_id}, _]}:
                if logical_id in resources:
                    names[name] = logical_id
    return names


def _defaults(app: Mapping[str, Any]) -> dict[str, str]:
    """Return what variables get of parameters that nobody gives."""
    given = {
        name: app["Parameters"].get(value["Ref"], {}).get("Default")
        for name, value in variables().items()
        if isinstance(value, dict) and "Ref" in value
    }
    return {name: str(default) for name, default in given.items() if default}


def _applications(stack: "_Stack") -> dict[str, str]:
    """Create what a stage's parameters name: the applications of SNS that push to phones."""
    return {
        setting: stack.client("sns").create_platform_application(
            Name="tipline-local", Platform=platform, Attributes={"PlatformCredential": "local"}
        )["PlatformApplicationArn"]
        for setting, platform in (("APNS_APPLICATION", "APNS"), ("FCM_APPLICATION", "GCM"))
    }


_NO_VALUE: Any = object()


class _Made(NamedTuple):
    """What `Ref` and `Fn::GetAtt` of a resource give."""

    ref: str
    attributes: Mapping[str, str]


class _Stack:
    """The template while it is created: each resource when it is first referred to, so order in the
    file is free.
    """

    def __init__(
        self,
        resources: Mapping[str, Any],
        app: Mapping[str, Any],
        endpoint_url: str | None,
        region: str,
    ) -> None:
        self._resources = resources
        self._conditions = app["Conditions"]
        self._made: dict[str, _Made] = {}
        self._endpoint_url, self._region = endpoint_url, region
        defaults = {
            name: parameter["Default"]
            for name, parameter in app["Parameters"].items()
            if "Default" in parameter
        }
        self._values = defaults | {
            "AWS::Region": region,
            "AWS::AccountId": "123456789012",
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackName": "tipline-local",
            "AWS::NoValue": _NO_VALUE,
        }

    def client(self, service: str) -> Any:
        credentials = tuple(os.environ.get(name.upper()) for name in _ARGUMENTS)
        return _client(service, self._endpoint_url, self._region, credentials)

    def make(self, logical_id: str) -> _Made:
        """Create a resource, unless it has been created."""
        if logical_id not in self._made:
            name = f"tipline-local-{'-'.join(template.words(logical_id)).lower()}"
            # Roles are in another template.
            resource = self._resources.get(logical_id, {"Type": "AWS::IAM::Role"})
            properties = self.resolve(resource.get("Properties", {}))
            self._made[logical_id] = _MAKERS[resource["Type"]](self, name, properties)
        return self._made[logical_id]

    def resolve(self, node: Any) -> Any:
        """Return the value of a template's node, with its functions (`Ref`, `Fn::GetAtt`,
        `Fn::Sub`, `Fn::If`) carried out. Each parameter has its default.
        """
        match node:
            case {"Fn::If": [name, then, otherwise]}:
                condition = {"Condition": name}
                holds = template.condition_holds(condition, self._conditions, self._values)
                return self.resolve(then if holds else otherwise)
            case {"Ref": name}:
                return self._value(name)
            case {"Fn::GetAtt": [logical_id, attribute]}:
                return self.make(logical_id).attributes[attribute]
            case {"Fn::Sub": text}:
                return re.sub(r"\$\{([^!}]+)\}", lambda match: self._value(match[1]), text)
            case dict():
                members = {key: self.resolve(value) for key, value in node.items()}
                return {key: value for key, value in members.items() if value is not _NO_VALUE}
            case list():
                values = [self.resolve(value) for value in node]
                return [value for value in values if value is not _NO_VALUE]
        return node

    def _value(self, name: str) -> Any:
        if name in self._values:
            return self._values[name]
        logical_id, _, attribute = name.partition(".")
        made = self.make(logical_id)
        return made.attributes[attribute] if attribute else made.ref


_ARGUMENTS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")


@cache
def _client(
    service: str, endpoint_url: str | None, region: str, credentials: tuple[str | None, ...]
) -> Any:
    """Return the one client of a service with these credentials. To make it takes longer than what
    it creates, and tests create a cloud for each file.
    """
    config = Config(account_id_endpoint_mode="disabled", s3={"addressing_style": "path"})
    return _session().client(  # type: ignore[call-overload]
        service,
        endpoint_url=endpoint_url,
        region_name=region,
        config=config,
        **dict(zip(_ARGUMENTS, credentials, strict=True)),
    )


@cache
def _session() -> boto3.Session:
    return boto3.Session()


def _role(stack: _Stack, name: str, properties: dict[str, Any]) -> _Made:
    """Name the role of a function: nothing here runs under it, but policies name it."""
    return _Made(
        name, {"Arn": stack.resolve({"Fn::Sub": f"arn:aws:iam::${{AWS::AccountId}}:role/{name}"})}
    )


def _key(stack: _Stack, name: str, properties: dict[str, Any]) -> _Made:
    made = stack.client("kms").create_key(
        Policy=json.dumps(properties["KeyPolicy"]),
        **{kind: properties[kind] for kind in _KEY_PROPERTIES if kind in properties},
    )["KeyMetadata"]
    return _Made(made["KeyId"], {"Arn": made["Arn"]})


_KEY_PROPERTIES = ("Description", "KeySpec", "KeyUsage", "MultiRegion")


def _alias(stack: _Stack, name: str, properties: dict[str, Any]) -> _Made:
    stack.client("kms").create_alias(**properties)
    return _Made(properties["AliasName"], {})


def _table(stack: _Stack, name: str, properties: dict[str, Any]) -> _Made:
    dynamodb = stack.client("dynamodb")
    recovery = properties.pop("PointInTimeRecoverySpecification", None)
    life = properties.pop("TimeToLiveSpecification", None)
    if "StreamSpecification" in properties:
        properties["StreamSpecification"]["StreamEnabled"] = True
    if "SSESpecification" in properties:
        properties["SSESpecification"]["Enabled"] = properties["SSESpecification"].pop("SSEEnabled")
    made = dynamodb.create_table(TableName=name, **properties)["TableDescription"]
    if recovery:
        dynamodb.update_continuous_backups(
            TableName=name, PointInTimeRecoverySpecification=recovery
        )
    if life:
        dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=life)
    return _Made(name, {"Arn": made["TableArn"], "StreamArn": made.get("LatestStreamArn", "")})


def _bucket(stack: _Stack, name: str, properties: dict[str, Any]) -> _Made:
    s3 = stack.client("s3")
    s3.create_bucket(
        Bucket=name, ObjectLockEnabledForBucket=properties.pop("ObjectLockEnabled", False)
    )
    for kind, value in properties.items():
        method, parameter = _BUCKET_CALLS[kind]
        spelt = _as_s3_spells_it(value)
        if kind == "LifecycleConfiguration":
            for rule in spelt["Rules"]:
                rule["Filter"] = {"Prefix": rule.pop("Prefix", "")}
                if days := rule.pop("ExpirationInDays", None):
                    rule["Expiration"] = {"Days": days}
        getattr(s3, method)(Bucket=name, **{parameter or kind: spelt})
    return _Made(name, {"Arn": f"arn:aws:s3:::{name}"})


# The call of each property, and its parameter, where that has another name.
_BUCKET_CALLS = {
    "VersioningConfiguration": ("put_bucket_versioning", ""),
    "OwnershipControls": ("put_bucket_ownership_controls", ""),
    "PublicAccessBlockConfiguration": ("put_public_access_block", ""),
    "BucketEncryption": ("put_bucket_encryption", "ServerSideEncryptionConfiguration"),
    "NotificationConfiguration": ("put_bucket_notification_configuration", ""),
    "CorsConfiguration": ("put_bucket_cors", "CORSConfiguration"),
    "LifecycleConfiguration": ("put_bucket_lifecycle_configuration", ""),
    "ObjectLockConfiguration": ("put_object_lock_configuration", ""),
}
# What CloudFormation names otherwise than S3 itself.
_S3_NAMES = {
    "ServerSideEncryptionConfiguration": "Rules",
    "ServerSideEncryptionByDefault": "ApplyServerSideEncryptionByDefault",
    "CorsRules": "CORSRules",
    "ExposedHeaders": "ExposeHeaders",
    "MaxAge": "MaxAgeSeconds",
    "Id": "ID",
}


def _as_s3_spells_it(node: Any) -> Any:
    match node:
        case {"EventBridgeConfiguration": _}:
            return {"EventBridgeConfiguration": {}}
        case dict():
            return {_S3_NAMES.get(key, key): _as_s3_spells_it(each) for key, each in node.items()}
        case list():
            return [_as_s3_spells_it(each) for each in node]
    return node


def _queue(stack: _Stack, name: str, properties: dict[str, Any]) -> _Made:
    attributes = {
        key: json.dumps(value) if isinstance(value, dict | bool) else str(value)
        for key, value in properties.items()
    }
    name += ".fifo" * bool(properties.get("FifoQueue"))
    url = stack.client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    arn = stack.resolve({"Fn::Sub": f"arn:aws:sqs:${{AWS::Region}}:${{AWS::AccountId}}:{name}"})
    return _Made(url, {"Arn": arn, "QueueName": name})


def _queue_policy(stack: _Stack, name: str, properties: dict[str, Any]) -> _Made:
    for url in properties["Queues"]:
        stack.client("sqs").set_queue_attributes(
            QueueUrl=url, Attributes={"Policy": json.dumps(properties["PolicyDocument"])}
        )
    return _Made(name, {})


def _bus(stack: _Stack, name: str, properties: dict[str, Any]) -> _Made:
    arn = stack.client("events").create_event_bus(**properties)["EventBusArn"]
    return _Made(properties["Name"], {"Arn": arn})


def _rule(stack: _Stack, name: str, properties: dict[str, Any]) -> _Made:
    events = stack.client("events")
    arn = events.put_rule(
        Name=name,
        Description=properties["Description"],
        EventPattern=json.dumps(properties["EventPattern"]),
    )["RuleArn"]
    events.put_targets(Rule=name, Targets=properties["Targets"])
    return _Made(name, {"Arn": arn})


def _topic(stack: _Stack, name: str, properties: dict[str, Any]) -> _Made:
    arn = stack.client("sns").create_topic(Name=name, Attributes=properties)["TopicArn"]
    return _Made(arn, {"TopicArn": arn})


def _pool(stack: _Stack, name: str, properties: dict[str, Any]) -> _Made:
    cognito = stack.client("cognito-idp")
    mfas = properties.pop("EnabledMfas", [])
    pool = cognito.create_user_pool(PoolName=name, **properties)["UserPool"]
    if "SOFTWARE_TOKEN_MFA" in mfas:
        cognito.set_user_pool_mfa_config(
            UserPoolId=pool["Id"],
            SoftwareTokenMfaConfiguration={"Enabled": True},
            MfaConfiguration=properties["MfaConfiguration"],
        )
    return _Made(pool["Id"], {"Arn": pool["Arn"]})


def _pool_client(stack: _Stack, name: str, properties: dict[str, Any]) -> _Made:
    client = stack.client("cognito-idp").create_user_pool_client(ClientName=name, **properties)[
        "UserPoolClient"
    ]
    return _Made(client["ClientId"], {})


def _resource_server(stack: _Stack, name: str, properties: dict[str, Any]) -> _Made:
    server = stack.client("cognito-idp").create_resource_server(**properties)["ResourceServer"]
    return _Made(server["Identifier"], {})


def _secret(stack: _Stack, name: str, properties: dict[str, Any]) -> _Made:
    secrets = stack.client("secretsmanager")
    value = secrets.get_random_password(**properties.pop("GenerateSecretString"))["RandomPassword"]
    arn = secrets.create_secret(Name=name, SecretString=value, **properties)["ARN"]
    return _Made(arn, {"Id": arn})


def _left_out(stack: _Stack, name: str, properties: dict[str, Any]) -> _Made:
    """Create nothing: moto would refuse everything under a policy that asks for TLS."""
    return _Made(name, {})


_MAKERS: Mapping[str, Callable[[_Stack, str, dict[str, Any]], _Made]] = {
    "AWS::IAM::Role": _role,
    "AWS::KMS::Key": _key,
    "AWS::KMS::Alias": _alias,
    "AWS::DynamoDB::Table": _table,
    "AWS::S3::Bucket": _bucket,
    "AWS::S3::BucketPolicy": _left_out,
    "AWS::SQS::Queue": _queue,
    "AWS::SQS::QueuePolicy": _queue_policy,
    "AWS::Events::EventBus": _bus,
    "AWS::Events::Rule": _rule,
    "AWS::SNS::Topic": _topic,
    "AWS::Cognito::UserPool": _pool,
    "AWS::Cognito::UserPoolClient": _pool_client,
    "AWS::Cognito::UserPoolResourceServer": _resource_server,
    "AWS::SecretsManager::Secret": _secret,
}
