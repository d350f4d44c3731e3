"""The schedules of the template invoke their functions by themselves."""

from tests.rehearsal.stage import Stage
from tests.rehearsal.waiting import until


def test_the_sweep_runs_without_being_called(stage: Stage) -> None:
    """It is due each minute, and this is the last test but the slowest."""

    def by_schedule() -> int:
        runs = sum('"message": "swept"' in line for line in stage.own_lines("SweepTasksLog"))
        return runs - stage.sweeps

    assert until(by_schedule, "a sweep by its schedule", patience_s=150)
