"""The template that `make package` wrote, and what follows from it."""

import copy
import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from infra.stage.faults import Refused

type Template = dict[str, Any]

# In the order of what a reader would miss first.
DATA_TYPES = {
    "AWS::DynamoDB::Table": "rows",
    "AWS::S3::Bucket": "objects",
    "AWS::Cognito::UserPool": "accounts",
    "AWS::SecretsManager::Secret": "a secret",
    "AWS::KMS::Key": "the key of everything else",
    "AWS::Backup::BackupVault": "backups",
}


@dataclass(frozen=True)
class Packaged:
    """A packaged template in the folder `build`, beside its zips."""

    build: Path
    template: Template

    @property
    def parameters(self) -> dict[str, dict[str, Any]]:
        return dict(self.template.get("Parameters", {}))

    @cached_property
    def zips(self) -> dict[str, Path]:
        """The zips that the template loads: the key of each in the bucket, and its file."""
        return {
            key: self.build / f"{key.split('-')[0]}.zip" for key in sorted(_keys(self.template))
        }

    @cached_property
    def components(self) -> dict[str, Path]:
        """The list of what is in the zips: its key in the bucket, and its file."""
        listed = self.template.get("Outputs", {}).get("Components")
        return {listed["Value"]: self.build / "sbom.json"} if listed else {}

    def without_protection(self) -> "Packaged":
        """Return the template without deletion protection, for a stack that does not exist yet.

        When its creation fails, CloudFormation deletes what it has made; it cannot delete what is
        protected, and the stack would be stuck (ROLLBACK_FAILED).
        """
        template = copy.deepcopy(self.template)
        for resource in template["Resources"].values():
            properties = resource.get("Properties", {})
            if resource["Type"] == "AWS::DynamoDB::Table":
                properties.pop("DeletionProtectionEnabled", None)
            elif resource["Type"] == "AWS::Cognito::UserPool":
                properties.pop("DeletionProtection", None)
        return Packaged(self.build, template)


def read_packaged(build: Path) -> Packaged:
    """Return what is in `build`. Raises Refused when nothing was packaged, when the template is
    broken, or when a zip or the list of components is not the one that the template names.
    """
    path = build / "template.json"
    if not path.is_file():
        raise Refused("Nothing is packaged. Run `make package` first.")
    packaged = Packaged(build, _read_template(path))
    for key, file in (packaged.zips | packaged.components).items():
        if not file.is_file() or sha256(file).hex() not in key:
            raise Refused(f"{file} is not what the template names. Run `make package` again.")
    return packaged


def _read_template(path: Path) -> Template:
    try:
        template = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        template = None
    if not isinstance(template, dict) or not isinstance(template.get("Resources"), dict):
        raise Refused(f"{path} is not a template. Run `make package` again.")
    return template


def sha256(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _keys(template: Template) -> set[str]:
    kinds = ("AWS::Serverless::Function", "AWS::Serverless::LayerVersion")
    locations = (
        resource["Properties"].get("CodeUri") or resource["Properties"].get("ContentUri")
        for resource in template["Resources"].values()
        if resource["Type"] in kinds
    )
    return {location["Key"] for location in locations}
