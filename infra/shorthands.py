"""What the templates say for short, beside CloudFormation's own forms: `!Table`, `!Alarm` …

A shorthand has what differs. Here is what all of a kind share. What it does not name goes into the
resource's properties as it is.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

type Json = dict[str, Any]

# What holds data stays when the stack is deleted, but not when its own creation is rolled back.
_STAYS = {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}
_GOES = dict.fromkeys(_STAYS, "Delete")
# The stack's own metrics.
_NAMESPACE = {"Fn::Sub": "Tipline/${AWS::StackName}"}
_ACCOUNT = {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}


def text(**given: Any) -> Json:
    """Return a parameter that may be empty."""
    return {"Type": "String", "Default": "", **given}


def count(**given: Any) -> Json:
    """Return a parameter that is a number from 1 on."""
    return {"Type": "Number", "MinValue": 1, **given}


def function(
    *,
    Log: str,
    Uses: Sequence[str] = (),
    Variables: Mapping[str, Any] = MappingProxyType({}),
    **given: Any,
) -> Json:
    """Return a function of the app, with variables named for what it uses."""
    # There are no plugins, and the search for them takes a tenth of a cold start.
    shared = {"STAGE": _ref("Stage"), "PYDANTIC_DISABLE_PLUGINS": "__all__"}
    variables = shared | {_variable(name): _ref(name) for name in Uses} | dict(Variables)
    levels = {"ApplicationLogLevel": "INFO", "SystemLogLevel": "WARN"}
    given["LoggingConfig"] = {"LogGroup": _ref(Log), "LogFormat": "JSON", **levels}
    given["Environment"] = {"Variables": variables}
    return _resource("AWS::Serverless::Function", given)


def _variable(logical_id: str) -> str:
    """Return the variable with the `Ref` of a resource or parameter: UPKEEP_QUEUE_URL."""
    for end, becomes in {"Alias": "", "Queue": "QueueUrl", "Topic": "TopicArn"}.items():
        logical_id = re.sub(f"{end}$", becomes, logical_id)
    return re.sub(r"(?<!^)(?=[A-Z])", "_", logical_id).upper()


def log_metric(log: str, pattern: str, name: str, value: str = "1", unit: str = "Count") -> Json:
    """Return the filter that reads a metric of the stack from a log; without a value it counts."""
    metric = {"MetricNamespace": _NAMESPACE, "MetricName": name, "MetricValue": value, "Unit": unit}
    given = {"LogGroupName": _ref(log), "FilterPattern": pattern, "MetricTransformations": [metric]}
    return _resource("AWS::Logs::MetricFilter", given)


def alarm(**given: Any) -> Json:
    """Return an alarm. Unless it says otherwise, it is of a metric of the stack's own."""
    notify = [_ref("AlarmsTopic")]
    shared: Json = {
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 0,
        "TreatMissingData": "notBreaching",
        "AlarmActions": notify,
        "OKActions": notify,
    }
    if "Metrics" not in given:
        shared |= {"Namespace": _NAMESPACE, "Statistic": "Sum", "Period": 60}
    return _resource("AWS::CloudWatch::Alarm", shared | given)


def table(
    *,
    Kept: bool = True,
    Attributes: Sequence[str] = ("pk", "sk"),
    Indexes: Mapping[str, Any] = MappingProxyType({}),
    **given: Any,
) -> Json:
    """Return a table with the keys `pk` and `sk`. One that is kept outlives its stack, and can be
    restored.
    """
    key = _arn("EncryptionKey")
    shared: Json = {
        "BillingMode": "PAY_PER_REQUEST",
        "SSESpecification": {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": key},
        "AttributeDefinitions": [
            {"AttributeName": each, "AttributeType": "S"} for each in Attributes
        ],
        "KeySchema": _keys("pk", "sk"),
    }
    if Indexes:
        shared["GlobalSecondaryIndexes"] = [_index(name, **each) for name, each in Indexes.items()]
    if Kept:
        shared["DeletionProtectionEnabled"] = True
        shared["PointInTimeRecoverySpecification"] = {"PointInTimeRecoveryEnabled": True}
    return _resource("AWS::DynamoDB::Table", shared | given, _STAYS if Kept else _GOES)


def _index(name: str, *, Keys: Sequence[str], Projection: Any, **given: Any) -> Json:
    shown = {"ProjectionType": Projection}
    if isinstance(Projection, list):
        shown = {"ProjectionType": "INCLUDE", "NonKeyAttributes": Projection}
    return {"IndexName": name, "KeySchema": _keys(*Keys), "Projection": shown, **given}


def _keys(*names: str) -> list[Json]:
    kinds = zip(names, ("HASH", "RANGE"), strict=True)
    return [{"AttributeName": name, "KeyType": kind} for name, kind in kinds]


def queue(*, DeadLetters: str | None = None, **given: Any) -> Json:
    """Return a queue. After three attempts a message goes to the dead letters."""
    if DeadLetters:
        given["RedrivePolicy"] = {"deadLetterTargetArn": _arn(DeadLetters), "maxReceiveCount": 3}
    return _resource("AWS::SQS::Queue", {"SqsManagedSseEnabled": True, **given})


def takes_from(queue: str, rule: str) -> Json:
    """Return the policy by which a queue takes events from one rule."""
    statement = {
        "Sid": f"{rule}Sends",
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": _arn(queue),
        "Condition": {"ArnEquals": {"aws:SourceArn": _arn(rule)}},
    }
    given = {"Queues": [_ref(queue)], "PolicyDocument": _policy([statement])}
    return _resource("AWS::SQS::QueuePolicy", given)


def key(*, Statement: Sequence[Json], **given: Any) -> Json:
    """Return a key with these statements as its policy. It waits a month before it goes."""
    given |= {"PendingWindowInDays": 30, "KeyPolicy": _policy(Statement)}
    return _resource("AWS::KMS::Key", given, _STAYS)


def key_alias(name: str, key: str) -> Json:
    """Return the name by which functions know a key."""
    alias = {"Fn::Sub": f"alias/${{AWS::StackName}}-{name}"}
    return _resource("AWS::KMS::Alias", {"AliasName": alias, "TargetKeyId": _ref(key)})


def administration(every: Sequence[str], *more: str) -> Json:
    """Return what the account may do with a key whose use no policy of a role can grant: the rights
    of every kind of key, and more.
    """
    rights = [f"kms:{right}" for right in sorted([*every, *more])]
    return _use("TheAccountAdministers", rights, Effect="Allow", Principal=_ACCOUNT)


def role_may(sid: str, role: str, *actions: str) -> Json:
    """Return what a role may do with a key."""
    return _use(sid, actions, Effect="Allow", Principal={"AWS": _arn(role)})


def nobody_else(does: str, role: str, *actions: str) -> Json:
    """Return the refusal of a use of a key to all but one role."""
    unless = {"ArnNotEquals": {"aws:PrincipalArn": _arn(role)}}
    return _use(f"NobodyElse{does}", actions, Effect="Deny", Principal="*", Condition=unless)


def _use(sid: str, actions: Sequence[str], **given: Any) -> Json:
    action = list(actions) if len(actions) > 1 else actions[0]
    return {"Sid": sid, "Action": action, "Resource": "*", **given}


def _resource(
    kind: str, properties: Json, policies: Mapping[str, str] = MappingProxyType({})
) -> Json:
    return {"Type": kind, **policies, "Properties": properties}


def _policy(statements: Sequence[Json]) -> Json:
    return {"Version": "2012-10-17", "Statement": statements}


def _ref(name: str) -> Json:
    return {"Ref": name}


def _arn(name: str) -> Json:
    return {"Fn::GetAtt": [name, "Arn"]}


SHORTHANDS: Mapping[str, Callable[..., Json]] = {
    "".join(part.title() for part in make.__name__.split("_")): make
    for make in (
        *(text, count, function, log_metric, alarm, table, queue, takes_from),
        *(key, key_alias, administration, role_may, nobody_else),
    )
}
"""What makes each, by its tag: `!KeyAlias` is `key_alias`."""
