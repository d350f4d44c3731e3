"""What 5,000 consoles ask of each limit while something happens, on paper.

How often a console asks is read from `web/console/pulse.ts`, what a pulse costs is measured.
"""

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chalicelib.domain.catalogue.model import catalogue
from infra import template
from tests import cloud
from tests.bench.operations import metered
from tests.bench.units import Call
from tests.client import call
from tests.limits import model, published
from tests.limits.model import Limit, Then
from tests.limits.published import Published
from tests.steps import file

CONSOLES = 5_000
REPORTS = 40
PULSE = ("GET", "/v1/officer/pulse")
_WATCH = Path(__file__).parents[2] / "web" / "console" / "pulse.ts"

_DYNAMODB = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide"
PARTITION_READS = Published(
    "read units of a partition",
    3_000,
    3_000,
    f"{_DYNAMODB}/throttling-key-range-limit-exceeded-mitigation.html",
    can_be_raised=False,
)
NEW_TABLE_READS = Published(
    "read units of a new table or index on demand",
    12_000,
    12_000,
    f"{_DYNAMODB}/on-demand-capacity-mode.html",
    can_be_raised=False,
)
# `make deploy` reserves so many for the check of tokens, and the gateway keeps each for so long.
_AUTHORIZERS, _TOKEN_KEPT_S = 100, 60


def interval_s(name: str) -> float:
    """Return a time of the console's watch, in seconds: `ACTIVE_EVERY_MS`, `QUIET_EVERY_MS`."""
    [found] = re.findall(rf"^const {name} = ([\d_]+);", _WATCH.read_text(encoding="utf-8"), re.M)
    return int(found) / 1_000


def pulses_a_second() -> float:
    return CONSOLES / interval_s("ACTIVE_EVERY_MS")


def environments() -> int:
    """Return how many execution environments serve so many pulses."""
    return math.ceil(pulses_a_second() / published.REQUESTS_PER_ENVIRONMENT.per_second)


def measured(environment: Mapping[str, str]) -> tuple[list[Call], list[Call]]:
    """Return the calls of a pulse while nothing changes, and of one that reads all categories, with
    `REPORTS` in one.
    """
    with metered(environment) as meter:
        cloud.officer("wang")
        for _ in range(REPORTS):
            file("other")
        with meter.measured() as first:
            _pulse()
        with meter.measured() as steady:
            _pulse()
        return steady, first


def _pulse() -> None:
    reply = call(*PULSE, officer="wang")
    assert reply.status == 200, reply.text


def limits(steady: list[Call]) -> list[Limit]:
    """Return all limits that a pulse passes, of which `steady` are the calls."""
    parameters: Mapping[str, Any] = template.load("app.yaml")["Parameters"]
    together = float(parameters["WafOfficersTogether"]["Default"]) / 60
    busy_s = (len(steady) + 1) * published.CALL_S
    officer, marks = (each.read_units for each in steady)
    return [
        *model.gateway(*PULSE),
        Limit("officers' routes at the firewall", together, together * 60, 1, Then.REFUSED),
        Limit(
            "tokens that are checked",
            _AUTHORIZERS * published.REQUESTS_PER_ENVIRONMENT.per_second,
            _AUTHORIZERS * published.REQUESTS_PER_ENVIRONMENT.per_second,
            interval_s("ACTIVE_EVERY_MS") / _TOKEN_KEPT_S,
            Then.UNAVAILABLE,
        ),
        _at("functions at the same time", published.CONCURRENCY / busy_s),
        _at("requests of all execution environments", published.CONCURRENCY * 10),
        _read(PARTITION_READS, "a partition of PULSE#", marks / len(catalogue().categories)),
        _read(NEW_TABLE_READS, "reports", marks),
        _read(NEW_TABLE_READS, "officers", officer),
    ]


def _at(name: str, per_second: float) -> Limit:
    return Limit(name, per_second, per_second, 1, Then.UNAVAILABLE)


def _read(limit: Published, what: str, units: float) -> Limit:
    name = f"{limit.what}: {what}"
    return Limit(name, limit.per_second, limit.burst, units, Then.UNAVAILABLE)
