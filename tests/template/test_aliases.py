"""Requests and events reach some functions by an alias, and never past it."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from infra.packaging import aliases
from infra.packaging.bundle import Incomplete
from tests.template.conftest import of_type

GATEWAYS = ("APIHandler", "Officers", "AuthorizeOfficer")


def names_in(value: Any) -> set[str]:
    """Return the logical ids that a value names, by Ref, Fn::GetAtt or Fn::Sub."""
    text = json.dumps(value)
    found = re.findall(r'\{"Ref": "(\w+)"\}|\{"Fn::GetAtt": \["(\w+)"|\$\{(\w+)', text)
    return {name for names in found for name in names if name}


def callers(expanded: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield each place of the template that calls a function, or lets somebody call it."""
    for name, properties in of_type(expanded, "AWS::Lambda::Permission").items():
        yield name, properties["FunctionName"]
    for name, properties in of_type(expanded, "AWS::Lambda::EventSourceMapping").items():
        yield name, properties["FunctionName"]
    for name, properties in of_type(expanded, "AWS::Events::Rule").items():
        yield name, [target["Arn"] for target in properties["Targets"]]
    for name, properties in of_type(expanded, "AWS::IAM::Role").items():
        for policy in properties.get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                if "lambda:InvokeFunction" in statement["Action"]:
                    yield name, statement["Resource"]
    yield "RestAPI", expanded["RestAPI"]["Properties"]["Body"]


def test_nothing_calls_a_function_past_its_alias(expanded: dict[str, Any]) -> None:
    past = [(name, names_in(called) & set(aliases.BY_ALIAS)) for name, called in callers(expanded)]
    assert [each for each in past if each[1]] == []


@pytest.mark.parametrize("function", GATEWAYS)
def test_the_gateway_may_call_the_alias(expanded: dict[str, Any], function: str) -> None:
    called = {"Ref": aliases.alias_of(function)}
    permissions = of_type(expanded, "AWS::Lambda::Permission").values()
    assert called in [permission["FunctionName"] for permission in permissions]
    assert aliases.alias_of(function) in names_in(expanded["RestAPI"]["Properties"]["Body"])


@pytest.mark.parametrize("function", aliases.BY_ALIAS)
def test_cloudformation_creates_an_alias_and_never_moves_it(
    expanded: dict[str, Any], function: str
) -> None:
    """A version here would change with the code, and the alias with it, untried."""
    assert expanded[aliases.alias_of(function)] == {
        "Type": "AWS::Lambda::Alias",
        "Properties": {
            "FunctionName": {"Ref": function},
            "FunctionVersion": "$LATEST",
            "Name": "live",
        },
    }


def test_an_event_source_that_is_no_queue_is_refused() -> None:
    event = {"Schedule": {"Type": "Schedule", "Properties": {}}}
    functions = {
        name: {"Type": "AWS::Serverless::Function", "Properties": {"Events": event}}
        for name in aliases.BY_ALIAS
    }
    with pytest.raises(Incomplete, match=r"APIHandler has events that are not of a queue"):
        aliases.complete({"Resources": functions})
