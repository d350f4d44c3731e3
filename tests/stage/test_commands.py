"""No command of an operator ends in a traceback: each fault of AWS is a sentence."""

import hashlib
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra.stage.faults import guarded
from tests.local.stack import ROOT, free_port
from tests.stage.fake_aws import FakeAws, Fault, serving

STAGE = ("--stage", "dev")
COMMANDS: dict[str, tuple[str, ...]] = {
    "infra.deploy.__main__": STAGE,
    "infra.deploy.smoke": STAGE,
    "infra.stage.status": STAGE,
    "infra.stage.logs": STAGE,
    "infra.stage.redrive": (*STAGE, "--queue", "uploads"),
    "infra.stage.restore": (*STAGE, "--table", "reports", "--at", "30m"),
    "infra.stage.destroy": (*STAGE, "--data"),
    "infra.stage.orphans": STAGE,
    "infra.stage.audit_verify": STAGE,
    "infra.stage.token": STAGE,
    "infra.stage.reset_sign_in": (*STAGE, "--officer", "wang"),
    "infra.stage.break_glass": (
        *STAGE,
        *("--admin", "wu", "--name", "Wu Jie", "--email", "wu@police.example"),
        *("--reason", "Both admins have left."),
    ),
    "infra.stage.first_admins": (
        *STAGE,
        *("--admins", "zhao,li", "--names", "Zhao Min,Li Wei"),
        *("--emails", "zhao@police.example,li@police.example"),
    ),
}
FAULTS: dict[str, tuple[Fault, str]] = {
    "expired credentials": (Fault(403, "ExpiredToken", "expired"), "credentials have expired"),
    "unknown credentials": (Fault(403, "InvalidClientTokenId"), "does not accept your credentials"),
    "a missing right": (
        Fault(403, "AccessDenied", "User: u is not authorized to perform: any:Thing"),
        "You lack the right any:Thing",
    ),
    "a busy service": (Fault(400, "Throttling", "Rate exceeded"), "Wait a minute"),
    "a fault of AWS": (Fault(500, "InternalFailure", "oops"), "AWS has a fault"),
}
each_command = pytest.mark.parametrize(
    ("module", "arguments"), COMMANDS.items(), ids=[name.split(".")[2] for name in COMMANDS]
)


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No local stack, no terminal, no repeated calls, and a package to deploy."""
    monkeypatch.setenv("LOCAL_DIR", str(tmp_path))
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.delenv("YES", raising=False)
    monkeypatch.delenv("CONFIRM", raising=False)
    (tmp_path / "template.json").write_text(json.dumps({"Parameters": {}, "Resources": {}}))


def run(module: str, arguments: tuple[str, ...], build: Path) -> int:
    more = ("--build", str(build)) if module.startswith("infra.deploy.__main__") else ()
    return guarded(importlib.import_module(module).main, [*arguments, *more])


@each_command
@pytest.mark.parametrize(("fault", "said"), FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("knows_stack", [False, True], ids=["at once", "after the stage is found"])
def test_a_fault_of_aws_is_a_sentence(
    module: str,
    arguments: tuple[str, ...],
    fault: Fault,
    said: str,
    knows_stack: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with serving(FakeAws(fault, knows_stack=knows_stack)) as aws:
        monkeypatch.setenv("AWS_ENDPOINT_URL", aws.url)
        assert run(module, arguments, tmp_path) == 1
    printed = capsys.readouterr()
    assert "Traceback" not in printed.out + printed.err
    assert "defect" not in printed.out + printed.err
    asks_another = ("infra.deploy.smoke", "infra.stage.logs", "infra.stage.token")
    if knows_stack and module.startswith(asks_another):
        # They ask the API, the issuer, or what the stack does not have.
        assert printed.err.strip()
    else:
        assert said in " ".join((printed.out + printed.err).split())


@each_command
def test_an_unreachable_endpoint_is_named(
    module: str,
    arguments: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    assert run(module, arguments, tmp_path) == 1
    assert "cannot be reached" in capsys.readouterr().err


@each_command
def test_an_endpoint_that_is_no_address_is_named(
    module: str,
    arguments: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "nonsense")
    assert run(module, arguments, tmp_path) == 1
    assert "Invalid endpoint: nonsense. It is not an address" in capsys.readouterr().err


@each_command
def test_what_is_not_aws_is_not_a_traceback(
    module: str,
    arguments: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    class SomethingElse(FakeAws):
        def respond(self, headers: object, body: str) -> tuple[int, str, str]:
            return 200, "text/html", "<html>Sign in to the hotel's network"

    with serving(SomethingElse(Fault(0, ""), knows_stack=False)) as aws:
        monkeypatch.setenv("AWS_ENDPOINT_URL", aws.url)
        assert run(module, arguments, tmp_path) == 1
    assert "did not answer as AWS does" in capsys.readouterr().err


@each_command
def test_without_a_region_each_command_says_so(
    module: str,
    arguments: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    assert run(module, arguments, tmp_path) == 1
    assert "AWS_REGION" in capsys.readouterr().err


@each_command
def test_an_unknown_profile_is_named(
    module: str,
    arguments: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "of-nobody")
    assert run(module, arguments, tmp_path) == 1
    assert "no profile of-nobody" in capsys.readouterr().err


@pytest.mark.parametrize(
    "module",
    [
        name
        for name in COMMANDS
        if name.startswith("infra.stage") and not name.endswith(("restore", "destroy", "token"))
    ],
)
def test_without_a_stage_and_a_local_stack_the_way_out_is_said(module: str) -> None:
    arguments = [each for each in COMMANDS[module] if each not in STAGE]
    with pytest.raises(SystemExit, match="make run"):
        guarded(importlib.import_module(module).main, arguments)


@pytest.mark.parametrize("module", ["infra.stage.restore", "infra.stage.destroy"])
def test_what_has_no_local_form_names_the_rehearsal_cloud(
    module: str, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [each for each in COMMANDS[module] if each not in STAGE]
    assert guarded(importlib.import_module(module).main, arguments) == 1
    assert "make rehearsal-cloud" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("module", "arguments", "said"),
    [
        (
            "infra.stage.redrive",
            ["--queue", "nothing"],
            "QUEUE=critical_uploads|uploads|manifests",
        ),
        ("infra.stage.restore", [*STAGE, "--table", ""], "TABLE=reports|audit|bulletins|officers"),
        ("infra.stage.restore", [*STAGE, "--table", "reports", "--at", "soon"], "AT=soon is no"),
        (
            "infra.stage.restore",
            [*STAGE, "--table", "reports", "--at", "2026-11-25T10:00"],
            "has no zone",
        ),
        (
            "infra.stage.restore",
            [*STAGE, "--table", "reports", "--at", "2999-01-01T00:00Z"],
            "in the future",
        ),
        ("infra.stage.logs", ["--since=long"], "such as 90s, 10m, 2h or 1d."),
        ("infra.stage.logs", ["--since=0m"], "SINCE=0m is not a duration"),
        ("infra.stage.logs", ["--since=-5m"], "SINCE=-5m is not a duration"),
        ("infra.stage.redrive", ["--queue=--help"], "QUEUE=critical_uploads|uploads|manifests"),
        ("infra.stage.logs", ["--function", "api"], "no function api. Choose from: residents"),
    ],
)
def test_a_wrong_argument_is_named_before_anything_is_asked(
    module: str, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert guarded(importlib.import_module(module).main, arguments) == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("module", COMMANDS)
def test_an_empty_stage_is_asked_for_before_anything_else(
    module: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    arguments = [each for each in COMMANDS[module] if each not in STAGE]
    assert guarded(importlib.import_module(module).main, ["--stage=", *arguments]) == 1
    assert "Name the stage: STAGE=" in capsys.readouterr().err


def test_a_deployment_asks_only_in_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody can answer here, so it stops before anything changes and says what to set."""
    from moto import mock_aws

    hashed = hashlib.sha256(b"").hexdigest()
    topic = {"Type": "AWS::SNS::Topic"}
    (tmp_path / "template.json").write_text(
        json.dumps(
            {
                "Parameters": {"Stage": {"Type": "String"}, "ArtefactsBucket": {"Type": "String"}},
                "Resources": {"Topic": topic},
                "Metadata": {"hash": hashed},
            }
        )
    )
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with mock_aws():
        import boto3

        boto3.client("s3").create_bucket(Bucket="artefacts")
        monkeypatch.setenv("BUCKET", "artefacts")
        assert run("infra.deploy.__main__", STAGE, tmp_path) == 1
        assert boto3.client("sns").list_topics()["Topics"] == []
        stacks = boto3.client("cloudformation").describe_stacks()["Stacks"]
    assert "YES=1" in capsys.readouterr().err
    assert [stack["StackStatus"] for stack in stacks if "tipline" in stack["StackName"]] == []


@pytest.mark.slow
def test_a_command_exits_with_its_code_and_a_sentence_alone() -> None:
    """The process itself, with Python's own start and end."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("AWS_")
    } | {"AWS_CONFIG_FILE": os.devnull, "AWS_EC2_METADATA_DISABLED": "true"}
    done = subprocess.run(
        [sys.executable, "-m", "infra.stage.status", "--stage", "dev"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("No region is set.")
    assert len(done.stderr.splitlines()) == 1
