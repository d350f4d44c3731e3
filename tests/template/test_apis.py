"""Each route of the gateway goes to the function that serves it, and to no other; requests and
events reach some functions by an alias, and never past it.
"""

import copy
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chalice.app import Chalice
from samtranslator.translator.logical_id_generator import LogicalIdGenerator

from app import create_app
from chalicelib.kernel.config import Api
from infra.packaging import aliases, package, templates
from infra.packaging.aliases import LOGICAL_IDS, alias_of
from infra.packaging.bundle import Incomplete
from tests.template.conftest import of_type

CHALICE = package.ROOT / ".chalice"
INTEGRATION = "x-amazon-apigateway-integration"


@pytest.fixture(scope="module")
def apps() -> dict[Api, Chalice]:
    """The app of each function, as it registers its own routes."""
    return {api: create_app(api) for api in Api}


def served(app: Chalice) -> set[tuple[str, str]]:
    return {(method, path) for path, methods in app.routes.items() for method in methods}


def called(resources: dict[str, Any], api: Api) -> set[tuple[str, str]]:
    """Return the methods of paths that the gateway sends to a function."""
    paths = resources["RestAPI"]["Properties"]["DefinitionBody"]["paths"]
    function = f"functions/${{{alias_of(LOGICAL_IDS[api])}}}/invocations"
    return {
        (method.upper(), path)
        for path, methods in paths.items()
        for method, definition in methods.items()
        if "uri" in definition.get(INTEGRATION, {})
        and definition[INTEGRATION]["uri"]["Fn::Sub"].endswith(function)
    }


@pytest.mark.parametrize("api", Api)
def test_the_gateway_calls_a_function_for_the_routes_that_it_serves_and_for_no_others(
    resources: dict[str, Any], apps: dict[Api, Chalice], api: Api
) -> None:
    assert called(resources, api) == served(apps[api])


def test_the_function_of_officers_serves_what_is_below_their_paths(
    apps: dict[Api, Chalice],
) -> None:
    officers, residents = served(apps[Api.OFFICERS]), served(apps[Api.RESIDENTS])
    below = ("/v1/officer/", "/v1/admin/", "/v1/audit/")
    assert all(path.startswith(below) for _, path in officers)
    assert not [path for _, path in residents if path.startswith(below)]
    assert officers
    assert residents


def test_the_gateway_may_call_the_function_of_officers_for_their_paths_only(
    resources: dict[str, Any],
) -> None:
    permissions = of_type(resources, "AWS::Lambda::Permission").values()
    sources = [
        permission["SourceArn"]["Fn::Sub"]
        for permission in permissions
        if permission["FunctionName"] == {"Ref": alias_of("Officers")}
    ]
    assert {source.rpartition("${RestAPI}")[2] for source in sources} == {
        "/*/*/v1/officer/*",
        "/*/*/v1/admin/*",
        "/*/*/v1/audit/*",
    }


def test_both_functions_run_the_same_code(functions: dict[str, Any]) -> None:
    one, other = functions["APIHandler"], functions["Officers"]
    assert one["CodeUri"] == other["CodeUri"]
    assert one["Handler"] == other["Handler"] == "app.app"
    assert [each["Environment"]["Variables"]["API"] for each in (one, other)] == list(Api)


@pytest.fixture
def packaged() -> dict[str, Any]:
    """A template with two routes, as Chalice writes it."""
    uri = {"Fn::Sub": "arn:functions/${APIHandler.Arn}/invocations"}
    methods = {INTEGRATION: {"type": "aws_proxy", "uri": uri}}
    function: dict[str, Any] = {"Properties": dict.fromkeys(templates._SHARED, "as packaged")}
    paths = {"/v1/health": {"get": copy.deepcopy(methods)}}
    api = {"Properties": {"DefinitionBody": {"paths": paths}}}
    return {
        "Resources": {
            "APIHandler": function,
            "Officers": {"Properties": {}},
            "ApiHandlerRole": {"Properties": {}},
            "APIHandlerInvokePermission": {"Properties": {}},
            "RestAPI": api,
        }
    }


def test_a_route_that_is_not_packaged_is_refused(packaged: dict[str, Any]) -> None:
    with pytest.raises(Incomplete, match=r"no route is packaged for .*GET /v1/officer/me"):
        templates.add_officers(packaged, CHALICE)


def test_a_packaged_route_that_is_in_no_table_is_refused(packaged: dict[str, Any]) -> None:
    paths = packaged["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]["paths"]
    paths["/v1/unknown"] = paths.pop("/v1/health")
    with pytest.raises(Incomplete, match=r"GET /v1/unknown is not in routes\.json"):
        templates.add_officers(packaged, Path(CHALICE))


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
    called = {"Ref": alias_of(function)}
    permissions = of_type(expanded, "AWS::Lambda::Permission").values()
    assert called in [permission["FunctionName"] for permission in permissions]
    assert alias_of(function) in names_in(expanded["RestAPI"]["Properties"]["Body"])


@pytest.mark.parametrize("function", aliases.BY_ALIAS)
def test_cloudformation_creates_an_alias_and_never_moves_it(
    expanded: dict[str, Any], function: str
) -> None:
    """A version here would change with the code, and the alias with it, untried."""
    assert expanded[alias_of(function)] == {
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


def test_each_update_is_deployed_to_the_same_address(template: dict[str, Any]) -> None:
    """Also of the same template: a parameter may have another value. The gateway serves what was
    deployed, and CloudFormation deploys an API only by a new resource: SAM names one by its second.
    """
    began = int(time.time())
    resources = templates.translate(template)["Resources"]
    seconds = range(began, int(time.time()) + 1)
    (stage,) = of_type(resources, "AWS::ApiGateway::Stage").values()
    (deployment,) = of_type(resources, "AWS::ApiGateway::Deployment")
    assert stage["DeploymentId"] == {"Ref": deployment}
    assert deployment in [
        LogicalIdGenerator("RestAPIDeployment", str(second)).gen() for second in seconds
    ]
    assert list(of_type(resources, "AWS::ApiGateway::RestApi")) == ["RestAPI"]
