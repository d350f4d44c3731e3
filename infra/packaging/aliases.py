"""Let requests and events reach some functions by an alias in a packaged template.

Chalice and SAM call a function by its own name, so a new build serves as soon as CloudFormation
has changed the function. With the alias `live` in between, it serves when `make deploy` has tried
it and moves the alias, and `make rollback` moves the alias back
(docs/adr/0054-alias.md).

CloudFormation creates each alias and never moves it: in the template it always points to
`$LATEST`. So neither an update nor one that fails changes what serves, and who deploys the
template with other tools gets each build at once.
"""

import json
from collections.abc import Iterator
from typing import Any

from chalicelib.kernel.config import Api
from infra.packaging.bundle import Incomplete

LOGICAL_IDS = {Api.RESIDENTS: "APIHandler", Api.OFFICERS: "Officers"}
"""The functions behind the gateway, by the name of their API."""

ALIAS = "live"
BY_ALIAS = (
    "APIHandler",
    "Officers",
    "AuthorizeOfficer",
    "MakeThumbnails",
    "MakeCriticalThumbnails",
)
"""The functions that are called by their alias: add a name, and all else follows."""

Template = dict[str, Any]


def alias_of(function: str) -> str:
    """Return the logical id of a function's alias."""
    return f"{function}Live"


def complete(template: Template) -> Template:
    """Add the aliases, let everything call them, and return the template. Raises Incomplete for an
    event source that this module does not know.
    """
    resources = template["Resources"]
    for function in BY_ALIAS:
        resources |= dict(_sources(function, resources[function]["Properties"]))
        resources[alias_of(function)] = {
            "Type": "AWS::Lambda::Alias",
            "Properties": {
                "FunctionName": {"Ref": function},
                "FunctionVersion": "$LATEST",
                "Name": ALIAS,
            },
        }
    for resource in resources.values():
        if resource["Type"] == "AWS::Lambda::Permission":
            _let_in(resource["Properties"])
    api = resources["RestAPI"]["Properties"]
    api["DefinitionBody"] = _called_by_alias(api["DefinitionBody"])
    return template


def _sources(function: str, properties: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Take the queues out of a function, and yield them as SAM would write them, but for the alias.

    SAM itself lets events come by an alias only when it also moves the alias.
    """
    for name, event in properties.pop("Events", {}).items():
        if event["Type"] != "SQS":
            raise Incomplete(f"{function} has events that are not of a queue: {name}")
        settings = dict(event["Properties"])
        source = {"EventSourceArn": settings.pop("Queue")}
        yield (
            f"{function}{name}",
            {
                "Type": "AWS::Lambda::EventSourceMapping",
                "Properties": source | settings | {"FunctionName": {"Ref": alias_of(function)}},
            },
        )


def _let_in(permission: dict[str, Any]) -> None:
    """Let a permission hold for the alias. One for the function itself does not include it."""
    for function in BY_ALIAS:
        if permission["FunctionName"] in ({"Ref": function}, {"Fn::GetAtt": [function, "Arn"]}):
            permission["FunctionName"] = {"Ref": alias_of(function)}


def _called_by_alias(definition: Template) -> Template:
    """Return the API's definition with the aliases in the place of functions."""
    text = json.dumps(definition)
    for function in BY_ALIAS:
        # `Ref` of an alias is its ARN.
        text = text.replace(
            f"/${{{function}.Arn}}/invocations", f"/${{{alias_of(function)}}}/invocations"
        )
    called: Template = json.loads(text)
    return called
