"""What 5,000 consoles ask of each limit while something happens, on paper.

How often a console asks is read from `web/console/pulse.ts`, what a pulse costs is measured.
"""

import math
import re
from collections.abc import Mapping
from pathlib import Path

from tests.limits import demand, model, published
from tests.limits.demand import Demand
from tests.limits.model import Limit, Then

CONSOLES = 5_000
PULSE = ("GET", "/v1/officer/pulse")
_WATCH = Path(__file__).parents[2] / "web" / "console" / "pulse.ts"
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


def measured(environment: Mapping[str, str]) -> tuple[Demand, Demand]:
    """Return what a pulse asks while nothing changes, and one that reads all categories, when all
    reports are of one.
    """
    first, steady = (
        demand.of_officers(environment, lambda _: PULSE, count, before=before)
        for count, before in ((1, 0), (20, 1))
    )
    return steady, first


def limits(steady: Demand) -> list[Limit]:
    """Return all limits that a pulse passes."""
    checked = _AUTHORIZERS * published.REQUESTS_PER_ENVIRONMENT.per_second
    share = interval_s("ACTIVE_EVERY_MS") / _TOKEN_KEPT_S
    return [
        *model.gateway(*PULSE),
        Limit("tokens that are checked", checked, checked, share, Then.UNAVAILABLE),
        *model.functions(steady),
        *model.tables(steady, Then.UNAVAILABLE),
    ]
