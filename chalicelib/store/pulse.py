"""When reports changed last, for consoles that ask every few seconds.

    PULSE#<category>   <district>     changed_at, and a mark that differs after each change

The consumer of the stream writes them, so that no request does and no change waits for them. They
say nothing about a single report. If one is not written, consoles see the next change: the counts
are read from the reports themselves.
"""

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from chalicelib import errors
from chalicelib.domain import times
from chalicelib.domain.ids import random_id
from chalicelib.store import keys
from chalicelib.store.table import Table

log = logging.getLogger(__name__)

type Place = tuple[str, str]
"""A category and a district."""


class Beat(NamedTuple):
    """The last change in a category and district."""

    category: str
    district: str
    changed_at: datetime
    mark: str


class PulseRows:
    def __init__(self, table: Table) -> None:
        self._table = table

    def beat(self, places: Iterable[Place], now: datetime) -> None:
        """Note that reports in these places have changed. It never fails."""
        mark = random_id(10)
        rows = [
            {"pk": keys.pulse(category), "sk": district, "changed_at": now, "mark": mark}
            for category, district in sorted(set(places))
        ]
        try:
            self._table.put_all(rows)
        except errors.Unavailable:
            log.warning("pulse_missed")

    def read(self, categories: Iterable[str]) -> list[Beat]:
        """Return the last change in each place of these categories. Raises Unavailable."""
        found = []
        for category in categories:
            rows, _ = self._table.query(keys.pulse(category))
            found += [
                Beat(category, row["sk"], times.parse(row["changed_at"]), row["mark"])
                for row in rows
            ]
        return found
