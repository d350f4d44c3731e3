"""A cold start of what `make package` ships: from `import app` to the point where a first report
needs AWS.

The zip's native modules are arm64's. Where that does not run, those of the same versions that are
installed here stand beside them.
"""

import importlib.metadata
import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from tests.bench import create, simulated
from tests.bench import rows as table
from tests.bench.rows import ROOT

BUILD = ROOT / "build"
SAMPLE = "tests.bench.cold_start"
# As infra/app.yaml sets it. Lambda sets `_HANDLER`, and what lacks a setting then does not start.
_ENVIRONMENT = simulated.ENVIRONMENT | {
    "_HANDLER": "app.app",
    "NOTICES_TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:notices",
    "PYDANTIC_DISABLE_PLUGINS": "__all__",
}
_BODY = {"category": "other", "text": "A door stands open."}
# The package's name as it is installed: the folder that its native modules are in.
_NATIVE = {"pydantic_core": "pydantic_core", "cryptography": "cryptography", "cffi": "."}


def rows(rounds: int = table.ROUNDS) -> list[table.Row]:
    ensure_packaged()
    event = json.dumps(create.event() | {"body": json.dumps(_BODY)})

    def api(tree: Path) -> float:
        return table.sample(SAMPLE, "api", event, path=(tree, ROOT), environment=_ENVIRONMENT)

    taken = []
    with _unpacked() as shipped, _unpacked() as compiled:
        for cache in list(compiled.rglob("__pycache__")):
            shutil.rmtree(cache)
        subprocess.run([sys.executable, "-m", "compileall", "-q", str(compiled)], check=True)
        for _ in range(rounds):
            taken.append(
                (
                    api(shipped),
                    table.sample(SAMPLE, "boto3", path=(ROOT,)),
                    api(compiled),
                )
            )
    what = "Cold start of the packaged API, until the first AWS call: time"
    return [
        table.row(
            what,
            "import of boto3 and one DynamoDB client",
            [cold / boto3 for cold, boto3, _ in taken],
            at_most=0.75,
        ),
        table.row(
            what, "the same, compiled here", [cold / again for cold, _, again in taken], at_most=1.1
        ),
    ]


@cache
def ensure_packaged() -> None:
    """Package what is there now, unless that has been done."""
    archive = BUILD / "functions.zip"
    sources = [
        ROOT / "app.py",
        ROOT / "requirements.txt",
        *(path for path in (ROOT / "chalicelib").rglob("*") if path.suffix != ".pyc"),
    ]
    if not archive.is_file() or archive.stat().st_mtime < max(
        path.stat().st_mtime for path in sources if path.is_file()
    ):
        subprocess.run(
            [sys.executable, "-m", "infra.packaging"],
            cwd=ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
        )


@contextmanager
def _unpacked() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        with zipfile.ZipFile(BUILD / "functions.zip") as archive:
            archive.extractall(tree)
        for name, where in _NATIVE.items():
            _overlay(tree, name, where)
        yield tree


def _overlay(tree: Path, name: str, where: str) -> None:
    here = importlib.metadata.version(name)
    if not list(tree.glob(f"{name}-{here}.dist-info")):
        raise RuntimeError(
            f"{name} is packaged in another version than {here}, which is installed here"
        )
    installed = Path(str(importlib.metadata.distribution(name).locate_file(""))).resolve()
    pattern = "_cffi_backend*.so" if name == "cffi" else "**/*.so"
    for path in (installed / where).glob(pattern):
        shutil.copy(path, tree / path.relative_to(installed))
