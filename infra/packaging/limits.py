"""AWS's limits that nothing says before a stack is created: cfn-lint knows none of them.

Each is counted in the template as it is written, and as SAM expands it. The limits of a table, an
API and a topic can be raised by AWS for an account; the template must do without. Beside them
stands what AWS advises, as a limit of 0 or 2. What a name becomes is known only in the cloud, so
each is taken to be long.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from infra.packaging import bundle

Template = dict[str, Any]
Counts = Iterable[tuple[str, int]]
"""What was counted: where, and how many."""

_DOCS = "https://docs.aws.amazon.com"
# An ARN in us-gov-west-1 of a log group, the longest here: a stack's name may have 29 letters.
_LONG_NAME = "n" * 140
_PSEUDO = {
    "AWS::AccountId": "123456789012",
    "AWS::NoValue": "",
    "AWS::Partition": "aws-us-gov",
    "AWS::Region": "ap-southeast-1",
    "AWS::URLSuffix": "amazonaws.com.cn",
}


class Limit(NamedTuple):
    """AWS takes at most `most` of `what`. `page` of its documentation says so."""

    what: str
    most: int
    page: str
    counted: Callable[[Template], Counts]


def refuse_over(template: Template) -> None:
    """Raise bundle.Incomplete, with all of them, where a template is over a limit of AWS."""
    over = [
        f"{where} has {found:,} {limit.what}, and AWS takes {limit.most:,} ({_DOCS}/{limit.page})"
        for limit in LIMITS
        for where, found in limit.counted(template)
        if found > limit.most
    ]
    if over:
        raise bundle.Incomplete("AWS would refuse the template:\n" + "\n".join(over))


def _of_type(template: Template, kind: str) -> Iterator[tuple[str, Any]]:
    for name, resource in template["Resources"].items():
        if resource["Type"] == kind:
            yield name, resource.get("Properties", {})


def _metrics(template: Template) -> Counts:
    for name, alarm in _of_type(template, "AWS::CloudWatch::Alarm"):
        yield name, sum("MetricStat" in query for query in alarm.get("Metrics", ()))


def _indexes(template: Template) -> Iterator[tuple[str, list[Any]]]:
    for name, table in _of_type(template, "AWS::DynamoDB::Table"):
        yield name, table.get("GlobalSecondaryIndexes", [])


def _projected(index: Any) -> int:
    return len(index["Projection"].get("NonKeyAttributes", ()))


def _projected_by_tables(template: Template) -> Counts:
    for name, indexes in _indexes(template):
        yield name, sum(map(_projected, indexes))


def _projected_by_indexes(template: Template) -> Counts:
    for name, indexes in _indexes(template):
        yield from ((f"{name}.{each['IndexName']}", _projected(each)) for each in indexes)


def _indexes_of_tables(template: Template) -> Counts:
    return ((name, len(indexes)) for name, indexes in _indexes(template))


def _environments(template: Template) -> Counts:
    for name, function in _of_type(template, "AWS::Lambda::Function"):
        variables = function.get("Environment", {}).get("Variables", {})
        yield name, sum(len(key) + len(written(value)) for key, value in variables.items())


def _policies(template: Template) -> Counts:
    attached = [each for _, each in _of_type(template, "AWS::IAM::Policy")]
    for name, role in _of_type(template, "AWS::IAM::Role"):
        own = [each for each in attached if {"Ref": name} in each.get("Roles", ())]
        documents = (each["PolicyDocument"] for each in [*role.get("Policies", ()), *own])
        yield name, sum(len(re.sub(r"\s", "", written(each))) for each in documents)


def _section(name: str) -> Callable[[Template], Counts]:
    return lambda template: [("the template", len(template.get(name, {})))]


def _bytes(template: Template) -> Counts:
    return [("the template", len(as_sent(template)))]


def _paths(template: Template) -> Counts:
    for kind, body in (
        ("AWS::ApiGateway::RestApi", "Body"),
        ("AWS::Serverless::Api", "DefinitionBody"),
    ):
        for name, api in _of_type(template, kind):
            parts = [path.strip("/").split("/") for path in api[body]["paths"]]
            resources = {tuple(each[:end]) for each in parts for end in range(len(each) + 1)}
            yield name, len(resources)


def _targets(template: Template) -> Counts:
    for name, rule in _of_type(template, "AWS::Events::Rule"):
        yield name, len(rule.get("Targets", ()))


def _filter_policies(template: Template) -> Counts:
    subscriptions = _of_type(template, "AWS::SNS::Subscription")
    return Counter(
        json.dumps(each["TopicArn"]) for _, each in subscriptions if "FilterPolicy" in each
    ).items()


def _what_tenants_exclude(template: Template) -> Counts:
    """Count what a tenant-isolated function may not have."""
    for name, function in _of_type(template, "AWS::Lambda::Function"):
        if "TenancyConfig" in function:
            excluded = sum(
                each["Type"] in _CALLERS or "ProvisionedConcurrencyConfig" in each["Properties"]
                for each in _attached(template, name)
            )
            yield name, excluded + ("SnapStart" in function)


_CALLERS = ("AWS::Lambda::EventSourceMapping", "AWS::Lambda::Url")
_VERSIONS = ("AWS::Lambda::Alias", "AWS::Lambda::Version")


def _attached(template: Template, function: str) -> Iterator[Any]:
    """Yield the event sources, URLs, aliases and versions of a function."""
    for resource in template["Resources"].values():
        if resource["Type"] in (*_CALLERS, *_VERSIONS):
            of = resource["Properties"].get(
                "FunctionName", resource["Properties"].get("TargetFunctionArn")
            )
            if _function(template, of) == function:
                yield resource


def _readers(template: Template) -> Counts:
    sources = (each["EventSourceArn"] for _, each in _of_type(template, _CALLERS[0]))
    return Counter(each for each in map(json.dumps, sources) if "StreamArn" in each).items()


def _seconds_too_short(template: Template) -> Counts:
    for name, mapping in _of_type(template, _CALLERS[0]):
        queue = template["Resources"].get(_named(mapping["EventSourceArn"]), {})
        if queue.get("Type") == "AWS::SQS::Queue":
            function = template["Resources"][_function(template, mapping["FunctionName"])]
            needed = 6 * function["Properties"].get("Timeout", 3)
            yield name, max(0, needed - queue["Properties"].get("VisibilityTimeout", 30))


def _function(template: Template, node: Any) -> str:
    """Return the logical id of the function that a node names, itself or by a version or alias."""
    resource = template["Resources"].get(_named(node), {})
    if resource.get("Type") in _VERSIONS:
        return _function(template, resource["Properties"]["FunctionName"])
    return _named(node)


def _named(node: Any) -> str:
    """Return the logical id that a Ref, Fn::GetAtt or Fn::Sub names first."""
    match node:
        case {"Ref": name} | {"Fn::GetAtt": [name, *_]}:
            return str(name)
        case {"Fn::Sub": str() as text} if found := re.search(r"\$\{(\w+)", text):
            return found[1]
    return ""


def written(node: Any) -> str:
    """Return a text as long as a value may become in the cloud, as JSON unless it is a text."""
    match node:
        case {"Fn::If": [_, then, otherwise]}:
            return max(written(then), written(otherwise), key=len)
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(map(written, parts))
        case {"Fn::Sub": [str() as text, dict()]} | {"Fn::Sub": str() as text}:
            return re.sub(r"\$\{([^!}]+)\}", lambda name: _PSEUDO.get(name[1], _LONG_NAME), text)
        case {"Ref": str() as name}:
            return _PSEUDO.get(name, _LONG_NAME)
        case {"Fn::GetAtt": _} | {"Fn::Select": _} | {"Fn::ImportValue": _}:
            return _LONG_NAME
        case dict():
            return "{" + ",".join(f"{key!r}:{_quoted(each)}" for key, each in node.items()) + "}"
        case list():
            return "[" + ",".join(map(_quoted, node)) + "]"
    return str(node)


def _quoted(node: Any) -> str:
    text = written(node)
    return text if text[:1] in ("{", "[") else f'"{text}"'


def as_sent(template: Template) -> bytes:
    """Return a template as it is written into the bucket."""
    return json.dumps(template, ensure_ascii=False, separators=(",", ":")).encode()


_TABLES = "amazondynamodb/latest/developerguide/ServiceQuotas.html"
_STACK = "AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"
_PATHS = "apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html"
LIMITS = (
    Limit("metrics in its formula", 10,
          "AmazonCloudWatch/latest/monitoring/alarm-limits.html", _metrics),
    Limit("attributes in all its INCLUDE projections", 100, _TABLES, _projected_by_tables),
    Limit("attributes in its projection", 20,
          "amazondynamodb/latest/APIReference/API_Projection.html", _projected_by_indexes),
    Limit("indexes", 20, _TABLES, _indexes_of_tables),
    Limit("bytes of environment variables", 4096,
          "lambda/latest/dg/gettingstarted-limits.html", _environments),
    Limit("characters of inline policies", 10_240,
          "IAM/latest/UserGuide/reference_iam-quotas.html", _policies),
    Limit("resources", 500, _STACK, _section("Resources")),
    Limit("outputs", 200, _STACK, _section("Outputs")),
    Limit("parameters", 200, _STACK, _section("Parameters")),
    Limit("bytes", 1_000_000, _STACK, _bytes),
    Limit("resources (parts of paths)", 300, _PATHS, _paths),
    Limit("targets", 5, "eventbridge/latest/userguide/eb-quota.html", _targets),
    Limit("filter policies", 200,
          "sns/latest/dg/subscription-filter-policy-constraints.html", _filter_policies),
    Limit("of what a tenant-isolated function may not have: an event source, a URL, SnapStart, "
          "provisioned concurrency", 0,
          "lambda/latest/dg/tenant-isolation.html", _what_tenants_exclude),
    # What AWS advises.
    Limit("readers (a third is throttled)", 2,
          "amazondynamodb/latest/developerguide/Streams.html", _readers),
    Limit("seconds less of visibility than six runs of its function", 0,
          "lambda/latest/dg/services-sqs-configure.html", _seconds_too_short),
)  # fmt: skip
