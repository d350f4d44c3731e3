"""One officer's console that calls without end is refused alone, and reads no row meanwhile."""

import contextlib

import pytest

from chalicelib import wiring
from chalicelib.kernel import errors
from chalicelib.services.officers import CallLimits
from tests.client import Reply, call
from tests.faults import inject

pytestmark = pytest.mark.usefixtures("aws", "clean")

ME = "/v1/officer/me"


def test_a_burst_passes_and_then_the_rate() -> None:
    limits = CallLimits()
    assert _passed(limits, at=0, of=400) == limits.AT_ONCE == 300
    assert _passed(limits, at=1, of=400) == limits.A_SECOND == 10
    assert _passed(limits, at=600, of=400) == 300


def test_work_at_a_console_is_never_refused() -> None:
    """A pulse every eight seconds, fifty calls to open a report with its media, ten reports a
    minute.
    """
    limits = CallLimits()
    for second in range(0, 3600, 2):
        calls = (second % 8 == 0) + 50 * (second % 6 == 0)
        assert _passed(limits, at=second, of=calls) == calls


def _passed(limits: CallLimits, *, at: float, of: int) -> int:
    """Return how many of so many calls pass."""
    passed = 0
    for _ in range(of):
        with contextlib.suppress(errors.TooManyCalls):
            limits.count("wang", at)
            passed += 1
    return passed


def _refused(username: str) -> Reply:
    """Call until a call is refused, and return that."""
    for _ in range(4 * CallLimits.AT_ONCE):
        reply = call("GET", ME, officer=username)
        if reply.status != 200:
            return reply
    raise AssertionError("no call was refused")


@pytest.mark.officers("wang", "li")
@pytest.mark.usefixtures("limits_on", "standing_clock")
def test_a_runaway_console_is_refused_and_hurts_nobody_else() -> None:
    reply = _refused("wang")
    assert reply.refusal == (429, "too_many_calls")
    assert reply.headers["retry-after"] == "1"
    assert call("GET", ME, officer="li").status == 200
    # What is refused reads no row.
    with inject.without(wiring.officers().table.name) as tried:
        assert {call("GET", ME, officer="wang").status for _ in range(5)} == {429}
    assert tried == []
