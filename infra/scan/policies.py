"""Find every policy in an expanded template, and write it out with the names that AWS would have.

parliament reads finished policies: it compares each action with the kind of its resource.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

Policy = dict[str, Any]

_PSEUDO = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::StackName": "tipline-any",
    "AWS::URLSuffix": "amazonaws.com",
}
_PLACE = "us-east-1:123456789012"
_ARNS = {
    "AWS::DynamoDB::Table": f"arn:aws:dynamodb:{_PLACE}:table/{{}}",
    "AWS::Events::Rule": f"arn:aws:events:{_PLACE}:rule/{{}}",
    "AWS::IAM::Role": "arn:aws:iam::123456789012:role/{}",
    "AWS::Lambda::Function": f"arn:aws:lambda:{_PLACE}:function:{{}}",
    "AWS::KMS::Key": f"arn:aws:kms:{_PLACE}:key/{{}}",
    "AWS::Logs::LogGroup": f"arn:aws:logs:{_PLACE}:log-group:{{}}:*",
    "AWS::Cognito::UserPool": f"arn:aws:cognito-idp:{_PLACE}:userpool/{{}}",
    "AWS::S3::Bucket": "arn:aws:s3:::{}",
    "AWS::SNS::Topic": f"arn:aws:sns:{_PLACE}:{{}}",
    "AWS::SQS::Queue": f"arn:aws:sqs:{_PLACE}:{{}}",
    "AWS::SecretsManager::Secret": f"arn:aws:secretsmanager:{_PLACE}:secret:{{}}",
}
# What `Ref` of these gives is an ARN too.
_REF_IS_ARN = ("AWS::SNS::Topic", "AWS::SecretsManager::Secret")
_DOCUMENTS = {
    "AWS::KMS::Key": "KeyPolicy",
    "AWS::S3::BucketPolicy": "PolicyDocument",
    "AWS::SNS::TopicPolicy": "PolicyDocument",
    "AWS::SQS::QueuePolicy": "PolicyDocument",
}


_NO_VALUE = {"Ref": "AWS::NoValue"}


class Unresolved(Exception):
    """A policy refers to something whose name is not known here."""


def policies(template: Mapping[str, Any]) -> dict[str, Policy]:
    """Return all policies of a template by the logical id of what has them. Raises Unresolved."""
    names = _Names(template["Resources"])
    return {name: names.resolve(document) for name, document in _documents(template["Resources"])}


def _documents(resources: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for logical_id, resource in resources.items():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::IAM::Role":
            for policy in properties.get("Policies", []):
                yield logical_id, policy["PolicyDocument"]
        elif resource["Type"] in _DOCUMENTS:
            yield logical_id, properties[_DOCUMENTS[resource["Type"]]]


class _Names:
    def __init__(self, resources: Mapping[str, Any]) -> None:
        self._types = {name: resource["Type"] for name, resource in resources.items()}

    def resolve(self, node: Any) -> Any:
        match node:
            case {"Ref": name}:
                return self._ref(name)
            case {"Fn::GetAtt": [name, attribute]}:
                return self._attribute(name, attribute)
            case {"Fn::Sub": str() as text}:
                return re.sub(r"\$\{([^}]+)\}", lambda found: self._substitute(found[1]), text)
            case {"Fn::If": [_, *sides]}:
                # Both sides are read: the scan is for every choice of parameters.
                return self.resolve([side for side in sides if side != _NO_VALUE])
            case {**entries} if any(str(key).startswith("Fn::") for key in entries):
                raise Unresolved(f"a policy holds {node}: teach infra/scan/policies.py about it")
            case {**entries}:
                return {key: self.resolve(value) for key, value in entries.items()}
            case list():
                values = [self.resolve(each) for each in node]
                return list(chain.from_iterable(_as_list(value) for value in values))
        return node

    def _substitute(self, name: str) -> str:
        resource, _, attribute = name.partition(".")
        return self._attribute(resource, attribute) if attribute else self._ref(name)

    def _attribute(self, name: str, attribute: str) -> str:
        if attribute == "StreamArn":
            return f"{self._arn(name)}/stream/label"
        if attribute != "Arn":
            raise Unresolved(f"a policy names {name}.{attribute}: add it to infra/scan/policies.py")
        return self._arn(name)

    def _ref(self, name: str) -> str:
        if name in _PSEUDO:
            return _PSEUDO[name]
        return self._arn(name) if self._types.get(name) in _REF_IS_ARN else name

    def _arn(self, name: str) -> str:
        kind = self._types.get(name, "")
        if kind not in _ARNS:
            raise Unresolved(
                f"a policy names {name} ({kind}): add its kind to infra/scan/policies.py"
            )
        return _ARNS[kind].format(name)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
