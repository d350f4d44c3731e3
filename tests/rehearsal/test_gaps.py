"""The list of what ministack cannot do is complete, reasoned and still true."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError

from infra.rehearsal import cloud as emulated
from infra.rehearsal import environments
from tests.rehearsal.probes import PROBES, Lab

EMULATOR = Path(emulated.__file__).parent
GAPS: list[dict[str, Any]] = [
    gap
    for gap in tomllib.loads((Path(__file__).parent / "emulator_gaps.toml").read_text())["gap"]
    if gap["emulator"].startswith("ministack")
]
FILES = ("patches.py", "rights.py", "worker_start.py")
PATCHED = [gap["id"] for gap in GAPS if gap["instead"].startswith(FILES)]
INSTALLED = next(
    line.replace("==", " ")
    for line in (EMULATOR / "requirements.txt").read_text().splitlines()
    if line.startswith("ministack==")
)


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


def test_each_gap_has_a_reason_and_a_probe() -> None:
    assert all(gap["what"] and gap["reason"] and gap["instead"] for gap in GAPS)
    assert {gap["emulator"] for gap in GAPS} == {INSTALLED}
    assert {gap["id"] for gap in GAPS} == set(PROBES)


def test_each_patch_is_listed() -> None:
    called = {
        line.strip().removesuffix("()").replace("_", "-")
        for name in ("patches.py", "rights.py")
        for line in (EMULATOR / "emulator" / name).read_text().splitlines()
        if line.startswith("    ") and line.endswith("()") and "." not in line
    }
    assert called | {"log-lines-in-json"} == set(PATCHED)


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
