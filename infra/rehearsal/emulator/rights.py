"""Rights that AWS asks for and ministack does not, so that a policy without one fails here too.

Each function of `apply` has the name of its entry in tests/rehearsal/emulator_gaps.toml.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

# What the caller needs of the key that encrypts the resource, for each action on it.
_READS, _WRITES = ("kms:Decrypt",), ("kms:GenerateDataKey",)
_NEEDED = {
    "secretsmanager:GetSecretValue": _READS,
    "secretsmanager:PutSecretValue": _WRITES,
    "s3:GetObject": _READS,
    "s3:GetObjectVersion": _READS,
    "s3:PutObject": _WRITES,
    "sns:Publish": _READS + _WRITES,
} | {
    f"dynamodb:{call}": _READS
    for call in (
        *("GetItem", "BatchGetItem", "Query", "Scan"),
        *("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "ConditionCheckItem"),
    )
}
# What a function's role needs to read the source of its events.
_SOURCES = {
    "sqs": ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
    "dynamodb": ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"),
}


class _Asked(NamedTuple):
    """What ministack's `enforce` is asked, by the names of its parameters."""

    key_id: str
    action: str
    service: str
    region: str
    resource_arn: str = "*"
    service_context: dict[str, Any] | None = None


def apply(*, select_of_items: bool) -> None:
    keys_of_encrypted_resources()
    if not select_of_items:
        selects_of_items()
    keys_of_rows()
    sources_of_events()
    logs_of_functions()
    default_policy_of_topics()
    deliveries_of_rules()
    calls_of_the_gateway()
    calls_of_authorizers()


def keys_of_encrypted_resources() -> None:
    """Ask for the caller's right to the key beside the right to what it encrypts."""
    from ministack.core import iam_evaluator

    enforce = iam_evaluator.enforce

    def enforced(*given: Any, **named: Any) -> Any:
        asked = _Asked(*given, **named)
        denied = enforce(*asked)
        # A form names who signed it in its fields: ministack asks for nobody first, then for them.
        if denied is not None or asked.action not in _NEEDED or not asked.key_id:
            return denied
        key = _key_of(asked.service, asked.resource_arn)
        via = {"kms:viaservice": f"{asked.service}.{asked.region}.amazonaws.com"}
        unsigned = iam_evaluator._anonymous.set(False)
        try:
            answers = (
                iam_evaluator.enforce(asked.key_id, needed, "kms", asked.region, key, via)
                for needed in (_NEEDED[asked.action] if key else ())
            )
            return next((answer for answer in answers if answer is not None), None)
        finally:
            iam_evaluator._anonymous.reset(unsigned)

    iam_evaluator.enforce = enforced


def selects_of_items() -> None:
    """Ask without `dynamodb:Select` for reads of single items: AWS describes it for Query and Scan
    only. A cloud may also run without this patch, so that policies hold either way.
    """
    from ministack.core import iam_evaluator

    enforce = iam_evaluator.enforce

    def enforced(*given: Any, **named: Any) -> Any:
        asked = _Asked(*given, **named)
        known = dict(asked.service_context or {})
        if asked.action in ("dynamodb:GetItem", "dynamodb:BatchGetItem"):
            known.pop("dynamodb:Select", None)
        return enforce(*asked._replace(service_context=known))

    iam_evaluator.enforce = enforced


def _key_of(service: str, resource_arn: str) -> str | None:
    """Return the ARN of the account's key that encrypts a resource, or None."""
    name = resource_arn.rsplit(":", 1)[-1]
    if service == "dynamodb":
        from ministack.services import dynamodb

        table = dynamodb._tables.get(name.split("/")[1]) if "/" in name else None
        found = ((table or {}).get("SSEDescription") or {}).get("KMSMasterKeyArn")
    elif service == "s3":
        from ministack.services import s3

        headers = s3._bucket_default_sse_headers(name.split("/")[0])
        found = headers.get("x-amz-server-side-encryption-aws-kms-key-id")
    elif service == "secretsmanager":
        from ministack.services import secretsmanager

        secret = secretsmanager._secrets.get(name.rsplit("-", 1)[0])
        found = (secret or {}).get("KmsKeyId")
    else:
        from ministack.services import sns

        found = sns._topics[resource_arn]["attributes"].get("KmsMasterKeyId")
    return str(found) if found and ":key/" in str(found) else None


def keys_of_rows() -> None:
    """Ask with the partitions that a request names (`dynamodb:LeadingKeys`), and with what a write
    returns (`dynamodb:ReturnValues`).
    """
    from ministack.core import iam_actions, iam_evaluator

    context_of, enforce = iam_actions.dynamodb_service_context, iam_evaluator.enforce
    ours = "rehearsal:partitions"

    def context(body: bytes) -> dict[str, Any]:
        request = json.loads(body or b"{}")
        returned = request.get("ReturnValues")
        known = {**context_of(body), ours: _partitions(request)}
        return known | ({"dynamodb:ReturnValues": returned} if returned else {})

    def enforced(*given: Any, **named: Any) -> Any:
        asked = _Asked(*given, **named)
        known = dict(asked.service_context or {})
        table = asked.resource_arn.rpartition(":table/")[2].split("/")[0]
        if partitions := known.pop(ours, {}).get(table):
            known["dynamodb:LeadingKeys"] = partitions
        return enforce(*asked._replace(service_context=known))

    iam_actions.dynamodb_service_context = context
    iam_evaluator.enforce = enforced


def _partitions(request: dict[str, Any]) -> dict[str, list[str]]:
    """Return the partitions that a request names, by table."""
    found: dict[str, list[str]] = defaultdict(list)
    for each in _single_requests(request):
        table = str(each.get("TableName", "")).rpartition("/")[2]
        attribute = _partition_attribute(table, each.get("IndexName"))
        row = each.get("Key") or each.get("Item") or _compared(each)
        if attribute in row:
            found[table] += row[attribute].values()
    return found


def _single_requests(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield request
    for item in request.get("TransactItems", ()):
        yield from item.values()
    for table, wanted in request.get("RequestItems", {}).items():
        keys = wanted["Keys"] if isinstance(wanted, dict) else []
        yield from ({"TableName": table, "Key": key} for key in keys)
        writes = wanted if isinstance(wanted, list) else []
        yield from ({"TableName": table, **each} for write in writes for each in write.values())


def _partition_attribute(table: str, index: str | None) -> str:
    from ministack.services import dynamodb

    described = dynamodb._tables.get(table) or {}
    for each in described.get("GlobalSecondaryIndexes") or ():
        if each["IndexName"] == index:
            described = each
    names = [key["AttributeName"] for key in described.get("KeySchema", ())]
    return str(names[0]) if names else ""


def _compared(query: dict[str, Any]) -> dict[str, Any]:
    """Return what a query compares for equality: values by the names of attributes."""
    names = query.get("ExpressionAttributeNames", {})
    values = query.get("ExpressionAttributeValues", {})
    equal = re.findall(r"(#?\w+)\s*=\s*(:\w+)", query.get("KeyConditionExpression", ""))
    return {names.get(name, name): values[value] for name, value in equal}


def sources_of_events() -> None:
    """Refuse an event source that the function's role may not read, as Lambda does."""
    from ministack.services.cloudformation import provisioners

    handlers = provisioners._RESOURCE_HANDLERS["AWS::Lambda::EventSourceMapping"]
    create = handlers["create"]

    def created(logical_id: str, props: dict[str, Any], stack: str) -> Any:
        function, name, _, _ = provisioners._lambda_function_for_cfn_ref(props["FunctionName"])
        source = props["EventSourceArn"]
        role = function["config"]["Role"]
        missing = list(_missing(role, _SOURCES[source.split(":")[2]], source))
        if failures := props.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination"):
            missing += _missing(role, ("sqs:SendMessage",), failures)
        if missing:
            raise ValueError(
                f"The function execution role of {name} does not have permissions to call "
                f"{', '.join(missing)} on its event source"
            )
        return create(logical_id, props, stack)

    handlers["create"] = created


def logs_of_functions() -> None:
    """Keep a function's lines only when its role may write them."""
    from ministack.services import lambda_svc

    emit = lambda_svc._emit_lambda_logs

    def emitted(function: dict[str, Any], *given: Any, **named: Any) -> None:
        config = function.get("config") or function
        group = (config.get("LoggingConfig") or {}).get("LogGroup")
        if group:
            from ministack.services import cloudwatch_logs

            arn = f"{cloudwatch_logs._make_group_arn(group)}:log-stream:any"
            if any(_missing(config["Role"], ("logs:CreateLogStream", "logs:PutLogEvents"), arn)):
                return
        emit(function, *given, **named)

    lambda_svc._emit_lambda_logs = emitted


def default_policy_of_topics() -> None:
    """Let a topic's default policy grant nothing to users and roles: their own must do so."""
    from ministack.services import sns

    policy_of = sns.topic_policy_for_arn

    def found(arn: str) -> Any:
        policy = policy_of(arn)
        return None if policy is None or "__default_policy_ID" in policy[0] else policy

    sns.topic_policy_for_arn = found


def deliveries_of_rules() -> None:
    """Deliver an event to a queue or a function only where its policy lets the rule in."""
    from ministack.services import eventbridge, lambda_svc, sqs

    invoke = eventbridge._invoke_target
    policies: dict[str, tuple[str, Callable[[str], Any]]] = {
        "sqs": ("sqs:SendMessage", sqs.queue_policy_for_arn),
        "lambda": ("lambda:InvokeFunction", lambda_svc.function_policy_for_arn),
    }

    def invoked(target: dict[str, Any], event: Any, rule: dict[str, Any], view: Any = None) -> None:
        arn = target["Arn"]
        _, _, service, region, account, _ = arn.split(":", 5)
        if service in policies:
            action, policy_of = policies[service]
            source = f"arn:aws:events:{region}:{account}:rule/{rule['Name']}"
            if not _lets_in("events.amazonaws.com", source, action, arn, policy_of(arn)):
                return
        invoke(target, event, rule, view)

    eventbridge._invoke_target = invoked


def calls_of_the_gateway() -> None:
    """Let the gateway call only a function whose policy lets it in."""
    from ministack.services import apigateway_v1

    call = apigateway_v1._invoke_lambda_proxy_v1

    async def called(
        integration: dict[str, Any],
        api_id: str,
        stage_name: str,
        stage: dict[str, Any],
        resource: dict[str, Any],
        path: str,
        method: str,
        *given: Any,
        **named: Any,
    ) -> Any:
        if not _gateway_may_call(integration["uri"], f"{api_id}/{stage_name}/{method}{path}"):
            message = b'{"message": "Internal server error"}'
            return 500, {"Content-Type": "application/json"}, message
        return await call(
            integration, api_id, stage_name, stage, resource, path, method, *given, **named
        )

    apigateway_v1._invoke_lambda_proxy_v1 = called


def calls_of_authorizers() -> None:
    """Let the gateway ask only an authorizer whose policy lets it in."""
    from ministack.services import apigateway_v1

    call = apigateway_v1._invoke_authorizer_lambda

    async def called(authorizer: dict[str, Any], event: dict[str, Any], *given: Any) -> Any:
        api_id = event["methodArn"].split(":")[5].split("/")[0]
        caller = f"{api_id}/authorizers/{authorizer['id']}"
        if not _gateway_may_call(authorizer["authorizerUri"], caller):
            return None  # the gateway returns 500
        return await call(authorizer, event, *given)

    apigateway_v1._invoke_authorizer_lambda = called


def _gateway_may_call(uri: str, caller: str) -> bool:
    """Return whether the policy of a function lets the gateway in, on behalf of `caller`."""
    from ministack.services import lambda_svc

    arn = uri.partition("/functions/")[2].removesuffix("/invocations")
    _, _, _, region, account, _ = arn.split(":", 5)
    source = f"arn:aws:execute-api:{region}:{account}:{caller}"
    policy = lambda_svc.function_policy_for_arn(arn)
    return _lets_in("apigateway.amazonaws.com", source, "lambda:InvokeFunction", arn, policy)


def record_denials(log: Path) -> None:
    """Append what IAM denies to `log`: who, which action, on which resource."""
    from ministack.core import iam_evaluator

    enforce = iam_evaluator.enforce

    def recorded(*given: Any, **named: Any) -> Any:
        asked = _Asked(*given, **named)
        denied = enforce(*asked)
        if denied is not None:
            line = {
                "principal": getattr(denied, "principal_arn", "") or "",
                "action": asked.action,
                "resource": asked.resource_arn,
                "why": getattr(denied, "message", None) or getattr(denied, "decision", ""),
            }
            with log.open("a") as file:
                file.write(json.dumps(line) + "\n")
        return denied

    iam_evaluator.enforce = recorded


def _lets_in(
    service: str, source: str, action: str, resource: str, policy: tuple[Any, str] | None
) -> bool:
    """Return whether a resource's policy lets a service in, on behalf of `source`."""
    from ministack.core import iam_evaluator

    _, _, _, region, account, _ = resource.split(":", 5)
    context = iam_evaluator.EvalContext(
        principal_arn="*",
        principal_type="Service",
        principal_account="",
        action=action,
        resource_arn=resource,
        region=region,
        service_context={"aws:sourcearn": source, "aws:sourceaccount": account},
    )
    document = policy[0] if policy else None
    found = iam_evaluator.evaluate_resource_policy(document, context, service=service)
    return bool(found.decision == "Allow")


def _missing(role_arn: str, actions: Iterable[str], resource: str) -> Iterable[str]:
    """Yield the actions that a role may not do on a resource."""
    from ministack.core import iam_evaluator

    account, name = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
    policies = iam_evaluator._gather_role_policies(name, account)
    for action in actions:
        context = iam_evaluator.EvalContext(
            principal_arn=role_arn,
            principal_type="AssumedRole",
            principal_account=account,
            action=action,
            resource_arn=resource,
            region=role_arn.split(":")[3],
        )
        if iam_evaluator.evaluate(context, policies).decision != "Allow":
            yield action
