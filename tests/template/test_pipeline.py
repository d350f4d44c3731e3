"""The workflow and the policies that are published to be copied: no key, one environment."""

import json
import re
import subprocess
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import cfnlint
import pytest
import yaml

ROOT = Path(__file__).parents[2]
PATH = ROOT / ".github" / "workflows" / "pipeline.yml"
TEXT = PATH.read_text(encoding="utf-8")
JOBS: dict[str, Any] = yaml.safe_load(TEXT)["jobs"]
FOLDER = ROOT / "infra" / "rehearsal"


def test_no_key_is_stored() -> None:
    assert "secrets." not in TEXT


def test_each_action_is_named_by_its_commit() -> None:
    used = re.findall(r"uses: (\S+)", TEXT)
    assert used
    assert [each for each in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", each)] == []


def test_each_list_of_packages_is_looked_through_for_newer_ones() -> None:
    watched = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text(encoding="utf-8"))
    places = {
        (each["package-ecosystem"], folder)
        for each in watched["updates"]
        for folder in each.get("directories", [each.get("directory")])
    }
    lists = {"pip": "requirements*.txt", "npm": "package-lock.json"}
    git = ["git", "ls-files", *(f":(glob)**/{name}" for name in lists.values())]
    found = subprocess.run(git, check=True, capture_output=True, text=True, cwd=ROOT).stdout.split()
    assert places == {("github-actions", "/")} | {
        (system, ("/" + path.rpartition("/")[0]))
        for path in found
        for system, name in lists.items()
        if fnmatchcase(path.rpartition("/")[2], name)
    }


def test_only_a_deployment_that_somebody_asked_for_gets_a_token() -> None:
    may = {name for name, job in JOBS.items() if "id-token" in job.get("permissions", {})}
    assert may == {"deploy"}
    deploy = JOBS["deploy"]
    assert deploy["if"] == "github.event_name == 'workflow_dispatch'"
    assert deploy["needs"] == "check"
    assert deploy["environment"] == "${{ inputs.stage }}"


def test_nothing_that_somebody_types_is_a_part_of_a_command() -> None:
    commands = [step.get("run", "") for job in JOBS.values() for step in job["steps"]]
    assert [each for each in commands if "${{" in each] == []


def test_the_role_trusts_one_environment_of_one_repository() -> None:
    (statement,) = json.loads((FOLDER / "trust.json").read_text())["Statement"]
    issuer = "token.actions.githubusercontent.com"
    assert statement["Principal"]["Federated"].endswith(f":oidc-provider/{issuer}")
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert statement["Condition"] == {
        "StringEquals": {
            f"{issuer}:aud": "sts.amazonaws.com",
            f"{issuer}:sub": "repo:OWNER/REPOSITORY:environment:prod",
        }
    }


@pytest.mark.parametrize("name", ["deployer.json", "trust.json"])
def test_the_page_for_operators_names_what_to_copy(name: str) -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert f"infra/rehearsal/{name}" in page


def test_the_deployers_role_cannot_change_itself() -> None:
    """It may change roles of the app only, and the page gives it a name that is none of these."""
    statements = json.loads((FOLDER / "deployer.json").read_text())["Statement"]
    (roles,) = (each for each in statements if "iam:PutRolePolicy" in each["Action"])
    assert roles["Resource"] == "arn:aws:iam::*:role/tipline-*"
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    (name,) = set(re.findall(r"--role-name (\S+)", page))
    assert not name.startswith("tipline-")


# Schemas name what their handlers may call, for uses that the template has not.
NOT_USED = (
    *("acm-pca", "amplify", "apprunner", "appsync", "bedrock-agentcore", "codedeploy"),
    *("elasticfilesystem", "elasticloadbalancing", "firehose", "kinesis", "s3files", "s3tables"),
)
NO_RIGHTS = re.compile(r"iam:\w+(Group|User)Policy|ec2:\w*VerifiedAccess\w+")
# What AWS's pages ask beyond the schemas: `create-a-vault` of AWS Backup, and the page
# `using-service-linked-roles` of Cognito (SENDER_EMAIL), API Gateway (DOMAIN) and AWS Backup.
BEYOND = {"backup-storage:MountCapsule"}
SERVICE_ROLES = ("backup", "email.cognito-idp", "mrk.kms", "ops.apigateway")


def test_the_deployer_may_do_all_that_cloudformation_asks_for(expanded: dict[str, Any]) -> None:
    """By the registry's schemas, which cfn-lint has: for create, read, update and delete."""
    folder = Path(cfnlint.__file__).parent / "data" / "schemas"
    schemas = json.loads((folder / "providers" / "us-east-1.json").read_text())
    needed = set(BEYOND)
    for kind in {resource["Type"] for resource in expanded.values()}:
        schema = json.loads((folder / "resources" / f"{schemas[kind]}.json").read_text())
        for name, handler in schema.get("handlers", {}).items():
            needed |= set() if name == "list" else set(handler["permissions"])
    needed = {
        each
        for each in needed
        if each.split(":")[0] not in NOT_USED and not NO_RIGHTS.fullmatch(each)
    }
    statements = json.loads((FOLDER / "deployer.json").read_text())["Statement"]
    granted = [action for each in statements for action in each["Action"]]
    assert sorted(e for e in needed if not any(fnmatchcase(e, g) for g in granted)) == []


def test_the_deployer_may_have_services_make_their_roles() -> None:
    statements = json.loads((FOLDER / "deployer.json").read_text())["Statement"]
    (made,) = (each for each in statements if "iam:CreateServiceLinkedRole" in each["Action"])
    begin = "arn:aws:iam::*:role/aws-service-role"
    assert made["Resource"] == [f"{begin}/{each}.amazonaws.com/*" for each in SERVICE_ROLES]


def test_the_deployer_may_pass_roles_of_the_app_only_in_a_policy_that_aws_takes() -> None:
    text = (FOLDER / "deployer.json").read_text()
    assert len(re.sub(r"\s", "", text)) <= 6144
    passing = [e for e in json.loads(text)["Statement"] if "iam:PassRole" in e["Action"]]
    assert [each["Resource"] for each in passing] == ["arn:aws:iam::*:role/tipline-*"]
