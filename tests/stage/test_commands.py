"""No command of an operator ends in a traceback: each fault of AWS is a sentence."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.deploy import __main__ as deploy
from infra.deploy import smoke
from infra.stage import __main__ as stage
from infra.stage.console import guarded
from tests.local.stack import ROOT, free_port
from tests.stage.fake_aws import FakeAws, Fault, serving

STAGE = ("--stage", "dev")
COMMANDS: dict[str, tuple[str, ...]] = {
    "agency-key": ("--agency", "streets"),
    "deploy": (),
    "smoke": (),
    "status": (),
    "logs": (),
    "redrive": ("--queue", "uploads"),
    "restore": ("--table", "reports", "--at", "30m"),
    "destroy": ("--data",),
    "orphans": (),
    "audit-verify": (),
    "audit-key": (),
    "custody-key": (),
    "ledger-verify": (),
    "migrate": (),
    "rollback": (),
    "rotate-key": ("--key", "content"),
    "token": (),
    "reset-sign-in": ("--officer", "wang"),
    "break-glass": (
        *("--admin", "wu", "--name", "Wu Jie", "--email", "wu@police.example"),
        *("--reason", "Both admins have left."),
    ),
    "first-admins": (
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
# They ask the API, the issuer, or what the stack or the default city does not have.
ASK_ANOTHER = ("agency-key", "smoke", "logs", "token", "migrate", "rollback")
each_command = pytest.mark.parametrize("name", COMMANDS)

type Fail = Callable[..., str]


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No local stack, no terminal, no repeated calls, and a package to deploy."""
    monkeypatch.setenv("LOCAL_DIR", str(tmp_path))
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.delenv("YES", raising=False)
    monkeypatch.delenv("CONFIRM", raising=False)
    (tmp_path / "template.json").write_text(json.dumps({"Parameters": {}, "Resources": {}}))


@pytest.fixture
def fail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Fail:
    """Run a command that must fail, and return what it prints."""

    def run(name: str, *arguments: str) -> str:
        own = {"deploy": deploy.main, "smoke": smoke.main}.get(name)
        build = ("--build", str(tmp_path)) if name == "deploy" else ()
        main, given = (own, [*arguments, *build]) if own else (stage.main, [name, *arguments])
        assert guarded(main, given) == 1
        printed = capsys.readouterr()
        assert "Traceback" not in printed.out + printed.err
        assert "defect" not in printed.out + printed.err
        assert printed.err.strip() or own is None
        return " ".join((printed.out + printed.err).split())

    return run


def test_every_command_is_tried() -> None:
    assert {"deploy", "smoke", *stage.COMMANDS} == COMMANDS.keys()


@each_command
@pytest.mark.parametrize(("fault", "said"), FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("knows_stack", [False, True], ids=["at once", "after the stage is found"])
def test_a_fault_of_aws_is_a_sentence(
    name: str,
    fault: Fault,
    said: str,
    knows_stack: bool,
    fail: Fail,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serving(FakeAws(fault, knows_stack=knows_stack)) as aws:
        monkeypatch.setenv("AWS_ENDPOINT_URL", aws.url)
        printed = fail(name, *STAGE, *COMMANDS[name])
    assert said in printed or (knows_stack and name in ASK_ANOTHER)


@each_command
def test_an_unreachable_endpoint_is_named(
    name: str, fail: Fail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    assert "cannot be reached" in fail(name, *STAGE, *COMMANDS[name])


@each_command
def test_what_is_not_aws_is_not_a_traceback(
    name: str, fail: Fail, monkeypatch: pytest.MonkeyPatch
) -> None:
    class SomethingElse(FakeAws):
        def respond(self, headers: object, body: str) -> tuple[int, str, str]:
            return 200, "text/html", "<html>Sign in to the hotel's network"

    with serving(SomethingElse(Fault(0, ""), knows_stack=False)) as aws:
        monkeypatch.setenv("AWS_ENDPOINT_URL", aws.url)
        assert "did not answer as AWS does" in fail(name, *STAGE, *COMMANDS[name])


@each_command
@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("AWS_ENDPOINT_URL", "nonsense", "Invalid endpoint: nonsense. It is not an address"),
        ("AWS_PROFILE", "of-nobody", "no profile of-nobody"),
        ("AWS_CONFIG_FILE", os.devnull, "No region is set"),
    ],
)
def test_a_wrong_setting_of_the_shell_is_named(
    name: str, variable: str, value: str, said: str, fail: Fail, monkeypatch: pytest.MonkeyPatch
) -> None:
    if variable == "AWS_CONFIG_FILE":
        for region in ("AWS_REGION", "AWS_DEFAULT_REGION"):
            monkeypatch.delenv(region, raising=False)
    monkeypatch.setenv(variable, value)
    assert said in fail(name, *STAGE, *COMMANDS[name])


@each_command
def test_an_empty_stage_is_asked_for_before_anything_else(
    name: str, fail: Fail, monkeypatch: pytest.MonkeyPatch
) -> None:
    for region in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(region, raising=False)
    assert "Name the stage: STAGE=" in fail(name, "--stage=", *COMMANDS[name])


@pytest.mark.parametrize(
    "name", sorted(stage.COMMANDS.keys() - {"restore", "destroy", "migrate", "rollback", "token"})
)
def test_without_a_stage_and_a_local_stack_the_way_out_is_said(name: str) -> None:
    with pytest.raises(SystemExit, match="make run"):
        stage.main([name, *COMMANDS[name]])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["restore", *COMMANDS["restore"]], "make rehearsal-cloud"),
        (["destroy"], "make rehearsal-cloud"),
        (["migrate"], "The local stack begins with rows of today"),
        (["nothing"], "one of agency-key, audit-key"),
        (["redrive", "--queue", "nothing"], "QUEUE=critical_uploads|uploads|manifests"),
        (["redrive", "--queue=--help"], "QUEUE=critical_uploads|uploads|manifests"),
        (["restore", *STAGE, "--table", ""], "TABLE=reports|audit|bulletins|officers"),
        (["restore", *STAGE, "--table", "reports", "--at", "soon"], "AT=soon is no"),
        (["restore", *STAGE, "--table", "reports", "--at", "2026-11-25T10:00"], "has no zone"),
        (["restore", *STAGE, "--table", "reports", "--at", "2999-01-01T00:00Z"], "in the future"),
        (["logs", "--since=long"], "such as 90s, 10m, 2h or 1d."),
        (["logs", "--since=0m"], "SINCE=0m is not a duration"),
        (["logs", "--since=-5m"], "SINCE=-5m is not a duration"),
        (["logs", "--function", "api"], "no function api. Choose from: residents"),
    ],
)
def test_a_wrong_argument_is_named_before_anything_is_asked(
    arguments: list[str], said: str, fail: Fail
) -> None:
    assert said in fail(*arguments)


def test_a_deployment_asks_only_in_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fail: Fail
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
    with mock_aws():
        import boto3

        boto3.client("s3").create_bucket(Bucket="artefacts")
        monkeypatch.setenv("BUCKET", "artefacts")
        assert "YES=1" in fail("deploy", *STAGE)
        assert boto3.client("sns").list_topics()["Topics"] == []
        stacks = boto3.client("cloudformation").describe_stacks()["Stacks"]
    assert [stack["StackStatus"] for stack in stacks if "tipline" in stack["StackName"]] == []


@pytest.mark.slow
def test_a_command_exits_with_its_code_and_a_sentence_alone() -> None:
    """The process itself, with Python's own start and end."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("AWS_")
    } | {"AWS_CONFIG_FILE": os.devnull, "AWS_EC2_METADATA_DISABLED": "true"}
    done = subprocess.run(
        [sys.executable, "-m", "infra.stage", "status", "--stage", "dev"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("No region is set.")
    assert len(done.stderr.splitlines()) == 1
