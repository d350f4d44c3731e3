"""What ministack cannot do and the stack needs, patched. Each patch has the name of its entry in
tests/rehearsal/emulator_gaps.toml, which gives the reason.
"""

import json
import os
import re
from typing import Any
from urllib.parse import ParseResult
from xml.etree import ElementTree


def apply() -> None:
    pages_of_sign_in()
    selections_of_backups()
    budgets()
    what_a_firewall_guards()
    metric_math_alarms()
    secrets_by_arn()
    sending_in_batches()
    projections_of_batches()
    versions_in_batches()
    long_first_passwords()
    templates_by_virtual_host()
    domain_names_of_requests()
    locks_of_buckets()
    keys_of_buckets()
    move_tasks()
    changes_of_keys()
    changes_of_apis()
    arns_of_roles()
    apis_as_origins()
    ranges_of_versions()
    joins_in_conditions()


def pages_of_sign_in() -> None:
    """Take the style of the sign-in pages, which ministack shows without one."""
    _take("AWS::Cognito::ManagedLoginBranding")


def selections_of_backups() -> None:
    """Take what a backup plan backs up."""
    _take("AWS::Backup::BackupSelection")


def budgets() -> None:
    """Take a budget."""
    _take("AWS::Budgets::Budget")


def what_a_firewall_guards() -> None:
    """Take what a firewall stands in front of."""
    _take("AWS::WAFv2::WebACLAssociation")


def _take(kind: str) -> None:
    """Let a template have a kind of resource that CloudFormation does not know. Nothing is made."""
    from ministack.services.cloudformation import provisioners

    def created(logical_id: str, *_: Any) -> tuple[str, dict[str, Any]]:
        return logical_id, {}

    def updated(physical_id: str, *_: Any, **__: Any) -> tuple[str, dict[str, Any]]:
        return physical_id, {}

    def deleted(*_: Any) -> None:
        pass

    handlers = {"create": created, "update": updated, "delete": deleted}
    provisioners._RESOURCE_HANDLERS.setdefault(kind, handlers)


def metric_math_alarms() -> None:
    """Make an alarm on a formula an alarm on a metric that nothing reports."""
    from ministack.services.cloudformation import provisioners

    record = provisioners._cw_metric_alarm_record

    def recorded(name: str, props: dict[str, Any]) -> Any:
        if props.get("Metrics"):
            props = {key: value for key, value in props.items() if key != "Metrics"}
            props |= {"Namespace": "Rehearsal", "MetricName": "Formula"}
        return record(name, props)

    provisioners._cw_metric_alarm_record = recorded


def secrets_by_arn() -> None:
    """Let `Ref` of a secret be its ARN."""
    from ministack.services.cloudformation import provisioners

    handlers = provisioners._RESOURCE_HANDLERS["AWS::SecretsManager::Secret"]
    create, update, delete = handlers["create"], handlers["update"], handlers["delete"]

    def name(arn: str) -> str:
        return arn.rsplit(":", 1)[-1].rsplit("-", 1)[0]

    def created(*given: Any) -> Any:
        _, attributes = create(*given)
        return attributes["Arn"], attributes

    def updated(physical_id: str, *given: Any, **named: Any) -> Any:
        _, attributes = update(name(physical_id), *given, **named)
        return attributes["Arn"], attributes

    def deleted(physical_id: str, *given: Any) -> None:
        delete(name(physical_id), *given)

    handlers |= {"create": created, "update": updated, "delete": deleted}


_BATCH_CALLS = {"sns:PublishBatch": "sns:Publish", "sqs:SendMessageBatch": "sqs:SendMessage"}


def sending_in_batches() -> None:
    """Let `sns:Publish` grant PublishBatch, and `sqs:SendMessage` SendMessageBatch: neither has a
    right of its own.
    """
    from ministack.core import iam_evaluator

    enforce = iam_evaluator.enforce

    def enforced(access_key_id: str, action: str, *given: Any, **named: Any) -> Any:
        return enforce(access_key_id, _BATCH_CALLS.get(action, action), *given, **named)

    iam_evaluator.enforce = enforced


def projections_of_batches() -> None:
    """Let conditions see the attributes that BatchGetItem asks for, as those of GetItem. A batch
    here is of one table.
    """
    from ministack.core import iam_actions

    read = iam_actions.dynamodb_service_context

    def read_batch(body: bytes) -> dict[str, Any]:
        tables = json.loads(body or b"{}").get("RequestItems")
        if isinstance(tables, dict) and len(tables) == 1:
            (request,) = tables.values()
            if isinstance(request, dict):
                return dict(read(json.dumps(request).encode()))
        return dict(read(body))

    iam_actions.dynamodb_service_context = read_batch


def versions_in_batches() -> None:
    """Let `s3:DeleteObjectVersion` grant DeleteObjects, which here always names versions."""
    from ministack.core import iam_actions

    iam_actions._S3_BUCKET_QUERY_ACTIONS["delete"] = {"POST": "DeleteObjectVersion"}


def long_first_passwords() -> None:
    """Make Cognito's own first passwords long enough for every policy."""
    from ministack.services import cognito

    generate = cognito._generate_temp_password
    cognito._generate_temp_password = lambda: generate() + generate()


def templates_by_virtual_host() -> None:
    """Take a template from `https://bucket.s3.region.amazonaws.com/key`."""
    from ministack.services.cloudformation import helpers

    parse = helpers.urlparse

    def parsed(url: str) -> ParseResult:
        parts: ParseResult = parse(url)
        bucket = re.match(r"([a-z0-9.-]+)\.s3[.-]", parts.netloc)
        return parts._replace(path=f"/{bucket[1]}{parts.path}") if bucket else parts

    helpers.urlparse = parsed


def domain_names_of_requests() -> None:
    """Tell a function which of the API's names a request was sent to."""
    from ministack.services import apigateway_v1

    build = apigateway_v1._build_lambda_event_v1

    def built(*given: Any, **named: Any) -> Any:
        event = build(*given, **named)
        headers = {name.lower(): value for name, value in event["headers"].items()}
        event["requestContext"]["domainName"] = headers["host"]
        return event

    apigateway_v1._build_lambda_event_v1 = built


def locks_of_buckets() -> None:
    """Give a bucket the Object Lock that its template asks for."""
    from ministack.services import s3
    from ministack.services.cloudformation import provisioners

    handlers = provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"]
    create = handlers["create"]

    def created(logical_id: str, props: dict[str, Any], stack: str) -> Any:
        name, attributes = create(logical_id, props, stack)
        if props.get("ObjectLockEnabled"):
            rule = props.get("ObjectLockConfiguration", {}).get("Rule", {})
            s3._bucket_object_lock[name] = {
                "enabled": True,
                "default_retention": rule.get("DefaultRetention"),
            }
        return name, attributes

    handlers["create"] = created


def keys_of_buckets() -> None:
    """Give a bucket the encryption that its template asks for."""
    from ministack.services import s3
    from ministack.services.cloudformation import provisioners

    handlers = provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"]
    create = handlers["create"]

    def created(logical_id: str, props: dict[str, Any], stack: str) -> Any:
        name, attributes = create(logical_id, props, stack)
        rules = props.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration", ())
        for rule in rules:
            root = ElementTree.Element("ServerSideEncryptionConfiguration")
            wanted = ElementTree.SubElement(
                ElementTree.SubElement(root, "Rule"), "ApplyServerSideEncryptionByDefault"
            )
            for key, value in rule["ServerSideEncryptionByDefault"].items():
                ElementTree.SubElement(wanted, key).text = value
            s3._put_bucket_encryption(name, ElementTree.tostring(root))
        return name, attributes

    handlers["create"] = created


def move_tasks() -> None:
    """Send dead letters to the queue that they came from: all at once, in the first call."""
    from ministack.services import sqs

    done: dict[str, dict[str, Any]] = {}

    def start(data: dict[str, Any], _: str) -> dict[str, Any]:
        source, to = (sqs._queue_by_arn(data[name]) for name in ("SourceArn", "DestinationArn"))
        messages, source["messages"] = source["messages"], []
        for message in messages:
            to["messages"].append(message | {"visible_at": 0, "receive_count": 0})
        sqs.esm_wake.set()
        done[data["SourceArn"]] = {
            "Status": "COMPLETED",
            "SourceArn": data["SourceArn"],
            "ApproximateNumberOfMessagesMoved": len(messages),
        }
        return {"TaskHandle": data["SourceArn"]}

    def tasks(data: dict[str, Any], _: str) -> dict[str, Any]:
        return {"Results": [done[data["SourceArn"]]] if data["SourceArn"] in done else []}

    sqs._HANDLERS |= {"StartMessageMoveTask": start, "ListMessageMoveTasks": tasks}


def changes_of_keys() -> None:
    """Plan every change of a key in place: none of its properties replaces it."""
    from ministack.services.cloudformation import provisioners

    provisioners._REPLACING_PROPERTIES.setdefault("AWS::KMS::Key", ())


def changes_of_apis() -> None:
    """Take a changed definition into the API that is there: its address and its stages stay."""
    from ministack.services import apigateway_v1
    from ministack.services.cloudformation import provisioners

    handlers = provisioners._RESOURCE_HANDLERS["AWS::ApiGateway::RestApi"]
    create, update, delete = handlers["create"], handlers["update"], handlers["delete"]

    def updated(api: str, old: dict[str, Any], new: dict[str, Any], stack: str, *given: Any) -> Any:
        if new.get("Body") != old.get("Body"):
            # ministack reads a definition only into an API of its own.
            other, _ = create(api, new, stack)
            for part in (apigateway_v1._resources, apigateway_v1._authorizers_v1):
                part[api] = part[other]
            delete(other, new)
        return update(api, old | {"Body": new.get("Body")}, new, stack, *given)

    handlers["update"] = updated


def arns_of_roles() -> None:
    """Compare `aws:PrincipalArn` with a role, not with its session."""
    from ministack.core import iam_evaluator
    from ministack.services import iam

    resolve = iam_evaluator._resolve_condition_key

    def resolved(key: str, context: Any) -> Any:
        value = resolve(key, context)
        if key.lower() != "aws:principalarn" or ":assumed-role/" not in (value or ""):
            return value
        name = iam_evaluator._role_name_from_assumed_arn(value)
        return iam._roles.get_scoped(context.principal_account, None, name)["Arn"]

    iam_evaluator._resolve_condition_key = resolved


def apis_as_origins() -> None:
    """Let CloudFront reach an API of this cloud as its origin."""
    from ministack.services import cloudfront

    forward, is_of_aws = cloudfront._forward_to_origin, cloudfront._is_aws_owned_host

    def is_api(host: str) -> bool:
        return ".execute-api." in host

    def forwarded(
        origin: dict[str, Any], method: str, uri: str, query: str, headers: Any, *given: Any
    ) -> Any:
        host = origin["domain_name"]
        if is_api(host):
            headers = {"host": host, **headers}
            port = int(os.environ["GATEWAY_PORT"])
            origin = origin | {"domain_name": "127.0.0.1", "https_port": port}
        return forward(origin, method, uri, query, headers, *given)

    cloudfront._forward_to_origin = forwarded
    cloudfront._is_aws_owned_host = lambda host: is_of_aws(host) and not is_api(host)


def ranges_of_versions() -> None:
    """Return the range that a request for a named version asks for, and not the whole."""
    from ministack.services import s3

    get = s3._get_object

    def got(bucket: str, key: str, headers: dict[str, str], query: Any = None) -> Any:
        status, sent, body = get(bucket, key, headers, query)
        if status != 200 or "range" not in headers:
            return status, sent, body
        found = s3._parse_range(headers["range"], len(body))
        if found is None:
            return s3._error("InvalidRange", "The requested range is not satisfiable", 416, key)
        first, last = found
        # A checksum is of the whole.
        sent = {name: value for name, value in sent.items() if "-checksum-" not in name.lower()}
        sent["Content-Range"] = f"bytes {first}-{last}/{len(body)}"
        sent["Content-Length"] = str(last - first + 1)
        return 206, sent, body[first : last + 1]

    s3._get_object = got


def joins_in_conditions() -> None:
    """Let a condition join the items of a parameter that is a list."""
    from ministack.services.cloudformation import changesets, engine, handlers, stacks

    evaluate = engine._evaluate_conditions

    def evaluated(template: dict[str, Any], given: dict[str, Any]) -> Any:
        def joined(node: Any) -> Any:
            match node:
                case {"Fn::Join": [separator, {"Ref": name}]} if name in given:
                    return str(given[name]["Value"]).replace(",", separator)
                case dict():
                    return {name: joined(value) for name, value in node.items()}
                case list():
                    return [joined(value) for value in node]
            return node

        return evaluate(template | {"Conditions": joined(template.get("Conditions", {}))}, given)

    for module in (changesets, engine, handlers, stacks):
        module._evaluate_conditions = evaluated
