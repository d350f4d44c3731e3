"""Scheduled functions run at their rate."""

from infra.local.triggers.schedules import Schedules
from tests.local.triggers.function import Function, fail


def test_a_schedule_runs_when_its_time_has_come_and_outlives_a_failure() -> None:
    time = [0.0]
    function = Function(fail)
    schedules = Schedules(clock=lambda: time[0])
    schedules.add("sweep", 60, function)
    runs = []
    for time[0] in (59, 60, 61, 119, 120):
        schedules.work()
        runs.append(len(function.calls))
    assert runs == [0, 1, 1, 1, 2]
    schedules.run_all()
    assert len(function.calls) == 3
    assert function.calls[0][0]["detail-type"] == "Scheduled Event"
