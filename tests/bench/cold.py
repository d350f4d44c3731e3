"""Cold starts of what `make package` ships: from `import app` to the point where a first request
needs AWS, and to the response to a first report.

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
from tests.bench import requests, simulated
from tests.bench import rows as table
from tests.bench.rows import ROOT

BUILD = ROOT / "build"
SAMPLE = "tests.bench.cold_start"
# As infra/app.yaml sets it.
_ENVIRONMENT = simulated.ENVIRONMENT | {
    "AUDIT_BUCKET": "audit",
    "NOTICES_TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:notices",
    "PUSH_KEY": "alias/push",
    "PYDANTIC_DISABLE_PLUGINS": "__all__",
}
# Lambda sets it. What lacks a setting then does not start, and the residents' function makes ahead
# what its first report needs.
_ON_LAMBDA = {"_HANDLER": "app.app"}
# A start is short, and a busy neighbour may stay for several of them.
_ROUNDS = 3 * table.ROUNDS
_BODY = {"category": "other", "text": "A door stands open."}
# The commit that the later ones are measured against. Without it (a shallow clone) its row is
# missing.
FIRST_VERSION = "761f35b"
_OURS = ("app.py", "chalicelib", "city")
# The package's name as it is installed: the folder that its native modules are in.
_NATIVE = {"pydantic_core": "pydantic_core", "cryptography": "cryptography", "cffi": "."}


def rows(rounds: int = _ROUNDS) -> list[table.Row]:
    ensure_packaged()
    created = json.dumps(requests.create_event(_BODY))
    opened = json.dumps(requests.open_event("0" * 26))
    public_key = simulated.WrappingKey().public

    def started(tree: Path, api: str, *arguments: str) -> float:
        environment = _ENVIRONMENT | {"API": api} | (_ON_LAMBDA if arguments[0] == "first" else {})
        return table.sample(SAMPLE, *arguments, path=(tree, ROOT), environment=environment)

    taken: list[dict[str, float]] = []
    with _files() as files, _unpacked() as shipped, _unpacked() as compiled, _unpacked() as before:
        for cache in list(compiled.rglob("__pycache__")):
            shutil.rmtree(cache)
        _compile(compiled)
        has_first = _replace_by_first_version(before)
        for _ in range(rounds):
            taken.append(
                {
                    "residents": started(shipped, "residents", "import", created),
                    "boto3": table.sample(SAMPLE, "boto3", path=(ROOT,)),
                    "officers": started(shipped, "officers", "import", opened),
                    "compiled": started(compiled, "residents", "import", created),
                    "first": started(shipped, "residents", "first", created, public_key),
                }
                | (
                    {"before": started(before, "residents", "first", created, public_key)}
                    if has_first
                    else {}
                )
            )
            taken[-1] |= {
                name: table.sample(SAMPLE, "decode", kind, str(file), path=(shipped, ROOT))
                for name, (kind, file) in files.items()
            }
    boto3 = "import of boto3 and one DynamoDB client"
    until = "until the first AWS call: time"
    found = [
        _row(f"residents' function, {until}", boto3, taken, "residents", "boto3", 0.7),
        _row(f"officers' function, {until}", boto3, taken, "officers", "boto3", 0.85),
        _row(
            f"residents' function, {until}",
            "the same, compiled here",
            taken,
            "residents",
            "compiled",
            1.1,
        ),
    ]
    if has_first:
        found.append(
            _row(
                "residents' function, until its first 201: time",
                f"the first version ({FIRST_VERSION})",
                taken,
                "first",
                "before",
                0.8,
            )
        )
    found += [
        _row(f"decode, from nothing to a small {name}: time", boto3, taken, name, "boto3", 1.0)
        for name in files
    ]
    return found


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
    what: str, against: str, taken: list[dict[str, float]], side: str, other: str, at_most: float
) -> table.Row:
    ratios = [each[side] / each[other] for each in taken]
    return table.row(f"Cold start of the packaged {what}", against, ratios, at_most=at_most)


def _replace_by_first_version(tree: Path) -> bool:
    """Put the first version's own modules in the place of ours. False if the history lacks it."""
    archived = subprocess.run(
        ["git", "archive", FIRST_VERSION, *_OURS], cwd=ROOT, capture_output=True, check=False
    )
    if archived.returncode:
        print(f"{FIRST_VERSION} is not in the history", file=sys.stderr)
        return False
    for name in _OURS:
        if (tree / name).is_dir():
            shutil.rmtree(tree / name)
    subprocess.run(["tar", "-x"], cwd=tree, input=archived.stdout, check=True)
    _compile(*(tree / name for name in _OURS))
    return True


def _compile(*places: Path) -> None:
    subprocess.run([sys.executable, "-m", "compileall", "-q", *map(str, places)], check=True)


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
