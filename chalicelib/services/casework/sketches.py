"""Sketches: record them, and suggest reports that may be about one event.

Nothing is merged. An officer takes what belongs together into an incident
(`services/casework/incidents`), or links it (`services/casework/duplicates`).
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from chalicelib.domain.catalogue.learnt import kin_of
from chalicelib.domain.catalogue.model import Urgency
from chalicelib.domain.reports import incidents as rules
from chalicelib.domain.reports.incidents import (
    DayKey,
    Entry,
    Sighting,
    Similar,
    Why,
    day_of,
    sealed_day,
)
from chalicelib.kernel.sealing import Unreadable
from chalicelib.store.casework.day_keys import DayKeys
from chalicelib.store.casework.incidents import Bucket, Incidents, SimilarRow
from chalicelib.store.reports.media_rows import SketchRow, SketchRows

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sketches:
    """The stores of recording."""

    rows: SketchRows
    days: DayKeys
    incidents: Incidents


def record_sketches(
    sketches: Sketches, *, now: datetime, time_is_left: Callable[[], bool]
) -> dict[str, int]:
    """Open the sketches of new reports, find which are like each other, and take them off the rows.

    Continue until there is none, or until `time_is_left` returns False. A sketch whose key is gone
    is taken off, and nothing is found by it. Repeated after a crash, find the same again. A row
    that cannot be read or written is left to the next run, and stops no other.

    Return how many were `recorded`, and how many were `lost`. Raises Unavailable.
    """
    sketches.days.keep(now)
    done = {"recorded": 0, "lost": 0}
    for page in sketches.rows.pages():
        batch = _Batch(sketches, now)
        opened = [(row, batch.open(row)) for row in page]
        same_as = batch.record([seen for _, seen in opened if seen])
        firsts = [
            (row, same_as.get(row.report_id) if seen and seen.sighting.category else None)
            for row, seen in opened
        ]
        finished = sketches.rows.finish(firsts, time_is_left)
        for (_, seen), is_finished in zip(opened, finished, strict=True):
            if is_finished:
                done["recorded" if seen else "lost"] += 1
        if not time_is_left():
            log.warning("sketches_unfinished")
            break
    return done


@dataclass(frozen=True, slots=True)
class _Seen:
    """An opened sketch, the key it is recorded under, and all under which others are sought."""

    sighting: Sighting
    key: DayKey
    sought: Sequence[DayKey]


@dataclass(slots=True)
class _Batch:
    """Some reports, recorded together, so that each bucket is read and written once."""

    sketches: Sketches
    now: datetime
    _buckets: dict[str, Bucket] = field(default_factory=dict)
    _similar: dict[str, list[Similar]] = field(default_factory=dict)

    def open(self, row: SketchRow) -> _Seen | None:
        """Return the sighting in a sketch; None when it does not open, or its report is gone."""
        if row.is_gone:
            return None
        try:
            day = sealed_day(row.sealed)
            key = self.sketches.days.get(day, self.now)
            sketch = key.open(row.sealed, row.info) if key else None
        except Unreadable:
            log.error("sketch_altered")
            return None
        if key is None or sketch is None:
            return None
        is_critical = row.urgency == Urgency.CRITICAL
        sighting = Sighting(row.report_id, row.at, row.category, sketch, is_critical)
        return _Seen(sighting, key, [key, *self._day_before(sighting, key)])

    def record(self, seen: Sequence[_Seen]) -> dict[str, str]:
        """Record these reports, oldest first. Return which report had the same text first, of each
        whose text another had before.
        """
        self._read_buckets(seen)
        same_as: dict[str, str] = {}
        touched: dict[str, SimilarRow] = {}
        written: dict[str, Bucket] = {}
        found = []
        for each in seen:
            found.append((each, self._find(each)))
            same_as |= self._add(each, written)
        self._read_similar(found)
        for each, some in found:
            for similar in some:
                self._note(each, similar, touched)
        self.sketches.incidents.put(written, touched)
        return same_as

    def _day_before(self, sighting: Sighting, key: DayKey) -> list[DayKey]:
        """Return the key of the day before, while reports of that day are near in time."""
        before = day_of(sighting.at - rules.NEAR_IN_TIME)
        if before == key.day:
            return []
        found = self.sketches.days.get(key.day - timedelta(days=1), self.now)
        return [found] if found else []

    def _read_buckets(self, seen: Iterable[_Seen]) -> None:
        names = {trait.name for each in seen for trait in _sought(each)}
        names |= {same for each in seen if (same := rules.same_text(each.sighting, each.key))}
        self._buckets = self.sketches.incidents.buckets(names, self.now)

    def _read_similar(self, found: Iterable[tuple[_Seen, Sequence[Similar]]]) -> None:
        ids = {each.report_id for _, some in found for each in some}
        ids |= {seen.sighting.report_id for seen, some in found if some}
        self._similar = self.sketches.incidents.similar_rows(ids, self.now)

    def _find(self, seen: _Seen) -> list[Similar]:
        entries = {
            trait.name: self._buckets[trait.name].entries
            for trait in _sought(seen)
            if trait.name in self._buckets
        }
        return rules.similar_reports(seen.sighting, _sought(seen), entries)

    def _note(self, seen: _Seen, similar: Similar, touched: dict[str, SimilarRow]) -> None:
        """Note that two reports are similar, at each of them."""
        own = seen.sighting.report_id
        for report_id, other in (
            (own, similar),
            (similar.report_id, similar._replace(report_id=own)),
        ):
            known = {each.report_id: each for each in self._similar.get(report_id, ())}
            # The latest first: so however many are alike, each leads to those around it.
            merged = other.merged(known.pop(other.report_id, None))
            self._similar[report_id] = rules.most_similar([merged, *known.values()])
            touched[report_id] = SimilarRow(seen.key.day, self._similar[report_id])

    def _add(self, seen: _Seen, written: dict[str, Bucket]) -> dict[str, str]:
        sighting, key = seen.sighting, seen.key
        entry = Entry.of(sighting)
        for trait in rules.traits_of(sighting, key):
            written[trait.name] = self._bucket(trait.name, key)
            written[trait.name].add(entry, trait.why)
        same = rules.same_text(sighting, key)
        if same is None:
            return {}
        written[same] = bucket = self._bucket(same, key)
        bucket.add(entry, Why.TEXT)
        first = bucket.first or sighting.report_id
        return {sighting.report_id: first} if first != sighting.report_id else {}

    def _bucket(self, name: str, key: DayKey) -> Bucket:
        return self._buckets.setdefault(name, Bucket(key.day))


def _sought(seen: _Seen) -> list[rules.Trait]:
    sighting, kin = seen.sighting, kin_of(seen.sighting.category)
    return [trait for key in seen.sought for trait in rules.sought_by(sighting, key, kin)]
