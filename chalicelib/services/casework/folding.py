"""Which reports of a list are one row: those of one text, and those of one incident.

A row stands for reports that ask for the same next step. What differs keeps its own.
"""

import hashlib
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

from chalicelib.aws.table import Row
from chalicelib.domain.casework.query import ReportQuery
from chalicelib.domain.catalogue.learnt import is_never_limited
from chalicelib.domain.catalogue.model import Urgency
from chalicelib.domain.reports.attention import RANKS_UNPROVEN, is_unread, rank_at
from chalicelib.domain.reports.report import LISTED, Status

_APART = ("reference", "version", "thumb", "same_as", "gist", "media_early", "by_hand")
_ALIKE = tuple(name for name in LISTED if name not in _APART)
# Those of one incident may differ in these, too; critical ones not in the district.
_WITHIN = ("media_total", "media_ready", "district")
# A cursor names so many rows of incidents, by hashes of so many bytes: there is room for no more.
_REMEMBERED, _SHORT = 20, 5

type _Fold = tuple[str, ...]


class Folding:
    """The rows of one page of a list. `shown` are rows of incidents on pages before, as `after` has
    returned them. Reports with an id in `apart` keep a row of their own.
    """

    def __init__(self, query: ReportQuery, shown: str, apart: Container[str]) -> None:
        self._folds = query.fold is None and query.incident is None
        self._apart = apart
        self._shown = [shown[at : at + 2 * _SHORT] for at in range(0, len(shown), 2 * _SHORT)]
        self._same: defaultdict[_Fold, list[str]] = defaultdict(list)

    def begins(self, row: Row) -> bool:
        """Return whether a report begins a row of its own. Call it once for each, in order."""
        if not self._folds:
            return True
        fold = self._fold(row)
        if "incident" in row and _short(fold) in self._shown:
            return False
        self._same[fold].append(row["received_at"])
        return len(self._same[fold]) == 1

    def same(self, row: Row) -> Sequence[str]:
        """Return the times of the reports of the page that a row stands for."""
        return self._same[self._fold(row)] if self._folds else ()

    def after(self, rows: Iterable[Row]) -> str:
        """Return the rows of incidents that were shown, with these of the page."""
        new = [_short(self._fold(row)) for row in rows if self._folds and "incident" in row]
        return "".join([*self._shown, *new][-_REMEMBERED:])

    def _fold(self, row: Row) -> _Fold:
        """Return the values that reports of one row share: a text, and all that a list shows but
        the time and the reference; or their incident, and what could ask for another step.
        """
        if row["id"] in self._apart or keeps_its_row(row):
            return (row["id"],)
        values = {name: str(row.get(name)) for name in _ALIKE}
        if "incident" not in row:
            return row.get("same_as") or row["id"], *values.values()
        values["unread"] = str(is_unread(row))
        values["unproven"] = str(rank_at(str(row.get("attention_at", ""))) in RANKS_UNPROVEN)
        for name in _WITHIN:
            if name != "district" or row["urgency"] != Urgency.CRITICAL:
                del values[name]
        return tuple(values.values())


def keeps_its_row(row: Mapping[str, Any]) -> bool:
    """Return whether a report was named into an incident by hand, is urgent, and nobody has taken
    it: it stands for no other, on whatever page.
    """
    return bool(row.get("by_hand")) and _needs_sight(row)


def _needs_sight(row: Mapping[str, Any]) -> bool:
    """Return whether a report is urgent, and nobody has taken it."""
    is_urgent = row["urgency"] == Urgency.CRITICAL or is_never_limited(row["category"])
    return is_urgent and row["status"] == Status.NEW


def _short(fold: _Fold) -> str:
    return hashlib.blake2b(repr(fold).encode(), digest_size=_SHORT).hexdigest()
