"""How many reports each incident has.

    INCIDENT#<id>   COUNTS   <category>#<district>: the reports of it there; expires_ttl

A report names its incident in its HEAD, and the index `by_incident` lists them. They are counted in
the transaction that takes one in or out, or moves one, so the numbers are exact, and those of many
incidents are one call.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from chalicelib.aws import keys
from chalicelib.aws.table import Row, Table
from chalicelib.aws.writes import TransactItem, Update
from chalicelib.domain.officers.model import Officer
from chalicelib.kernel import times

_COUNTS = "COUNTS"
# From when the report came that was counted last. Of one that a hold keeps longer, the number
# alone is lost.
_KEPT = timedelta(days=3650)


class Member(Protocol):
    """A report, as far as it is counted."""

    @property
    def incident(self) -> str | None: ...
    @property
    def category(self) -> str: ...
    @property
    def district(self) -> str: ...
    @property
    def received_at(self) -> datetime: ...


class Counted(NamedTuple):
    """A report as it is counted: `incident` is None for one in no incident."""

    incident: str | None
    category: str
    district: str
    received_at: datetime

    @classmethod
    def of(cls, row: Row) -> "Counted":
        """Return the report with this HEAD."""
        received_at = times.parse(row["received_at"])
        return cls(row.get("incident"), row["category"], row["district"], received_at)


def counting_items(table: Table, before: Member, after: Member | None) -> list[TransactItem]:
    """Return the writes that count a report where it is after a step, and no longer where it was.
    `after` is None when it is deleted.
    """
    old, new = _counter(before), _counter(after)
    if old == new:
        return []
    amounts: dict[str, dict[str, int]] = {}
    for counter, amount in ((old, -1), (new, 1)):
        if counter:
            incident, name = counter
            amounts.setdefault(incident, {})[name] = amount
    ends = {"expires_ttl": int((before.received_at + _KEPT).timestamp())}
    return [
        table.item(Update(keys.incident(each), _COUNTS, put=ends, add=add, upsert=True))
        for each, add in amounts.items()
    ]


def same_counter(row: Row) -> Row:
    """Return the condition that a report is counted where its HEAD says, if it is at all."""
    names = ("incident", "category") if "incident" in row else ("incident",)
    return {name: row.get(name) for name in names}


def _counter(member: Member | None) -> tuple[str, str] | None:
    if member is None or member.incident is None:
        return None
    return member.incident, f"{member.category}#{member.district}"


class IncidentCounts:
    """Every method raises Unavailable when DynamoDB fails."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def read(self, incidents: Iterable[str], officer: Officer) -> Mapping[str, Counter[str]]:
        """Return how many reports of these incidents an officer sees, by district."""
        seen: dict[str, Counter[str]] = {each: Counter() for each in incidents}
        rows = self._table.get_all((keys.incident(each), _COUNTS) for each in seen) if seen else {}
        for (pk, _), row in rows.items():
            for name, total in row.items():
                category, _, district = name.partition("#")
                if district and total > 0 and officer.sees(category, district):
                    seen[pk.partition("#")[2]][district] += int(total)
        return seen
