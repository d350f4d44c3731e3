"""What an attack measured, and whether that is what must hold."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold, what was measured, and whether it holds."""

    must: str
    measured: str
    holds: bool


@dataclass(slots=True)
class Result:
    """Of one attack.

    `stored`: acknowledged reports that were looked for afterwards. `lost`: those that were not
    there. `twice`: critical ones whose notice came twice. `leaked`: places with the source.
    """

    attack: str
    checks: list[Check] = field(default_factory=list)
    stored: int = 0
    lost: int = 0
    twice: int = 0
    leaked: int = 0
    took_s: float = 0

    @property
    def holds(self) -> bool:
        return all(check.holds for check in self.checks)

    def check(self, must: str, measured: str, holds: bool) -> None:
        self.checks.append(Check(must, measured, holds))


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the least value that `percent` of all values do not exceed (the nearest rank).

    Raises ValueError without values.
    """
    if not values:
        raise ValueError("no values")
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


def spread(values: Iterable[float], unit: str = "s") -> str:
    """Return `p50 0.2, p95 0.4, p99 0.5, max 0.5 s of 12`."""
    taken = list(values)
    if not taken:
        return "none"
    figures = [f"p{percent} {percentile(taken, percent):.2f}" for percent in (50, 95, 99)]
    return f"{', '.join(figures)}, max {max(taken):.2f} {unit} of {len(taken):,}"


def shown(statuses: Counter[int]) -> str:
    """Return `98 × 200, 2 × 429`."""
    return ", ".join(f"{count:,} × {status}" for status, count in sorted(statuses.items()))
