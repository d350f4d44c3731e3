"""The age of the oldest task shows the health of the system. An alarm watches it."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from chalicelib import wiring
from tests import cloud
from tests.client import call, new_key, report

pytestmark = pytest.mark.usefixtures("aws", "clean")


def test_the_sweep_says_how_long_the_oldest_task_has_been_overdue(aws: Mapping[str, str]) -> None:
    call("POST", "/v1/reports", report(), key=new_key())  # its notice is overdue after a minute
    wiring.clock.advance(timedelta(minutes=5))
    assert 239 <= cloud.sweep()["oldest_task_s"] <= 245
    assert cloud.sweep()["oldest_task_s"] == 0
