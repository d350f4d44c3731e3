"""The list prices of AWS, from prices.csv."""

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

FILE = Path(__file__).with_name("prices.csv")
AS_OF = "2026-11-26"
"""The day on which the prices were looked up."""


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
    with FILE.open(encoding="utf-8", newline="") as file:
        return {row["name"]: _read(row) for row in csv.DictReader(file)}


def _read(row: dict[str, Any]) -> Price:
    return Price(**row | {"usd": float(row["usd"]), "per": float(row["per"])})
