"""A flood on a running stack with its limits on: who is let in, and that the example gets in."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from examples import outbox
from tests.local.outbox_stub import only, sender
from tests.local.stack import Stack

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("local")
    # The slowest machine asks more often.
    running = Stack(folder, LIMITS="on", THROTTLE_RATE="5", THROTTLE_BURST="20")
    yield running
    running.process.kill()


@pytest.fixture
def flood(stack: Stack) -> None:
    """Let a supervisor set level 3."""
    token = stack.run("token", "supervisor").stdout.strip()
    response = requests.put(
        f"{stack.api}/v1/officer/load-level",
        json={"level": 3, "minutes": 60, "reason": "exercise"},
        headers={"Authorization": f"Bearer {token}"},
        timeout=30,
    )
    assert response.status_code == 200, response.text


def report(stack: Stack, category: str, key: str | None = None) -> requests.Response:
    return requests.post(
        f"{stack.api}/v1/reports",
        json={"category": category, "text": "A text."},
        headers={"Idempotency-Key": key or str(uuid.uuid4())},
        timeout=30,
    )


def test_one_source_without_a_proof(stack: Stack, flood: None) -> None:
    ordinary = report(stack, "other")
    assert (ordinary.status_code, ordinary.json()["code"]) == (429, "proof_required")
    key = str(uuid.uuid4())
    child = report(stack, "child_abduction", key)
    again = report(stack, "child_abduction", key)
    assert (child.status_code, again.status_code) == (201, 200)
    assert child.json()["receipt"] == again.json()["receipt"]


def test_the_example_gets_in(stack: Stack, flood: None, tmp_path: Path) -> None:
    box, pauses = outbox.Outbox(tmp_path / "outbox"), list[float]()
    box.add("other", "a text", [])
    sender(box, stack.api, pauses).send(only(box))
    assert only(box).reference
    assert pauses == []


def test_residents_beyond_their_throttle_leave_officers_alone(stack: Stack) -> None:
    token = stack.run("token", "officer").stdout.strip()
    officer = {"Authorization": f"Bearer {token}"}
    session: Any = requests.Session()

    def ask(_: int) -> int:
        return int(session.get(f"{stack.api}/v1/reports/mine", timeout=30).status_code)

    with ThreadPoolExecutor(8) as pool:
        statuses = set(pool.map(ask, range(200)))
    assert statuses == {401, 429}
    mine = requests.get(f"{stack.api}/v1/officer/me", headers=officer, timeout=30)
    assert mine.status_code == 200
    assert report(stack, "child_abduction").status_code == 201
