"""The workflow and the policies that are published to be copied: no key, one environment."""

import json
import re
from pathlib import Path
from typing import Any

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
