"""A stage whose functions are called by aliases, on a mocked Lambda, without the rest of it."""

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from moto import mock_aws

from infra.packaging.aliases import ALIAS, BY_ALIAS, alias_of
from infra.stage.target import Target

RESIDENTS, AUTHORIZER = "APIHandler", "AuthorizeOfficer"


class Lambdas:
    """What CloudFormation has made: the functions, and their aliases, which point to `$LATEST`."""

    def __init__(self) -> None:
        self.client: Any = boto3.client("lambda")
        role = boto3.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")
        for name in BY_ALIAS:
            self.client.create_function(
                FunctionName=name,
                Runtime="python3.13",
                Role=role["Role"]["Arn"],
                Handler="app.app",
                Code={"ZipFile": archive("first")},
            )
            self.client.create_alias(FunctionName=name, Name=ALIAS, FunctionVersion="$LATEST")
        self.target = Target("dev", boto3.Session(), None, {}, "https://api.test")
        kinds = dict.fromkeys(BY_ALIAS, "AWS::Lambda::Function")
        kinds |= {alias_of(name): "AWS::Lambda::Alias" for name in BY_ALIAS}
        self.target.__dict__["resources"] = {
            name: {"PhysicalResourceId": name, "ResourceType": kind} for name, kind in kinds.items()
        }

    def deploy(self, code: str, *names: str, commit: str = "") -> None:
        """Give these functions other code, by default all of them; residents' names its commit."""
        for name in names or BY_ALIAS:
            self.client.update_function_code(FunctionName=name, ZipFile=archive(code))
        if commit:
            settings = {"Variables": {"COMMIT": commit}}
            self.client.update_function_configuration(FunctionName=RESIDENTS, Environment=settings)

    def set_parameter(self, value: str, *names: str) -> None:
        """Change nothing but a setting."""
        for name in names:
            self.client.update_function_configuration(
                FunctionName=name, Environment={"Variables": {"PUBLIC_URL": value}}
            )

    def served(self, name: str = RESIDENTS) -> str:
        version: str = self.client.get_alias(FunctionName=name, Name=ALIAS)["FunctionVersion"]
        return version

    def versions(self, name: str = RESIDENTS) -> list[str]:
        found = self.client.list_versions_by_function(FunctionName=name)["Versions"]
        return [each["Version"] for each in found]


@contextmanager
def deployed() -> Iterator[Lambdas]:
    with mock_aws(config={"lambda": {"use_docker": False}}):
        yield Lambdas()


def archive(code: str) -> bytes:
    """Return a zip with this code."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as written:
        written.writestr("app.py", code)
    return content.getvalue()
