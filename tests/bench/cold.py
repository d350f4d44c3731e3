"""Cold starts of what `make package` ships: from nothing to the first response, beside what nobody
can do without (boto3 with one client).

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

from tests import media_samples as samples
from tests.bench import rows as table
from tests.bench import simulated
from tests.bench.rows import ROOT

BUILD = ROOT / "build"
SAMPLE = "tests.bench.cold_start"
# As infra/app.yaml and Lambda set it. On Lambda what lacks a setting does not start, and the
# residents' function makes ahead what its first report needs.
_ENVIRONMENT = simulated.ENVIRONMENT | {
    "AUDIT_BUCKET": "audit",
    "NOTICES_TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:notices",
    "PUSH_KEY": "alias/push",
    "PYDANTIC_DISABLE_PLUGINS": "__all__",
    "_HANDLER": "app.app",
}
# A start is short, and a busy neighbour may stay for several of them.
_ROUNDS = 3 * table.ROUNDS
_WHAT = {
    "residents": "residents' function, until its first 201",
    "officers": "officers' function, until it has opened a report",
}
_BOTO3 = "import of boto3 and one DynamoDB client"
_COMPILED = "the same, compiled here"
_BUDGETS = (("residents", _BOTO3, 1.5), ("officers", _BOTO3, 1.5), ("residents", _COMPILED, 1.1))
# The package's name as it is installed: the folder that its native modules are in.
_NATIVE = {"pydantic_core": "pydantic_core", "cryptography": "cryptography", "cffi": "."}


def rows(*, rounds: int = _ROUNDS) -> list[table.Row]:
    ensure_packaged()
    taken: list[dict[str, float]] = []
    with _files() as files, _events() as events, _unpacked() as shipped, _unpacked() as compiled:
        for cache in list(compiled.rglob("__pycache__")):
            shutil.rmtree(cache)
        subprocess.run([sys.executable, "-m", "compileall", "-q", str(compiled)], check=True)

        def took(*arguments: str, path: tuple[Path, ...], api: str = "") -> float:
            # Each has Lambda's credentials: without, botocore looks for some on the network.
            environment = _ENVIRONMENT | {"API": api}
            return table.sample(SAMPLE, *arguments, path=path, environment=environment)

        def first(tree: Path, api: str) -> float:
            return took("first", str(events[api]), path=(tree, ROOT), api=api)

        for _ in range(rounds):
            taken.append(
                {
                    _BOTO3: took("boto3", path=(ROOT,)),
                    "residents": first(shipped, "residents"),
                    "officers": first(shipped, "officers"),
                    _COMPILED: first(compiled, "residents"),
                }
            )
            for name, (kind, file) in files.items():
                taken[-1][name] = took("decode", kind, str(file), path=(shipped, ROOT))
    decodes = {name: f"decode, from nothing to a small {name}" for name in files}
    return [
        _row(_WHAT.get(side) or decodes[side], against, taken, side, at_most)
        for side, against, at_most in (*_BUDGETS, *((name, _BOTO3, 1.0) for name in files))
    ]


@contextmanager
def _events() -> Iterator[dict[str, Path]]:
    """Yield a file for each function: its first event, and what is in the cloud."""
    with tempfile.TemporaryDirectory() as folder:
        prepared = table.run_json(SAMPLE, "prepare")
        for api, content in prepared.items():
            (Path(folder) / api).write_text(json.dumps(content), encoding="utf-8")
        yield {api: Path(folder) / api for api in prepared}


@contextmanager
def _files() -> Iterator[dict[str, tuple[str, Path]]]:
    """Yield a small file of each type: what is measured is what must be loaded for it."""
    made = {
        "JPEG": ("image/jpeg", samples.jpeg()),
        "PNG": ("image/png", samples.encode(samples.scene(), "PNG")),
        "WebP": ("image/webp", samples.encode(samples.scene(), "WEBP")),
        "HEIC": ("image/heic", samples.heic()),
        "MP4": ("video/mp4", samples.video([samples.scene(160, 96)] * 3)),
        "M4A": ("audio/mp4", samples.recording()),
    }
    with tempfile.TemporaryDirectory() as folder:
        for name, (_, data) in made.items():
            (Path(folder) / name).write_bytes(data)
        yield {name: (kind, Path(folder) / name) for name, (kind, _) in made.items()}


def _row(
    what: str, against: str, taken: list[dict[str, float]], side: str, at_most: float
) -> table.Row:
    ratios = [each[side] / each[against] for each in taken]
    return table.row(f"Cold start of the packaged {what}: time", against, ratios, at_most=at_most)


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
