"""The list prices of AWS, from prices.json."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).with_name("prices.json")


class Price(NamedTuple):
    """`usd`, in us-east-1, for `per` of what `unit` says. `group` is the line of a bill that it is
    shown in; `seen` is where the figure was seen: on a page of AWS, on another page, or nowhere.
    """

    name: str
    group: str
    unit: str
    per: float
    usd: float
    source: str
    seen: str

    def cost(self, amount: float) -> float:
        """Return what an amount costs, in US dollars."""
        return amount / self.per * self.usd


@cache
def prices() -> Mapping[str, Price]:
    """Return all prices by name."""
    content = json.loads(FILE.read_text(encoding="utf-8"))
    found = (Price(**each) for each in content["prices"])
    return {price.name: price for price in found}


@cache
def as_of() -> str:
    """Return the day on which the prices were looked up."""
    return str(json.loads(FILE.read_text(encoding="utf-8"))["as_of"])
