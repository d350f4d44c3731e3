"""The list of what ministack cannot do is still true. Whether it is complete is a unit test."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError

from infra.rehearsal import cloud as emulated
from infra.rehearsal import environments
from tests.rehearsal.probes import PROBES, Lab

GAPS: list[dict[str, Any]] = [
    gap
    for gap in tomllib.loads((Path(__file__).parent / "emulator_gaps.toml").read_text())["gap"]
    if gap["emulator"].startswith("ministack")
]
FILES = (
    "patches.py",
    "rights.py",
    "tables.py",
    "tenants.py",
    "worker_start.py",
    "lambda_filter.py",
)
PATCHED = [gap["id"] for gap in GAPS if gap["instead"].startswith(FILES)]


@pytest.fixture(scope="module")
def lab(boto3_version: str) -> Iterator[Lab]:
    """ministack as it is."""
    with emulated.running(environments.function(boto3_version), patched=False) as running:
        yield Lab(running)


@pytest.fixture(scope="module")
def patched_lab(boto3_version: str) -> Iterator[Lab]:
    """ministack as the rehearsal runs it."""
    with emulated.running(environments.function(boto3_version)) as running:
        yield Lab(running)


@pytest.mark.parametrize("name", PROBES)
def test_a_gap_is_still_there(lab: Lab, name: str) -> None:
    learned = False
    try:
        learned = PROBES[name](lab)
    except (ClientError, WaiterError):
        assert name in PATCHED
    assert not learned, f"ministack has learned it: delete {name} from emulator_gaps.toml"


@pytest.mark.parametrize("name", PATCHED)
def test_a_patch_does_what_aws_does(patched_lab: Lab, name: str) -> None:
    assert PROBES[name](patched_lab)


def test_an_account_that_is_not_enabled_for_tenant_isolation_has_no_such_function(
    boto3_version: str,
) -> None:
    with emulated.running(environments.function(boto3_version), tenancy=False) as running:
        lab = Lab(running)
        assert lab.function
        with pytest.raises(ClientError, match="not supported for this account in the ap-east-1"):
            assert lab.isolated_function
        with pytest.raises(WaiterError):
            PROBES["tenancy-of-templates"](lab)
