"""The emulated cloud: ministack in a process of its own, on loopback, with IAM on.

It has two ports. Tools (the deployer, `make status`) use plain HTTP at `endpoint`. Functions and
clients use AWS's own host names over TLS: `bucket.s3.<region>.amazonaws.com` leads to this machine,
and a name that AWS does not have in this region leads nowhere.
"""

import json
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from infra.rehearsal import certificates, environments

REGION = "ap-east-1"
"""A region that opened after March 2019: its buckets have no other address than the regional
one."""
ACCOUNT = "111122223333"
_ROOT = {"key_id": "AKIAROOTOFREHEARSAL1", "secret": "root-of-rehearsal"}
_DEPLOYER = "deployer"
START_SECONDS = 60


class NotStarted(Exception):
    """The emulated cloud did not start. The message says why."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """The keys of one IAM user."""

    key_id: str
    secret: str


@dataclass(frozen=True, slots=True)
class Cloud:
    """A running cloud."""

    port: int
    tls_port: int
    certificate: Path
    denials: Path
    output: Path
    deployer: Credentials
    region: str = REGION
    account: str = ACCOUNT

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What the AWS command line, boto3 and our own commands need to use this cloud as the
        deployer.
        """
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.deployer.key_id,
            "AWS_SECRET_ACCESS_KEY": self.deployer.secret,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
        }

    def session(self, credentials: Credentials | None = None) -> boto3.session.Session:
        """Return a session of a user, by default the deployer. Its clients take `endpoint_url`."""
        user = credentials or self.deployer
        return boto3.session.Session(
            aws_access_key_id=user.key_id,
            aws_secret_access_key=user.secret,
            region_name=self.region,
        )

    def client(self, service: str) -> Any:
        """Return a client with the deployer's rights."""
        return self.session().client(service, endpoint_url=self.endpoint)  # type: ignore[call-overload]

    def denied(self) -> list[str]:
        """Return what IAM has denied, a line each: who, which action, on which resource."""
        lines = self.denials.read_text().splitlines() if self.denials.is_file() else []
        return [
            f"{each['principal'] or 'anonymous'}: {each['action']} on {each['resource']}"
            f" ({each['why']})"
            for each in map(json.loads, lines)
        ]


@contextmanager
def running(
    interpreter: Path, port: int = 0, tls_port: int = 0, *, patched: bool = True
) -> Iterator[Cloud]:
    """Run a new cloud whose functions have this interpreter. Port 0 is any free port.

    Raises NotStarted.
    """
    runs = environments.HOME / "runs"
    runs.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=runs))
    port, tls_port = port or _free_port(), tls_port or _free_port()
    certificate, key = certificates.write(folder, REGION)
    temporary = folder / "tmp"
    temporary.mkdir()
    denials = folder / "denials.jsonl"
    settings = {
        "interpreter": str(_isolated(interpreter, folder)),
        "region": REGION,
        "account": ACCOUNT,
        "port": port,
        "tls_port": tls_port,
        "certificate": str(certificate),
        "key": str(key),
        "denials": str(denials),
        "temporary": str(temporary),
        "root": _ROOT,
        "patched": patched,
    }
    (folder / "settings.json").write_text(json.dumps(settings))
    output = folder / "ministack.log"
    launcher = Path(__file__).parent / "emulator" / "launcher.py"
    with output.open("w") as log:
        process = subprocess.Popen(
            [
                str(environments.ministack()),
                "-I",
                "-B",
                str(launcher),
                str(folder / "settings.json"),
            ],
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for us alone
        )
    try:
        _await_start(process, port, output)
        yield Cloud(port, tls_port, certificate, denials, output, _make_deployer(port))
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(temporary, ignore_errors=True)


def _isolated(interpreter: Path, folder: Path) -> Path:
    """Write a command that runs the interpreter with its own packages alone."""
    command = folder / "python"
    command.write_text(f'#!/bin/sh\nexec "{interpreter}" -I -B "$@"\n')
    command.chmod(0o755)
    return command


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _await_start(process: "subprocess.Popen[bytes]", port: int, output: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_ministack/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise NotStarted(f"ministack did not start. Its output:\n{output.read_text()}")


def _make_deployer(port: int) -> Credentials:
    """Make the IAM user that deploys, with the rights in deployer.json, and return its keys."""
    root = boto3.session.Session(
        aws_access_key_id=_ROOT["key_id"],
        aws_secret_access_key=_ROOT["secret"],
        region_name=REGION,
    )
    iam = root.client("iam", endpoint_url=f"http://127.0.0.1:{port}")
    iam.create_user(UserName=_DEPLOYER)
    policy = (Path(__file__).parent / "deployer.json").read_text()
    iam.put_user_policy(UserName=_DEPLOYER, PolicyName="deploy", PolicyDocument=policy)
    key = iam.create_access_key(UserName=_DEPLOYER)["AccessKey"]
    return Credentials(key["AccessKeyId"], key["SecretAccessKey"])
