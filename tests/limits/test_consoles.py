"""5,000 consoles on paper, and 200 of one office one by one: no pulse is refused."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from chalicelib import wiring
from chalicelib.services.casework import presence
from chalicelib.services.officers import CallLimits
from infra import template
from infra.local.gateway.gateway import deployed_throttles
from tests import cloud
from tests.client import call
from tests.limits import consoles, demand, model, published
from tests.limits.consoles import CONSOLES, PULSE, interval_s
from tests.limits.model import Bucket, Limit, simulate, weakest
from tests.steps import file

# An office of so many consoles has one address.
OFFICE, ROUNDS = 200, 4


@pytest.fixture
def limits(aws: Mapping[str, str], clean: None) -> list[Limit]:
    return consoles.limits(consoles.measured(aws)[0])


def test_five_thousand_consoles_are_refused_nowhere(limits: list[Limit]) -> None:
    assert consoles.pulses_a_second() == 625
    assert not simulate(limits, [], consoles.pulses_a_second()).broken
    assert not simulate(limits, [], CONSOLES / interval_s("QUIET_EVERY_MS")).broken


def test_the_throttle_lets_all_consoles_be_opened_within_a_second() -> None:
    rate, burst = model.throttle_of(*PULSE)
    bucket = Bucket(rate, burst)
    tenths = [bucket.take(CONSOLES / 10, at=tenth / 10) for tenth in range(1, 11)]
    assert sum(tenths) == CONSOLES


def test_pulses_are_refused_before_they_take_anything_from_others(limits: list[Limit]) -> None:
    throttle = weakest(limits)
    assert throttle.name == "throttle of GET /v1/officer/pulse"
    [together] = [each for each in limits if "firewall" in each.name]
    assert together.per_second - throttle.per_second >= 3_500


def test_a_flood_asks_of_an_index_what_one_partition_bears(
    aws: Mapping[str, str], clean: None
) -> None:
    """Each environment reads each category of a thousand reports as often as it may."""
    _, first = consoles.measured(aws)
    thousand = first.reads["reports.by_attention"] * presence.COUNTED_MAX / demand.REPORTS
    pause = (presence.PAUSE * presence.COUNTED_MAX).total_seconds()
    bears = published.PARTITION_WRITES.per_second / published.READ
    assert consoles.environments() * thousand / pause < bears


def test_two_hundred_consoles_of_one_office_are_never_refused(clean: None) -> None:
    """All of them ask at the same moments, and something has changed each time."""
    every, second = interval_s("ACTIVE_EVERY_MS"), 0.0
    firewall = template.load("app.yaml")["Parameters"]["WafOfficerRateLimit"]["Default"]
    assert OFFICE * 60 / every <= firewall
    throttles, calls = deployed_throttles(lambda: second), CallLimits()
    names = [f"officer{number}" for number in range(OFFICE)]
    for name in names:
        cloud.officer(name)
    for count in range(1, ROUNDS + 1):
        created = file("other")
        cloud.stream([(f"REPORT#{created['id']}", "HEAD")])
        for name in names:
            assert throttles.take(*PULSE)
            calls.count(name, second)
            reply = call(*PULSE, officer=name)
            assert (reply.status, reply.json["counts"]["new"]) == (200, count)
        second += every
        wiring.clock.advance(timedelta(seconds=every))
