"""Scheduled functions run at their rate."""

from infra.local.triggers.schedules import Schedule
from tests.local.triggers.function import Function, fail


def test_a_schedule_runs_when_its_time_has_come_and_outlives_a_failure() -> None:
    time = [0.0]
    function = Function(fail)
    schedule = Schedule("sweep", 60, function, clock=lambda: time[0])
    runs = []
    for time[0] in (59, 60, 61, 119, 120):
        schedule.work()
        runs.append(len(function.calls))
    assert runs == [0, 1, 1, 1, 2]
    schedule.run()
    assert len(function.calls) == 3
    assert function.calls[0][0]["detail-type"] == "Scheduled Event"
