"""The IAM policy of each function, made from `infra/policies.yaml`."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from chalicelib.kernel.config import Api
from infra import template

ROOT = Path(__file__).parents[2]
_NAMES = {"api_handler": Api.RESIDENTS}  # Chalice's name for it
# What a key is used for that encrypts tables, objects, secrets and topics.
_USES = ["Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey*", "ReEncrypt*"]
# What a right has beside a service's actions: as infra/policies.yaml says.
_BESIDE = {"of", "rows", "attributes", "without", "returns", "prefix", "through", "opens"}

_SERVICES = {
    *("cloudtrail", "cognito-idp", "dynamodb", "events", "kms", "lambda", "logs", "s3"),
    *("secretsmanager", "sns", "sqs"),
}

Statement = dict[str, Any]


@cache
def statements(root: Path = ROOT) -> Mapping[str, list[Statement]]:
    """Return what each function may do, by its name."""
    return {
        name: [_log(name), *(_statement(sid, right) for sid, right in rights.items())]
        for name, rights in template.load("policies.yaml", root / "infra").items()
    }


def policy(function: str, root: Path = ROOT) -> dict[str, Any]:
    """Return the policy of a function, by its name in Chalice's configuration."""
    name = _NAMES.get(function, function)
    return {"Version": "2012-10-17", "Statement": statements(root)[name]}


def _log(name: str) -> Statement:
    resource = f"{name.title().replace('_', '')}Log"
    right = {"logs": ["CreateLogStream", "PutLogEvents"], "of": resource}
    return _statement("WriteItsLog", right)


def _statement(sid: str, right: Mapping[str, Any]) -> Statement:
    if sid == "UseTheKey":
        right = {"kms": _USES, "of": "EncryptionKey", **right}
    for name, value in right.items():
        if name not in _BESIDE | _SERVICES or not value:
            # A condition that is not read would grant more than it says.
            raise ValueError(f"infra/policies.yaml: {sid}: `{name}` says nothing.")
    actions = [f"{name}:{each}" for name in right if name not in _BESIDE for each in right[name]]
    statement = {
        "Sid": sid,
        "Effect": "Allow",
        "Action": actions,
        "Resource": _resource(right["of"]),
    }
    condition: dict[str, dict[str, Any]] = {}
    for operator, key, values in _conditions(right):
        condition.setdefault(operator, {})[key] = values
    return statement | ({"Condition": condition} if condition else {})


def _through(services: Iterable[str]) -> list[dict[str, str]]:
    """Return the names of services through which a key is used. The documentation does not say how
    KMS names a service in China, so each has both.
    """
    ends = ("amazonaws.com", "${AWS::URLSuffix}")
    names = [f"{service}.${{AWS::Region}}.{end}" for service in services for end in ends]
    return [{"Fn::Sub": name} for name in names]


def _conditions(right: Mapping[str, Any]) -> Iterator[tuple[str, str, list[Any]]]:
    if rows := right.get("rows"):
        operator = "StringLike" if any("*" in row for row in rows) else "StringEquals"
        yield f"ForAllValues:{operator}", "dynamodb:LeadingKeys", rows
    for name, operator in (("attributes", "StringEquals"), ("without", "StringNotLike")):
        if names := right.get(name):
            yield f"ForAllValues:{operator}", "dynamodb:Attributes", names
            yield "StringEqualsIfExists", "dynamodb:Select", ["SPECIFIC_ATTRIBUTES"]
    if returns := right.get("returns"):
        yield "StringEqualsIfExists", "dynamodb:ReturnValues", returns
    if prefixes := right.get("prefix"):
        yield "StringLike", "s3:prefix", prefixes
    if buckets := right.get("opens"):
        yield "StringEquals", "kms:EncryptionContext:aws:s3:arn", _resource(buckets)
    if services := right.get("through"):
        yield "StringEquals", "kms:ViaService", _through(services)


def _resource(named: Any) -> Any:
    """Return how CloudFormation names `ReportsTable`, `ReportsTable/index/*` or a list of such."""
    if isinstance(named, list):
        return [_resource(each) for each in named]
    if not isinstance(named, str) or named == "*":
        return named
    logical_id, slash, below = named.partition("/")
    if slash:
        return {"Fn::Sub": f"${{{logical_id}.Arn}}/{below}"}
    # The ARN of a topic and of a secret is what `Ref` gives.
    if re.search("(Topic|Secret)$", logical_id):
        return {"Ref": logical_id}
    return {"Fn::GetAtt": [logical_id, "Arn"]}
