"""What the Makefile makes of its variables: `make -n` prints the commands, and runs none."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
VARIABLES = (
    "STAGE",
    "SINCE",
    "QUEUE",
    "PURGE",
    "DELETE",
    "DATA",
    "CHECK",
    "STRICT",
    "SHORT",
    "WRITE",
)


def printed(*arguments: str, **environment: str) -> str:
    """Return the commands of a call of make that no other call of make leads to."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MAKE", "MFLAGS")) and name not in VARIABLES
    }
    done = subprocess.run(
        ["make", "-n", *arguments],
        cwd=ROOT,
        env=inherited | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


each_switch = pytest.mark.parametrize(
    ("target", "variable", "flag"),
    [
        ("redrive", "PURGE", "--purge"),
        ("orphans", "DELETE", "--delete"),
        ("destroy", "DATA", "--data"),
        ("openapi", "CHECK", "--check"),
        ("docs", "CHECK", "--check"),
        ("migrate", "CHECK", "--dry-run"),
        ("words", "STRICT", "--strict"),
        ("load", "SHORT", "--short"),
        ("load", "WRITE", "--write"),
    ],
)


@each_switch
def test_1_is_a_yes(target: str, variable: str, flag: str) -> None:
    assert flag in printed(target, f"{variable}=1")


@each_switch
@pytest.mark.parametrize("value", ["", "0", "no", "off", "11"])
def test_no_other_value_is_a_yes(target: str, variable: str, flag: str, value: str) -> None:
    assert flag not in printed(target, f"{variable}={value}")


@pytest.mark.parametrize(
    ("target", "variable", "value", "argument"),
    [
        ("logs", "SINCE", "-5m", '--since="-5m"'),
        ("redrive", "QUEUE", "--help", '--queue="--help"'),
    ],
)
def test_a_value_that_begins_with_a_dash_stays_a_value(
    target: str, variable: str, value: str, argument: str
) -> None:
    assert argument in printed(target, f"{variable}={value}")


def test_an_empty_stage_is_a_stage_that_is_given() -> None:
    assert '--stage=""' in printed("status", "STAGE=")
    assert '--stage=""' in printed("status", STAGE="")
    assert "--stage" not in printed("status")
