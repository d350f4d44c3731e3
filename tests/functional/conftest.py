"""Fixtures that several modules of functional tests use."""

from pathlib import Path

import pytest

from tests.ledger import Verify, verify


@pytest.fixture
def check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Verify:
    """Return the program that verifies a receipt, to run on a copy of the ledger."""
    return lambda hours=None, **given: verify(tmp_path, capsys, hours, **given)
