"""The template of a stage: that of Chalice, with those of `infra/` merged over it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from samtranslator.translator.managed_policy_translator import ManagedPolicyLoader
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

from chalicelib.domain.catalogue.model import catalogue
from chalicelib.kernel import city
from chalicelib.kernel.languages import text
from infra.packaging import (
    aliases,
    apis,
    bundle,
    firewall,
    gateway_responses,
    limits,
    preflights,
    throttles,
    web,
)

TEMPLATES = ("resources.yaml", "app.yaml", "alarms.yaml", "edge.yaml", "web.yaml", "backups.yaml")

Template = dict[str, Any]


def merge_template(root: Path, processor: bundle.Processor) -> Template:
    """Return the templates of `infra/` as one, to be merged over Chalice's, with a layer for
    `processor` and the bodies of the gateway's responses.

    Raises bundle.Incomplete when two define the same name.
    """
    merged: Template = {}
    for name in TEMPLATES:
        template: Template = yaml_parse((root / "infra" / name).read_text(encoding="utf-8"))  # type: ignore[no-untyped-call]
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
    gateway_responses.write(merged["Resources"]["RestAPI"]["Properties"]["DefinitionBody"])
    merged["Outputs"]["City"] = {"Value": text("name.city", city.city().default_language)}
    shards = sorted(f"{each.code}={each.shards}" for each in catalogue().categories)
    merged["Outputs"]["Shards"] = {"Value": " ".join(shards)}
    return merged


def complete(template: Template, configuration: Path) -> Template:
    """Add what Chalice has no words for, and return the template. `configuration` is Chalice's
    folder.
    """
    with_aliases = aliases.complete(apis.complete(template, configuration))
    limited = throttles.complete(preflights.complete(with_aliases))
    return web.complete(firewall.complete(limited))


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
    command = [
        str(Path(sys.executable).parent / "cfn-lint"),
        "--regions",
        "us-east-1",
        "--template",
        str(packaged),
        str(translated),
    ]
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
