"""Amounts of what AWS bills, by the names of the prices, and what they cost."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from tests.cost.prices import prices

type Usage = Mapping[str, float]


def added(usages: Iterable[Usage]) -> dict[str, float]:
    """Return the sum of all."""
    total: defaultdict[str, float] = defaultdict(float)
    for usage in usages:
        for name, amount in usage.items():
            total[name] += amount
    return dict(total)


def times(usage: Usage, count: float) -> dict[str, float]:
    """Return so many times the usage."""
    return {name: amount * count for name, amount in usage.items()}


def less(usage: Usage, other: Usage) -> dict[str, float]:
    """Return the usage without another one."""
    return added([usage, times(other, -1)])


def by_group(usage: Usage) -> dict[str, float]:
    """Return the cost of each line of a bill, in US dollars, in the order of the prices."""
    found: dict[str, float] = {}
    for price in prices().values():
        if price.name in usage:
            cost = price.cost(usage[price.name])
            found[price.group] = found.get(price.group, 0) + cost
    if unknown := usage.keys() - prices().keys():
        raise ValueError(f"no price for {', '.join(sorted(unknown))}")
    return found


def cost(usage: Usage) -> float:
    """Return what it costs, in US dollars. Raises ValueError for what has no price."""
    return sum(by_group(usage).values())
