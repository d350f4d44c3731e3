"""The commands of the pages that a stranger begins with, pasted into a shell as they stand."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import cloud
from tests.local.stack import PATIENCE_S, ROOT, Stack, eventually, free_port

pytestmark = pytest.mark.slow

# What the commands leave behind, and a stack.
LEFT = {".git", ".local", "again.json", "created.json", "outbox", "report.json"}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This folder, but for what is written into it."""
    folder = tmp_path_factory.mktemp("checkout")
    for each in ROOT.iterdir():
        if each.name not in LEFT:
            (folder / each.name).symlink_to(each)
    return folder


@pytest.fixture(scope="module")
def stack(checkout: Path) -> Iterator[Stack]:
    # Who has pasted from these pages may have exported this, which a setting has the name of.
    running = Stack(
        checkout / ".local", command=("make", "run"), root=checkout, API="http://127.0.0.1:8000"
    )
    yield running
    running.end(signal.SIGTERM)


def paste(stack: Stack, checkout: Path, page: str) -> str:
    """Return what all commands of a page print."""
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert blocks
    return "".join(run(stack, checkout, block) for block in blocks)


def run(stack: Stack, checkout: Path, commands: str) -> str:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        cwd=checkout,
        env=stack.environment
        | {
            "API": stack.api,
            "TIPLINE_API": stack.api,
            "RECEIVER": str(free_port()),
            "PATH": f"{Path(sys.executable).parent}:{stack.environment['PATH']}",
        },
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE_S,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_report_with_a_photo_reaches_its_reporter_and_an_officer(
    stack: Stack, checkout: Path
) -> None:
    printed = paste(stack, checkout, "README.md")
    assert_photo_arrives(stack, checkout, printed)
    stack.expect("notice .* report · traffic_violation")


def test_what_the_terminal_says_first_can_be_pasted(stack: Stack, checkout: Path) -> None:
    (checkout / "photo.jpg").write_bytes(cloud.photo())
    guide = "".join(stack.lines).partition("paste this.\n")[2].partition("Move the clock")[0]
    commands = guide.replace("See it as its reporter, then as an officer:\n", "")
    assert_photo_arrives(stack, checkout, run(stack, checkout, commands))


def assert_photo_arrives(stack: Stack, checkout: Path, printed: str) -> None:
    created = json.loads((checkout / "report.json").read_text())
    assert "uploaded: 204" in printed
    assert printed.count(f'"id":"{created["id"]}"') == 2
    receipt = {"Authorization": f"Receipt {created['receipt']}"}

    def is_ready() -> bool:
        [medium] = stack.call("GET", "/v1/reports/mine", **receipt)["media"]
        return bool(medium["state"] == "ready")

    eventually(is_ready)


def test_the_officer_who_is_played_replies_closes_and_publishes(
    stack: Stack, checkout: Path
) -> None:
    printed = paste(stack, checkout, "docs/local.md").splitlines()
    assert printed == ["We are on our way.", "closed", "published"]


@pytest.mark.parametrize("time", ["first", "second"])
def test_an_event_is_received_and_checked(stack: Stack, checkout: Path, time: str) -> None:
    printed = paste(stack, checkout, "docs/events.md")
    assert "'type': 'tipline.report'" in printed
    stack.expect(r"event → report · receiver\.localhost:\d+ · 204")


def test_the_first_report_of_an_app_and_its_outbox(stack: Stack, checkout: Path) -> None:
    printed = paste(stack, checkout, "docs/mobile.md")
    assert "idempotency-replayed: true" in printed.lower()
    said = ["received", "It is gone."]
    assert [line for line in printed.splitlines() if line in said] == said
    first, again = (
        json.loads((checkout / f"{name}.json").read_text()) for name in ("created", "again")
    )
    assert first["receipt"] == again["receipt"]
    assert " sent\n" in printed
    assert "ready" in printed
