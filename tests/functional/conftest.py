"""Fixtures that several modules of functional tests use."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from chalicelib import wiring
from chalicelib.kernel.times import Clock
from tests.ledger import Verify, verify


@pytest.fixture
def check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Verify:
    """Return the program that verifies a receipt, to run on a copy of the ledger."""
    return lambda hours=None, **given: verify(tmp_path, capsys, hours, **given)


@pytest.fixture
def limits_on(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Abuse limits as they are deployed. Local stacks have none."""
    monkeypatch.setenv("LIMITS", "on")
    wiring.reset()
    wiring.pause_by(lambda seconds: None)
    yield
    monkeypatch.undo()
    wiring.reset()


@pytest.fixture
def web_clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A stage that serves the web clients."""
    monkeypatch.setenv("WEB_CLIENTS", "on")
    wiring.reset()
    yield
    monkeypatch.undo()
    wiring.reset()


@pytest.fixture
def standing_clock() -> Iterator[None]:
    """A clock that stands still, so that no call takes any time."""
    wiring.clock = _StandingClock()
    yield
    wiring.clock = Clock()


class _StandingClock(Clock):
    def __init__(self) -> None:
        super().__init__()
        self._at = super().wall_clock()

    def wall_clock(self) -> datetime:
        return self._at
