"""The functions that open files may do nothing, know nothing, and are called by one function."""

import re
from typing import Any

import pytest

from tests.template.conftest import of_type
from tests.template.deployed import deployed

DECODERS = ("Decode", "DecodeCritical")
CALLERS = {"MakeThumbnailsRole", "MakeCriticalThumbnailsRole"}
# What may be set for them: nothing that differs between stages.
HARMLESS = {"PYDANTIC_DISABLE_PLUGINS": "__all__"}
LAYERS = "/opt/"  # where Lambda puts them


def is_harmless(name: str, value: Any) -> bool:
    """Return whether a setting is no secret to code that has taken a decoder over."""
    return isinstance(value, str) and (value == HARMLESS.get(name) or value.startswith(LAYERS))


@pytest.fixture(scope="module", params=DECODERS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module", params=["shared", "tenant"])
def stack(template: dict[str, Any], request: pytest.FixtureRequest) -> dict[str, Any]:
    """The resources, with each kind of isolation."""
    return deployed(template, DecoderIsolation=request.param)


def test_its_role_allows_nothing_but_to_write_its_log(stack: dict[str, Any], name: str) -> None:
    role = stack[role_of(stack, name)]["Properties"]
    (policy,) = role["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert sorted(statement["Action"]) == ["logs:CreateLogStream", "logs:PutLogEvents"]
    assert statement["Resource"] == {"Fn::GetAtt": [f"{name}Log", "Arn"]}
    assert "ManagedPolicyArns" not in role
    assert all(
        role_of(stack, other) != role_of(stack, name)
        for other in of_type(stack, "AWS::Serverless::Function")
        if other != name
    )


def test_no_policy_beside_it_grants_its_role_something(stack: dict[str, Any], name: str) -> None:
    role = role_of(stack, name)
    assert naming(stack, role) <= {name, role}


def test_its_settings_are_no_secret(
    stack: dict[str, Any], template: dict[str, Any], name: str
) -> None:
    everywhere = template.get("Globals", {}).get("Function", {}).get("Environment", {})
    own = stack[name]["Properties"].get("Environment", {})
    settings = everywhere.get("Variables", {}) | own.get("Variables", {})
    assert [each for each, value in settings.items() if not is_harmless(each, value)] == []


def test_the_media_layer_is_theirs_alone(stack: dict[str, Any]) -> None:
    layers = {
        name: function["Layers"]
        for name, function in of_type(stack, "AWS::Serverless::Function").items()
        if "Layers" in function
    }
    assert layers == {each: [{"Ref": "MediaLayer"}] for each in DECODERS}


def test_no_event_reaches_it(stack: dict[str, Any], name: str) -> None:
    assert not stack[name]["Properties"].get("Events")
    assert "FunctionUrlConfig" not in stack[name]["Properties"]
    harmless = ("AWS::IAM::", "AWS::CloudWatch::", "AWS::Logs::", "AWS::Serverless::")
    others = {each for each in naming(stack, name) if not stack[each]["Type"].startswith(harmless)}
    assert {stack[each]["Type"] for each in others} <= {
        "AWS::Lambda::Version",
        "AWS::Lambda::Alias",
    }


def test_only_those_that_make_thumbnails_may_call_it(stack: dict[str, Any], name: str) -> None:
    callers = {
        logical_id
        for logical_id, role in of_type(stack, "AWS::IAM::Role").items()
        for policy in role.get("Policies", ())
        for statement in policy["PolicyDocument"]["Statement"]
        if "lambda:InvokeFunction" in statement["Action"] and name in str(statement["Resource"])
    }
    assert callers
    assert callers <= CALLERS


def test_it_serves_one_tenant_only_where_the_parameter_says_so(
    template: dict[str, Any], name: str
) -> None:
    assert "TenancyConfig" not in deployed(template)[name]["Properties"]
    isolated = deployed(template, DecoderIsolation="tenant")[name]["Properties"]
    assert isolated["TenancyConfig"] == {"TenantIsolationMode": "PER_TENANT"}
    # Lambda refuses them together.
    assert not {"SnapStart", "ProvisionedConcurrencyConfig"} & set(isolated)


def naming(stack: dict[str, Any], name: str) -> set[str]:
    """Return the resources that name another one."""
    pattern = re.compile(rf"\b{name}\b")
    return {logical_id for logical_id, resource in stack.items() if pattern.search(str(resource))}


def role_of(stack: dict[str, Any], name: str) -> str:
    return str(stack[name]["Properties"]["Role"]["Fn::GetAtt"][0])
