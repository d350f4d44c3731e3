"""The schedules of the template invoke their functions by themselves."""

import pytest

from tests.rehearsal.stage import Stage
from tests.rehearsal.waiting import until


@pytest.mark.parametrize("log", ["SweepCriticalLog", "SweepNormalLog", "SweepUpkeepLog"])
def test_a_sweep_runs_without_being_called(stage: Stage, log: str) -> None:
    """It is due each minute, and these are the last tests but the slowest."""

    def by_schedule() -> int:
        return sum('"message": "swept"' in line for line in stage.own_lines(log)) - stage.sweeps

    assert until(by_schedule, "a sweep by its schedule", patience_s=150)
