"""The example for makers of apps against a running stack: what it sends arrives, whatever dies on
the way.
"""

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from examples import outbox
from tests import cloud
from tests.local.outbox_stub import only
from tests.local.stack import ROOT, Stack

VIDEO_SIZE = 40 << 20


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    running = Stack(tmp_path_factory.mktemp("local"))
    yield running
    running.process.kill()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(cloud.photo())
    return path


def held_parts(stack: Stack, entry: outbox.Entry, place: int) -> set[int]:
    """The parts of an attachment that storage says it has."""
    response = requests.post(
        f"{stack.api}/v1/reports/{entry.id}/media/{entry.attachments[place].media_id}/parts",
        json={"numbers": [1]},
        headers={"Authorization": f"Receipt {entry.receipt}"},
        timeout=30,
    )
    return {part["number"] for part in response.json()["held"]}


def wait_until_given_up(stack: Stack, entry: outbox.Entry) -> None:
    """Upkeep goes through a queue, so it is done a moment after the sweep."""
    headers = {"Authorization": f"Receipt {entry.receipt}"}
    until = time.monotonic() + 120
    while time.monotonic() < until:
        view = requests.get(f"{stack.api}/v1/reports/mine", headers=headers, timeout=30).json()
        if all(medium["state"] == "rejected" for medium in view["media"]):
            return
        time.sleep(0.1)
    raise AssertionError("the files were not given up")


@pytest.mark.slow
def test_a_report_with_a_photo_arrives_and_is_seen(
    stack: Stack, tmp_path: Path, photo: Path
) -> None:
    box, views = outbox.Outbox(tmp_path / "outbox"), list[Any]()
    box.add("missing_elderly", "一位穿蓝色外套的老人", [photo])
    command = [
        sys.executable,
        "examples/outbox.py",
        "--api",
        stack.api,
        "--outbox",
        str(box.folder),
        "send",
    ]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.endswith(
        b" sent\n"
    )
    outbox.watch(only(box), stack.api, views.append)

    assert views[-1]["text"] == "一位穿蓝色外套的老人"
    assert [medium["state"] for medium in views[-1]["media"]] == ["ready"]


@pytest.mark.slow
def test_a_message_is_written_once_whatever_dies_and_the_proof_is_kept(
    stack: Stack, tmp_path: Path
) -> None:
    box, views = outbox.Outbox(tmp_path / "outbox"), list[Any]()
    box.add("other", "a text", [])
    sender = outbox.Sender(box, stack.api, progress=lambda *_: None)
    sender.send(only(box))
    box.say(only(box), "It is gone.")
    # It dies after the call, and before it is on the disk that this arrived.
    before = only(box)
    for _ in range(2):
        sender.send(only(box))
        assert not only(box).waits
        box.save(before)
    sender.send(only(box))
    outbox.watch(only(box), stack.api, views.append)
    assert [message["text"] for message in views[-1]["messages"]] == ["It is gone."]

    assert sender.keep_proof(only(box)), "not whole within the hour"
    [kept] = box.folder.glob("*/proof.json")
    assert json.loads(kept.read_text())["complete_by"]


# From without, a process could be killed at its half only as long as it is slower than who watches
# it.
DIES_AT_HALF = """
import os, pathlib, signal, sys
from examples import outbox

def progress(name, done, total):
    if name == "1.mp4" and done * 2 > total:
        os.kill(os.getpid(), signal.SIGKILL)

box = outbox.Outbox(pathlib.Path(sys.argv[2]))
for entry in box.entries():
    outbox.Sender(box, sys.argv[1], progress).send(entry)
"""


@pytest.mark.slow
def test_killed_at_any_moment_it_goes_on_where_it_was(
    stack: Stack, tmp_path: Path, photo: Path
) -> None:
    video = tmp_path / "video.mp4"
    video.write_bytes(random.randbytes(VIDEO_SIZE))
    box = outbox.Outbox(tmp_path / "outbox")
    box.add("other", "a text", [photo, video])
    dying = subprocess.run(
        [sys.executable, "-c", DIES_AT_HALF, stack.api, str(box.folder)], cwd=ROOT, check=False
    )
    assert dying.returncode == -signal.SIGKILL
    assert only(box).waits

    held = held_parts(stack, only(box), 1)
    # One part goes after the other, and the third was on its way.
    assert held == {1, 2}

    sent = set[tuple[str, int]]()
    part_size = only(box).attachments[1].part_size
    assert part_size
    outbox.Sender(
        box, stack.api, progress=lambda name, done, _: sent.add((name, -(-done // part_size)))
    ).send(only(box))
    assert not only(box).waits
    numbers = set(range(1, -(-VIDEO_SIZE // part_size) + 1))
    assert sent == {("1.mp4", number) for number in numbers - held}

    views = list[Any]()
    outbox.watch(only(box), stack.api, views.append)
    assert [medium["state"] for medium in views[-1]["media"]] == ["ready", "rejected"]


@pytest.mark.slow
def test_files_that_were_given_up_are_added_anew_and_arrive(
    stack: Stack, tmp_path: Path, photo: Path
) -> None:
    """Created, then a day without a network: a photo that was never sent, and a video of which
    nothing more came.
    """
    video = tmp_path / "video.mp4"
    video.write_bytes(random.randbytes(17 << 20))
    box = outbox.Outbox(tmp_path / "outbox")
    box.add("other", "a text", [photo, video])
    late = outbox.Sender(box, stack.api, progress=lambda *_: None)
    late._report(only(box))
    entry = only(box)
    late._parts(entry, f"/v1/reports/{entry.id}/media/{entry.attachments[1].media_id}", [1])
    for advance in ("11m", "1d"):
        stack.run("clock", advance)
    wait_until_given_up(stack, entry)

    late.send(entry)
    assert [attachment.sent for attachment in only(box).attachments] == [True, True]
    views = list[Any]()
    outbox.watch(only(box), stack.api, views.append)
    states = [(medium["state"], medium["reason"]) for medium in views[-1]["media"]]
    assert states == [("rejected", "not_received")] * 2 + [
        ("ready", None),
        ("rejected", "unsupported_format"),
    ]
