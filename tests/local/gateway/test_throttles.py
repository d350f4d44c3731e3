"""The throttles of the local gateway: as deployed, each route by itself."""

from collections import Counter

import pytest
from chalice.app import Chalice
from chalice.local import LocalChalice

from app import create_app
from infra.local.gateway.functions import both_functions
from infra.local.gateway.gateway import Gateway
from infra.local.gateway.throttles import Limit, Throttles, deployed


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_passes_and_then_the_rate() -> None:
    clock = Clock()
    throttles = Throttles(lambda method, path: Limit(rate=2, burst=5), clock)
    assert [throttles.take("GET", "/") for _ in range(7)] == [True] * 5 + [False] * 2
    clock.now += 1
    assert [throttles.take("GET", "/") for _ in range(3)] == [True] * 2 + [False]
    clock.now += 60
    assert [throttles.take("GET", "/") for _ in range(6)] == [True] * 5 + [False]


def test_each_route_has_a_bucket_of_its_own() -> None:
    throttles = Throttles(lambda method, path: Limit(rate=1, burst=1), Clock())
    assert throttles.take("GET", "/a")
    assert not throttles.take("GET", "/a")
    assert throttles.take("POST", "/a")
    assert throttles.take("GET", "/b")


@pytest.fixture
def gateway() -> Gateway:
    app: Chalice = create_app()
    app.__class__ = LocalChalice
    return Gateway(app, both_functions(), deployed())


def test_residents_beyond_their_limit_do_not_slow_down_officers_or_reports(
    gateway: Gateway,
) -> None:
    def ask(method: str, path: str) -> int:
        return gateway.response(method, path, [], b"", "127.0.0.1").status

    # A preflight asks no function, so it shows the limit alone.
    statuses = Counter(ask("OPTIONS", "/v1/reports/mine") for _ in range(3_000))
    assert set(statuses) == {200, 429}
    assert ask("GET", "/v1/officer/me") == 401
    assert ask("POST", "/v1/reports") == 400


def test_beyond_its_limit_a_route_says_when_to_come_back(gateway: Gateway) -> None:
    replies = [gateway.response("OPTIONS", "/v1/reports", [], b"", "127.0.0.1") for _ in range(400)]
    refused = [reply for reply in replies if reply.status == 429]
    assert refused
    assert dict(refused[0].headers)["Retry-After"] == "5"
