"""Faults of one of the two outboxes of the sweep: the other one neither waits nor stops."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.handlers.service import scheduled
from chalicelib.kernel import errors, times
from chalicelib.services.notices.sweep import sweep_upkeep
from tests import cloud
from tests.faults import inject
from tests.functional.bulletins.test_bulletins import LI, ZHAO, opened, published
from tests.steps import file

pytestmark = pytest.mark.usefixtures("aws", "clean")


@pytest.fixture
def expired(clean: None, fresh: None) -> dict[str, Any]:
    """Create a bulletin that has expired and a report whose notice is overdue."""
    for username in (LI, ZHAO):
        cloud.officer(username)
    bulletin = published(expires_at=times.render(wiring.clock.now() + timedelta(hours=1)))
    cloud.catch_up()  # with the notice that its draft awaits an approval
    file()
    wiring.clock.advance(timedelta(hours=1, minutes=2))
    return bulletin


@pytest.mark.parametrize("table", ["REPORTS_TABLE", "BULLETINS_TABLE"])
def test_a_table_that_cannot_be_reached_does_not_stop_the_other(
    aws: Mapping[str, str], expired: dict[str, Any], table: str
) -> None:
    with inject.without(aws[table]):
        sweep_each_apart()

    assert len(cloud.sent()) == (0 if table == "REPORTS_TABLE" else 1)
    stored = wiring.bulletins().get(expired["id"])
    assert stored
    assert stored.state == ("expired" if table == "REPORTS_TABLE" else "published")
    assert cloud.sweep()["failed"] == 0
    assert (len(cloud.sent()), opened(expired)["state"]) == (1, "expired")


def sweep_each_apart() -> None:
    """Run the sweeps as Lambda does: one that fails ends no other."""
    failed = 0
    for sweep in (scheduled.sweep_critical, scheduled.sweep_normal, scheduled.sweep_upkeep):
        try:
            sweep(cloud.SCHEDULE, None)
        except errors.Unavailable:
            failed += 1
    cloud.do_upkeep()
    assert failed


def test_outboxes_take_turns_page_by_page(expired: dict[str, Any]) -> None:
    asked: list[str] = []
    outboxes = {"reports": wiring.outbox(), "bulletins": wiring.bulletin_outbox()}
    names = {outbox.table.name: name for name, outbox in outboxes.items()}

    def seen(request: Any) -> None:
        asked.extend(name for table, name in names.items() if table.encode() in request.body)

    with inject.fault(wiring.dynamodb(), "dynamodb.Query", seen):
        sweep_upkeep(
            outboxes,
            queue=wiring.upkeep_queue(),
            now=wiring.clock.now() - timedelta(days=1),
            time_is_left=lambda: True,
        )
    assert asked == ["reports", "bulletins"] * 4


def test_the_oldest_task_may_be_a_bulletins(expired: dict[str, Any]) -> None:
    cloud.stream(cloud.all_keys())  # publish the notice, so that only the bulletin is overdue
    done = cloud.sweep()
    assert (done["due"], done["failed"]) == (1, 0)
    assert done["oldest_task_s"] >= 120
    assert cloud.sweep() == {"due": 0, "oldest_task_s": 0, "failed": 0}
