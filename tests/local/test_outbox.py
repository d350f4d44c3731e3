"""The example for makers of apps does what docs/mobile.md says: nothing is lost, nothing is sent twice, whatever dies on the way."""

import http.server
import json
import random
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from examples import outbox
from tests import cloud
from tests.local.test_stack import ROOT, Stack

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


class Stub:
    """Answers one after the other, and remembers what came."""

    def __init__(self, *answers: tuple[int, dict[str, str], Any]) -> None:
        waiting, seen = list(answers), []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                seen.append((self.headers["Idempotency-Key"], body))
                status, headers, content = waiting.pop(0)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(json.dumps(content).encode())

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.seen, self.url = seen, f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


CREATED = {"id": "A", "receipt": "R", "reference": "X", "uploads": []}


def sender(box: outbox.Outbox, api: str, pauses: list[float]) -> outbox.Sender:
    return outbox.Sender(box, api, progress=lambda *_: None, pause=pauses.append, attempts=4)


def only(box: outbox.Outbox) -> outbox.Entry:
    [entry] = box.entries()
    return entry


def held_parts(stack: Stack, entry: outbox.Entry, place: int) -> set[int]:
    """The parts of an attachment that storage says it has."""
    answer = requests.post(
        f"{stack.api}/v1/reports/{entry.id}/media/{entry.attachments[place].media_id}/parts",
        json={"numbers": [1]},
        headers={"Authorization": f"Receipt {entry.receipt}"},
        timeout=30,
    )
    return {part["number"] for part in answer.json()["held"]}


def test_without_a_network_it_waits_longer_each_time_and_keeps_the_report(tmp_path: Path, photo: Path) -> None:
    box, pauses = outbox.Outbox(tmp_path / "outbox"), list[float]()
    box.add("other", "a text", [photo])

    with pytest.raises(ConnectionError):
        sender(box, "http://127.0.0.1:1", pauses).send(only(box))

    assert len(pauses) == 3
    assert all(0.5 * 2**number <= pause <= 2**number for number, pause in enumerate(pauses))
    assert only(box).waits


def test_it_waits_as_long_as_it_is_told_and_sends_the_same_bytes_under_the_same_key(tmp_path: Path) -> None:
    stub = Stub((429, {"Retry-After": "7"}, {}), (503, {"Retry-After": "2"}, {}), (201, {}, CREATED))
    box, pauses = outbox.Outbox(tmp_path / "outbox"), list[float]()
    entry = box.add("other", "a text", [])
    sender(box, stub.url, pauses).send(only(box))

    assert pauses == [7, 2]
    assert stub.seen == [(entry.key, entry.body.encode())] * 3
    assert not only(box).waits


def test_a_refusal_is_not_repeated(tmp_path: Path) -> None:
    stub = Stub((422, {}, {"code": "invalid"}))
    box, pauses = outbox.Outbox(tmp_path / "outbox"), list[float]()
    box.add("other", "a text", [])
    sender(box, stub.url, pauses).send(only(box))

    assert only(box).refused == "422 invalid"
    assert not only(box).waits
    assert (len(stub.seen), pauses) == (1, [])


@pytest.mark.slow
def test_a_report_with_a_photo_arrives_and_is_seen(stack: Stack, tmp_path: Path, photo: Path) -> None:
    box, views = outbox.Outbox(tmp_path / "outbox"), list[Any]()
    box.add("missing_elderly", "一位穿蓝色外套的老人", [photo])
    outbox.Sender(box, stack.api, progress=lambda *_: None).send(only(box))
    outbox.watch(only(box), stack.api, views.append)

    assert views[-1]["text"] == "一位穿蓝色外套的老人"
    assert [medium["state"] for medium in views[-1]["media"]] == ["ready"]


@pytest.mark.slow
def test_killed_at_any_moment_it_goes_on_where_it_was(stack: Stack, tmp_path: Path, photo: Path) -> None:
    video = tmp_path / "video.mp4"
    video.write_bytes(random.randbytes(VIDEO_SIZE))
    box = outbox.Outbox(tmp_path / "outbox")
    box.add("other", "a text", [photo, video])
    command = [sys.executable, "examples/outbox.py", "--api", stack.api, "--outbox", str(box.folder), "send"]

    first = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert first.stderr
    seen = b""
    while not re.search(rb"1\.mp4 +6\d %", seen):
        more = first.stderr.read1(1000)
        assert more, seen[-200:]
        seen += more
    first.kill()
    first.wait()
    assert only(box).waits

    held = held_parts(stack, only(box), 1)
    # One part after the other, and the third was on its way: two had been answered.
    assert {1, 2} <= held

    sent = set[tuple[str, int]]()
    part_size = only(box).attachments[1].part_size
    assert part_size
    outbox.Sender(box, stack.api, progress=lambda name, done, _: sent.add((name, -(-done // part_size)))).send(only(box))
    assert not only(box).waits
    missing = {("1.mp4", number) for number in range(1, -(-VIDEO_SIZE // part_size) + 1) if number not in held}
    # The part in flight may have arrived after all, once its sender was gone and storage was asked.
    assert sent <= missing
    assert len(missing - sent) <= 1

    views = list[Any]()
    outbox.watch(only(box), stack.api, views.append)
    assert [medium["state"] for medium in views[-1]["media"]] == ["ready", "rejected"]
