"""Give a packaged template its second function behind the gateway.

Chalice packages one function for all routes, `APIHandler`. Here it serves the residents' routes
alone. `Officers` runs the same code with settings, a role and a throttle of its own, and each of
the officers' routes is sent to it. The table of routes (`chalicelib/http/routes.json`) says
whose a route is.
"""

import copy
import json
from pathlib import Path
from typing import Any

from chalicelib.http import index
from chalicelib.kernel.config import Api
from infra.packaging.bundle import Incomplete

LOGICAL_IDS = {Api.RESIDENTS: "APIHandler", Api.OFFICERS: "Officers"}
"""The functions of the template, by the name of their API."""

_INTEGRATION = "x-amazon-apigateway-integration"
_ROLE, _PERMISSION = "ApiHandlerRole", "APIHandlerInvokePermission"
# What a function takes over from Chalice's own: the rest is in `infra/app.yaml`.
_SHARED = ("Architectures", "CodeUri", "Handler", "Runtime", "Tags", "Tracing")
# The requests for which the gateway may call the function of officers: its stage, method and path.
_CALLED_FOR = {"Routes": "*/*/v1/officer/*", "AdminRoutes": "*/*/v1/admin/*"}

Template = dict[str, Any]


def complete(template: Template, configuration: Path) -> Template:
    """Add the function of officers and send their routes to it, and return the template.

    `configuration` is Chalice's folder, with `config.json` and the policies. Raises Incomplete for
    a route that is not in the table of routes, and for one of the table that is not packaged.
    """
    resources = template["Resources"]
    resources["Officers"]["Properties"] |= _function(resources["APIHandler"], configuration)
    resources["OfficersRole"] = _role(resources[_ROLE], _policy(configuration))
    for name, paths in _CALLED_FOR.items():
        resources[f"Officers{name}InvokePermission"] = _permission(resources[_PERMISSION], paths)
    _send_each_route_to_its_function(resources["RestAPI"]["Properties"]["DefinitionBody"]["paths"])
    return template


def _function(residents: dict[str, Any], configuration: Path) -> dict[str, Any]:
    settings = _settings(configuration)
    shared = {name: residents["Properties"][name] for name in _SHARED}
    return copy.deepcopy(shared) | {
        "MemorySize": settings["lambda_memory_size"],
        "Timeout": settings["lambda_timeout"],
        "Role": {"Fn::GetAtt": ["OfficersRole", "Arn"]},
    }


def _role(residents: dict[str, Any], policy: dict[str, Any]) -> dict[str, Any]:
    role = copy.deepcopy(residents)
    role["Properties"]["Policies"] = [
        {"PolicyName": "OfficersRolePolicy", "PolicyDocument": policy},
    ]
    return role


def _permission(residents: dict[str, Any], paths: str) -> dict[str, Any]:
    permission = copy.deepcopy(residents)
    gateway = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${RestAPI}"
    permission["Properties"] |= {
        "FunctionName": {"Ref": LOGICAL_IDS[Api.OFFICERS]},
        "SourceArn": {"Fn::Sub": f"{gateway}/{paths}"},
    }
    return permission


def _settings(configuration: Path) -> dict[str, Any]:
    content = json.loads((configuration / "config.json").read_text(encoding="utf-8"))
    settings: dict[str, Any] = content["stages"]["any"]["lambda_functions"]["officers"]
    return settings


def _policy(configuration: Path) -> dict[str, Any]:
    file = configuration / _settings(configuration)["iam_policy_file"]
    policy: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return policy


def _send_each_route_to_its_function(paths: dict[str, Any]) -> None:
    served = {(route.method, route.path): route.api for route in index.routes()}
    for path, methods in paths.items():
        for method, definition in methods.items():
            integration = definition[_INTEGRATION]
            if integration["type"] == "mock":
                continue  # the gateway itself responds
            api = served.pop((method.upper(), path), None)
            if api is None:
                raise Incomplete(f"{method.upper()} {path} is not in routes.json: `make openapi`")
            integration["uri"] = {
                "Fn::Sub": integration["uri"]["Fn::Sub"].replace(
                    f"${{{LOGICAL_IDS[Api.RESIDENTS]}.Arn}}", f"${{{LOGICAL_IDS[api]}.Arn}}"
                )
            }
    if served:
        names = ", ".join(f"{method} {path}" for method, path in served)
        raise Incomplete(f"no route is packaged for {names}")
