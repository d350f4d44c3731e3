"""The SDK in Node.js on a running stack: what it sends arrives once, whatever dies on the way."""

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from infra.web.build import install
from infra.web.node import InstalledNode
from tests import media_samples
from tests.local.stack import ROOT, Stack
from tests.web import phone_files
from tests.web.cutter import Cutter

SDK = ROOT / "sdk"
VIDEO_SIZE = 17 << 20  # in three parts
DEATHS = 10


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    install(say=print)
    running = Stack(tmp_path_factory.mktemp("local"))
    yield running
    running.process.kill()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A photo that says much of its phone, and a video that is too large for one piece."""
    folder = tmp_path_factory.mktemp("files")
    photo, video = folder / "photo.jpg", folder / "video.mp4"
    photo.write_bytes(phone_files.jpeg(orientation=6))
    media_samples.large_video(video, VIDEO_SIZE)
    return [photo, video]


def trip(stack: Stack, folder: Path, death: int, files: list[Path]) -> dict[str, Any] | None:
    """Begin or go on with a report. Return what came of it; None when the process was killed."""
    arguments = [stack.api, str(folder), str(death), *map(str, files)]
    command = [str(InstalledNode().program), str(SDK / "testing" / "trip.ts"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode == -signal.SIGKILL:
        return None
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def digests(stack: Stack) -> list[list[str]]:
    """Return what storage has: the digests of the originals of each report."""
    s3, bucket = stack.client("s3"), stack.outputs["bucket"]
    found: dict[str, list[str]] = {}
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="originals/"):
        for each in page.get("Contents", ()):
            data = s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read()
            report = each["Key"].split("/")[1]
            found.setdefault(report, []).append(hashlib.sha256(data).hexdigest())
    return [sorted(each) for each in found.values()]


def reports(stack: Stack) -> int:
    """Count the reports that are stored."""
    pages = stack.client("dynamodb").get_paginator("scan")
    rows = (
        row for page in pages.paginate(TableName=stack.outputs["table"]) for row in page["Items"]
    )
    return sum(row["sk"]["S"] == "HEAD" for row in rows)


@pytest.mark.thorough
@pytest.mark.slow
def test_killed_at_ten_points_of_its_trip_one_report_arrives_whole(
    stack: Stack, files: list[Path], tmp_path: Path
) -> None:
    cutter = Cutter(tmp_path)
    cut = [cutter.cut(file.read_bytes(), file.name).data for file in files]
    sent = sorted(hashlib.sha256(data).hexdigest() for data in cut)
    cutter.close()
    whole = trip(stack, tmp_path / "whole", 0, files)
    assert whole
    for number in range(DEATHS):
        folder = tmp_path / str(number)
        death = 1 + number * (whole["responses"] - 1) // (DEATHS - 1)
        assert trip(stack, folder, death, files) is None, "it was not killed"
        # What a process leaves that dies while it keeps a report.
        (folder / f"{uuid4()}.new").mkdir()
        again = trip(stack, folder, 0, files)
        assert again
        [entry] = again["entries"]
        assert [file.name for file in folder.glob("**/*")] == [entry["id"], "entry.json"]
        assert [each["state"] for each in (entry, *entry["files"])] == ["sent"] * 3
    assert reports(stack) == 1 + DEATHS
    assert digests(stack) == [sent] * (1 + DEATHS)


@pytest.mark.slow
def test_the_readme_installs_compiles_and_makes_the_trip(
    stack: Stack, files: list[Path], tmp_path: Path
) -> None:
    readme = (SDK / "README.md").read_text(encoding="utf-8")
    [install_it], [first, more] = (
        re.findall(f"```{language}\n(.*?)```", readme, re.DOTALL) for language in ("sh", "ts")
    )
    (tmp_path / "package.json").write_text('{"private": true, "type": "module"}')
    (tmp_path / "first.ts").write_text(first)
    (tmp_path / "more.ts").write_text(more)
    for file in files:
        (tmp_path / file.name).hardlink_to(file)
    environment = {
        **os.environ,
        "TIPLINE": str(ROOT),
        "TIPLINE_API": stack.api,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "npm_config_prefer_offline": "true",
    }

    def run(*command: object, ends: int = 0) -> str:
        done = subprocess.run(
            [*map(str, command)], cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert done.returncode == ends, done.stdout + done.stderr
        return done.stdout

    run("bash", "-euc", install_it)
    node, compiler = InstalledNode().program, SDK / "node_modules" / "typescript" / "bin" / "tsc"
    types = ("--typeRoots", SDK / "node_modules" / "@types", "--types", "node")
    options = ("--noEmit", "--strict", "--module", "nodenext")
    run(node, compiler, "first.ts", "more.ts", *options, *types)
    filed = reports(stack)
    for step in ("outbox.add(", "outbox.confirmReceipt(", "outbox.addText("):
        [line] = [line for line in first.splitlines() if step in line]
        dying = first.replace(line, line + "\nprocess.kill(process.pid, 'SIGKILL');")
        (tmp_path / "dying.ts").write_text(dying)
        assert run(node, "dying.ts", ends=-signal.SIGKILL) == ""
    assert re.fullmatch(r"\[ 'It is gone\.' \] 2 20\S+Z\n", run(node, "first.ts"))
    assert list((tmp_path / "outbox").iterdir()) == []
    assert reports(stack) == filed + 1
    assert run(node, "more.ts") == (
        "bad_characters\nrefused [ 'text too_long' ]\nsent [ 'location out_of_range' ]\n204 0\n"
    )
