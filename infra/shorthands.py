"""What the templates say for short, beside CloudFormation's own forms: `!Table`, `!Alarm` …

A shorthand has what differs. Here is what all of a kind share. What it does not name goes into the
resource's properties as it is.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

type Json = dict[str, Any]

# What holds data stays when the stack is deleted, but not when its own creation is rolled back.
_STAYS = {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}
_GOES = dict.fromkeys(_STAYS, "Delete")
# Of each response that the gateway makes itself.
_HEADERS = {
    "Content-Type": "'application/problem+json'",
    "Cache-Control": "'no-store'",
    "X-Content-Type-Options": "'nosniff'",
    "X-Request-Id": "context.requestId",
    "Access-Control-Allow-Origin": "'*'",
    "Access-Control-Expose-Headers": "'Allow,Deprecation,ETag,Idempotency-Replayed,Location,"
    "RateLimit,RateLimit-Policy,Retry-After,Sunset,X-Request-Id'",
}
# The stack's own metrics.
_NAMESPACE = {"Fn::Sub": "Tipline/${AWS::StackName}"}
# What Lambda writes of a run that failed, at the level WARN:
# https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html#Status
_FAILED = (
    '{ ($.record.status = "error") || ($.record.status = "failure")'
    ' || ($.record.status = "timeout") }'
)
_ACCOUNT = {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}


def text(**given: Any) -> Json:
    """Return a parameter that may be empty."""
    return {"Type": "String", "Default": "", **given}


def count(default: int, description: str) -> Json:
    """Return a parameter that is a number from 1 on."""
    return {"Type": "Number", "MinValue": 1, "Default": default, "Description": description}


def optional_count(description: str) -> Json:
    """Return a parameter that is a number from 1 on, or empty."""
    return text(AllowedPattern="([1-9][0-9]*)?", Description=description)


def response(status: str, code: str, retry_after: str | None = None) -> Json:
    """Return a response of the gateway's own, with an error's code in the place of its body."""
    headers = _HEADERS | ({"Retry-After": f"'{retry_after}'"} if retry_after else {})
    parameters = {f"gatewayresponse.header.{name}": value for name, value in headers.items()}
    templates = {"application/json": code}
    return {"statusCode": status, "responseParameters": parameters, "responseTemplates": templates}


def no_route() -> Json:
    """Return the method that answers 404 by itself. JSON is binary to this gateway, and a mock
    integration fails with 500 unless both sides are said to be text.
    """
    answer = {
        "statusCode": "404",
        "contentHandling": "CONVERT_TO_TEXT",
        "responseParameters": {
            f"method.response.header.{name}": value for name, value in _HEADERS.items()
        },
        "responseTemplates": {"application/json": "not_found"},
    }
    headers = {name: {"type": "string"} for name in _HEADERS}
    return {
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "responses": {"404": {"description": "Not found", "headers": headers}},
        "x-amazon-apigateway-integration": {
            "type": "mock",
            "contentHandling": "CONVERT_TO_TEXT",
            "passthroughBehavior": "never",
            "requestTemplates": {"application/json": '{"statusCode": 404}'},
            "responses": {"default": answer},
        },
    }


def function(
    *,
    Log: str,
    Uses: Sequence[str] = (),
    Variables: Mapping[str, Any] = MappingProxyType({}),
    Queue: str | None = None,
    Batches: Mapping[str, Any] = MappingProxyType({}),
    NextRunRetries: int | None = None,
    **given: Any,
) -> Json:
    """Return a function of the app, with variables named for what it uses, and what it takes from a
    queue in batches.
    """
    # There are no plugins, and the search for them takes a tenth of a cold start.
    shared = {"STAGE": _ref("Stage"), "PYDANTIC_DISABLE_PLUGINS": "__all__"}
    variables = shared | {_variable(name): _ref(name) for name in Uses} | dict(Variables)
    levels = {"ApplicationLogLevel": "INFO", "SystemLogLevel": "WARN"}
    given["LoggingConfig"] = {"LogGroup": _ref(Log), "LogFormat": "JSON", **levels}
    given["Environment"] = {"Variables": variables}
    if Queue:
        source = {"Queue": {"Fn::Sub": f"${{{Queue}.Arn}}"}, **Batches}
        source["FunctionResponseTypes"] = ["ReportBatchItemFailures"]
        name = f"{Log.removesuffix('Log')}SqsEventSource"
        given["Events"] = {name: {"Type": "SQS", "Properties": source}}
    if NextRunRetries:
        once = {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": NextRunRetries}
        given["EventInvokeConfig"] = once
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


def logs_of(resources: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    """Yield, of each function, the group of its log, and the filter that counts what fails.

    The functions may write to their groups and create none, so no group keeps its logs for ever.
    All count into one metric, by Lambda's own line about a run that failed: a formula over their
    metrics would pay for each of them, and may name no more than ten. The authorizer does not: it
    refuses a token with an exception, which Lambda counts as an error, so anybody could ring the
    alarm.
    """
    for name, each in resources.items():
        if each["Type"] == "AWS::Serverless::Function":
            log = each["Properties"]["LoggingConfig"]["LogGroup"]["Ref"]
            yield log, _resource("AWS::Logs::LogGroup", {"RetentionInDays": 30})
            if name != "AuthorizeOfficer":
                errors = f"{log.removesuffix('Log')}Errors"
                yield errors, log_metric(log, _FAILED, "FunctionErrors")


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


def dead_letters_alarm(queue: str) -> Json:
    """Return an alarm of a queue that has any message."""
    name = "ApproximateNumberOfMessagesVisible"
    return _alarm_of("AWS/SQS", name, "QueueName", {"Fn::GetAtt": [queue, "QueueName"]})


def age_alarm(queue: str, seconds: int) -> Json:
    """Return an alarm of a queue with a message that has waited for longer."""
    name, of = "ApproximateAgeOfOldestMessage", {"Fn::GetAtt": [queue, "QueueName"]}
    return _alarm_of("AWS/SQS", name, "QueueName", of, Threshold=seconds, EvaluationPeriods=3)


def lag_alarm(*, Function: str, **given: Any) -> Json:
    """Return an alarm of a function that is behind its stream, by a threshold in milliseconds."""
    return _alarm_of("AWS/Lambda", "IteratorAge", "FunctionName", _ref(Function), **given)


def _alarm_of(namespace: str, metric: str, dimension: str, of: Json, **given: Any) -> Json:
    watched = {"Namespace": namespace, "MetricName": metric, "Statistic": "Maximum"}
    return alarm(**watched, Dimensions=[{"Name": dimension, "Value": of}], **given)


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


def bucket_policy(*, Bucket: str, Statement: Sequence[Json] = (), **given: Any) -> Json:
    """Return the policy of a bucket: with TLS alone, and what else is said."""
    tls_only = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [_arn(Bucket), {"Fn::Sub": f"${{{Bucket}.Arn}}/*"}],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    given |= {"Bucket": _ref(Bucket), "PolicyDocument": _policy([tls_only, *Statement])}
    return _resource("AWS::S3::BucketPolicy", given)


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


def through(*services: str) -> list[Json]:
    """Return the names of services through which a key is used. The documentation does not say how
    KMS names a service in China, so each has both.
    """
    ends = ("amazonaws.com", "${AWS::URLSuffix}")
    names = [f"{service}.${{AWS::Region}}.{end}" for service in services for end in ends]
    return [{"Fn::Sub": name} for name in names]


def _use(sid: str, actions: Sequence[str], **given: Any) -> Json:
    action = list(actions) if len(actions) > 1 else actions[0]
    return {"Sid": sid, "Action": action, "Resource": "*", **given}


def _resource(
    kind: str, properties: Json, policies: Mapping[str, str] = MappingProxyType({})
) -> Json:
    condition = {"Condition": properties.pop("Condition")} if "Condition" in properties else {}
    return {"Type": kind, **condition, **policies, "Properties": properties}


def _policy(statements: Sequence[Json]) -> Json:
    return {"Version": "2012-10-17", "Statement": statements}


def _ref(name: str) -> Json:
    return {"Ref": name}


def _arn(name: str) -> Json:
    return {"Fn::GetAtt": [name, "Arn"]}


SHORTHANDS: Mapping[str, Callable[..., Any]] = {
    "".join(part.title() for part in make.__name__.split("_")): make
    for make in (
        *(text, count, optional_count, response, no_route, function, log_metric, table),
        *(bucket_policy, alarm, dead_letters_alarm, age_alarm, lag_alarm),
        *(queue, takes_from, through, key, key_alias, administration, role_may, nobody_else),
    )
}
"""What makes each, by its tag: `!KeyAlias` is `key_alias`."""
