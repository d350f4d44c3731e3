"""The emulated cloud: ministack in a process of its own, on loopback, with IAM on.

Everybody reaches it by AWS's own host names, over TLS: functions, the deployer, residents. In a
Python with `Cloud.environment`, `bucket.s3.<region>.amazonaws.com` leads to this machine, and a
name that AWS does not have in this region leads nowhere (`names/sitecustomize.py`). Its certificate
names AWS's hosts of that region, and nobody trusts it but the functions and clients of a rehearsal.
"""

import ipaddress
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from infra.rehearsal import environments, lambda_filter
from infra.web.node import InstalledNode

REGION = "ap-east-1"
"""A region that opened after March 2019: its buckets have no other address than the regional
one."""
ACCOUNT = "111122223333"
START_SECONDS = 60
_HERE = Path(__file__).parent
_DEPLOYER = "deployer"


class NotStarted(Exception):
    """The emulated cloud did not start. The message says why."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """The keys of a user, or of a role's session, which has a token."""

    key_id: str
    secret: str
    token: str | None = None


ROOT = Credentials("AKIAROOTOFREHEARSAL1", "root-of-the-rehearsal")
"""The account's own keys. They may do everything, so only the rehearsal itself uses them."""


@dataclass(frozen=True, slots=True)
class Cloud:
    """A running cloud. `folder` has its certificate, its output and the denials."""

    port: int
    folder: Path
    deployer: Credentials = ROOT
    region: str = REGION

    @property
    def certificate(self) -> Path:
        return self.folder / "cloud.pem"

    @property
    def endpoint(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What a Python needs to use this cloud as the deployer."""
        trusted = str(self.folder / "trusted.pem")
        return {
            "AWS_ACCESS_KEY_ID": self.deployer.key_id,
            "AWS_SECRET_ACCESS_KEY": self.deployer.secret,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_CA_BUNDLE": trusted,
            "SSL_CERT_FILE": trusted,
            "PYTHONPATH": str(_HERE / "names"),
            "REHEARSAL_PORT": str(self.port),
            "REHEARSAL_REGION": self.region,
        }

    def client(self, service: str, user: Credentials | None = None) -> Any:
        """Return a client with the rights of a user, by default the deployer."""
        user = user or self.deployer
        session = boto3.session.Session(
            aws_access_key_id=user.key_id,
            aws_secret_access_key=user.secret,
            aws_session_token=user.token,
            region_name=self.region,
        )
        return session.client(  # type: ignore[call-overload]
            service,
            endpoint_url=self.endpoint,
            verify=str(self.certificate),
            config=Config(read_timeout=120, retries={"total_max_attempts": 1}),
        )

    def denied(self) -> list[str]:
        """Return what IAM has denied, a line each: who, which action, on which resource."""
        log = self.folder / "denials.jsonl"
        lines = log.read_text().splitlines() if log.is_file() else []
        return [
            f"{each['principal'] or 'anonymous'}: {each['action']} on {each['resource']}"
            f" ({each['why']})"
            for each in map(json.loads, lines)
        ]

    def output(self) -> str:
        """Return what ministack itself has written: its warnings and errors."""
        return (self.folder / "ministack.log").read_text()


@contextmanager
def running(
    interpreter: Path, port: int = 0, *, select_of_items: bool = False, tenancy: bool = True
) -> Iterator[Cloud]:
    """Run a new cloud whose functions have this interpreter. Port 0 is any free port.

    With `select_of_items` IAM sees `dynamodb:Select` of GetItem and BatchGetItem, too: AWS does not
    say whether it does. Without `tenancy` its account may have no function with tenant isolation.
    Raises NotStarted.
    """
    environments.RUNS.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=environments.RUNS))
    cloud = Cloud(port or _free_port(), folder)
    ways = {"select_of_items": select_of_items, "tenancy": tenancy}
    process = _start(cloud, interpreter, ways)
    try:
        yield Cloud(cloud.port, folder, _make_deployer(cloud, process))
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder / "tmp", ignore_errors=True)


def _start(cloud: Cloud, interpreter: Path, ways: Mapping[str, bool]) -> "subprocess.Popen[bytes]":
    folder = cloud.folder
    certificate, key = _certify(folder, cloud.region)
    _trust(folder, certificate)
    (folder / "tmp").mkdir()
    settings = {
        "interpreter": str(_isolated(interpreter, folder)),
        "node": str(InstalledNode().program),
        "region": cloud.region,
        "account": ACCOUNT,
        "port": cloud.port,
        "certificate": str(certificate),
        "key": str(key),
        "root": {"key_id": ROOT.key_id, "secret": ROOT.secret},
        "denials": str(folder / "denials.jsonl"),
        "temporary": str(folder / "tmp"),
        **ways,
    }
    file = folder / "settings.json"
    file.write_text(json.dumps(settings))
    launcher = _HERE / "emulator" / "launcher.py"
    with (folder / "ministack.log").open("w") as log:
        return subprocess.Popen(
            [str(environments.ministack()), "-I", "-B", str(launcher), str(file)],
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for us alone
        )


def _isolated(interpreter: Path, folder: Path) -> Path:
    """Write a command that runs the interpreter with its own packages alone, refuses it what Lambda
    refuses, and gives it a folder of its own to write to, in place of /tmp.
    """
    command = folder / "python"
    command.write_text(
        "#!/bin/sh\n"
        f"TMPDIR=$(mktemp -d -p '{folder / 'tmp'}') && export TMPDIR || exit 1\n"
        f'exec "{sys.executable}" -I -B "{lambda_filter.__file__}" "$TMPDIR" --'
        f' "{interpreter}" -I -B "$@"\n'
    )
    command.chmod(0o755)
    return command


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _make_deployer(cloud: Cloud, process: "subprocess.Popen[bytes]") -> Credentials:
    """Make the IAM user that deploys, with the rights in deployer.json, and return its keys."""
    iam = cloud.client("iam")
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            iam.create_user(UserName=_DEPLOYER)
            break
        except (BotoCoreError, ClientError) as error:
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                raise NotStarted(
                    f"ministack did not start: {error}. Its output:\n{cloud.output()}"
                ) from None
            time.sleep(0.1)
    policy = (_HERE / "deployer.json").read_text()
    iam.put_user_policy(UserName=_DEPLOYER, PolicyName="deploy", PolicyDocument=policy)
    key = iam.create_access_key(UserName=_DEPLOYER)["AccessKey"]
    return Credentials(key["AccessKeyId"], key["SecretAccessKey"])


def without_settings_of_aws() -> dict[str, str]:
    """Return this process's environment without what points to an AWS account."""
    return {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}


_LIFE = timedelta(days=2)


def _certify(folder: Path, region: str) -> tuple[Path, Path]:
    """Write a new certificate and its key into `folder`, and return both files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "rehearsal of tipline")])
    now = datetime.now(UTC)
    base = f"{region}.amazonaws.com"
    pages = f"*.auth.{region}.amazoncognito.com"
    hosts = [f"*.{base}", f"*.s3.{base}", f"*.execute-api.{base}", pages]
    names: list[x509.GeneralName] = [
        x509.DNSName(host) for host in [*hosts, "*.amazonaws.com", "*.cloudfront.net", "localhost"]
    ]
    names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + _LIFE)
        .add_extension(x509.SubjectAlternativeName(names), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                key_cert_sign=True,
                crl_sign=False,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                encipher_only=False,
                decipher_only=False,
            ),
            True,
        )
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / "cloud.pem", folder / "cloud.key"
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.touch(mode=0o600)
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate_file, key_file


def _trust(folder: Path, certificate: Path) -> None:
    """Write a file of the certificates that this machine trusts and `certificate`.

    What an operator runs also fetches packages, so it must trust others too.
    """
    system = os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile
    trusted = Path(system).read_text() if system and Path(system).is_file() else ""
    (folder / "trusted.pem").write_text(f"{trusted}\n{certificate.read_text()}")
