"""The template of a stage: that of Chalice, with those of `infra/` merged over it.

Chalice packages one function for all routes, `APIHandler`. Here it serves the residents' routes
alone. `Officers` runs the same code with settings, a role and a throttle of its own, and each of
the officers' routes is sent to it. The table of routes (`chalicelib/http/routes.json`) says
whose a route is.
"""

import copy
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from samtranslator.translator.managed_policy_translator import ManagedPolicyLoader
from samtranslator.translator.transform import transform

from chalicelib.domain.catalogue.model import catalogue
from chalicelib.domain.notices.notice import OUTSIDE, OVERSIGHT_OUTSIDE
from chalicelib.http import index
from chalicelib.kernel import city
from chalicelib.kernel.config import Api
from chalicelib.kernel.languages import text
from infra import template as templates
from infra.packaging import aliases, bundle, gateway, limits, policies
from infra.packaging.aliases import LOGICAL_IDS

TEMPLATES = ("resources.yaml", "app.yaml", "alarms.yaml", "edge.yaml", "web.yaml", "backups.yaml")
# What a function takes over from Chalice's own: the rest is in `infra/app.yaml`.
_SHARED = ("Architectures", "CodeUri", "Handler", "Runtime", "Tags", "Tracing")
# The requests for which the gateway may call the function of officers: its stage, method and path.
_API = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${RestAPI}"
_CALLED_FOR = {
    "Routes": "*/*/v1/officer/*",
    "AdminRoutes": "*/*/v1/admin/*",
    "AuditRoutes": "*/*/v1/audit/*",
}
# A line of the operators' guide: alarms, what they mean, what to do.
_ALARMS_ROW = re.compile(r"^\| ((?:`\w+Alarm`(?:, )?)+) \| (.+) \| (.+) \|$", re.MULTILINE)
_NAME = re.compile(r"\w+")
_LINK = re.compile(r"\[([^]]+)\]\([^)]+\)")

Template = dict[str, Any]


def merge_template(root: Path, processor: bundle.Processor) -> Template:
    """Return the templates of `infra/` as one, to be merged over Chalice's, with a layer for
    `processor` and the bodies of the gateway's responses.

    Raises bundle.Incomplete when two define the same name.
    """
    merged: Template = {}
    for name in TEMPLATES:
        template: Template = templates.load(name, root / "infra")
        for section, content in template.items():
            if isinstance(content, dict) and (
                twice := merged.get(section, {}).keys() & content.keys()
            ):
                raise bundle.Incomplete(f"{name} defines again: {', '.join(sorted(twice))}")
            merged[section] = (
                {**merged.get(section, {}), **content} if isinstance(content, dict) else content
            )
    layer = merged["Resources"]["MediaLayer"]["Properties"]
    layer["CompatibleArchitectures"] = [processor.lambda_name]
    gateway.write_responses(merged["Resources"]["RestAPI"]["Properties"]["DefinitionBody"])
    merged["Resources"] |= outside_of(city.city())
    describe_alarms(merged["Resources"], root / "docs" / "operations.md")
    merged["Outputs"]["City"] = {"Value": text("name.city", city.city().default_language)}
    shards = sorted(f"{each.code}={each.shards}" for each in catalogue().categories)
    merged["Outputs"]["Shards"] = {"Value": " ".join(shards)}
    return merged


def describe_alarms(resources: Template, guide: Path) -> None:
    """Give each alarm what its line in the operators' guide says, without the marks of Markdown.

    Raises Incomplete for an alarm without a line.
    """
    said: dict[str, str] = {}
    for names, *cells in _ALARMS_ROW.findall(guide.read_text(encoding="utf-8")):
        linked = [_LINK.sub(r"\1", cell) for cell in cells]
        plain = [f"{cell[0].upper()}{cell[1:]}.".replace("`", "") for cell in linked]
        said |= dict.fromkeys(_NAME.findall(names), " ".join(plain))
    for name, resource in resources.items():
        if resource["Type"] == "AWS::CloudWatch::Alarm":
            if name not in said:
                raise bundle.Incomplete(f"{guide.name} has no line for {name}")
            resource["Properties"]["AlarmDescription"] = said[name]


def outside_of(served: city.City) -> Template:
    """Return the subscriptions of the addresses in the city's folder: of who hears what oversight
    leaves, and of who hears what nobody reviews.
    """
    addresses = {
        "OversightOutside": (served.oversight_email, OVERSIGHT_OUTSIDE),
        "ReviewSubscription": (served.review_address, OUTSIDE),
    }
    return {
        name: {
            "Type": "AWS::SNS::Subscription",
            "Properties": {
                "TopicArn": {"Ref": "NoticesTopic"},
                "Protocol": "email",
                "Endpoint": email,
                "FilterPolicy": {"to": [addressee], "language": [{"exists": False}]},
            },
        }
        for name, (email, addressee) in addresses.items()
        if email
    }


def complete(template: Template, configuration: Path) -> Template:
    """Add what Chalice has no words for, and return the template. `configuration` is Chalice's
    folder, with `config.json`.
    """
    return gateway.complete(aliases.complete(add_officers(template, configuration)))


def add_officers(template: Template, configuration: Path) -> Template:
    """Add the function of officers and send their routes to it, and return the template.

    Raises Incomplete for a route that is not in the table of routes, and for one of the table that
    is not packaged.
    """
    resources = template["Resources"]
    limits_of_officers = templates.function_limits(configuration)[Api.OFFICERS]
    residents = resources["APIHandler"]["Properties"]
    resources["Officers"]["Properties"] |= {
        **copy.deepcopy({name: residents[name] for name in _SHARED}),
        "MemorySize": limits_of_officers.memory_mb,
        "Timeout": limits_of_officers.timeout_s,
        "Role": {"Fn::GetAtt": ["OfficersRole", "Arn"]},
    }
    role = resources["OfficersRole"] = copy.deepcopy(resources["ApiHandlerRole"])
    role["Properties"]["Policies"] = [
        {"PolicyName": "OfficersRolePolicy", "PolicyDocument": policies.policy("officers")}
    ]
    for name, paths in _CALLED_FOR.items():
        permission = copy.deepcopy(resources["APIHandlerInvokePermission"])
        permission["Properties"] |= {
            "FunctionName": {"Ref": LOGICAL_IDS[Api.OFFICERS]},
            "SourceArn": {"Fn::Sub": f"{_API}/{paths}"},
        }
        resources[f"Officers{name}InvokePermission"] = permission
    _send_each_route_to_its_function(resources["RestAPI"]["Properties"]["DefinitionBody"]["paths"])
    return template


def _send_each_route_to_its_function(paths: dict[str, Any]) -> None:
    served = {(route.method, route.path): route.api for route in index.routes()}
    for path, methods in paths.items():
        for method, definition in methods.items():
            integration = definition[gateway.INTEGRATION]
            if integration["type"] == "mock":
                continue  # the gateway itself responds
            api = served.pop((method.upper(), path), None)
            if api is None:
                raise bundle.Incomplete(
                    f"{method.upper()} {path} is not in routes.json: `make openapi`"
                )
            integration["uri"] = {
                "Fn::Sub": integration["uri"]["Fn::Sub"].replace(
                    f"${{{LOGICAL_IDS[Api.RESIDENTS]}.Arn}}", f"${{{LOGICAL_IDS[api]}.Arn}}"
                )
            }
    if served:
        names = ", ".join(f"{method} {path}" for method, path in served)
        raise bundle.Incomplete(f"no route is packaged for {names}")


def locate_code(template: Template, functions: str, media: str) -> Template:
    """Return the template with the functions and the layer loaded from their zips in the bucket.

    The name of a zip contains the hash of its content.
    """
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = {
                "Bucket": {"Ref": "ArtefactsBucket"},
                "Key": functions,
            }
        elif resource["Type"] == "AWS::Serverless::LayerVersion":
            resource["Properties"]["ContentUri"] = {
                "Bucket": {"Ref": "ArtefactsBucket"},
                "Key": media,
            }
    return template


def verify_template(template: Template, build: Path) -> None:
    """Raise Incomplete unless AWS's limits and cfn-lint accept the template as written and as SAM
    expands it.

    Circular dependencies and wrong expansions are visible only in the second.
    """
    packaged, translated = build / "packaged.json", build / "translated.json"
    for file, content in ((packaged, template), (translated, translate(template))):
        file.write_bytes(limits.as_sent(content))
        limits.refuse_over(content)
    linter = str(Path(sys.executable).parent / "cfn-lint")
    command = [linter, "--regions", "us-east-1", "--template", str(packaged), str(translated)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise bundle.Incomplete(f"cfn-lint refuses the template:\n{done.stdout}{done.stderr}")


def translate(template: Template) -> Template:
    """Return the SAM template as CloudFormation would expand it, offline."""
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    return transform(json.loads(json.dumps(template)), {}, _NoManagedPolicies())


class _NoManagedPolicies(ManagedPolicyLoader):
    """No policies of AWS's own: every role is written out, so SAM need not ask IAM for their
    ARNs.
    """

    def __init__(self) -> None:
        pass

    def load(self) -> dict[str, str]:
        return {}
